"""What GoHighLevel is not asked again before an email, and when it is."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from outreach.contact_history import ghl_check
from outreach.feedback import polling
from outreach.feedback.polling_stages import STAGES
from outreach.models import GhlLook, Message, Opportunity, SyncCursor
from outreach.review import ghl_lookup
from outreach.sending import send
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.outreach.sending.send_steps import (
    CONTACT,
    CREATE,
    DEALS,
    FIND,
    SEARCH,
    SEND,
    TALK,
    UPDATE,
    calls,
    last_move,
    outcomes,
    slots,
)
from tests.outreach.sending.test_ghl_contact import KEPT, looked_at, unchanged

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]

LONG_AGO = "2025-01-07T10:00:00Z"


def deals_read(minutes_ago: int = 1) -> None:
    at = timezone.now() - timedelta(minutes=minutes_ago)
    SyncCursor.objects.update_or_create(name="opportunities", defaults={"polled_at": at})


def in_milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


@pytest.fixture
def email(ghl: FakeGhl) -> Message:
    """To a contact that was written to long ago, as the check before the decision saw."""
    message = factories.cleared_email()
    contact = ghl.add_contact(message.to_address, **KEPT)
    ghl.add_outbound(contact, date_added=LONG_AGO)
    looked_at(message, contact["id"])
    deals_read()
    return message


def test_a_conversation_that_is_quiet_is_not_read_again(ghl: FakeGhl, email: Message) -> None:
    assert send.send_due() == 1
    assert calls(ghl) == [CONTACT, SEARCH, SEND]


@pytest.mark.parametrize(
    ("newest", "is_read"),
    [
        (lambda: in_milliseconds(timezone.now() - timedelta(hours=1)), False),
        (lambda: str(in_milliseconds(timezone.now() - timedelta(hours=1))), False),
        (lambda: (timezone.now() - timedelta(hours=1)).isoformat(), False),
        (lambda: in_milliseconds(timezone.now() - ghl_lookup.LATE_MESSAGES / 2), True),
        (lambda: in_milliseconds(timezone.now()), True),
        (lambda: None, True),
        (lambda: "", True),
        (lambda: "yesterday", True),
        (lambda: 0, True),
        (lambda: True, True),
        (lambda: {"at": 1}, True),
    ],
)
def test_it_is_read_unless_its_newest_message_is_older_than_the_check(
    ghl: FakeGhl, email: Message, newest: Any, is_read: bool
) -> None:
    contact = ghl.state()["contacts"][0]
    found = {"id": ghl._conversations[contact["id"]], "contactId": contact["id"]}
    ghl.on(SEARCH).status(200, {"conversations": [{**found, "lastMessageDate": newest()}]})
    assert send.send_due() == 1
    assert calls(ghl) == [CONTACT, SEARCH, *([TALK] if is_read else []), SEND]


def test_a_conversation_without_a_time_is_read(ghl: FakeGhl, email: Message) -> None:
    contact = ghl.state()["contacts"][0]
    found = {"id": ghl._conversations[contact["id"]], "contactId": contact["id"]}
    ghl.on(SEARCH).status(200, {"conversations": [found]})
    assert send.send_due() == 1
    assert TALK in calls(ghl)


@pytest.mark.parametrize(
    "changes", [{"looked_at": None}, {"address_hash": "another"}, {"contact_id": "cnt_another"}]
)
def test_without_a_check_of_this_contact_it_is_read(
    ghl: FakeGhl, email: Message, changes: dict[str, Any]
) -> None:
    GhlLook.objects.update(**changes)
    assert send.send_due() == 1
    assert TALK in calls(ghl)


def test_with_a_check_of_yesterday_it_is_read(ghl: FakeGhl, email: Message) -> None:
    at = timezone.now() - ghl_check.FRESH_FOR - timedelta(seconds=1)
    GhlLook.objects.update(looked_at=at)
    assert send.send_due() == 1
    assert TALK in calls(ghl)


def test_an_answer_after_the_check_stops_the_email(ghl: FakeGhl, email: Message) -> None:
    ghl.receive_reply(ghl.state()["contacts"][0])
    assert send.send_due() == 0
    assert (last_move(email), TALK in calls(ghl)) == (("held", "answered"), True)
    assert (ghl.sent_emails(), outcomes(), slots()) == ([], [], 0)


def test_what_the_check_found_after_the_approval_stops_the_email(
    ghl: FakeGhl, email: Message
) -> None:
    """A check that began before the approval and ended after it."""
    GhlLook.objects.update(inbound_at=timezone.now() - timedelta(days=2))
    assert send.send_due() == 0
    assert (last_move(email), TALK in calls(ghl)) == (("held", "answered"), False)
    assert (ghl.sent_emails(), outcomes(), slots()) == ([], [], 0)


def test_deals_are_asked_for_where_polling_stands_still(ghl: FakeGhl, email: Message) -> None:
    deals_read(minutes_ago=16)
    ghl.add_opportunity(ghl.state()["contacts"][0], name="Pilot")
    assert send.send_due() == 0
    assert (DEALS in calls(ghl), last_move(email)) == (True, ("held", "known_at_ghl"))
    assert (ghl.sent_emails(), outcomes(), slots()) == ([], [], 0)


def test_deals_are_asked_for_at_another_location_than_was_read(
    ghl: FakeGhl, email: Message, settings: Any
) -> None:
    """A minute ago all deals were read, and none of them was of this location."""
    for result in polling.sync_all_stages():
        assert result.ended, result
    settings.GHL_LOCATION_ID = ghl.location_id = "loc-another"
    ghl.add_opportunity(ghl.state()["contacts"][0], name="Pilot")
    assert send.send_due() == 0
    assert (DEALS in calls(ghl), last_move(email)) == (True, ("held", "known_at_ghl"))
    assert (ghl.sent_emails(), outcomes(), slots()) == ([], [], 0)


def test_another_location_deletes_no_deal_that_was_half_read(ghl: FakeGhl, settings: Any) -> None:
    """A sweep that began at one location does not end at another."""
    row = SyncCursor.objects.create(
        name="opportunities",
        position=json.dumps(
            {"since": timezone.now().isoformat(), "after": [1, "opp_9"], "location": "loc-before"}
        ),
    )
    polling.sync_all_stages()
    row.refresh_from_db()
    assert json.loads(row.position) == {"location": ghl.location_id}
    [first, *_] = ghl.requests(DEALS)
    assert "startAfter" not in first.query and "startAfterId" not in first.query


@pytest.mark.parametrize("has_lead", [True, False])
def test_deals_are_asked_for_where_our_rows_have_an_open_one(
    ghl: FakeGhl, email: Message, has_lead: bool
) -> None:
    contact = ghl.state()["contacts"][0]
    now = timezone.now()
    Opportunity.objects.create(
        ghl_id="opp_1",
        lead=email.lead if has_lead else None,
        ghl_contact_id="" if has_lead else contact["id"],
        status="open",
        opened_at=now,
        changed_at=now,
    )
    ghl.add_opportunity(contact, name="Pilot")
    assert send.send_due() == 0
    assert (DEALS in calls(ghl), last_move(email)) == (True, ("held", "known_at_ghl"))
    assert (ghl.sent_emails(), outcomes(), slots()) == ([], [], 0)


def test_the_cursor_of_deals_is_a_stage_of_polling() -> None:
    assert ghl_lookup.DEALS_CURSOR in STAGES


# --- A contact that somebody creates between our search and our creation ---


def test_it_is_read_as_any_other_and_nothing_is_overwritten(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    known = ghl.add_contact(message.to_address, **KEPT)
    ghl.on(FIND).status(200, {"contact": None})
    assert send.send_due() == 1
    assert calls(ghl) == [FIND, CREATE, CONTACT, SEARCH, DEALS, SEND]
    assert unchanged(known, ghl)


def test_its_do_not_disturb_holds(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    ghl.add_contact(message.to_address, dnd=True)
    ghl.on(FIND).status(200, {"contact": None})
    assert send.send_due() == 0
    assert last_move(message) == ("failed", "dnd")
    assert (ghl.requests(UPDATE), ghl.sent_emails(), outcomes()) == ([], [], [])


def test_a_new_contact_with_do_not_disturb_gets_nothing(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    made = {"id": "cnt_1", "email": message.to_address, "dnd": True, "tags": []}
    ghl.on(CREATE).status(201, {"contact": made})
    assert send.send_due() == 0
    assert (last_move(message), ghl.sent_emails(), outcomes()) == (("failed", "dnd"), [], [])
