"""Polling alone finds what webhooks would tell, once, however often and in any order."""

import json
import random
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from caio_project.lib.db.caches import process_cache as cache
from leads.integrations import background_calls, rates
from leads.models import Alarm, InboundEvent, Suppression
from outreach.feedback import polling, polling_stages, webhook_inbox
from outreach.feedback.polling_round import RoundLimits
from outreach.integrations.ghl import ghl_facts, polling_api, webhook_bodies
from outreach.models import EmailEvent, Meeting, Message, Opportunity, Reply, SyncCursor
from outreach.sending import send
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.fakes.ghl.errors import error
from tests.outreach.back import (
    make_sent_email,
    make_uncertain_email,
    receive_webhooks,
    reload_email,
)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("sender", "loose", "calendar", "unhurried"),
]

EXPORT, EMAIL = "GET /conversations/messages/export", "GET /conversations/messages/email/{id}"
CONTACT, EVENTS, DEALS = "GET /contacts/{id}", "GET /calendars/events", "GET /opportunities/search"


@pytest.fixture
def calendar(settings: Any) -> None:
    settings.GHL_CALENDAR_ID = "cal_1"


@pytest.fixture
def unhurried(ghl: FakeGhl, clock: Any) -> None:
    """Each call takes half a second of the clock, so that no test waits for GoHighLevel's rate."""
    finish = ghl.finish

    def slowly(request: Any, reply: Any) -> None:
        finish(request, reply)
        clock.shift(timedelta(seconds=0.5))

    setattr(ghl, "finish", slowly)


@pytest.fixture
def pages_of_twenty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling_api, "PAGE_SIZE", 20)


def cursor(name: str) -> SyncCursor:
    return SyncCursor.objects.get(name=name)


def results() -> dict[str, tuple[int, bool, str]]:
    return {one.name: (one.read, one.ended, one.error) for one in polling.sync_all_stages()}


def due() -> None:
    SyncCursor.objects.update(not_before=timezone.now() - timedelta(seconds=1), lease_until=None)


def everything() -> dict[str, Any]:
    """All that came back, without when and by which way we learned of it."""
    events = EmailEvent.objects.values_list("message__to_address", "kind")
    said = Reply.objects.values_list(
        "ghl_message_id", "lead", "message", "channel", "sorted_as", "text__said"
    )
    met = Meeting.objects.values_list(
        "ghl_id", "lead", "message", "status", "starts_at", "calendar_id"
    )
    dealt = Opportunity.objects.values_list(
        "ghl_id", "lead", "status", "value", "pipeline_id", "stage_id"
    )
    stopped = Suppression.objects.values_list("scope", "value", "reason")
    emails = Message.objects.values_list("pk", "status", "critical_reason", "ghl_email_message_id")
    named = {
        "events": events,
        "said": said,
        "met": met,
        "dealt": dealt,
        "stopped": stopped,
        "emails": emails,
    }
    return {name: sorted(rows, key=str) for name, rows in named.items()}


# --- The same by every way ------------------------------------------------------------------------


