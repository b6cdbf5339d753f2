"""Replaying events in the admin: a dry run first, then exactly that."""

import json
import re
from io import StringIO
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client, override_settings

from leads.models import Company, Enrichment, InboundEvent, Lead, Visit
from outreach.models import Reply, SandboxEmail
from tests import factories
from tests.caio_project.event_vault.conftest import LIST, MASKED_ROLES, page_of, shows, stored
from tests.fakes import rb2b
from tests.fakes.ghl import webhooks as ghl_webhooks
from tests.outreach import back

pytestmark = pytest.mark.django_db


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
    def test_a_dry_run_shows_changes_and_stores_nothing(
        self, client: Client, user: User, waiting_to_be_replayed: InboundEvent
    ) -> None:
        company = factories.CompanyFactory(
            name="Zephyr", domain="zephyr.test", industry="", name_key="zephyr"
        )
        factories.LeadFactory(
            email="quentin@zephyr.test", title="", first_name="", last_name="", company=None
        )
        before = everything()
        page = " ".join(self.act(client, waiting_to_be_replayed).content.decode().split())
        assert everything() == before
        for there in (
            "Lead changed: Quentin Zephyrine", "<dt>first name</dt>", "not known → Quentin",
            "→ VP Sales", f"Company changed: {company.name}", "<dt>industry</dt>", "New visit",
            "New question to Clay",
        ):  # fmt: skip
            assert there in page

    @pytest.mark.parametrize("user", ["lead_user"], indirect=True)
    def test_a_confirmed_replay_does_what_was_shown(
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
    def test_an_outdated_dry_run_is_shown_again(
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
    def test_without_a_confirmation_nothing_is_replayed(
        self, client: Client, user: User, waiting_to_be_replayed: InboundEvent, confirmed: str
    ) -> None:
        before = everything()
        self.act(client, waiting_to_be_replayed, confirmed=confirmed)
        assert everything() == before

    @pytest.mark.parametrize("user", ["lead_user"], indirect=True)
    def test_one_event_is_replayed_from_its_page(
        self, client: Client, user: User, waiting_to_be_replayed: InboundEvent
    ) -> None:
        before, path = everything(), page_of(waiting_to_be_replayed, "replay")
        assert path in client.get(page_of(waiting_to_be_replayed)).content.decode()
        page = client.get(path).content.decode()
        assert (everything(), f'action="{LIST}"' in page) == (before, True)
        self.act(client, waiting_to_be_replayed, confirmed=self.mark(page))
        assert Visit.objects.get().event == waiting_to_be_replayed

    @pytest.mark.parametrize("user", MASKED_ROLES, indirect=True)
    def test_other_roles_cannot_replay(
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
    def test_too_many_events_are_refused(self, client: Client, user: User) -> None:
        events = [stored(rb2b.to_body(rb2b.person()), then=False) for _ in range(21)]
        assert "20 at once are the most" in self.act(client, *events).content.decode()
        assert Lead.objects.count() == 0

    @override_settings(EMBEDDED=False)
    def test_a_dry_run_sends_no_nudge(
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

    def test_every_counted_change_is_described(self, waiting_to_be_replayed: InboundEvent) -> None:
        factories.LeadFactory(
            email="quentin@zephyr.test", first_name="Quentin", last_name="Zephyrine"
        )
        out = StringIO()
        call_command("replay_events", "--parked", "--dry-run", "--json", stdout=out)
        (event,) = json.loads(out.getvalue())["events"]
        assert len(event["changes"]) == sum(
            int(part.split()[0]) for part in event["text"].split(", ")
        )

    def test_changes_in_other_apps_are_described(self, ghl: Any, loose: None) -> None:
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

    def test_a_leased_event_is_not_replayed(self, waiting_to_be_replayed: InboundEvent) -> None:
        InboundEvent.objects.update(lease_until="2999-01-01T00:00:00Z")
        out = StringIO()
        with pytest.raises(CommandError):
            call_command("replay_events", "--parked", stdout=out)
        assert "being worked off" in out.getvalue()
        assert (Lead.objects.count(), InboundEvent.objects.get().state) == (0, "parked")

    def test_a_failing_event_is_parked_again(self) -> None:
        event = stored(b"{")
        with pytest.raises(CommandError):
            call_command("replay_events", "--parked", stdout=StringIO())
        event.refresh_from_db()
        assert (event.state, event.lease_until) == ("parked", None)
