"""The page Performance: what it draws, what it says instead, and what it refuses."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from metrics.health import domain_days
from metrics.models import DailyFigure
from metrics.performance import day_facts, performance_page
from outreach.choices import Phase
from outreach.control import phase
from outreach.guardrails.guardrail_rules import DomainHealth
from outreach.models import SendIntent
from tests import factories

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("America/New_York")
NOON = datetime(2026, 6, 10, 12, tzinfo=ZONE)
PATH = "/sales/performance"


@pytest.fixture(autouse=True)
def clock(time_machine: Any) -> Any:
    time_machine.move_to(NOON, tick=True)
    return time_machine


@pytest.fixture
def page(client: Client, viewer: User) -> Any:
    client.force_login(viewer)
    return lambda **query: client.get(PATH, query)


def figure(tally: str, back: int, numerator: int, denominator: int = 0, **more: Any) -> None:
    DailyFigure.objects.create(
        day=NOON.date() - timedelta(days=back),
        tally=tally,
        numerator=numerator,
        denominator=denominator,
        **more,
    )


def test_without_data_words_say_what_each_chart_needs(page: Any) -> None:
    text = page().content.decode()
    assert "<canvas" not in text
    assert text.count("Not enough yet.") == 8
    assert "Needs 2 weeks with 50 people emailed each" in text


def test_charts_stand_with_their_numbers_and_no_inline_script(page: Any) -> None:
    for back in (10, 20, 30):
        figure("replies", back, 9, 100)
        figure("sent", back, 25)
    text = page().content.decode()
    drawn = [code for code in ("replies", "cusum", "sends") if f'data-chart="{code}-table"' in text]
    assert drawn == ["replies", "cusum", "sends"]
    assert 'data-value="9.0"' in text and "9 of 100" in text
    assert "<script>" not in text and "style=" not in text


def test_a_selection_shows_its_own_numbers(page: Any) -> None:
    for back in (10, 20):
        figure("replies", back, 9, 100)
        figure("replies", back, 1, 50, dimension="band", value="hot")
    text = page(days="30", part="band:hot").content.decode()
    assert "1 of 50" in text and "9 of 100" not in text
    assert 'id="health"' not in text and 'id="hours"' not in text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"days": "31"}, "Period: choose one of the list."),
        ({"part": "band:golden"}, "Emails: nothing of that name was counted."),
    ],
)
def test_a_wrong_filter_is_named(page: Any, query: dict[str, str], said: str) -> None:
    answer = page(**query)
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_caps_follow_the_changes_of_phase(clock: Any, lead_user: User) -> None:
    today = NOON.date()
    phase.current_control()
    clock.move_to(NOON - timedelta(days=3), tick=True)
    phase.change_phase(Phase.ASSISTED, by=lead_user, reason="It passed.")
    clock.move_to(NOON - timedelta(days=1), tick=True)
    phase.change_phase(Phase.PARALLEL, by=None, reason="A complaint.")
    clock.move_to(NOON, tick=True)
    caps = day_facts.caps_by_day(today - timedelta(days=4), today)
    assert list(caps.values()) == [25, 50, 50, 25, 25]


def test_hours_are_those_of_the_teams_clock(page: Any) -> None:
    for outcome in ("sent", "uncertain", "refused"):
        SendIntent.objects.create(
            message=factories.held_email(),
            transport="ghl",
            phase="parallel",
            day=NOON.date(),
            domain="x.test",
            claimed_at=NOON.replace(hour=9),
            outcome=outcome,
        )
    assert day_facts.sends_by_hour(timezone.now()) == {9: 2}


def test_scores_are_the_lowest_of_each_day(settings: Any) -> None:
    settings.GHL_FROM_EMAIL = "alex@mail.ours.example.com"
    present = ("present",) * 3
    for hours, score in ((0, 90), (1, 72), (30, None), (60, 88)):
        at = NOON - timedelta(hours=hours)
        verdict = DomainHealth("mail.ours.example.com", score, *present, at)
        domain_days.record_day(verdict, {"window": 30, "counts": [], "dns": {}})
    start = NOON.date() - timedelta(days=5)
    found = day_facts.lowest_scores(start, NOON.date())
    assert found == {NOON.date(): 72, (NOON - timedelta(hours=60)).date(): 88}


def test_groups_that_occur_can_be_chosen() -> None:
    figure("sent", 1, 3, dimension="band", value="hot")
    figure("sent", 1, 3, dimension="angle", value="general")
    assert performance_page.part_choices() == [("", "All emails"), ("Band", [("band:hot", "HOT")])]
