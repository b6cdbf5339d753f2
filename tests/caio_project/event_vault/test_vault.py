"""The vault of inbound events: who sees what, what is to be done about a parked one, and replaying over a dry run."""

import json
import re
from io import StringIO
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from caio_project.event_vault import sources
from caio_project.lib.models import ApiKey
from leads.inbound import events as inbound_events
from leads.inbound import parked
from leads.inbound.parked import StoredReason
from leads.models import Company, Enrichment, InboundEvent, Lead, Visit
from outreach.feedback import webhook_inbox
from outreach.models import Reply, SandboxEmail
from tests import factories
from tests.fakes import ghl_webhooks, rb2b
from tests.outreach import back

pytestmark = pytest.mark.django_db

LIST = "/admin/leads/inboundevent/"
PERSON = {
    "First Name": "Quentin", "Last Name": "Zephyrine", "Business Email": "quentin@zephyr.test",
    "LinkedIn URL": "https://www.linkedin.com/in/quentin-zephyrine", "Company Name": "Zephyr Freight",
    "Website": "https://zephyr.test", "Title": "VP Sales", "City": "Wollongong",
}  # fmt: skip
SECRETS = ("Quentin", "Zephyrine", "quentin", "Wollongong")
MASKED_ROLES = ("viewer", "reviewer")


def page_of(event: InboundEvent, what: str = "change") -> str:
    return f"{LIST}{event.pk}/{what}/"


def stored(body: bytes, source: str = "rb2b", *, then: bool = True) -> InboundEvent:
    event = inbound_events.store_event(source, body)
    if then:
        inbound_events.process_due()
    return InboundEvent.objects.get(public_id=event.public_id)


@pytest.fixture
def visit() -> InboundEvent:
    return stored(rb2b.to_body(rb2b.person(PERSON)))


@pytest.fixture
def waiting_to_be_replayed() -> InboundEvent:
    """Parked by a fault that is mended by now."""
    event = stored(rb2b.to_body(rb2b.person(PERSON)), then=False)
    InboundEvent.objects.filter(pk=event.pk).update(
        state="parked",
        reason="Failed 8 times: IntegrityError: Key (email)=(quentin@zephyr.test) already exists.",
    )
    event.refresh_from_db()
    return event


@pytest.fixture
def user(request: pytest.FixtureRequest, client: Client) -> User:
    found: User = request.getfixturevalue(request.param)
    client.force_login(found)
    return found