class World:
    """Leads we wrote to, and all that can come of it; `news` are the webhooks in true order."""

    def __init__(self, ghl: FakeGhl, clock: Any):
        self.ghl, self.news = ghl, []
        names = (
            "arrived",
            "opened",
            "bounced",
            "yes",
            "stop",
            "away",
            "texted",
            "met",
            "dealt",
            "blocked",
            "lost",
        )
        self.lost = make_uncertain_email(ghl, last_name="uncertain")
        self.of = {
            name: make_sent_email(ghl, factories.LeadFactory(last_name=name)) for name in names
        }
        self.open = {name: self._open(name) for name in ("yes", "away", "texted", "met", "blocked")}
        self.by_hand = factories.cleared_email(factories.LeadFactory(last_name="byhand"))
        Message.objects.filter(pk=self.by_hand.pk).update(
            ghl_contact_id=ghl.add_contact(self.by_hand.to_address)["id"]
        )
        clock.shift(timedelta(minutes=1))
        self._happen(clock)

    def _open(self, name: str) -> Message:
        """A follow-up that was approved."""
        message = factories.cleared_email(self.of[name].lead)
        first = self.of[name]
        Message.objects.filter(pk=message.pk).update(
            step=2, follows=first, ghl_contact_id=first.ghl_contact_id
        )
        return message

    def _mail(self, name: str, event: str, **more: Any) -> None:
        self.news.append(self.ghl.email_event(event, self.of[name].ghl_email_message_id, **more))

    def _happen(self, clock: Any) -> None:
        ghl, at = self.ghl, lambda name: self.of[name].ghl_contact_id
        self._mail("arrived", "delivered")
        self._mail("opened", "delivered")
        self._mail("opened", "opened")
        self._mail("bounced", "failed")
        self.news += [
            ghl.receive_reply(at("yes"), body="<p>Sounds good, happy to talk on Thursday.</p>"),
            ghl.receive_reply(at("stop"), body="<p>Please remove me from your list.</p>"),
            ghl.receive_reply(
                at("away"),
                body="I am out of the office until Monday and will reply when I am back.",
            ),
            ghl.receive_message(at("texted"), "What does it cost?"),
            ghl.set_dnd(at("blocked")),
            ghl.add_outbound(
                self.by_hand.ghl_contact_id or reload_email(self.by_hand).ghl_contact_id
            ),
        ]
        meeting, gone = ghl.add_appointment(at("met")), ghl.add_appointment(at("arrived"))
        deal, lost = ghl.add_opportunity(at("dealt")), ghl.add_opportunity(at("lost"))
        stranger = ghl.add_opportunity(ghl.add_contact("stranger@else.test"), monetaryValue=5)
        self.news += [ghl.appointment_create(one) for one in (meeting, gone)]
        self.news += [
            ghl.opportunity_update(one, kind="OpportunityCreate") for one in (deal, lost, stranger)
        ]
        clock.shift(timedelta(minutes=1))
        self.news += [
            ghl.change_appointment(meeting, startTime="2026-03-10T15:00:00.000Z"),
            ghl.delete_appointment(gone),
            ghl.change_opportunity(deal, "OpportunityMonetaryValueUpdate", monetaryValue=25000),
            ghl.delete_opportunity(lost),
        ]
        copy = next(entry for entry in ghl.sent_emails() if entry["to"] == self.lost.to_address)
        told = {
            name: copy[name] for name in ("contactId", "messageId", "emailMessageId", "subject")
        }
        self.news.append(
            ghl.outbound_message(body=copy["html"], to=[copy["to"]], source="api", **told)
        )
        clock.shift(timedelta(minutes=1))

    def tell(self, seed: int) -> None:
        both = [*self.news, *self.news]
        random.Random(seed).shuffle(both)
        receive_webhooks(*both)

    def poll(self) -> None:
        for _ in range(2):
            assert all(ended and not error for _, ended, error in results().values())


def by_webhook(world: World, seed: int) -> None:
    world.tell(seed)


def by_polling(world: World, seed: int) -> None:
    world.poll()


def by_both(world: World, seed: int) -> None:
    """Some webhooks, a poll, the rest (and some again), a poll."""
    shuffled = random.Random(seed).sample(world.news, len(world.news))
    receive_webhooks(*shuffled[: seed * 4])
    world.poll()
    receive_webhooks(*shuffled)
    world.poll()


WAYS: dict[str, Callable[[World, int], None]] = {
    "webhooks 1": by_webhook,
    "polling": by_polling,
    "both 1": by_both,
    "both 3": by_both,
}


