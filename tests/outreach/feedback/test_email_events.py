"""What happened to emails after they left: noted once, in any order, and what it stops."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from leads.inbound import events as inbound_events
from leads.models import InboundEvent, Suppression
from leads.suppression import suppression
from outreach.choices import Status
from outreach.control import phase
from outreach.feedback import apply_feedback, meetings, webhook_inbox
from outreach.integrations.ghl import ghl_facts, webhook_bodies
from outreach.lifecycle.moves import move_message
from outreach.models import EmailEvent, Meeting, Message, Opportunity
from outreach.review import review_actions
from outreach.sending import send
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.outreach.back import (
    last_move,
    make_sent_email,
    make_uncertain_email,
    receive_twice_shuffled,
    receive_webhooks,
    reload_email,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]
DAY = timedelta(days=1)


def noted(message: Message | None = None) -> list[tuple[str, str]]:
    rows = EmailEvent.objects.filter(**({"message": message} if message else {}))
    return sorted(rows.values_list("kind", "code"))


def reason(message: Message) -> str | None:
    stop = suppression.find_stop(message.to_address, message.lead)
    return stop.reason if stop else None


def waiting_for(lead: Any) -> Message:
    """Another email to the same person, approved and waiting."""
    Message.objects.filter(lead=lead).update(status="sent")
    return factories.cleared_email(lead)


# --- Which event means what -----------------------------------------------------------------------

MAIL = [
    ({"event": "delivered"}, [("delivered", "250")], None),
    ({"event": "opened"}, [("opened", "")], None),
    ({"event": "clicked"}, [("clicked", "")], None),
    ({"event": "failed"}, [("bounced", "5.1.1")], "bounced"),
    ({"event": "failed", "severity": "temporary"}, [("deferred", "4.7.0")], None),
    ({"event": "failed", "reason": "suppress-bounce"}, [("bounced", "suppress-bounce")], "bounced"),
    (
        {"event": "failed", "reason": "suppress-complaint"},
        [("refused", "suppress-complaint")],
        "complained",
    ),
    (
        {"event": "failed", "reason": "suppress-unsubscribe"},
        [("refused", "suppress-unsubscribe")],
        "unsubscribed",
    ),
    ({"event": "complained"}, [("complained", "")], "complained"),
    ({"event": "unsubscribed"}, [("unsubscribed", "")], "unsubscribed"),
    ({"event": "rejected"}, [("refused", "Sandbox")], None),
]


@pytest.mark.parametrize(("told", "events", "stopped"), MAIL, ids=lambda value: str(value)[:40])
def test_an_event_is_noted_once_and_stops_what_it_stops(
    ghl: FakeGhl, told: dict[str, Any], events: list[tuple[str, str]], stopped: str | None
) -> None:
    message = make_sent_email(ghl)
    payload = ghl.email_event(**told)
    receive_webhooks(payload, payload, {**payload, "webhookId": "another delivery"})
    assert (noted(), reason(message)) == (events, stopped)
    assert reload_email(message).status == "sent"


@pytest.mark.parametrize("event", ["accepted", "stored", "list_member_uploaded", ""])
def test_what_says_nothing_new_is_not_noted(ghl: FakeGhl, event: str) -> None:
    make_sent_email(ghl)
    payload = ghl.email_stats(event)
    assert (
        webhook_bodies.read_webhook(json.dumps(payload).encode(), "loc-test", timezone.now())
        is None
    )


@pytest.mark.parametrize(
    ("event", "why"),
    [("failed", "bounced"), ("complained", "complained"), ("unsubscribed", "unsubscribed")],
)
def test_what_is_still_to_leave_is_withdrawn_at_once(ghl: FakeGhl, event: str, why: str) -> None:
    first = make_sent_email(ghl)
    second = waiting_for(first.lead)
    receive_webhooks(ghl.email_event(event, first.ghl_email_message_id))
    assert (reload_email(second).status, last_move(second)) == ("withdrawn", ("withdrawn", why))
    assert send.send_due() == 0


def test_an_event_says_when_it_happened_and_never_the_future(ghl: FakeGhl) -> None:
    message = make_sent_email(ghl)
    before = timezone.now() - timedelta(hours=2)
    receive_webhooks(ghl.email_event("delivered", timestamp=before.timestamp()))
    receive_webhooks(ghl.email_event("opened", timestamp=(timezone.now() + DAY).timestamp()))
    assert abs(message.events.get(kind="delivered").at - before) < timedelta(seconds=1)
    assert message.events.get(kind="opened").at <= timezone.now()


def test_complaints_that_came_in_halt_sending_at_once(ghl: FakeGhl) -> None:
    for _ in range(2):
        make_sent_email(ghl)
        inbound_events.store_event("ghl", ghl.signed(ghl.email_event("complained"))[0])
    assert not phase.current_control().halted
    assert webhook_inbox.process_inbox() == 2
    assert phase.current_control().halted


# --- Whose it is ----------------------------------------------------------------------------------


def test_email_without_id_is_found_by_address_and_subject(ghl: FakeGhl) -> None:
    message = make_sent_email(ghl)
    Message.objects.filter(pk=message.pk).update(ghl_email_message_id="")
    receive_webhooks(
        ghl.email_stats("delivered", "eml_x", message.to_address, subject="Another subject")
    )
    assert noted() == []
    receive_webhooks(
        ghl.email_stats("delivered", "eml_x", message.to_address, subject=message.text.subject)
    )
    assert noted(message) == [("delivered", "250")]


def test_event_without_id_matches_newest_sent_email(ghl: FakeGhl) -> None:
    message = make_sent_email(ghl)
    event = ghl.email_event("delivered")
    del event["webhookPayload"]["lc-operations"]
    early = ghl.email_event("opened", timestamp=(timezone.now() - DAY).timestamp())
    del early["webhookPayload"]["lc-operations"]
    receive_webhooks(event, early)
    assert noted(message) == [("delivered", "250")]


def test_bounce_of_foreign_email_still_stops_the_address(ghl: FakeGhl) -> None:
    message = make_sent_email(ghl)
    receive_webhooks(ghl.email_stats("delivered", "eml_of_a_campaign", message.to_address))
    assert (noted(), reason(message)) == ([], None)
    receive_webhooks(ghl.email_stats("failed", "eml_of_a_campaign", message.to_address))
    assert (noted(), reason(message)) == ([], "bounced")


def test_a_bounce_of_a_stranger_stops_the_address_for_later(ghl: FakeGhl) -> None:
    receive_webhooks(ghl.email_stats("failed", "eml_9", "New.Person@northline.test"))
    assert suppression.find_stop("new.person@northline.test").reason == "bounced"


def test_event_before_the_send_answer_is_retried(ghl: FakeGhl, clock: Any) -> None:
    """The webhook arrives before the id is stored."""
    message = make_sent_email(ghl)
    payload, ids = ghl.email_event("delivered"), message.ghl_email_message_id
    Message.objects.filter(pk=message.pk).update(status="sending", ghl_email_message_id="")
    raw, _ = ghl.signed(payload)
    inbound_events.store_event("ghl", raw)
    assert webhook_inbox.process_inbox() == 1
    event = InboundEvent.objects.get()
    assert (event.state, event.reason) == (
        "waiting",
        "TryAgainSoon: The email may be leaving this moment.",
    )
    assert noted() == []
    Message.objects.filter(pk=message.pk).update(status="sent", ghl_email_message_id=ids)
    clock.shift(timedelta(seconds=5))
    assert webhook_inbox.process_inbox() == 1
    assert (InboundEvent.objects.get().state, noted(message)) == (
        "processed",
        [("delivered", "250")],
    )


# --- What is uncertain ----------------------------------------------------------------------------


@pytest.mark.parametrize("event", ["delivered", "failed", "clicked", "complained"])
def test_that_something_happened_to_it_proves_that_an_uncertain_email_left(
    ghl: FakeGhl, event: str
) -> None:
    message = make_uncertain_email(ghl)
    (entry,) = ghl.sent_emails()
    payload = ghl.email_event(event)
    receive_webhooks(payload, payload)
    settled = reload_email(message)
    assert (settled.status, last_move(message)) == ("sent", ("sent", "event_at_ghl"))
    assert settled.ghl_email_message_id == entry["emailMessageId"]
    assert settled.sent_at == settled.intents.get().claimed_at
    assert settled.intents.get().outcome == "sent"
    assert len(noted(message)) == 1


@pytest.mark.parametrize(
    "told", [{"subject": "Another subject"}, {"subject": ""}, {"timestamp": 1_700_000_000.0}]
)
def test_what_may_be_about_another_email_proves_nothing(ghl: FakeGhl, told: dict[str, Any]) -> None:
    message = make_uncertain_email(ghl)
    receive_webhooks(ghl.email_event("delivered", **{"subject": message.text.subject, **told}))
    assert (reload_email(message).status, noted()) == ("uncertain", [])


# --- Put off --------------------------------------------------------------------------------------


def put_off(ghl: FakeGhl, message: Message, *ago: timedelta) -> None:
    now = timezone.now()
    for n, one in enumerate(ago):
        told = {"severity": "temporary", "timestamp": (now - one).timestamp() - n}
        receive_webhooks(ghl.email_event("failed", message.ghl_email_message_id, **told))


@pytest.mark.parametrize(
    ("ago", "stopped"),
    [
        ((0 * DAY,) * 20, None),  # one bad evening of their server
        ((3 * DAY, 2 * DAY, DAY, 0 * DAY), None),
        ((3 * DAY, 2 * DAY, DAY, DAY, 0 * DAY), "bounced"),
    ],
)
def test_five_deferrals_over_days_stop_the_address(
    ghl: FakeGhl, ago: tuple[timedelta, ...], stopped: str | None
) -> None:
    message = make_sent_email(ghl, ago=4 * DAY)
    put_off(ghl, message, *ago)
    assert (EmailEvent.objects.filter(kind="deferred").count(), reason(message)) == (
        len(ago),
        stopped,
    )


def test_what_arrived_in_between_begins_the_count_anew(ghl: FakeGhl) -> None:
    message = make_sent_email(ghl, ago=4 * DAY)
    receive_webhooks(ghl.email_event("delivered", timestamp=(timezone.now() - DAY / 2).timestamp()))
    put_off(ghl, message, 3 * DAY, 2 * DAY, 2 * DAY, DAY, 0 * DAY, 0 * DAY)
    assert reason(message) is None


# --- Do not disturb -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channel", "status", "stopped"),
    [
        ("Email", "active", "unsubscribed"),
        ("Email", "permanent", "unsubscribed"),
        ("all", "active", "unsubscribed"),
        ("Email", "inactive", None),
        ("SMS", "active", None),
    ],
)
def test_do_not_disturb_stops_only_where_it_is_for_email(
    ghl: FakeGhl, channel: str, status: str, stopped: str | None
) -> None:
    message = make_sent_email(ghl)
    second = waiting_for(message.lead)
    update = ghl.set_dnd(message.ghl_contact_id, channel, status)
    receive_webhooks(update, update)
    assert reason(message) == stopped
    assert reload_email(second).status == ("withdrawn" if stopped else "cleared")


def test_ghl_never_lifts_a_stop_in_any_order(ghl: FakeGhl) -> None:
    message = make_sent_email(ghl)
    on, off = (
        ghl.set_dnd(message.ghl_contact_id),
        ghl.set_dnd(message.ghl_contact_id, status="inactive"),
    )
    for order in ((on, off), (off, on)):
        receive_webhooks(*order)
        assert reason(message) == "unsubscribed"


def test_do_not_disturb_of_strangers_counts_when_they_visit(ghl: FakeGhl) -> None:
    receive_webhooks(ghl.set_dnd(ghl.add_contact("new.person@northline.test")))
    assert suppression.find_stop("new.person@northline.test").reason == "unsubscribed"


def test_do_not_disturb_stops_every_address_of_a_lead(ghl: FakeGhl) -> None:
    message = make_sent_email(ghl)
    type(message.lead).objects.filter(pk=message.lead_id).update(
        email="dana@new.test", personal_email="d@gmail.com"
    )
    receive_webhooks({**ghl.set_dnd(message.ghl_contact_id), "email": "dana@old.test"})
    stopped = set(Suppression.objects.filter(scope="address").values_list("value", flat=True))
    assert stopped == {"dana@new.test", "d@gmail.com", "dana@old.test"}


# --- Meetings -------------------------------------------------------------------------------------


def booking(
    ghl: FakeGhl, message: Message, kind: str = "AppointmentCreate", ago: float = 0, **more: Any
) -> Any:
    at = (timezone.now() - timedelta(minutes=ago)).isoformat()
    told = {
        "id": "apt_1",
        "contactId": message.ghl_contact_id,
        "dateUpdated": at,
        "dateAdded": at,
        **more,
    }
    return {**ghl.appointment_create(kind=kind, **told), "timestamp": at}


def test_a_meeting_is_kept_and_ends_what_is_open(ghl: FakeGhl) -> None:
    message = make_sent_email(ghl)
    second = waiting_for(message.lead)
    receive_webhooks(booking(ghl, message))
    meeting = Meeting.objects.get()
    assert (meeting.lead, meeting.message, meeting.status) == (message.lead, message, "confirmed")
    assert (meeting.calendar_id, meeting.booked_at.tzinfo is not None) == ("cal_1", True)
    assert (reload_email(second).status, last_move(second)) == (
        "withdrawn",
        ("withdrawn", "meeting"),
    )


@pytest.mark.parametrize("seed", range(6))
def test_of_a_meeting_the_newest_change_stands_in_any_order(ghl: FakeGhl, seed: int) -> None:
    message = make_sent_email(ghl)
    receive_twice_shuffled(
        [
            booking(ghl, message, ago=30),
            booking(
                ghl, message, "AppointmentUpdate", ago=20, startTime="2026-03-09T10:00:00-05:00"
            ),
            booking(
                ghl,
                message,
                "AppointmentUpdate",
                ago=10,
                appointmentStatus="showed",
                startTime="2026-03-10T10:00:00-05:00",
            ),
        ],
        seed,
    )
    meeting = Meeting.objects.get()
    assert (meeting.status, meeting.starts_at.isoformat()) == (
        "showed",
        "2026-03-10T15:00:00+00:00",
    )


@pytest.mark.parametrize("seed", range(4))
def test_late_webhook_does_not_revive_deleted_meeting(ghl: FakeGhl, seed: int) -> None:
    message = make_sent_email(ghl)
    news = [booking(ghl, message, ago=30), booking(ghl, message, "AppointmentDelete", ago=10)]
    receive_twice_shuffled(news, seed)
    assert Meeting.objects.get().status == "deleted"


@pytest.mark.parametrize("status", ["cancelled", "invalid", "noshow"])
def test_a_meeting_that_never_stood_stops_nothing(ghl: FakeGhl, status: str) -> None:
    message = make_sent_email(ghl)
    second = waiting_for(message.lead)
    receive_webhooks(booking(ghl, message, appointmentStatus=status))
    assert (Meeting.objects.get().status, reload_email(second).status) == (status, "cleared")


def test_a_strangers_meeting_is_not_kept(ghl: FakeGhl) -> None:
    receive_webhooks(ghl.appointment_create())
    assert Meeting.objects.count() == 0


def test_fresh_read_wins_over_older_webhook(ghl: FakeGhl, clock: Any) -> None:
    """A webhook's own time is that of its delivery, later than a change that came in between."""
    message = make_sent_email(ghl)
    receive_webhooks(booking(ghl, message))
    at = (timezone.now() - timedelta(minutes=1)).isoformat()
    raw = {"id": "apt_1", "contactId": message.ghl_contact_id, "startTime": at, "dateUpdated": at}
    read = ghl_facts.appointment_fact(
        {**raw, "appointmentStatus": "cancelled"}, timezone.now(), is_read=True
    )
    assert read is not None
    apply_feedback.apply_fact(read, "poll")
    assert Meeting.objects.get().status == "confirmed", "a search may lag behind a webhook"
    clock.shift(timedelta(minutes=11))
    apply_feedback.apply_fact(read, "poll")
    assert Meeting.objects.get().status == "cancelled"