def shows(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


class TestMasking:
    @pytest.mark.parametrize("user", MASKED_ROLES, indirect=True)
    @pytest.mark.parametrize(
        "path",
        [
            LIST, f"{LIST}?q=quentin%40zephyr.test", f"{LIST}?q=zephyrine", f"{LIST}?q=failed",
            f"{LIST}?state__exact=parked", f"{LIST}?source=rb2b&kind__exact=live", f"{LIST}?o=1.2.3.4.5.6.7", "/admin/",
        ],
    )  # fmt: skip
    def test_lists_searches_and_filters_show_nothing_personal(
        self,
        client: Client,
        user: User,
        visit: InboundEvent,
        waiting_to_be_replayed: InboundEvent,
        path: str,
    ) -> None:
        answer = client.get(path)
        text = re.sub(
            r'value="[^"]*"|\?[^"]*"', "", answer.content.decode()
        )  # what was typed stands in its own box
        assert (answer.status_code, shows(text)) == (
            200,
            [] if "q=" not in path else [s for s in shows(text) if s in path],
        )

    @pytest.mark.parametrize("user", MASKED_ROLES, indirect=True)
    @pytest.mark.parametrize("what", ["change", "history"])
    def test_a_row_and_its_history_show_nothing_personal(
        self,
        client: Client,
        user: User,
        visit: InboundEvent,
        waiting_to_be_replayed: InboundEvent,
        what: str,
    ) -> None:
        for event in (visit, waiting_to_be_replayed):
            text = client.get(page_of(event, what)).content.decode()
            assert shows(text) == []
        if what == "change":
            assert "q***@zephyr.test" in text
            assert "Failed 8 times: IntegrityError: ***" in text

    @pytest.mark.parametrize("user", ["lead_user"], indirect=True)
    def test_a_lead_reads_it_as_it_came(
        self, client: Client, user: User, visit: InboundEvent, waiting_to_be_replayed: InboundEvent
    ) -> None:
        assert "Quentin Zephyrine" in client.get(LIST).content.decode()
        text = client.get(page_of(visit)).content.decode()
        assert "quentin@zephyr.test" in text and "Wollongong" in text
        assert (
            "Key (email)=(quentin@zephyr.test)"
            in client.get(page_of(waiting_to_be_replayed)).content.decode()
        )

    @pytest.mark.parametrize("user", MASKED_ROLES, indirect=True)
    def test_a_body_that_is_no_json_is_hidden_whole(self, client: Client, user: User) -> None:
        text = client.get(
            page_of(stored(b"Quentin Zephyrine, quentin@zephyr.test"))
        ).content.decode()
        assert shows(text) == []
        assert "38 bytes that are no JSON object" in text

    @pytest.mark.parametrize("user", MASKED_ROLES, indirect=True)
    @pytest.mark.parametrize(
        "query",
        [
            "reason__contains=quentin", "body__contains=quentin", "about__email=quentin%40zephyr.test",
            "reason__startswith=F", "visit__lead__first_name=Quentin", "body_sha256__startswith=a",
            "public_id__startswith=a",
        ],
    )  # fmt: skip
    def test_nothing_hidden_can_be_guessed_by_a_lookup_in_the_address(
        self, client: Client, user: User, waiting_to_be_replayed: InboundEvent, query: str
    ) -> None:
        answer = client.get(f"{LIST}?{query}")
        assert answer.status_code in (302, 400)
        assert str(waiting_to_be_replayed.pk) not in answer.headers.get("Location", "")

    @pytest.mark.parametrize(
        ("user", "hits"), [("viewer", 0), ("reviewer", 0), ("lead_user", 1)], indirect=["user"]
    )
    def test_what_a_reason_quotes_is_found_only_by_who_may_read_it(
        self, client: Client, user: User, waiting_to_be_replayed: InboundEvent, hits: int
    ) -> None:
        found = (
            client.get(f"{LIST}?q=already+exists")
            .content.decode()
            .count(page_of(waiting_to_be_replayed))
        )
        assert min(found, 1) == hits
        assert (
            page_of(waiting_to_be_replayed)
            in client.get(f"{LIST}?q=failed+8+times").content.decode()
        )

    @pytest.mark.parametrize("user", MASKED_ROLES, indirect=True)
    def test_a_leads_page_says_no_more_of_what_came_in(
        self, client: Client, user: User, visit: InboundEvent
    ) -> None:
        lead = Lead.objects.get()
        InboundEvent.objects.filter(pk=visit.pk).update(
            state="parked", reason="ValueError: Wollongong 555-0142"
        )
        text = client.get(f"/sales/leads/{lead.public_id}").content.decode()
        assert page_of(visit) in text
        assert "555-0142" not in text and "ValueError: ***" in text

    def test_the_api_gives_no_event_away(self, client: Client, visit: InboundEvent) -> None:
        _, key = ApiKey.objects.create_key(
            name="all", scopes=["leads:read", "leads:write", "messages:read"]
        )
        body = rb2b.to_body(rb2b.person(PERSON))
        sent = client.post(
            "/api/visitors", body, "application/json", headers={"Authorization": f"Bearer {key}"}
        )
        assert (sent.status_code, shows(sent.content.decode())) == (202, [])
        for path in (
            "/api/events",
            "/api/inbound-events",
            f"/api/visitors/{visit.public_id}",
            "/api/queue-status",
            "/api/health",
        ):
            answer = client.get(path, headers={"Authorization": f"Bearer {key}"})
            assert shows(answer.content.decode()) == []

    def test_the_permissions_are_a_leads_alone(
        self, viewer: User, reviewer: User, lead_user: User
    ) -> None:
        for one in (viewer, reviewer):
            assert not sources.may_read(one) and not sources.may_replay(one)
        assert sources.may_read(lead_user) and sources.may_replay(lead_user)


class TestWayIn:
    @pytest.mark.parametrize("user", ["lead_user"], indirect=True)
    def test_a_lead_found_by_email_leads_to_all_its_events(
        self, client: Client, user: User
    ) -> None:
        events = [
            stored(rb2b.to_body(rb2b.person({**PERSON, "Captured URL": f"https://ours.test/{n}"})))
            for n in range(10)
        ]
        lead = Lead.objects.get()
        assert (
            str(lead.public_id)
            in client.get("/sales/leads?search=quentin%40zephyr.test").content.decode()
        )
        page = client.get(f"/sales/leads/{lead.public_id}").content.decode()
        assert page_of(events[-1]) in page and page_of(events[0]) not in page
        assert f"{LIST}?q={lead.public_id}" in page
        vault = client.get(f"{LIST}?q={lead.public_id}").content.decode()
        assert all(page_of(event) in vault for event in events)

    def test_whoever_may_not_open_the_admin_is_shown_no_way_in(
        self, client: Client, visit: InboundEvent, viewer: User
    ) -> None:
        viewer.is_staff = False
        viewer.save()
        client.force_login(viewer)
        assert (
            "What came in"
            not in client.get(f"/sales/leads/{Lead.objects.get().public_id}").content.decode()
        )

    @pytest.mark.parametrize("user", ["viewer"], indirect=True)
    def test_the_list_costs_the_same_at_any_length(self, client: Client, user: User) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert client.get(LIST).status_code == 200
            return len(captured)

        stored(rb2b.to_body(rb2b.person()))
        client.get(LIST)
        before = queries()
        for _ in range(12):
            stored(rb2b.to_body(rb2b.person()))
        assert queries() == before

    @pytest.mark.parametrize("user", ["viewer"], indirect=True)
    def test_a_period_is_of_the_teams_days(
        self, client: Client, user: User, visit: InboundEvent, settings: Any
    ) -> None:
        settings.TEAM_TIME_ZONE = "America/Chicago"
        InboundEvent.objects.update(
            received_at="2026-03-05T03:30:00Z"
        )  # still the fourth in Chicago
        for day, there in (("2026-03-04", True), ("2026-03-05", False), ("nonsense", True)):
            text = client.get(
                f"{LIST}?received_at_from={day}&received_at_to={day}"
            ).content.decode()
            assert (page_of(visit) in text) is there


BODIES = [
    ("rb2b", b"{", "From anybody else"),
    ("rb2b", b"[1]", "Find out who posts"),
    ("rb2b", b"[" * 90_000, "Find out who posts"),
    ("rb2b", b"\xff", "Find out who posts"),
    ("rb2b", b"{}", "nobody in it"),
    ("rb2b", b'{"Company Name": ["Quentin"]}', "Mend it where it is sent"),
    ("rb2b", b'{"LinkedIn URL": "quentin"}', "nobody in it"),
    ("clay", b'{"a": 1}', "make request_id a column"),
    ("clay", b'{"request_id": "quentin"}', "another installation"),
    ("clay", b"{", "In Clay: put the columns"),
    ("ghl", b"{", "GoHighLevel sends no such body"),
    ("ghl", b"[]", "GoHighLevel sends no such body"),
    ("ghl", b'{"locationId": "quentin"}', "set GHL_LOCATION_ID"),
    ("ghl_workflow", b'{"event": "unsubscribed"}', "custom webhook"),
]


def next_step(reason: StoredReason, state: str = "parked") -> str:
    return parked.next_step(reason, state, sources.PARK_REASONS, sources.OLD_REASONS)


class TestParked:
    @pytest.mark.parametrize(("source", "body", "step"), BODIES)
    def test_each_cause_has_a_next_step_and_its_reason_quotes_nothing(
        self, source: str, body: bytes, step: str, client: Client, viewer: User, settings: Any
    ) -> None:
        settings.GHL_LOCATION_ID = "loc-test"
        event = stored(body, source)
        webhook_inbox.process_inbox()
        event.refresh_from_db()
        assert (event.state, step in sources.next_step(event)) == ("parked", True), event.reason
        client.force_login(viewer)
        text = client.get(f"{LIST}?state__exact=parked").content.decode()
        assert step.split(":")[0] in text and "may quote the body" not in text
        assert shows(text) == []

    def test_reasons_without_personal_arguments_show_whole(self, viewer: User) -> None:
        for reason in (
            inbound_events.NO_TOKEN,
            inbound_events.TOO_LARGE,
            parked.park_reason("process_ended", attempts=8),
        ):
            assert sources.shown_reason(reason, viewer) == reason.sentence
            assert next_step(reason) != parked.UNKNOWN

    def test_personal_arguments_are_hidden(self, viewer: User, lead_user: User) -> None:
        reason = parked.park_reason(
            "failed_repeatedly", attempts=8, error="DataError", detail="Quentin"
        )

        assert sources.shown_reason(reason, viewer) == "Failed 8 times: DataError: ***"
        assert sources.shown_reason(reason, lead_user) == "Failed 8 times: DataError: Quentin"

    def test_reasons_of_another_version_are_hidden(self, viewer: User) -> None:
        for reason in (
            StoredReason("unheard_of", {"name": "Quentin"}, "Quentin was here"),
            StoredReason("process_ended", {"name": "Quentin"}, "Quentin was here"),
        ):
            assert sources.shown_reason(reason, viewer) == "*** (it may quote the body)"

    @pytest.mark.parametrize(
        ("sentence", "shown"),
        [
            (str(inbound_events.NO_TOKEN), str(inbound_events.NO_TOKEN)),
            (str(inbound_events.TOO_LARGE), str(inbound_events.TOO_LARGE)),
            ("The process ended in each of 8 tries.", "The process ended in each of 8 tries."),
            ("NotYet: It speaks of nobody", "NotYet: ***"),
            ("OperationalError: deadlock detected", "OperationalError: ***"),
            ("Failed 8 times: DataError: Quentin", "Failed 8 times: DataError: ***"),
            ("It is about another location: quentin.", "It is about another location: ***."),
            (
                "The event is 'quentin', and it names neither id nor email of a contact.",
                "The event is ***, and it names neither id nor email of a contact.",
            ),
        ],
    )
    def test_rows_without_a_code_read_as_before(
        self, viewer: User, sentence: str, shown: str
    ) -> None:
        old = StoredReason(sentence=sentence)

        assert sources.shown_reason(old, viewer) == shown
        assert next_step(old)

    def test_another_reason_is_hidden_and_has_a_next_step(self, viewer: User) -> None:
        unknown = StoredReason(sentence="Quentin was here")

        assert sources.shown_reason(unknown, viewer) == "*** (it may quote the body)"
        assert next_step(unknown) == parked.UNKNOWN

    def test_every_old_reason_leads_to_a_code(self) -> None:
        assert {old.code for old in sources.OLD_REASONS} <= set(sources.PARK_REASONS)

    def test_every_hidden_argument_is_in_its_sentence(self) -> None:
        for reason in sources.PARK_REASONS.values():
            assert all(f"{{{name}}}" in reason.sentence for name in reason.hidden)

    def test_what_waits_or_is_done_needs_nobody(self) -> None:
        assert next_step(parked.NO_REASON, "processed") == ""
        assert next_step(parked.NO_REASON, "waiting") == ""
        assert next_step(StoredReason(sentence="OSError: x"), "waiting") == parked.WAITS

    @pytest.mark.parametrize("user", ["viewer"], indirect=True)
    def test_how_many_are_parked_stands_over_the_list(self, client: Client, user: User) -> None:
        assert "No event is parked" in client.get(LIST).content.decode()
        stored(b"{")
        stored(b"[]")
        assert "<b>2</b> events are parked" in client.get(LIST).content.decode()


def everything() -> dict[str, list[dict[str, Any]]]:
    models = (InboundEvent, Lead, Company, Visit, Enrichment, Reply, SandboxEmail, LogEntry)
    return {model.__name__: list(model._base_manager.order_by("pk").values()) for model in models}


class TestReplay:
    def act(self, client: Client, *events: InboundEvent, **more: str) -> Any:
        body = {
            "action": "replay_events",
            "_selected_action": [event.pk for event in events],
            **more,
        }
        return client.post(LIST, body, follow=True)

    def mark(self, page: str) -> str:
        found = re.search(r'name="confirmed" value="([0-9a-f]{64})"', page)
        assert found, page
        return found[1]

    @pytest.mark.parametrize("user", ["lead_user"], indirect=True)
    def test_first_it_shows_what_would_change_and_changes_nothing(
        self, client: Client, user: User, waiting_to_be_replayed: InboundEvent
    ) -> None:
        company = factories.CompanyFactory(
            name="Zephyr", domain="zephyr.test", industry="", name_key="zephyr"
        )
        factories.LeadFactory(
            email="quentin@zephyr.test", title="", first_name="", last_name="", company=None
        )
        before = everything()
        page = self.act(client, waiting_to_be_replayed).content.decode()
        assert everything() == before
        for there in (
            "Lead changed: Quentin Zephyrine", "<dt>first name</dt>", "not known → Quentin", "→ VP Sales",
            f"Company changed: {company.name}", "<dt>industry</dt>", "New visit", "New question to Clay",
        ):  # fmt: skip
            assert there in page

    @pytest.mark.parametrize("user", ["lead_user"], indirect=True)
    def test_then_it_does_just_that_and_says_so(
        self, client: Client, user: User, waiting_to_be_replayed: InboundEvent
    ) -> None:
        mark = self.mark(self.act(client, waiting_to_be_replayed).content.decode())
        page = self.act(client, waiting_to_be_replayed, confirmed=mark).content.decode()
        assert "Replayed 1 of 1." in page
        waiting_to_be_replayed.refresh_from_db()
        assert (waiting_to_be_replayed.state, waiting_to_be_replayed.reason) == ("processed", "")
        assert (Lead.objects.get().email, Visit.objects.get().event) == (
            "quentin@zephyr.test",
            waiting_to_be_replayed,
        )
        entry = LogEntry.objects.get()
        assert (entry.user, shows(f"{entry.object_repr} {entry.change_message}")) == (user, [])

    @pytest.mark.parametrize("user", ["lead_user"], indirect=True)
    def test_what_would_come_out_otherwise_by_now_is_shown_again(
        self, client: Client, user: User, waiting_to_be_replayed: InboundEvent
    ) -> None:
        mark = self.mark(self.act(client, waiting_to_be_replayed).content.decode())
        factories.LeadFactory(email="quentin@zephyr.test")
        before = everything()
        page = self.act(client, waiting_to_be_replayed, confirmed=mark).content.decode()
        assert "It would do something else by now" in page
        assert (everything(), self.mark(page) == mark) == (before, False)

    @pytest.mark.parametrize("user", ["lead_user"], indirect=True)
    @pytest.mark.parametrize("confirmed", ["", "1", "x" * 64])
    def test_without_the_mark_of_what_was_shown_nothing_happens(
        self, client: Client, user: User, waiting_to_be_replayed: InboundEvent, confirmed: str
    ) -> None:
        before = everything()
        self.act(client, waiting_to_be_replayed, confirmed=confirmed)
        assert everything() == before

    @pytest.mark.parametrize("user", ["lead_user"], indirect=True)
    def test_one_is_replayed_from_its_own_page(
        self, client: Client, user: User, waiting_to_be_replayed: InboundEvent
    ) -> None:
        before, path = everything(), page_of(waiting_to_be_replayed, "replay")
        assert path in client.get(page_of(waiting_to_be_replayed)).content.decode()
        page = client.get(path).content.decode()
        assert (everything(), f'action="{LIST}"' in page) == (before, True)
        self.act(client, waiting_to_be_replayed, confirmed=self.mark(page))
        assert Visit.objects.get().event == waiting_to_be_replayed

    @pytest.mark.parametrize("user", MASKED_ROLES, indirect=True)
    def test_nobody_else_may_and_nothing_happens(
        self, client: Client, user: User, waiting_to_be_replayed: InboundEvent, lead_user: User
    ) -> None:
        theirs = Client()
        theirs.force_login(lead_user)
        mark = self.mark(self.act(theirs, waiting_to_be_replayed).content.decode())
        before = everything()
        assert "replay_events" not in client.get(LIST).content.decode()
        assert client.get(page_of(waiting_to_be_replayed, "replay")).status_code == 403
        for more in ({}, {"confirmed": mark}):
            page = self.act(client, waiting_to_be_replayed, **more).content.decode()
            assert (everything(), shows(page)) == (before, [])

    @pytest.mark.parametrize("user", ["lead_user"], indirect=True)
    def test_more_than_can_be_read_are_refused(self, client: Client, user: User) -> None:
        events = [stored(rb2b.to_body(rb2b.person()), then=False) for _ in range(21)]
        assert "20 at once are the most" in self.act(client, *events).content.decode()
        assert Lead.objects.count() == 0

    @override_settings(EMBEDDED=False)
    def test_a_dry_run_wakes_nobody(
        self, waiting_to_be_replayed: InboundEvent, django_capture_on_commit_callbacks: Any
    ) -> None:
        with django_capture_on_commit_callbacks() as woken:
            call_command("replay_events", "--parked", "--dry-run", stdout=StringIO())
        assert woken == []
        with django_capture_on_commit_callbacks() as woken:
            call_command("replay_events", "--parked", stdout=StringIO())
        assert woken != []

    def test_the_command_prints_the_same_differences(
        self, waiting_to_be_replayed: InboundEvent
    ) -> None:
        factories.LeadFactory(
            email="quentin@zephyr.test", title="", first_name="", last_name="", company=None
        )
        before = everything()
        out = StringIO()
        call_command("replay_events", "--parked", "--dry-run", "--json", stdout=out)
        assert everything() == before
        (event,) = json.loads(out.getvalue())["events"]
        assert (event["event"], event["ok"]) == (str(waiting_to_be_replayed.public_id), True)
        assert event["text"] == "1 new company, 1 lead changed, 1 new visit, 1 new enrichment"
        (lead,) = [one for one in event["changes"] if one["what"] == "lead"]
        assert (lead["kind"], lead["name"], lead["fields"]["title"]) == (
            "changed",
            "Quentin Zephyrine",
            ["", "VP Sales"],
        )
        out = StringIO()
        call_command("replay_events", "--parked", "--dry-run", stdout=out)
        assert "Lead changed: Quentin Zephyrine" in out.getvalue()

    def test_as_many_rows_are_told_as_are_counted(
        self, waiting_to_be_replayed: InboundEvent
    ) -> None:
        factories.LeadFactory(
            email="quentin@zephyr.test", first_name="Quentin", last_name="Zephyrine"
        )
        out = StringIO()
        call_command("replay_events", "--parked", "--dry-run", "--json", stdout=out)
        (event,) = json.loads(out.getvalue())["events"]
        assert len(event["changes"]) == sum(
            int(part.split()[0]) for part in event["text"].split(", ")
        )

    def test_what_another_app_would_change_is_told_as_well(self, ghl: Any, loose: None) -> None:
        message = back.make_sent_email(ghl)
        payload = ghl_webhooks.inbound_message(
            contactId=message.ghl_contact_id, body="Please stop emailing me."
        )
        event = stored(json.dumps(payload).encode(), "ghl", then=False)
        InboundEvent.objects.filter(pk=event.pk).update(
            state="parked", reason="It is about another location: x."
        )
        before = everything()
        out = StringIO()
        call_command(
            "replay_events", "--id", str(event.public_id), "--dry-run", "--json", stdout=out
        )
        assert everything() == before
        whats = {
            (one["kind"], one["what"]) for one in json.loads(out.getvalue())["events"][0]["changes"]
        }
        assert {("new", "reply"), ("new", "stop")} <= whats

    def test_an_erased_body_is_not_replayed(self, visit: InboundEvent) -> None:
        InboundEvent.objects.update(body=b"")
        before, out = everything(), StringIO()
        with pytest.raises(CommandError):
            call_command("replay_events", "--id", str(visit.public_id), stdout=out)
        assert "Its body is gone" in out.getvalue()
        assert everything() == before

    def test_what_a_worker_holds_is_left_to_it(self, waiting_to_be_replayed: InboundEvent) -> None:
        InboundEvent.objects.update(lease_until="2999-01-01T00:00:00Z")
        out = StringIO()
        with pytest.raises(CommandError):
            call_command("replay_events", "--parked", stdout=out)
        assert "being worked off" in out.getvalue()
        assert (Lead.objects.count(), InboundEvent.objects.get().state) == (0, "parked")

    def test_what_fails_still_is_given_back(self) -> None:
        event = stored(b"{")
        with pytest.raises(CommandError):
            call_command("replay_events", "--parked", stdout=StringIO())
        event.refresh_from_db()
        assert (event.state, event.lease_until) == ("parked", None)