@pytest.mark.parametrize(
    "way",
    [
        pytest.param(way, marks=[] if way == "both 1" else pytest.mark.postgres_is_enough)
        for way in WAYS
    ],
)
def test_webhooks_and_polling_end_in_the_same_rows(ghl: FakeGhl, clock: Any, way: str) -> None:
    world = World(ghl, clock)
    WAYS[way](world, int(way[-1]) if way[-1].isdigit() else 0)
    found, of = everything(), world.of
    # Polling reads "failed" without a code, so only a webhook knows that it was the address.
    failure = "send_failed" if way == "polling" else "bounced"
    told = [row for row in found["events"] if way == "polling" or row[1] != "send_failed"]
    assert told == sorted(
        [
            (of["arrived"].to_address, "delivered"),
            (of["opened"].to_address, "delivered"),
            (of["opened"].to_address, "opened"),
            (of["bounced"].to_address, failure),
            (of["stop"].to_address, "unsubscribed"),
        ],
        key=str,
    )
    assert [(row[1:5]) for row in found["said"]] == [
        (of[name].lead_id, of[name].pk, channel, kind)
        for _, name, channel, kind in sorted(
            (next(r[0] for r in found["said"] if r[1] == of[name].lead_id), name, channel, kind)
            for name, channel, kind in (
                ("yes", "email", "positive"),
                ("stop", "email", "stop"),
                ("away", "email", "out_of_office"),
                ("texted", "sms", "question"),
            )
        )
    ]
    statuses = sorted(
        (row[1], row[3], row[4].isoformat()) for row in found["met"] if row[1] == of["met"].lead_id
    )
    assert statuses == [(of["met"].lead_id, "confirmed", "2026-03-10T15:00:00+00:00")]
    assert {row[3] for row in found["met"] if row[1] == of["arrived"].lead_id} <= {"deleted"}
    live = [(row[1], row[2], int(row[3])) for row in found["dealt"] if row[2] != "deleted"]
    assert sorted(live, key=str) == sorted(
        [(of["dealt"].lead_id, "open", 25000), (None, "open", 5)], key=str
    )
    assert {name: reload_email(message).status for name, message in world.open.items()} == {
        "yes": "withdrawn",
        "away": "cleared",
        "texted": "withdrawn",
        "met": "withdrawn",
        "blocked": "withdrawn",
    }
    assert (reload_email(world.by_hand).status, reload_email(world.by_hand).priority) == (
        "held",
        "critical",
    )
    settled = reload_email(world.lost)
    if way != "polling":  # an email that may have left is looked for by its own sweep
        assert (settled.status, bool(settled.ghl_email_message_id)) == ("sent", True)
    reasons = {address: reason for scope, address, reason in found["stopped"] if scope == "address"}
    assert reasons == ({of["bounced"].to_address: "bounced"} if failure == "bounced" else {}) | {
        of["stop"].to_address: "unsubscribed",
        of["blocked"].to_address: "unsubscribed",
    }
    assert InboundEvent.objects.count() == 0, "nothing was kept back"


# --- Windows, pages, kills ------------------------------------------------------------------------


def test_nothing_is_asked_in_the_sandbox(ghl: FakeGhl, settings: Any) -> None:
    settings.SANDBOXED = ["ghl"]
    assert polling.sync_due_stages() == 0
    assert (ghl.requests(), SyncCursor.objects.count()) == ([], 0)


def test_every_stage_sends_valid_requests_and_reports_its_end(ghl: FakeGhl) -> None:
    make_sent_email(ghl)
    before = len(ghl.requests())
    assert results() == {
        "emails": (0, True, ""),
        "other channels": (0, True, ""),
        "email statuses": (0, True, ""),
        "do not disturb": (1, True, ""),
        "meetings": (0, True, ""),
        "opportunities": (0, True, ""),
    }
    asked = ghl.requests()[before:]
    assert [request.route for request in asked] == [EXPORT, EXPORT, EMAIL, CONTACT, EVENTS, DEALS]
    assert all(request.outcome == 200 for request in asked)
    assert all(row.polled_at and not row.error for row in SyncCursor.objects.all())


def test_a_round_runs_when_it_is_due_and_not_before(ghl: FakeGhl, clock: Any) -> None:
    polling.sync_due_stages()
    asked = len(ghl.requests())
    polling.sync_due_stages()
    assert len(ghl.requests()) == asked
    clock.shift(timedelta(seconds=30))
    polling.sync_due_stages()
    assert [request.route for request in ghl.requests()[asked:]] == [EXPORT, EXPORT]