def test_what_a_whole_reading_does_not_list_is_gone(ghl: FakeGhl) -> None:
    message = make_sent_email(ghl)
    receive_webhooks(booking(ghl, message), booking(ghl, message, id="apt_2"))
    now = timezone.now()
    assert meetings.mark_unlisted_deleted("cal_2", now - DAY, now + 9 * DAY, set(), now) == 0
    assert meetings.mark_unlisted_deleted("cal_1", now + 2 * DAY, now + 9 * DAY, set(), now) == 0
    assert (
        meetings.mark_unlisted_deleted("cal_1", now - DAY, now + 9 * DAY, {"apt_2"}, now - DAY) == 0
    )
    assert meetings.mark_unlisted_deleted("cal_1", now - DAY, now + 9 * DAY, {"apt_2"}, now) == 1
    assert dict(Meeting.objects.values_list("ghl_id", "status")) == {
        "apt_1": "deleted",
        "apt_2": "confirmed",
    }


# --- Deals ----------------------------------------------------------------------------------------


def dealt(
    ghl: FakeGhl, message: Message, kind: str = "OpportunityCreate", ago: float = 0, **more: Any
) -> Any:
    at = (timezone.now() - timedelta(minutes=ago)).isoformat()
    told = {"id": "opp_1", "contactId": message.ghl_contact_id, **more}
    return {**ghl.opportunity_update(kind=kind, **told), "timestamp": at}


