"""Do-not-disturb is set at GoHighLevel until that succeeds, and nothing is lifted there."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from leads.models import Alarm, Lead, Suppression
from leads.suppression import suppression
from outreach.control import phase
from outreach.feedback import dnd_sync, unsubscribes
from outreach.models import Message, OptOut, Position
from outreach.review import ghl_lookup
from outreach.sending import send
from tests import factories
from tests.fakes.ghl import FakeGhl

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender", "loose")]

FIND, CONTACT, BLOCK = "GET /contacts/search/duplicate", "GET /contacts/{id}", "PUT /contacts/{id}"
BLOCKED = {"status": "active", "message": "Asked us to stop", "code": "103"}


def tell_all() -> None:
    while dnd_sync.push_due(batch=50):
        pass


def sent() -> Message:
    message = factories.cleared_email()
    assert send.send_due() == 1
    message.refresh_from_db()
    return message


def outcomes() -> set[str]:
    return set(OptOut.objects.values_list("outcome", flat=True))


def late() -> list[str]:
    return list(
        Alarm.objects.filter(key="ghl:opt-outs", closed_at=None).values_list("text", flat=True)
    )


def test_an_unsubscribe_is_told_once_and_changes_nothing_else(ghl: FakeGhl) -> None:
    message = factories.cleared_email()
    known = ghl.add_contact(
        message.to_address,
        tags=["vip"],
        dndSettings={"SMS": {"status": "permanent"}, "Call": {"status": "inactive"}},
    )
    send.send_due()
    assert unsubscribes.unsubscribe_by_token(message.unsubscribe_token)
    tell_all()
    *filled, request = ghl.requests(BLOCK)
    assert request.json == {"dndSettings": {"SMS": {"status": "permanent"}, "Email": BLOCKED}}
    assert not any("dndSettings" in one.json for one in filled)  # sending added what it lacked
    contact = ghl.contact(known["id"])
    assert (contact["dnd"], contact["tags"], contact["dndSettings"]["Email"]) == (
        False,
        ["vip"],
        BLOCKED,
    )
    assert (outcomes(), dnd_sync.push_due(), late()) == ({"blocked"}, 0, [])


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("unsubscribed", True),
        ("complained", True),
        ("erased", True),
        ("bounced", False),
        ("invalid", False),
        ("customer", False),
        ("manual", False),
    ],
)
def test_only_their_own_wish_is_told(ghl: FakeGhl, reason: str, told: bool) -> None:
    message = sent()
    suppression.suppress(message.to_address, reason, "test", message.lead)
    tell_all()
    assert len(ghl.requests(BLOCK)) == told


def test_an_address_that_came_in_a_file_is_told_too(ghl: FakeGhl) -> None:
    contact = ghl.add_contact("dana@northline.test")
    suppression.suppress("Dana@Northline.test", "unsubscribed", "import")
    tell_all()
    assert ghl.contact(contact["id"])["dndSettings"]["Email"] == BLOCKED


def test_every_address_of_a_person_is_told(ghl: FakeGhl) -> None:
    lead = factories.LeadFactory(personal_email="dana@gmail.test")
    contacts = [ghl.add_contact(address) for address in (lead.email, lead.personal_email)]
    suppression.suppress(lead.email, "unsubscribed", "test", lead)
    tell_all()
    assert [ghl.contact(one["id"])["dndSettings"].get("Email") for one in contacts] == [
        BLOCKED,
        BLOCKED,
    ]


def test_who_was_erased_is_found_by_what_their_emails_knew(ghl: FakeGhl) -> None:
    message = sent()
    looked = factories.held_email()
    contact = ghl.add_contact(looked.to_address)
    ghl_lookup.check_due()
    for one, ghl_id in ((message, message.ghl_contact_id), (looked, contact["id"])):
        Suppression.objects.create(
            scope="address_hash",
            value=suppression.erased_hash(one.to_address),
            reason="erased",
            source="erase_person",
            lead=one.lead,
        )
        Lead.rows.filter(pk=one.lead_id).update(email=None, first_name="", last_name="")
        Message.objects.filter(pk=one.pk).update(to_address="")
        tell_all()
        assert ghl.contact(ghl_id)["dndSettings"]["Email"] == BLOCKED


def test_who_is_blocked_there_already_is_only_read(ghl: FakeGhl) -> None:
    ghl.add_contact("dana@northline.test", dnd=True)
    suppression.suppress("dana@northline.test", "unsubscribed", "do not disturb at GoHighLevel")
    tell_all()
    assert (ghl.requests(BLOCK), outcomes()) == ([], {"blocked"})


def test_who_is_not_known_there_is_done(ghl: FakeGhl) -> None:
    suppression.suppress("nobody@northline.test", "unsubscribed", "test")
    tell_all()
    assert (outcomes(), [request.route for request in ghl.requests()]) == ({"nobody"}, [FIND])


def test_a_contact_that_is_gone_is_done(ghl: FakeGhl) -> None:
    message = sent()
    ghl._contacts.clear()
    suppression.suppress(message.to_address, "unsubscribed", "test", message.lead)
    tell_all()
    assert outcomes() == {"nobody"}


@pytest.mark.parametrize("kind", ["example", "test", "training"])
def test_people_who_are_not_live_are_not_asked_about(ghl: FakeGhl, kind: str) -> None:
    lead = factories.LeadFactory(kind=kind)
    suppression.suppress(lead.email, "unsubscribed", "test", lead)
    tell_all()
    assert (outcomes(), ghl.requests()) == ({"not_live"}, [])


FAULTS = {
    "500": lambda s: s.status(500),
    "hangs up": lambda s: s.close_before(),
    "429": lambda s: s.status(429),
    "422": lambda s: s.status(422, {"message": ["dndSettings should not exist"]}),
    "scope": lambda s: s.status(401, {"message": "The token is not authorized for this scope."}),
}


@pytest.mark.parametrize("route", [FIND, CONTACT, BLOCK])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_stop_is_retried_until_done_with_an_alarm(
    ghl: FakeGhl, clock: Any, route: str, fault: Any
) -> None:
    contact = ghl.add_contact("dana@northline.test")
    suppression.suppress("dana@northline.test", "unsubscribed", "test")
    fault(ghl.on(route))
    assert dnd_sync.push_due() == 1
    row = OptOut.objects.get()
    assert (row.told_at, row.lease_until, row.not_before > timezone.now(), late()) == (
        None,
        None,
        True,
        [],
    )
    for _ in range(3):
        clock.shift(timedelta(hours=1))
        assert dnd_sync.push_due() == 1
    (text,) = late()
    assert text.startswith(
        "1 stops are not told to GoHighLevel, the oldest since Mar\u00a03, 10:00\u00a0AM\u00a0ET: "
    )
    ghl.clear_behaviours()
    clock.shift(timedelta(hours=1))
    assert dnd_sync.push_due() == 1
    assert (ghl.contact(contact["id"])["dndSettings"]["Email"], outcomes(), late()) == (
        BLOCKED,
        {"blocked"},
        [],
    )


def test_a_block_whose_answer_was_lost_is_seen_the_next_time(ghl: FakeGhl, clock: Any) -> None:
    contact = ghl.add_contact("dana@northline.test")
    suppression.suppress("dana@northline.test", "unsubscribed", "test")
    ghl.on(BLOCK).act_then_close()
    dnd_sync.push_due()
    assert outcomes() == {""}
    clock.shift(timedelta(minutes=1))
    dnd_sync.push_due()
    assert (outcomes(), len(ghl.requests(BLOCK))) == ({"blocked"}, 1)
    assert ghl.contact(contact["id"])["dndSettings"]["Email"] == BLOCKED


def test_refused_stop_does_not_block_others_newest_first(ghl: FakeGhl) -> None:
    ghl.add_contact("older@northline.test"), ghl.add_contact("newer@northline.test")
    for name in ("older", "newer"):
        suppression.suppress(f"{name}@northline.test", "unsubscribed", "test")
    ghl.on(BLOCK).status(400, {"message": "no"}, times=1)
    assert dnd_sync.push_due() == 2
    assert [request.query["email"] for request in ghl.requests(FIND)] == [
        "newer@northline.test",
        "older@northline.test",
    ]
    assert [(row.suppression.value, row.outcome) for row in OptOut.objects.order_by("pk")] == [
        ("older@northline.test", "blocked"),
        ("newer@northline.test", ""),
    ]


def test_where_ghl_is_away_the_others_are_not_tried(ghl: FakeGhl) -> None:
    for n in range(3):
        suppression.suppress(f"p{n}@northline.test", "unsubscribed", "test")
    ghl.stop()
    assert dnd_sync.push_due() == 1


def test_in_the_sandbox_it_is_kept_until_gohighlevel_is_connected(
    ghl: FakeGhl, settings: Any, clock: Any
) -> None:
    settings.SANDBOXED = ["ghl"]
    ghl.add_contact("dana@northline.test")
    suppression.suppress("dana@northline.test", "unsubscribed", "test")
    clock.shift(timedelta(hours=1))
    assert (dnd_sync.push_due(), ghl.requests(), OptOut.objects.count(), late()) == (0, [], 1, [])
    settings.SANDBOXED = []
    tell_all()
    assert outcomes() == {"blocked"}


def test_a_halt_does_not_keep_a_stop_from_being_told(ghl: FakeGhl) -> None:
    ghl.add_contact("dana@northline.test")
    suppression.suppress("dana@northline.test", "unsubscribed", "test")
    phase.halt_sending(by=None, reason="test")
    tell_all()
    assert outcomes() == {"blocked"}


def test_a_domain_is_nobody_to_tell(ghl: FakeGhl) -> None:
    Suppression.objects.create(
        scope="domain", value="northline.test", reason="unsubscribed", source="test"
    )
    tell_all()
    assert (OptOut.objects.count(), ghl.requests()) == (0, [])


def test_late_visible_stop_is_found_without_rereading_old(clock: Any) -> None:
    for n in range(3):
        suppression.suppress(f"p{n}@northline.test", "unsubscribed", "test")
    late_one = Suppression.objects.order_by("pk")[1]
    Suppression.objects.filter(pk=late_one.pk).update(
        reason="manual"
    )  # as one whose transaction is not over yet
    assert dnd_sync.record_new_stops() == 2
    assert Position.objects.get(reader="opting_out").seq == 0
    Suppression.objects.filter(pk=late_one.pk).update(reason="unsubscribed")
    assert dnd_sync.record_new_stops() == 1
    clock.shift(timedelta(hours=2))
    assert dnd_sync.record_new_stops() == 0
    assert Position.objects.get(reader="opting_out").seq == Suppression.objects.latest("pk").pk


def test_a_large_file_is_noted_in_parts(clock: Any) -> None:
    for n in range(5):
        suppression.suppress(f"p{n}@northline.test", "unsubscribed", "import")
    clock.shift(timedelta(hours=2))
    assert [dnd_sync.record_new_stops(batch=2) for _ in range(4)] == [2, 2, 1, 0]
    assert OptOut.objects.count() == 5