def test_two_workers_do_not_hold_one_stage(ghl: FakeGhl) -> None:
    polling.sync_due_stages()
    due()
    SyncCursor.objects.filter(name="emails").update(
        lease_until=timezone.now() + timedelta(seconds=60)
    )
    before = len(ghl.requests(EXPORT))
    polling.sync_due_stages()
    assert len(ghl.requests(EXPORT)) == before + 1, "the other channels alone"


def test_a_message_that_appears_late_is_found_by_the_overlap(ghl: FakeGhl, clock: Any) -> None:
    message = make_sent_email(ghl)
    early = (timezone.now() - timedelta(minutes=4)).isoformat()
    ghl.receive_reply(message.ghl_contact_id, body="First")
    results()
    late = ghl.receive_reply(message.ghl_contact_id, body="Second")
    ghl._messages[late["messageId"]]["dateAdded"] = early
    results()
    assert Reply.objects.count() == 2


def test_known_and_useless_emails_are_not_read(ghl: FakeGhl) -> None:
    message = make_sent_email(ghl)
    ghl.receive_reply(message.ghl_contact_id)
    ghl.receive_reply(ghl.add_contact("stranger@else.test"))
    ghl.add_outbound(ghl.add_contact("other@else.test"))
    for _ in range(3):
        results()
    read = [
        r.params["id"]
        for r in ghl.requests(EMAIL)
        if r.params["id"] != message.ghl_email_message_id
    ]
    assert len(read) == 2
    assert Reply.objects.count() == 1


def texted(ghl: FakeGhl, message: Message, count: int) -> None:
    """So many messages, one a second, up to now: every second from a person we know."""
    stranger = ghl.add_contact()
    for n in range(1, count + 1):
        at = (timezone.now() - timedelta(seconds=count - n)).isoformat()
        told = ghl.receive_message(stranger if n % 2 else message.ghl_contact_id, f"{n}")
        ghl._messages[told["messageId"]]["dateAdded"] = at


@pytest.mark.usefixtures("pages_of_twenty")
def test_the_next_round_reads_the_rest_only_once(ghl: FakeGhl) -> None:
    texted(ghl, make_sent_email(ghl), 50)
    for count in (10, 19, 25):
        due()
        polling.sync_due_stages(RoundLimits(pages=1))
        assert Reply.objects.count() == count
    assert cursor("other channels").polled_at is not None


@pytest.mark.usefixtures("pages_of_twenty")
@pytest.mark.parametrize("broken", [1, 2])
def test_after_a_break_nothing_is_lost_wherever_it_came(ghl: FakeGhl, broken: int) -> None:
    message = make_sent_email(ghl)
    texted(ghl, message, 30)
    polling.sync_due_stages()
    texted(ghl, message, 30)
    export, asked = ghl.export_messages, 0

    def breaks(request: Any) -> Any:
        nonlocal asked
        asked += "channel" not in request.query
        return (
            error(400, "Invalid cursor")
            if asked == broken + 1 and "cursor" in request.query
            else export(request)
        )

    setattr(ghl, "export_messages", breaks)
    due()
    polling.sync_due_stages()
    assert "Invalid cursor" in cursor("other channels").error
    due()
    polling.sync_due_stages()
    assert (Reply.objects.count(), cursor("other channels").error) == (30, "")


def test_stage_of_a_dead_process_is_taken_over(ghl: FakeGhl, clock: Any) -> None:
    polling.sync_due_stages()
    due()
    SyncCursor.objects.update(lease_until=timezone.now() + timedelta(seconds=90), attempts=1)
    before = len(ghl.requests())
    polling.sync_due_stages()
    assert len(ghl.requests()) == before
    clock.shift(timedelta(seconds=91))
    polling.sync_due_stages()
    assert len(ghl.requests()) > before


