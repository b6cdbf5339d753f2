"""What the report says, and of which days."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from metrics.gates import gate_evaluation
from metrics.models import GateEvaluation, Incident
from outreach.choices import Phase
from outreach.control import phase
from outreach.models import Message, Move
from tests import factories

pytestmark = pytest.mark.django_db
PATH = "/sales/report"


@pytest.fixture
def page(client: Client, viewer: User) -> Any:
    client.force_login(viewer)
    phase.current_control()
    return lambda **query: client.get(PATH, query)


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_it_shows_the_evaluation_on_record_with_its_number(page: Any) -> None:
    assert "No evaluation is on record yet" in text_of(page())
    gate_evaluation.record_daily_evaluation()
    row = GateEvaluation.objects.filter(target="assisted").get()
    text = text_of(page())
    day = f"{timezone.localtime(row.at):%b} {timezone.localtime(row.at).day}, "
    assert f">{day}" in text.partition("Evaluation <b>")[2], "paper tells no today"
    assert f">{day}" in text.partition("Made ")[2]
    assert f"Evaluation <b>{row.pk}</b>" in text and row.sha256 in text
    assert "0 of 6 pass" in text and "1.0 of 20" in text
    assert text.count("Not enough yet") >= 6  # no data is no pass


def test_without_gates_above_it_says_so(page: Any, lead_user: User) -> None:
    phase.change_phase(Phase.SHADOW, by=lead_user, reason="We begin again.")
    text = text_of(page())
    assert "Gates lead to no phase from here" in text
    assert "parallel to shadow, lena" in text


def test_it_has_the_targets_of_the_month_and_lines_to_sign(page: Any) -> None:
    text = text_of(page())
    assert "2,500" in text and "$200,000" in text and "Not reachable" in text
    assert text.count("Date and signature") == 2
    assert "there is no override rate" in text


def test_it_counts_what_the_machine_decided_in_the_period(page: Any) -> None:
    message = Message.objects.create(lead=factories.LeadFactory(), status="cleared")
    now = timezone.now()
    for at in (now, now - timedelta(days=400)):
        Move.objects.create(
            message=message,
            from_status="held",
            to_status="cleared",
            why="machine",
            version=1,
            at=at,
        )
    assert "The machine approved 1 email;" in text_of(page())
    long_ago = (now - timedelta(days=390)).date()
    answer = page(start=long_ago, end=long_ago)
    assert "The machine approved 0 emails;" in text_of(answer)


def test_incidents_of_the_period_open_ones_first_and_no_more_than_fit(page: Any) -> None:
    now = timezone.now()
    for number in range(7):
        Incident.objects.create(cause="silent_source", subject=f"s{number}", opened_at=now)
    gone = {"opened_at": now - timedelta(days=90), "closed_at": now - timedelta(days=80)}
    Incident.objects.create(cause="redis_down", closed_as="recovered", **gone)
    text = text_of(page())
    assert "Incidents of the period: 7, 7 open" in text and "and 2 more" in text
    assert "Redis is down" not in text
    day = (now - timedelta(days=85)).date()
    earlier = text_of(page(start=day, end=day))
    assert "Incidents of the period: 1, 0 open" in earlier and "Redis is down" in earlier


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"start": "x"}, "First day: Enter a valid date."),
        ({"start": "2026-02-01", "end": "2026-01-01"}, "Last day: It is before the first day."),
    ],
)
def test_days_that_are_none_are_named_and_this_month_is_shown(
    page: Any, query: dict[str, str], said: str
) -> None:
    answer = page(**query)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert f"{timezone.localdate():%b} 1" in text_of(answer)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2019-12-31"])
def test_days_that_nothing_can_be_known_of_are_refused(page: Any, day: str) -> None:
    answer = page(start=day, end=day)
    assert answer.status_code == 422
    assert "Choose a day from 2020-01-01 to a year from today" in text_of(answer)
