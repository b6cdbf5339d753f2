"""Scoring an email beside its text: who may, what is stored, and what is refused."""

import html
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from approvals.models import Claim, Decision, QualityComment, QualityScore
from approvals.quality.dimensions import DIMENSIONS, NAMES
from leads.models import Kind
from outreach.choices import Status
from outreach.models import Message, MessageText
from outreach.review import review_actions
from tests import factories
from tests.conftest import person

MARKS = {
    "personalisation": "4",
    "subject_line": "3",
    "value_proposition": "5",
    "call_to_action": "2",
    "tone": "4",
}
pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client, reviewer: User) -> Client:
    client.force_login(reviewer)
    return client


def url(message: Message) -> str:
    return f"/sales/queue/{message.public_id}/score"


def score(client: Client, message: Message, **more: Any) -> Any:
    return client.post(url(message), {"version": message.version, **MARKS, **more})


def body(response: Any) -> str:
    return html.unescape(" ".join(response.content.decode().split()))


def test_the_form_stands_beside_the_email_with_a_sentence_for_each_level(desk: Client) -> None:
    message = factories.held_email()
    page = body(desk.get(url(message)))
    assert 'class="sheet"' in page and message.to_address in page
    for one in DIMENSIONS:
        assert one.label in page and all(anchor in page for anchor in one.anchors)
    assert page.count('type="radio"') == 25 and " checked>" not in page


def test_every_level_of_every_dimension_has_a_sentence_of_its_own() -> None:
    anchors = [anchor for one in DIMENSIONS for anchor in one.anchors]
    assert len(NAMES) == 5 and len(set(anchors)) == 25


def test_a_score_is_stored_and_decides_nothing(desk: Client, reviewer: User) -> None:
    message = factories.held_email()
    response = score(desk, message, comment="Opens well.")
    assert (response.status_code, response["Location"]) == (
        303,
        f"/sales/queue/{message.public_id}",
    )
    stored = QualityScore.objects.get()
    assert {name: str(getattr(stored, name)) for name in NAMES} == MARKS
    assert (stored.by, stored.version, stored.source) == (reviewer, 1, "desk")
    assert (stored.total, stored.mean, stored.comment.text) == (18, 3.6, "Opens well.")
    message.refresh_from_db()
    assert (message.status, message.opened_at) == (Status.HELD, None)
    assert (Decision.objects.count(), Claim.objects.count()) == (0, 0)


def test_my_newest_score_fills_the_form_and_replaces_the_earlier_one(
    desk: Client, reviewer: User
) -> None:
    message, sam = factories.held_email(), person("sam", "Reviewer")
    score(desk, message, comment="First.")
    score(desk, message, tone="1", comment="Second.")
    other = Client()
    other.force_login(sam)
    score(other, message, tone="5")
    standing = QualityScore.objects.standing().order_by("pk")
    assert [(one.by, one.tone) for one in standing] == [(reviewer, 1), (sam, 5)]
    assert QualityScore.objects.count() == 3
    page = body(desk.get(url(message)))
    assert 'name="tone" value="1" checked' in page and "Second." in page and "First." not in page


@pytest.mark.parametrize("wrong", ["", "0", "6", "3.5", "five", "-1"])
def test_a_mark_other_than_1_to_5_is_refused_and_what_was_typed_stays(
    desk: Client, wrong: str
) -> None:
    message = factories.held_email()
    response = score(desk, message, subject_line=wrong, comment="Kept.")
    page = body(response)
    assert response.status_code == 422
    assert "Subject line: choose" in page and "Kept." in page
    assert 'name="tone" value="4" checked' in page
    assert QualityScore.objects.count() == QualityComment.objects.count() == 0


def test_a_text_that_changed_meanwhile_is_not_scored(desk: Client, reviewer: User) -> None:
    message = factories.held_email()
    text = message.text
    assert text is not None
    review_actions.edit_text(
        message, 1, subject=text.subject, body=f"{text.body}\n\nThanks.", by=reviewer
    )
    response = desk.post(url(message), {"version": 1, **MARKS})
    assert response.status_code == 409
    assert "The text changed after you opened it. Nothing was saved" in body(response)
    assert 'name="version" value="2"' in body(response)
    assert not QualityScore.objects.exists()


def test_an_erased_email_is_not_scored(desk: Client) -> None:
    message = factories.held_email()
    MessageText.objects.filter(message=message).delete()
    for response in (desk.get(url(message), follow=True), desk.post(url(message), follow=True)):
        assert "This email has no text to score" in body(response)
    assert not QualityScore.objects.exists()


def test_a_decided_email_can_be_scored(desk: Client) -> None:
    message = factories.cleared_email()
    page = body(desk.get(f"/sales/queue/{message.public_id}"))
    assert url(message) in page
    assert score(desk, message).status_code == 303
    assert QualityScore.objects.get().message == message


def test_a_viewer_does_not_score(client: Client, viewer: User) -> None:
    message = factories.held_email()
    client.force_login(viewer)
    assert (client.get(url(message)).status_code, score(client, message).status_code) == (403, 403)
    assert url(message) not in body(client.get(f"/sales/queue/{message.public_id}"))
    assert not QualityScore.objects.exists()


def test_the_desk_asks_for_no_score(desk: Client) -> None:
    """Scoring is a link there: it adds no statement to the way to Approve."""
    message = factories.held_email()
    with CaptureQueriesContext(connection) as made:
        page = body(desk.get(f"/sales/queue/{message.public_id}"))
    assert "quality" not in " ".join(one["sql"] for one in made)
    assert url(message) in page and "<fieldset" not in page


@pytest.mark.usefixtures("standing_guards")
def test_the_database_holds_marks_and_rows(reviewer: User) -> None:
    message = factories.held_email()
    marks = dict.fromkeys(NAMES, 3)
    with pytest.raises(IntegrityError), transaction.atomic():
        QualityScore.objects.create(
            message=message, version=1, by=reviewer, source="desk", **{**marks, "tone": 6}
        )
    made = QualityScore.objects.create(
        message=message, version=1, by=reviewer, source="desk", **marks
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        QualityScore.objects.filter(pk=made.pk).update(tone=5)
    with pytest.raises(TypeError):
        made.delete()
    assert QualityScore.objects.get().tone == 3


@pytest.mark.parametrize("kind", [Kind.TEST, Kind.EXAMPLE, Kind.TRAINING])
def test_only_scores_of_live_emails_count(desk: Client, kind: Kind) -> None:
    live, other = factories.held_email(), factories.held_email(factories.LeadFactory(kind=kind))
    score(desk, live)
    score(desk, other)
    assert [one.message for one in QualityScore.objects.counted()] == [live]