def test_long_round_continues_in_the_next(ghl: FakeGhl) -> None:
    message = make_sent_email(ghl)
    for n in range(5):
        ghl.receive_message(message.ghl_contact_id, f"{n}")
    polling.sync_due_stages(RoundLimits(seconds=-1))
    assert (Reply.objects.count(), cursor("other channels").polled_at) == (1, None)
    polling.sync_due_stages()
    assert Reply.objects.count() == 5
    assert cursor("other channels").polled_at is not None


def test_everybody_has_their_turn(ghl: FakeGhl) -> None:
    emails = [make_sent_email(ghl) for _ in range(5)]
    ghl.set_email_status(emails[-1].ghl_email_message_id, "delivered")
    ghl.set_dnd(emails[-1].ghl_contact_id)
    for turn in range(3):
        due()
        polling.sync_due_stages(RoundLimits(statuses=2, people=2))
        assert EmailEvent.objects.exists() == Suppression.objects.exists() == (turn == 2)
    asked = [request.params["id"] for request in ghl.requests(EMAIL)]
    assert asked == [one.ghl_email_message_id for one in emails]
    due()
    polling.sync_due_stages(RoundLimits(statuses=2, people=2))
    assert [request.params["id"] for request in ghl.requests(EMAIL)][5:] == asked[:2], (
        "and begins anew"
    )


@pytest.mark.parametrize("status", ["pending", "scheduled", "sent", "connected", "queued", ""])
def test_a_status_that_says_nothing_yet_is_no_event(ghl: FakeGhl, status: str) -> None:
    message = make_sent_email(ghl)
    ghl.set_email_status(message.ghl_email_message_id, status)
    results()
    assert EmailEvent.objects.count() == 0


def test_final_or_old_emails_are_not_polled(ghl: FakeGhl) -> None:
    over, old = make_sent_email(ghl), make_sent_email(ghl, ago=timedelta(days=15))
    ghl.set_email_status(over.ghl_email_message_id, "opened")
    for _ in range(3):
        results()
    assert [r.params["id"] for r in ghl.requests(EMAIL)] == [over.ghl_email_message_id]
    assert sorted(EmailEvent.objects.values_list("kind", flat=True)) == ["delivered", "opened"]
    assert not old.events.exists()


def test_thread_is_read_email_by_email(ghl: FakeGhl) -> None:
    message = make_sent_email(ghl)
    replies = [ghl.receive_reply(message.ghl_contact_id, body=f"Number {n}?") for n in range(2)]
    thread = {
        "id": "msg_thread",
        "messageType": "TYPE_EMAIL",
        "direction": "outbound",
        "contactId": message.ghl_contact_id,
        "dateAdded": timezone.now().isoformat(),
        "meta": {
            "email": {
                "messageIds": [
                    message.ghl_email_message_id,
                    *(r["emailMessageId"] for r in replies),
                ]
            }
        },
    }
    ghl.on(EXPORT).status(200, {"messages": [thread], "nextCursor": None, "total": 1}, times=1)
    polling.sync_due_stages()
    assert sorted(Reply.objects.values_list("text__said", flat=True)) == ["Number 0?", "Number 1?"]


# --- Meetings and opportunities -------------------------------------------------------------------


def test_without_a_calendar_none_is_asked_for(ghl: FakeGhl, settings: Any) -> None:
    settings.GHL_CALENDAR_ID = ""
    assert results()["meetings"] == (0, True, "")
    assert ghl.requests(EVENTS) == []


@pytest.mark.usefixtures("pages_of_twenty")
@pytest.mark.parametrize("spelling", ["camel", "snake"])
def test_opportunities_are_read_page_by_page_in_either_spelling(
    ghl: FakeGhl, spelling: str
) -> None:
    contact = make_sent_email(ghl).ghl_contact_id
    cache.clear()  # in which the final checks stored the spelling
    ghl.configure(opportunity_params=spelling)
    before = len(ghl.requests(DEALS))
    for n in range(50):
        ghl.add_opportunity(contact, monetaryValue=n)
    assert results()["opportunities"] == (50, True, "")
    assert sum(Opportunity.objects.values_list("value", flat=True)) == sum(range(50))
    outcomes = [request.outcome for request in ghl.requests(DEALS)[before:]]
    assert outcomes == ([422] if spelling == "snake" else []) + [200] * 3, (
        "refused once, then it is known"
    )


