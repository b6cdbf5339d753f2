"""How much weeks differed before a list of evidence is one number, fixed when the list begins."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from metrics.gates import gate_evaluation, reply_gates
from metrics.gates.gate import Gate
from metrics.models import GateEvaluation
from outreach.models import ControlChange, Message, Reply
from tests import factories

pytestmark = pytest.mark.django_db

BEGAN = datetime(2026, 5, 4, 13, tzinfo=UTC)  # a Monday
UNEVEN, EVEN = (1, 5, 0, 6, 1, 6), (2,) * 12
WEEK = timedelta(weeks=1)


def email(at: datetime, answered: bool, transport: str = "ghl") -> None:
    message = Message.objects.create(
        lead=factories.LeadFactory(), status="sent", transport=transport, sent_at=at, step=1
    )
    if answered:
        Reply.objects.create(
            ghl_message_id=f"r{message.pk}",
            lead=message.lead,
            message=message,
            received_at=at + timedelta(hours=6),
            sorted_as="positive",
        )


def emailed_weeks(newest: datetime, answers: Sequence[int], people: int, transport: str) -> None:
    """In each week, the newest first, so many of so many people answered."""
    for ago, answered in enumerate(answers):
        for number in range(people):
            email(newest - ago * WEEK, number < answered, transport)


def import_history(answers: Sequence[int]) -> None:
    emailed_weeks(BEGAN - 2 * WEEK, answers, 20, "history")


def began_parallel() -> None:
    ControlChange.objects.create(what="phase", before="shadow", after="parallel", at=BEGAN)


def sent_since(weeks: int) -> None:
    emailed_weeks(BEGAN + (weeks - 1) * WEEK + timedelta(hours=3), [8] * weeks, 60, "ghl")


def reply_rate(after: timedelta) -> Gate:
    return reply_gates.reply_rate(BEGAN + after)


def record(after: timedelta) -> bool:
    with time_machine.travel(BEGAN + after, tick=False):
        return gate_evaluation.record_daily_evaluation()


@pytest.mark.parametrize("by_change", [True, False])
def test_an_import_during_the_phase_changes_no_spread_and_no_evidence(by_change: bool) -> None:
    import_history(UNEVEN)
    if by_change:
        began_parallel()
    sent_since(weeks=3)
    record(timedelta(hours=4))
    before = reply_rate(after=4 * WEEK)

    import_history(EVEN)

    after = reply_rate(after=4 * WEEK)
    assert before.raw["rule"]["spread"] == 0.6
    assert (after.raw["spread_seen"], after.raw["rule"]) == (
        before.raw["spread_seen"],
        before.raw["rule"],
    )
    assert after.evidence == before.evidence


def test_answers_during_the_phase_change_no_spread() -> None:
    emailed_weeks(BEGAN - WEEK, UNEVEN, 20, "ghl")
    began_parallel()
    before = reply_rate(after=timedelta(hours=1)).raw["spread_seen"]

    for message in Message.objects.filter(sent_at=BEGAN - WEEK, replies=None):
        Reply.objects.create(
            ghl_message_id=f"late{message.pk}",
            lead=message.lead,
            message=message,
            received_at=BEGAN + WEEK,
            sorted_as="positive",
        )

    assert before > 0.3
    assert reply_rate(after=2 * WEEK).raw["spread_seen"] == before


def test_what_a_new_installation_imports_before_its_first_email_counts() -> None:
    record(-5 * timedelta(days=1))
    import_history(UNEVEN)
    record(-4 * timedelta(days=1))
    sent_since(weeks=1)

    assert reply_rate(after=WEEK).raw["rule"]["spread"] == 0.6


def test_the_next_phase_has_a_spread_of_its_own() -> None:
    import_history(UNEVEN)
    began_parallel()
    record(timedelta(minutes=1))
    emailed_weeks(BEGAN + 40 * WEEK, [2] * 40, 20, "ghl")
    again = BEGAN + 41 * WEEK
    ControlChange.objects.create(what="phase", before="assisted", after="parallel", at=again)

    assert reply_rate(after=40 * WEEK).raw["began"] == again.isoformat()
    assert reply_rate(after=42 * WEEK).raw["rule"]["spread"] == 0.3


def test_it_is_recorded_at_once_where_a_phase_begins_during_the_day() -> None:
    assert record(-timedelta(hours=1))
    began_parallel()

    assert record(timedelta(minutes=1))
    assert not record(timedelta(minutes=2))

    found: Any = GateEvaluation.objects.filter(target="assisted").latest("pk").gates
    raw = next(one["raw"] for one in found if one["name"] == "reply rate")
    assert raw["began"] == BEGAN.isoformat()