@pytest.mark.parametrize("seed", range(6))
def test_of_a_deal_the_newest_change_stands_in_any_order(ghl: FakeGhl, seed: int) -> None:
    message = make_sent_email(ghl)
    receive_twice_shuffled(
        [
            dealt(ghl, message, ago=30),
            dealt(ghl, message, "OpportunityMonetaryValueUpdate", ago=20, monetaryValue=25000.5),
            dealt(
                ghl, message, "OpportunityStatusUpdate", ago=10, monetaryValue=25000.5, status="won"
            ),
        ],
        seed,
    )
    deal = Opportunity.objects.get()
    assert (deal.lead, deal.status, deal.value, deal.pipeline_id) == (
        message.lead,
        "won",
        25000.5,
        "pl_1",
    )


@pytest.mark.parametrize("seed", range(4))
def test_late_webhook_does_not_revive_deleted_deal(ghl: FakeGhl, seed: int) -> None:
    message = make_sent_email(ghl)
    receive_twice_shuffled(
        [dealt(ghl, message, ago=30), dealt(ghl, message, "OpportunityDelete", ago=10)], seed
    )
    assert Opportunity.objects.get().status == "deleted"


@pytest.mark.parametrize(
    ("value", "kept"),
    [(None, 0), ("", 0), ("n/a", 0), ("NaN", 0), (1e30, 0), ([], 0), ("1200.555", 1200.56), (7, 7)],
)
def test_a_value_that_is_none_is_nothing(ghl: FakeGhl, value: Any, kept: float) -> None:
    receive_webhooks(dealt(ghl, make_sent_email(ghl), monetaryValue=value))
    assert float(Opportunity.objects.get().value) == kept