def test_a_422_of_another_kind_is_an_error(ghl: FakeGhl) -> None:
    ghl.on(DEALS).status(
        422, {"statusCode": 422, "message": ["limit must not be greater than 100"]}
    )
    read, ended, error = results()["opportunities"]
    assert (read, ended) == (0, False) and "limit must not be greater than 100" in error
    assert len(ghl.requests(DEALS)) == 1


@pytest.mark.usefixtures("pages_of_twenty")
def test_a_sweep_that_was_not_finished_ends_nothing(ghl: FakeGhl) -> None:
    contact = make_sent_email(ghl).ghl_contact_id
    deals = [ghl.add_opportunity(contact) for _ in range(30)]
    results()
    for deal in deals[:20]:
        ghl.delete_opportunity(deal)
    ghl.on(DEALS).status(500, {"message": "oops"}, times=1)
    results()
    assert Opportunity.objects.exclude(status="open").count() == 0
    results()
    assert Opportunity.objects.filter(status="deleted").count() == 20


# --- Errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("route", "stages"),
    [
        (EXPORT, {"emails", "other channels"}),
        (EMAIL, {"email statuses"}),
        (CONTACT, {"do not disturb"}),
        (EVENTS, {"meetings"}),
        (DEALS, {"opportunities"}),
    ],
)
@pytest.mark.parametrize("failure", ["500", "garbage", "without its list", "401"])
def test_stage_error_does_not_stop_other_stages(
    ghl: FakeGhl, route: str, stages: set[str], failure: str
) -> None:
    make_sent_email(ghl)
    script = ghl.on(route)
    {
        "500": lambda: script.status(500, {"message": "oops"}),
        "garbage": lambda: script.garbage(),
        "without its list": lambda: script.status(200, {"ok": True}),
        "401": lambda: script.status(
            401, {"message": "The token is not authorized for this scope."}
        ),
    }[failure]()
    found = results()
    excused = {"email statuses", "do not disturb"} if failure == "without its list" else set()
    assert {
        name for name, (_, ended, error) in found.items() if error and not ended
    } == stages - excused
    assert {row.name for row in SyncCursor.objects.exclude(error="")} == stages - excused
    assert {row.name for row in SyncCursor.objects.exclude(polled_at=None)} == set(
        polling_stages.STAGES
    ) - (stages - excused)


def test_what_was_deleted_at_ghl_is_passed_over(ghl: FakeGhl) -> None:
    first, second = make_sent_email(ghl), make_sent_email(ghl)
    ghl.set_email_status(second.ghl_email_message_id, "delivered")
    gone = {"statusCode": 400, "message": "not found"}
    ghl.on(f"GET /conversations/messages/email/{first.ghl_email_message_id}").status(400, gone)
    ghl.on(f"GET /contacts/{first.ghl_contact_id}").status(404, gone)
    assert all(ended for _, ended, _ in results().values())
    assert EmailEvent.objects.get().message == second


def test_errors_back_off_and_finally_raise_an_alarm(ghl: FakeGhl, clock: Any) -> None:
    ghl.on(EVENTS).status(503, {"message": "oops"})
    waits = []
    for n in range(1, 7):
        polling.sync_due_stages()
        row = cursor("meetings")
        waits.append(round((row.not_before - timezone.now()).total_seconds()))
        assert (row.attempts, Alarm.objects.filter(key="ghl:sync:meetings").exists()) == (n, n >= 5)
        clock.move_to(row.not_before + timedelta(seconds=1))
    assert waits == pytest.approx([15, 30, 60, 120, 240, 480], abs=1)
    ghl.reset()
    polling.sync_due_stages()
    row = cursor("meetings")
    assert (row.attempts, row.error, Alarm.objects.filter(closed_at=None).count()) == (0, "", 0)


