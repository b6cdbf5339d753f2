"""The event vault: who sees what, and the next step for a parked event."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from caio_project.event_vault import sources
from caio_project.lib.models import ApiKey
from leads.inbound import events as inbound_events
from leads.inbound import parked
from leads.inbound.parked import StoredReason
from leads.models import InboundEvent, Lead
from outreach.feedback import webhook_inbox
from tests.caio_project.event_vault.conftest import (
    LIST,
    MASKED_ROLES,
    PERSON,
    page_of,
    shows,
    stored,
)
from tests.fakes import rb2b

pytestmark = pytest.mark.django_db


class TestMasking:
    @pytest.mark.parametrize("user", MASKED_ROLES, indirect=True)
    @pytest.mark.parametrize(
        "path",
        [
            LIST, f"{LIST}?q=quentin%40zephyr.test", f"{LIST}?q=zephyrine", f"{LIST}?q=failed",
            f"{LIST}?state__exact=parked", f"{LIST}?source=rb2b&kind__exact=live",
            f"{LIST}?o=1.2.3.4.5.6.7", "/admin/",
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
    def test_a_lead_reads_events_unmasked(
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
    def test_a_body_that_is_not_json_is_hidden(self, client: Client, user: User) -> None:
        text = client.get(
            page_of(stored(b"Quentin Zephyrine, quentin@zephyr.test"))
        ).content.decode()
        assert shows(text) == []
        assert "38 bytes that are no JSON object" in text

    @pytest.mark.parametrize("user", MASKED_ROLES, indirect=True)
    @pytest.mark.parametrize(
        "query",
        [
            "reason__contains=quentin", "body__contains=quentin",
            "about__email=quentin%40zephyr.test",
            "reason__startswith=F", "visit__lead__first_name=Quentin", "body_sha256__startswith=a",
            "public_id__startswith=a",
        ],
    )  # fmt: skip
    def test_url_lookups_reveal_nothing_masked(
        self, client: Client, user: User, waiting_to_be_replayed: InboundEvent, query: str
    ) -> None:
        answer = client.get(f"{LIST}?{query}")
        assert answer.status_code in (302, 400)
        assert str(waiting_to_be_replayed.pk) not in answer.headers.get("Location", "")

    @pytest.mark.parametrize(
        ("user", "hits"), [("viewer", 0), ("reviewer", 0), ("lead_user", 1)], indirect=["user"]
    )
    def test_quoted_data_is_found_only_by_readers(
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
    def test_the_leads_page_masks_events_as_well(
        self, client: Client, user: User, visit: InboundEvent
    ) -> None:
        lead = Lead.objects.get()
        InboundEvent.objects.filter(pk=visit.pk).update(
            state="parked", reason="ValueError: Wollongong 555-0142"
        )
        text = client.get(f"/sales/leads/{lead.public_id}").content.decode()
        assert page_of(visit) in text
        assert "555-0142" not in text and "ValueError: ***" in text

    def test_the_api_reveals_no_event(self, client: Client, visit: InboundEvent) -> None:
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

    def test_only_the_lead_role_has_the_permissions(
        self, viewer: User, reviewer: User, lead_user: User
    ) -> None:
        for one in (viewer, reviewer):
            assert not sources.may_read(one) and not sources.may_replay(one)
        assert sources.may_read(lead_user) and sources.may_replay(lead_user)


class TestWayIn:
    @pytest.mark.parametrize("user", ["lead_user"], indirect=True)
    def test_searching_an_email_finds_all_its_events(self, client: Client, user: User) -> None:
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

    def test_users_without_admin_get_no_link(
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
    def test_a_period_uses_the_teams_days(
        self, client: Client, user: User, visit: InboundEvent, settings: Any
    ) -> None:
        settings.TEAM_TIME_ZONE = "America/Chicago"
        InboundEvent.objects.update(
            received_at="2026-03-05T03:30:00Z"
        )  # still the fourth in Chicago
        days = [("2026-03-04", True), ("2026-03-05", False)]
        days += [(typed, True) for typed in ("nonsense", "0001-01-01", "9999-12-31")]
        for day, there in days:
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
    ("rb2b", b'{"Company Name": {"Quentin": 1}}', "nobody in it"),
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
    def test_each_known_reason_has_a_next_step(
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
    def test_the_list_shows_the_parked_count(self, client: Client, user: User) -> None:
        assert "No event is parked" in client.get(LIST).content.decode()
        stored(b"{")
        stored(b"[]")
        assert "<b>2</b> events are parked" in " ".join(client.get(LIST).content.decode().split())
