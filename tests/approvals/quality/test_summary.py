"""What scores average: each email once, the newest of each person, live emails alone."""

import html
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from approvals.models import QualityScore
from approvals.quality import summary
from approvals.quality.dimensions import NAMES
from leads.models import Kind
from outreach.models import EmailTemplate, Message, MessageText
from tests import factories
from tests.conftest import person

pytestmark = pytest.mark.django_db


def score(message: Message, by: User, *marks: int, version: int = 1) -> QualityScore:
    """Five marks, or one for all dimensions."""
    five = marks if len(marks) == 5 else marks * 5
    by_name = dict(zip(NAMES, five, strict=True))
    return QualityScore.objects.create(
        message=message, version=version, by=by, source="desk", **by_name
    )


def test_nothing_scored_is_nothing_known() -> None:
    found = summary.summarize_scores()
    assert (found.overall.emails, found.overall.mean, found.overall.spread) == (0, None, None)
    assert (found.templates, found.scored_by_several, found.mean_difference) == ([], 0, None)
    assert summary.email_means() == []


def test_an_email_counts_once_whoever_scored_it_how_often(reviewer: User) -> None:
    one, other, sam = factories.held_email(), factories.held_email(), person("sam", "Reviewer")
    score(one, reviewer, 1)
    score(one, reviewer, 5)
    score(one, sam, 3)
    score(other, reviewer, 2)
    found = summary.summarize_scores()
    assert (found.overall.emails, found.overall.mean) == (2, 3.0)
    assert found.overall.spread == pytest.approx(2**0.5)
    assert sorted(summary.email_means()) == [2, 4]


def test_an_average_is_exact() -> None:
    """3.5 of five threes and fours is 3.5, whatever floats make of fifths."""
    users = [person(f"u{n}", "Reviewer") for n in range(3)]
    for n in range(10):
        message = factories.held_email()
        for user in users:
            score(message, user, *((4, 4, 4, 4, 4) if n % 2 else (3, 3, 3, 3, 3)))
    assert summary.summarize_scores().overall.mean == 3.5


@pytest.mark.parametrize("kind", [Kind.TEST, Kind.EXAMPLE, Kind.TRAINING])
def test_emails_to_nobody_live_are_left_out(reviewer: User, kind: Kind) -> None:
    score(factories.held_email(factories.LeadFactory(kind=kind)), reviewer, 5)
    assert summary.summarize_scores().overall.emails == 0


def test_by_dimension_template_drafter_and_reviewer(reviewer: User) -> None:
    one, other, sam = factories.held_email(), factories.held_email(), person("sam", "Reviewer")
    template = EmailTemplate.objects.exclude(pk=one.template_id).filter(active=True)[0]
    Message.objects.filter(pk=other.pk).update(template=template)
    MessageText.objects.filter(message=other).update(language_model="writer-1")
    score(one, reviewer, 5, 4, 3, 2, 1)
    score(other, sam, 1)
    found = summary.summarize_scores()
    assert [(row.name, row.mean) for row in found.dimensions] == [
        ("Personalization", 3), ("Subject line", 2.5), ("Value proposition", 2),
        ("Call to action", 1.5), ("Tone", 1),
    ]  # fmt: skip
    assert [(row.mean, row.emails) for row in found.templates] == [(1, 1), (3, 1)]
    assert found.templates[0].name == f"{template.name} (version {template.version})"
    assert [(row.name, row.mean) for row in found.drafters] == [
        ("Language model writer-1", 1), ("Template", 3)
    ]  # fmt: skip
    assert [(row.name, row.mean) for row in found.reviewers] == [("sam", 1), ("rita", 3)]


def test_an_edited_text_is_a_persons(reviewer: User) -> None:
    message = factories.held_email()
    MessageText.objects.create(
        message=message, version=2, subject="s", body="b", footer="", sha256="x", author=reviewer
    )
    score(message, reviewer, 4, version=2)
    assert [row.name for row in summary.summarize_scores().drafters] == ["Edited by a person"]


def test_where_reviewers_disagree(reviewer: User) -> None:
    sam, kim = person("sam", "Reviewer"), person("kim", "Reviewer")
    far, near, alone = (factories.held_email() for _ in range(3))
    score(far, reviewer, 1)
    score(far, sam, 5)
    score(far, kim, 2)
    score(near, reviewer, 4)
    score(near, sam, 4)
    score(alone, sam, 3)
    found = summary.summarize_scores()
    assert found.scored_by_several == 2
    assert found.mean_difference == (4 + 1 + 3 + 0) / 4
    assert [(one.message, one.gap) for one in found.disagreements] == [(far, 4)]
    assert found.disagreements[0].people == (("rita", 1), ("kim", 2), ("sam", 5))


def test_the_page(client: Client, viewer: User, reviewer: User) -> None:
    client.force_login(viewer)

    def page() -> Any:
        return html.unescape(" ".join(client.get("/sales/quality").content.decode().split()))

    assert "No email is scored yet." in page()
    one, sam = factories.held_email(), person("sam", "Reviewer")
    score(one, reviewer, 2)
    assert "2.00 of 5" in page() and "nothing is known about it" in page()
    score(one, sam, 5)
    assert "differ by 3.00 on average" in page() and "rita 2.0, sam 5.0" in page()


def test_statements_do_not_grow_with_the_scores(reviewer: User) -> None:
    score(factories.held_email(), reviewer, 2)
    with CaptureQueriesContext(connection) as few:
        summary.summarize_scores()
    for _ in range(4):
        score(factories.held_email(), reviewer, 3)
    with CaptureQueriesContext(connection) as many:
        summary.summarize_scores()
    assert len(few) == len(many) <= 3
