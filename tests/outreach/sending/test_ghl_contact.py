"""A contact that people keep at GoHighLevel stays theirs: what it lacks is added by its id."""

from typing import Any

import pytest
from django.utils import timezone

from leads.suppression import suppression
from outreach.models import GhlLook, Message
from outreach.sending import send
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.outreach.sending.send_steps import (
    CONTACT,
    CREATE,
    DEALS,
    FIND,
    KNOWN_CONTACT,
    SEARCH,
    SEND,
    UPDATE,
    calls,
    last_move,
    now_is,
    outcomes,
    slots,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]

KEPT: dict[str, Any] = {
    "firstName": "Danny", "lastName": "Whitfield-Okafor", "companyName": "Northline Holding",
    "website": "https://holding.test", "city": "Dublin", "state": "CA", "country": "CA",
    "source": "Trade fair", "tags": ["vip"], "phone": "+16145550142", "assignedTo": "usr_9",
    "dndSettings": {"SMS": {"status": "active"}}, "customFields": [{"id": "cf_1", "value": "x"}],
}  # fmt: skip


def looked_at(message: Message, contact_id: str) -> None:
    address_hash = suppression.erased_hash(message.to_address)
    GhlLook.objects.filter(message=message).delete()
    GhlLook.objects.create(
        message=message, due_at=None, looked_at=timezone.now(), contact_id=contact_id,
        address_hash=address_hash,
    )  # fmt: skip


def unchanged(contact: dict[str, Any], ghl: FakeGhl) -> bool:
    return {**ghl.contact(contact), "dateUpdated": ""} == {**contact, "dateUpdated": ""}


def test_a_full_contact_is_not_written(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    known = ghl.add_contact(message.to_address, **KEPT)
    assert send.send_due() == 1
    assert calls(ghl) == [*KNOWN_CONTACT, SEARCH, DEALS, SEND]
    assert unchanged(known, ghl)
    assert ghl.sent_emails()[0]["contactId"] == known["id"]


@pytest.mark.parametrize(
    ("kept", "added"),
    [
        ({}, {"firstName", "lastName", "website", "state", "country"}),
        ({"firstName": "Dana"}, {"lastName", "website", "state", "country"}),
        ({"firstName": "Sam"}, {"website", "state", "country"}),
        ({"lastName": "Ortiz"}, {"website", "state", "country"}),
        ({"name": "Sam Ortiz"}, {"website", "state", "country"}),
        ({"city": "Cork"}, {"firstName", "lastName", "website"}),
        ({"country": "IE"}, {"firstName", "lastName", "website", "state"}),
        ({"website": "https://x.test", "state": "NY"}, {"firstName", "lastName"}),
    ],
)
def test_only_what_is_missing_is_added(ghl: FakeGhl, kept: dict[str, str], added: set[str]) -> None:
    message = factories.cleared_email()
    known = ghl.add_contact(message.to_address, source="Trade fair", **kept)
    assert send.send_due() == 1
    (request,) = ghl.requests(UPDATE)
    assert (set(request.json), ghl.requests(CREATE)) == (added, [])
    stored = ghl.contact(known)
    assert {name: stored[name] for name in kept} == kept
    assert (stored["source"], stored["email"]) == ("Trade fair", message.to_address)


def test_a_contact_of_the_check_is_read_by_its_id(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    known = ghl.add_contact(message.to_address, **KEPT)
    looked_at(message, known["id"])
    assert send.send_due() == 1
    assert calls(ghl) == [CONTACT, SEARCH, DEALS, SEND]
    assert unchanged(known, ghl)


@pytest.mark.parametrize("contact_id", ["cnt_gone", ""])
def test_a_contact_that_is_gone_is_looked_for(ghl: FakeGhl, contact_id: str) -> None:
    message = factories.cleared_email()
    looked_at(message, contact_id)
    known = ghl.add_contact(message.to_address, **KEPT)
    assert send.send_due() == 1
    assert ghl.sent_emails()[0]["contactId"] == known["id"]
    assert (FIND in calls(ghl), ghl.requests(CREATE)) == (True, [])


def test_a_check_of_another_address_is_not_used(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    other = ghl.add_contact("somebody@else.test", **KEPT)
    looked_at(message, other["id"])
    GhlLook.objects.update(address_hash="another")
    assert send.send_due() == 1
    assert (calls(ghl)[0], unchanged(other, ghl)) == (FIND, True)


@pytest.mark.parametrize("seen", [False, True])
def test_a_secondary_address_writes_nothing(ghl: FakeGhl, seen: bool) -> None:
    message = factories.cleared_email()
    further = [{"email": message.to_address}]
    known = ghl.add_contact("dana@home.test", additionalEmails=further, **KEPT)
    if seen:
        looked_at(message, known["id"])
    assert send.send_due() == 0
    assert last_move(now_is(message)) == ("failed", "contact_mismatch")
    assert (ghl.requests(CREATE), ghl.requests(UPDATE), ghl.sent_emails()) == ([], [], [])
    assert (unchanged(known, ghl), outcomes(), slots()) == (True, [], 0)


@pytest.mark.parametrize("stop", ["dnd", "inbound"])
def test_a_contact_that_stops_the_email_is_not_written(ghl: FakeGhl, stop: str) -> None:
    message = factories.cleared_email()
    known = ghl.add_contact(message.to_address, dnd=stop == "dnd")
    if stop == "inbound":
        ghl.receive_message(known)
    assert send.send_due() == 0
    assert (ghl.requests(UPDATE), ghl.requests(CREATE), ghl.sent_emails()) == ([], [], [])


def test_a_refused_detail_does_not_hold_the_email(ghl: FakeGhl) -> None:
    ghl.add_contact(factories.cleared_email().to_address)
    ghl.on(UPDATE).status(422, {"statusCode": 422, "message": ["state must be shorter"]})
    assert send.send_due() == 1
    assert (len(ghl.sent_emails()), outcomes(), slots()) == (1, ["sent"], 1)


def test_ghl_away_at_the_detail_postpones(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    ghl.add_contact(message.to_address)
    ghl.on(UPDATE).status(503)
    assert send.send_due() == 0
    waiting = now_is(message)
    assert (waiting.status, waiting.waiting_for) == ("cleared", "ghl_unavailable")
    assert (ghl.sent_emails(), outcomes(), slots()) == ([], [], 0)


@pytest.mark.parametrize(
    ("status", "answer", "fate"),
    [(503, {}, "cleared"), (400, {"statusCode": 400, "message": "Contact is locked"}, "failed")],
)
def test_a_contact_that_cannot_be_read_gets_nothing(
    ghl: FakeGhl, status: int, answer: dict[str, Any], fate: str
) -> None:
    message = factories.cleared_email()
    looked_at(message, "cnt_1")
    ghl.on(CONTACT).status(status, answer)
    assert send.send_due() == 0
    assert (now_is(message).status, ghl.sent_emails(), calls(ghl)) == (fate, [], [CONTACT])