def test_failed_fact_is_stored_and_applied_later(ghl: FakeGhl) -> None:
    known, broken = make_sent_email(ghl), factories.cleared_email()
    Message.objects.filter(pk=broken.pk).update(
        ghl_contact_id=ghl.add_contact(broken.to_address)["id"], band="none"
    )
    ghl.add_outbound(reload_email(broken).ghl_contact_id)
    ghl.receive_reply(known.ghl_contact_id)
    (emails, *_) = polling.sync_all_stages()
    assert (emails.read, emails.ended, emails.kept_back) == (2, True, 1)
    assert Reply.objects.get().lead == known.lead
    assert reload_email(broken).status == "cleared"
    Message.objects.filter(pk=broken.pk).update(band="low")
    assert webhook_inbox.process_inbox() == 1
    assert (InboundEvent.objects.get().state, reload_email(broken).status) == ("processed", "held")


@pytest.mark.parametrize("name", ["Said", "Mailed", "Blocked", "Booked", "Deal"])
def test_facts_are_stored_under_names_that_never_change(ghl: FakeGhl, name: str) -> None:
    body = {
        "Said": ghl.inbound_message,
        "Mailed": lambda: ghl.email_stats("failed"),
        "Blocked": ghl.contact_dnd_update,
        "Booked": ghl.appointment_create,
        "Deal": ghl.opportunity_update,
    }[name]()
    found = webhook_bodies.read_webhook(json.dumps(body).encode(), "loc-test", timezone.now())
    assert found is not None

    stored = ghl_facts.dump_fact(found)

    assert json.loads(stored)["fact"] == name
    assert ghl_facts.load_fact(stored) == found


# Beside sending


def test_polling_leaves_most_of_the_rate_to_sending(ghl: FakeGhl) -> None:
    rates.pause_vendor(background_calls.RATE_NAME, 60, "as if used up")
    errors = [error for _, _, error in results().values() if error]
    assert len(errors) == 4 and all(
        error.startswith("ghl_background is not asked for") for error in errors
    )
    assert ghl.requests() == []
    factories.cleared_email()
    assert send.send_due() == 1


# --- The command ----------------------------------------------------------------------------------


def test_command_reads_all_stages_and_sets_exit_code(ghl: FakeGhl) -> None:
    message = make_sent_email(ghl)
    ghl.receive_reply(message.ghl_contact_id)
    out = StringIO()
    call_command("sync_ghl", "--json", stdout=out)
    said = json.loads(out.getvalue())
    assert said["ok"] is True
    assert said["stages"][0] == {
        "name": "emails",
        "read": 1,
        "ended": True,
        "error": "",
        "kept_back": 0,
    }
    ghl.on(DEALS).status(500, {"message": "oops"})
    out = StringIO()
    with pytest.raises(CommandError, match="^Not read to the end: opportunities.$"):
        call_command("sync_ghl", stdout=out)
    assert "✕ opportunities: 0 read" in out.getvalue() and "✓ emails: 0 read" in out.getvalue()


def test_command_reads_nothing_in_the_sandbox(settings: Any) -> None:
    settings.SANDBOXED = ["ghl"]
    with pytest.raises(CommandError, match="in the sandbox"):
        call_command("sync_ghl")


def test_the_command_does_not_read_beside_a_worker(ghl: FakeGhl) -> None:
    polling.sync_due_stages()
    SyncCursor.objects.filter(name="emails").update(
        lease_until=timezone.now() + timedelta(seconds=60)
    )
    assert results()["emails"] == (
        0,
        False,
        "A worker is still reading this very stage; it goes on there.",
    )


def test_the_command_waits_for_the_worker_that_reads(ghl: FakeGhl) -> None:
    """The cutover asks for exit code 0, and beat reads every thirty seconds."""
    polling.sync_due_stages()
    SyncCursor.objects.filter(name="emails").update(
        lease_until=timezone.now() + timedelta(seconds=1)
    )
    call_command("sync_ghl", stdout=(said := StringIO()))
    assert "✓ emails: 0 read" in said.getvalue() and "✕" not in said.getvalue()
