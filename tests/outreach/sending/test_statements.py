"""One email through the final checks asks nothing twice without a reason, nor more than it needs.

The tables are warm: emails were sent before, to others. ADR 31 says which calls are made.
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from outreach.auto_approval import approval_sweep
from outreach.choices import Phase
from outreach.control import phase
from outreach.limits import sending_domains
from outreach.models import SyncCursor
from outreach.sending import send
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.outreach.auto_approval.approval_steps import low, verdict
from tests.outreach.sending.send_steps import CONTACT, NEW_CONTACT, SEARCH, SEND, calls
from tests.outreach.sending.test_ghl_contact import KEPT, looked_at
from tests.statements import Statements

pytestmark = pytest.mark.django_db

MOST = 36  # the aim of ADR 31 is 45; where the machine approved it is judged again under the lock
MOST_BY_MACHINE = 45
# What one email may ask more than once, how often, and why. Anything else is asked once.
REPEATED = {
    # The recipient is known before the calls to GoHighLevel, and read again under the lock with
    # which a slot is claimed: a person can unsubscribe during the calls.
    r'SELECT .* AS "open_deal"': 2,
    r'SELECT .* FROM "leads_suppression"': 2,
    r'SELECT .* AS "moved_at" FROM "outreach_message"': 2,
    r'SELECT "outreach_message"\."id" AS "pk" FROM .*"leads_lead"\."company_id" = %s': 2,
    # The limits are read to choose an email, and again under that lock, and so are the places that
    # are open, where a more urgent email could go first.
    r'SELECT .* AS "used_today".* FROM "outreach_control"': 2,
    r'SELECT "outreach_sendintent"\."claimed_at".* FROM "outreach_sendintent"': 2,
    r'SELECT .* FROM "outreach_place"$': 2,
    # GoHighLevel's rate: one for each call, at the time of the call.
    r'UPDATE "leads_ratewindow"': 4,
    # What the machine approved is judged again under the lock, by its text and the newest verdict.
    r'SELECT .* FROM "outreach_messagetext" .* LIMIT 1$': 2,
    r'SELECT .* FROM "outreach_healthverdict"': 2,
    # The email is claimed, and it is sent.
    r'INSERT INTO "outreach_move"': 2,
}


def statements_of_one_email() -> list[str]:
    statements = Statements()
    with connection.execute_wrapper(statements):
        assert send.send_due(most=1) == 1
    return statements.shapes


def asked_too_often(shapes: list[str]) -> list[str]:
    return [
        f"{count} times: {shape}"
        for shape, count in Counter(shapes).items()
        if count > max((REPEATED[one] for one in REPEATED if re.match(one, shape)), default=1)
    ]


@pytest.fixture(autouse=True)
def still_clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every few seconds guardrails, alarms and the halt are asked again, also on a slow machine."""
    began = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: began)
    with time_machine.travel(timezone.now(), tick=False):
        yield


@pytest.fixture(autouse=True)
def warm_tables(still_clock: None, ghl: FakeGhl, sender: Any, loose: None) -> None:
    sending_domains.mark_established(
        sending_domains.our_domain(), by=None, reason="The warm-up is tested elsewhere."
    )
    SyncCursor.objects.create(name="opportunities", polled_at=timezone.now())
    for _ in range(2):
        factories.cleared_email()
    assert send.send_due() == 2


def to_somebody_new(ghl: FakeGhl) -> list[str]:
    factories.cleared_email()
    return [*NEW_CONTACT, SEND]


def to_a_known_contact(ghl: FakeGhl) -> list[str]:
    message = factories.cleared_email()
    contact = ghl.add_contact(message.to_address, **{**KEPT, "assignedTo": None})
    ghl.add_outbound(contact, date_added="2026-02-01T10:00:00Z")
    looked_at(message, contact["id"])
    return [CONTACT, SEARCH, SEND]


def less_urgent(ghl: FakeGhl) -> list[str]:
    factories.cleared_email(intent=10, tier="tier_3")
    return [*NEW_CONTACT, SEND]


def approved_by_the_machine(ghl: FakeGhl) -> list[str]:
    phase.change_phase(Phase.ASSISTED, by=None, reason="test")
    phase.set_auto_approval(True, by=None, reason="test")
    verdict()
    message = low()
    looked_at(message, "")
    assert approval_sweep.approve_due() == 1
    return [*NEW_CONTACT, SEND]


@pytest.mark.parametrize(
    "prepare", [to_somebody_new, to_a_known_contact, less_urgent, approved_by_the_machine]
)
def test_one_email_asks_nothing_twice(
    ghl: FakeGhl, prepare: Callable[[FakeGhl], list[str]]
) -> None:
    wanted = prepare(ghl)
    made = len(calls(ghl))
    shapes = statements_of_one_email()
    assert calls(ghl)[made:] == wanted
    assert asked_too_often(shapes) == []
    most = MOST_BY_MACHINE if prepare is approved_by_the_machine else MOST
    assert len(shapes) <= most, "\n".join(shapes)


def test_the_next_emails_of_a_sweep_take_as_many(ghl: FakeGhl) -> None:
    for _ in range(5):
        factories.cleared_email()
    statements = Statements()
    with connection.execute_wrapper(statements):
        assert send.send_due() == 5
    assert len(statements.shapes) <= 5 * MOST


def test_a_repeat_is_found() -> None:
    assert asked_too_often(["SELECT 1", "SELECT 2"]) == []
    assert asked_too_often(["SELECT 1", "SELECT 1"]) == ["2 times: SELECT 1"]
