"""On which days the real history would have met the reply rates."""

import json
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from metrics.evidence.evidence import INTO_ASSISTED
from metrics.evidence.looks import Cohort
from metrics.evidence.replay import rate_holds, replay_gate
from metrics.evidence.reply_rules import ASSISTED_SAMPLE, AUTONOMOUS_SAMPLE
from outreach.models import Message, Reply
from tests import factories

MONDAY = date(2026, 3, 2)


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def history(days: int, each: int, answered: int) -> list[Cohort]:
    """On each working day so many people, of whom so many answer the next day."""
    found = []
    for number in range(days):
        if day(number).weekday() < 5:
            found.append(Cohort(day(number), day(number + 1), answered))
            found.append(Cohort(day(number), None, each - answered))
    return found


def test_a_good_sender_meets_it_once_the_sample_is_there() -> None:
    found = replay_gate(history(60, 25, 4), INTO_ASSISTED, ASSISTED_SAMPLE, day(60))
    assert found.first == day(12)  # 200 people by the second Wednesday, three days later
    assert (found.days, found.days_met) == (61, 49)
    assert found.strongest > 20


def test_a_bad_one_never() -> None:
    found = replay_gate(history(90, 25, 1), INTO_ASSISTED, ASSISTED_SAMPLE, day(90))
    assert (found.first, found.days_met) == (None, 0)


def test_nobody_emailed_is_no_history() -> None:
    assert replay_gate([], INTO_ASSISTED, ASSISTED_SAMPLE, day(9)).days == 0


@pytest.mark.parametrize(("first", "second", "holds"), [(5, 5, True), (8, 1, False), (1, 8, False)])
def test_each_half_must_hold(first: int, second: int, holds: bool) -> None:
    early, late = history(14, 50, first), history(14, 50, second)
    moved = [
        Cohort(c.emailed + timedelta(14), c.answered and c.answered + timedelta(14), c.people)
        for c in late
    ]
    assert rate_holds([*early, *moved], AUTONOMOUS_SAMPLE, day(30)) is holds


@pytest.mark.parametrize(("days_ago", "holds"), [(59, True), (60, False)])
def test_the_sixty_days_are_those_of_the_gate(days_ago: int, holds: bool) -> None:
    """The newest three of them count nobody yet."""
    today = day(100)
    good = Cohort(today - timedelta(days=days_ago), today - timedelta(days=50), 15)
    poor = [Cohort(today - timedelta(days=40), today, 10), Cohort(day(60), None, 190)]
    assert rate_holds([good, *poor], ASSISTED_SAMPLE, today) is holds


@pytest.mark.django_db
class TestCommand:
    def test_it_replays_real_rows(self) -> None:
        factories.create_many_held(250)
        at = timezone.now() - timedelta(days=20)
        Message.objects.update(status="sent", transport="ghl", sent_at=at)
        for message in Message.objects.all()[:40]:
            Reply.objects.create(
                ghl_message_id=f"r{message.pk}", lead=message.lead, received_at=at, source="poll",
                sorted_as="question",
            )  # fmt: skip
        out = StringIO()
        call_command("simulate_gates", "--replay", "--json", stdout=out)
        found = json.loads(out.getvalue())
        assert found["assisted"]["first"] and found["assisted"]["strongest"] > 20
        assert found["autonomous"]["first"] is None

    def test_without_emails_it_says_so(self) -> None:
        out = StringIO()
        call_command("simulate_gates", "--replay", "--json", stdout=out)
        assert json.loads(out.getvalue())["assisted"]["days"] == 0

    def test_simulated_outcomes_as_json(self) -> None:
        out = StringIO()
        call_command("simulate_gates", "--true-rate=0.1", "--paths=50", "--json", stdout=out)
        found = json.loads(out.getvalue())
        assert set(found) == {"assisted", "autonomous"}
        assert set(found["assisted"]) == {"promoted", "median_day", "demoted", "paths"}

    def test_a_table_says_that_a_bad_sender_is_promoted_falsely(self) -> None:
        out = StringIO()
        call_command("simulate_gates", "--true-rate=0.05", "--paths=50", stdout=out)
        assert out.getvalue().count("falsely") == 2

    @pytest.mark.parametrize(
        "asked",
        ["--true-rate=8", "--true-rate=x", "--per-day=0", "--days=-1", "--drift=nan", "--paths=0"],
    )
    def test_what_is_no_number_is_refused_by_its_name(self, asked: str) -> None:
        with pytest.raises(CommandError, match=asked.split("=")[0]):
            call_command("simulate_gates", asked, stdout=StringIO())
