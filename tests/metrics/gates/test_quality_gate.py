"""The gate of email quality: no score is never a pass and never a fail."""

import json
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from approvals.models import QualityScore
from approvals.quality import summary
from approvals.quality.dimensions import NAMES
from caio_project.lib import calendar
from leads.models import Kind
from metrics.figures import roll_up
from metrics.figures.reading import Bucket, read_figures
from metrics.gates import gate_words
from metrics.gates.quality_gate import email_quality_score
from outreach.choices import Transport
from outreach.models import Message
from tests import factories

pytestmark = pytest.mark.django_db


def score(by: User, *marks: int, **lead: Any) -> Message:
    message = factories.held_email(factories.LeadFactory(**lead))
    QualityScore.objects.create(
        message=message, version=1, by=by, source="desk", **dict(zip(NAMES, marks, strict=True))
    )
    return message


def gate() -> Any:
    return email_quality_score(timezone.now())


def test_without_a_score_it_is_insufficient() -> None:
    found = gate()
    assert (found.verdict, found.value, found.spread, found.met) == (
        "insufficient", None, None, False
    )  # fmt: skip
    assert (found.sample, found.needed) == (0, 10)
    assert gate_words.reason_text(found) == "about 10 more scored emails"


@pytest.mark.parametrize("mark", [1, 5])
def test_nine_emails_are_insufficient_whatever_they_scored(reviewer: User, mark: int) -> None:
    for _ in range(9):
        score(reviewer, *[mark] * 5)
    found = gate()
    assert (found.verdict, found.sample, found.met) == ("insufficient", 9, False)
    assert gate_words.reason_text(found) == "about 1 more scored emails"


@pytest.mark.parametrize(
    ("marks", "met", "verdict"),
    [
        (((3, 3, 3, 3, 3), (4, 4, 4, 4, 4)), True, "insufficient"),  # a week in a row
        (((3, 3, 3, 3, 3), (4, 4, 4, 4, 3)), False, "fail"),
    ],
)  # fmt: skip
def test_the_mean_of_ten_decides(reviewer: User, marks: Any, met: bool, verdict: str) -> None:
    for n in range(10):
        score(reviewer, *marks[n % 2])
    found = gate()
    assert (found.sample, found.met, found.verdict) == (10, met, verdict)
    assert found.spread and found.raw == {"emails": 10, "spread": found.spread}


@pytest.mark.parametrize("kind", [Kind.TEST, Kind.EXAMPLE, Kind.TRAINING])
def test_scores_of_nobody_live_count_for_nothing(reviewer: User, kind: Kind) -> None:
    for _ in range(10):
        score(reviewer, 5, 5, 5, 5, 5, kind=kind)
    assert (gate().sample, gate().verdict) == (0, "insufficient")


def test_the_sandbox_leaves_out_sends_and_not_what_people_read(reviewer: User) -> None:
    message = score(reviewer, 5, 5, 5, 5, 5)
    Message.objects.filter(pk=message.pk).update(transport=Transport.SANDBOX, status="sent")
    assert (gate().sample, gate().value) == (1, 5.0)


def test_gate_page_and_figure_count_the_same_emails(reviewer: User) -> None:
    """Of one number on two pages, the one that decides was of other emails."""
    for mark, transport in ((2, Transport.SANDBOX), (4, Transport.GHL), (3, "")):
        message = score(reviewer, *[mark] * 5)
        Message.objects.filter(pk=message.pk).update(transport=transport)
    score(reviewer, *[5] * 5, kind=Kind.TEST)
    roll_up.roll_up()
    today = calendar.team_day(timezone.now(), settings.TEAM_TIME_ZONE)
    [row] = read_figures(["quality"], today, today, bucket=Bucket.WHOLE)

    page = summary.summarize_scores().overall
    assert (row.denominator, row.value) == (page.emails, page.mean) == (3, 3.0)
    assert (gate().sample, gate().value) == (3, 3.0)


def test_api_command_and_page_say_the_same(client: Client, reviewer: User) -> None:
    for mark in (2, 4):
        score(reviewer, *[mark] * 5)
    client.force_login(reviewer)

    def find(document: Any) -> Any:
        return next(one for one in document["gates"] if one["name"] == "email quality score")

    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("validate_phase", "--json", stdout=out)
    by_api = find(client.get("/api/gates").json())
    assert by_api == find(json.loads(out.getvalue()))
    assert (by_api["value"], by_api["sample"], by_api["threshold"]) == (3.0, 2, ">= 3.5 of 5")
    assert by_api["spread"] == pytest.approx(2**0.5)
    assert "3.00, spread 1.41" in client.get("/sales/phase").content.decode()