def test_a_webhook_without_a_value_leaves_the_one_that_is_known(ghl: FakeGhl) -> None:
    message = make_sent_email(ghl)
    without = dealt(ghl, message, "OpportunityStageUpdate")
    del without["monetaryValue"]
    receive_webhooks(dealt(ghl, message, ago=5), {**without, "pipelineStageId": "st_3"})
    deal = Opportunity.objects.get()
    assert (deal.value, deal.stage_id) == (18000, "st_3")


def test_a_strangers_deal_is_kept_without_a_person(ghl: FakeGhl) -> None:
    receive_webhooks(ghl.opportunity_update())
    assert Opportunity.objects.get().lead is None


@pytest.mark.parametrize("status", ["held", "cleared"])
def test_with_an_open_deal_a_first_email_is_a_persons_decision(ghl: FakeGhl, status: str) -> None:
    message = factories.held_email() if status == "held" else factories.cleared_email()
    Message.objects.filter(pk=message.pk).update(ghl_contact_id="cnt_1")
    message.refresh_from_db()
    news = dealt(ghl, message)
    receive_webhooks(news, news)
    held = reload_email(message)
    assert (held.status, held.priority, held.rank, held.transport) == ("held", "critical", 0, "")
    assert held.critical_reason == "There is an open opportunity with this person at GoHighLevel."
    assert (last_move(message)[1] == "more_known") == (status == "cleared")
    review_actions.approve_email(held, held.version, by=None)
    receive_webhooks({**news, "timestamp": timezone.now().isoformat()})
    assert reload_email(message).status == "cleared", "whoever approved it knew"


def test_a_deal_that_ended_changes_no_email(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    Message.objects.filter(pk=message.pk).update(ghl_contact_id="cnt_1")
    receive_webhooks(dealt(ghl, reload_email(message), status="lost"))
    assert (reload_email(message).status, reload_email(message).critical_reason) == ("cleared", "")


def test_a_draft_written_while_a_deal_is_open_is_critical(ghl: FakeGhl) -> None:
    lead = factories.LeadFactory()
    now = timezone.now()
    Opportunity.objects.create(
        ghl_id="opp_1", lead=lead, status="open", opened_at=now, changed_at=now
    )
    assert (
        factories.held_email(lead).critical_reason
        == "There is an open opportunity with this person at GoHighLevel."
    )


def test_an_email_being_sent_is_left_to_sending(ghl: FakeGhl) -> None:
    message = move_message(factories.cleared_email(), Status.SENDING, "door")
    Message.objects.filter(pk=message.pk).update(ghl_contact_id="cnt_1")
    receive_webhooks(dealt(ghl, reload_email(message)))
    assert (reload_email(message).status, reload_email(message).critical_reason) == ("sending", "")
