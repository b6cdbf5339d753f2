"""What rejections and edits teach: beside the next draft, on a page, and as a file."""

import csv
import html
import io
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from approvals.decisions import claims, decisions, undo
from approvals.decisions.decisions import Decider
from approvals.learning import edits, rejections
from approvals.models import DecisionReason, EditTag
from leads.models import Kind
from outreach.models import EmailTemplate, Message, MessageText, MoveReason
from outreach.review import review_actions
from tests import factories
from tests.conftest import person

REASON = "The opening sounds like a newsletter."
pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client: Client, reviewer: User) -> Any:
    client.force_login(reviewer)

    def get(path: str = "/sales/lessons") -> str:
        response = client.get(path)
        assert response.status_code == 200
        return html.unescape(" ".join(response.content.decode().split()))

    return get


def decide(message: Message, by: User, *, tag: str = "", reason: str = REASON) -> Message:
    """Reject with `tag`, or approve without one."""
    decider = Decider(by, "desk")
    claims.record_reading(message, by)
    if tag:
        return decisions.reject(message, message.version, decider, tag=tag, reason=reason)
    return decisions.approve(message, message.version, decider)


def edit(message: Message, by: User, more: str = "Thanks for reading.") -> Message:
    text = message.text
    assert text is not None
    return review_actions.edit_text(
        message, message.version, subject=text.subject, body=f"{text.body}\n\n{more}", by=by
    )


class TestBesideTheNextDraft:
    def test_a_rejection_of_the_same_template_is_said(self, page: Any, reviewer: User) -> None:
        decide(factories.held_email(), reviewer, tag="weak_subject")
        following = factories.held_email()
        said = page(f"/sales/queue/{following.public_id}")
        assert "Same template, rejected" in said and f"weak subject: “{REASON}”" in said

    def test_that_of_this_person_is_said_apart(self, page: Any, reviewer: User) -> None:
        first = factories.held_email()
        decide(first, reviewer, tag="tone_style")
        following = factories.held_email(first.lead)
        said = page(f"/sales/queue/{following.public_id}")
        assert "To this person, rejected" in said and "Same template" not in said

    def test_another_template_and_one_taken_back_are_not(self, page: Any, reviewer: User) -> None:
        rejected = decide(factories.held_email(), reviewer, tag="weak_subject")
        following = factories.held_email()
        other = EmailTemplate.objects.filter(active=True).exclude(pk=following.template_id)[0]
        Message.objects.filter(pk=following.pk).update(template=other)
        assert "Said before" not in page(f"/sales/queue/{following.public_id}")
        Message.objects.filter(pk=following.pk).update(template=rejected.template)
        assert "Said before" in page(f"/sales/queue/{following.public_id}")
        undo.undo(rejected, rejected.version, Decider(reviewer, "desk"))
        assert "Said before" not in page(f"/sales/queue/{following.public_id}")

    def test_an_erased_reason_leaves_the_tag(self, page: Any, reviewer: User) -> None:
        decide(factories.held_email(), reviewer, tag="weak_subject")
        MoveReason.objects.all().delete()
        said = page(f"/sales/queue/{factories.held_email().public_id}")
        assert "weak subject" in said and "“”" not in said

    def test_at_most_three_and_none_of_practice(self, reviewer: User) -> None:
        for _ in range(4):
            decide(factories.held_email(), reviewer, tag="weak_subject")
        practice = factories.held_email(factories.LeadFactory(kind=Kind.EXAMPLE))
        last = decide(practice, reviewer, tag="tone_style")
        found = rejections.rejections_of_template(factories.held_email())
        assert len(found) == 3 and last not in [one.message for one in found]


class TestPatterns:
    def test_nothing_decided(self, page: Any) -> None:
        assert "No decision yet." in page()
        assert rejections.find_patterns().templates == []

    def test_by_template_tag_and_reviewer_with_examples(self, page: Any, reviewer: User) -> None:
        sam = person("sam", "Reviewer")
        decide(factories.held_email(), reviewer, tag="weak_subject")
        decide(factories.held_email(), reviewer, tag="weak_subject", reason="A second long reason.")
        decide(factories.held_email(), sam, tag="tone_style")
        decide(factories.held_email(), sam)
        found = rejections.find_patterns()
        assert (found.decided, found.rejected) == (4, 3)
        (template,) = found.templates
        assert (template.decided, template.rejected, template.percent) == (4, 3, None)
        assert template.tag_words == "weak subject 2, tone or style 1"
        assert [(one.name, one.decided) for one in found.tags] == [
            ("Weak subject", 2), ("Tone or style", 1)
        ]  # fmt: skip
        assert [(one.name, one.rejected, one.decided) for one in found.reviewers] == [
            ("rita", 2, 2), ("sam", 1, 2)
        ]  # fmt: skip
        said = page()
        assert "3 of 4 emails were rejected." in said and "“A second long reason.”" in said
        assert "not enough yet" in said and "75&nbsp;%" not in said and "75\xa0%" not in said

    def test_a_flagged_template_stands_first_and_says_so(self, page: Any, reviewer: User) -> None:
        for number in range(20):
            decide(factories.held_email(), reviewer, tag="weak_subject" if number < 7 else "")
        (template,) = rejections.find_patterns().templates
        assert template.flagged and (template.percent, template.flagged.rejected) == (35, 7)
        assert "Machine stopped" in page() and "7 of 20 rejected" in page()

    def test_only_standing_decisions_of_people_about_live_emails(self, reviewer: User) -> None:
        taken = decide(factories.held_email(), reviewer, tag="weak_subject")
        undo.undo(taken, taken.version, Decider(reviewer, "desk"))
        decide(factories.held_email(factories.LeadFactory(kind="training")), reviewer, tag="other")
        decisions.approve(factories.held_email(), 1, Decider(None, "api", "a key"))
        assert rejections.find_patterns().decided == 0

    def test_a_reason_that_was_erased(self, page: Any, reviewer: User) -> None:
        decide(factories.held_email(), reviewer, tag="weak_subject")
        DecisionReason.objects.all().delete()
        assert "No reason kept." in page()

    def test_statements_do_not_grow(self, page: Any, reviewer: User) -> None:
        decide(factories.held_email(), reviewer, tag="weak_subject")
        decide(edit(factories.held_email(), reviewer), reviewer)
        page()
        with CaptureQueriesContext(connection) as few:
            page()
        for _ in range(3):
            decide(factories.held_email(), reviewer, tag="tone_style")
            decide(edit(factories.held_email(), reviewer), reviewer)
        with CaptureQueriesContext(connection) as many:
            page()
        assert len(many) <= len(few)


class TestEdits:
    def test_share_and_amount_by_template_and_week(self, page: Any, reviewer: User) -> None:
        decide(factories.held_email(), reviewer)
        changed = edit(factories.held_email(), reviewer, "one two three")
        before = changed.texts.get(version=1)
        decide(changed, reviewer)
        found = edits.count_edits()
        words = len(f"{before.subject} {before.body}".split())
        assert (found.overall.approved, found.overall.edited) == (2, 1)
        assert found.overall.changed == pytest.approx(3 / (words + 3))
        ((name, by_week, overall),) = found.rows
        assert changed.template and name == changed.template.name and overall == found.overall
        assert by_week[-1].percent == 50 and [one.approved for one in by_week[:-1]] == [0] * 11
        said = page()
        assert "1 of 2 approved emails was edited first" in said
        assert 'data-value="50"' in said and 'data-chart="edits-table"' in said

    def test_an_earlier_week_is_the_teams_own(self, clock: Any, reviewer: User) -> None:
        decide(factories.held_email(), reviewer)
        clock.shift(timedelta(days=7))
        assert [one.approved for one in edits.count_edits().total[-2:]] == [1, 0]

    def test_edits_that_were_rejected_or_by_a_machine_do_not_count(self, reviewer: User) -> None:
        decide(edit(factories.held_email(), reviewer), reviewer, tag="other")
        review_actions.approve_email(factories.held_email(), 1, by=None)
        assert edits.count_edits().overall.approved == 0

    def test_erased_texts_leave_the_share(self, reviewer: User) -> None:
        message = decide(edit(factories.held_email(), reviewer), reviewer)
        MessageText.objects.filter(message=message).delete()
        found = edits.count_edits().overall
        assert (found.edited, found.changed) == (1, None)


class TestFile:
    def rows(self, client: Client) -> list[dict[str, str]]:
        response = client.get("/sales/lessons/edits.csv")
        assert response["Content-Disposition"] == 'attachment; filename="edits.csv"'
        text = response.content.decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def test_before_and_after_with_the_tag(self, client: Client, reviewer: User) -> None:
        client.force_login(reviewer)
        message = edit(factories.held_email(), reviewer, "=1+1")
        assert message.template
        decide(message, reviewer, tag="tone_style")
        (row,) = self.rows(client)
        before, after = message.texts.order_by("version")
        assert tuple(row) == edits.COLUMNS
        assert (row["body_before"], row["body_after"]) == (before.body, after.body)
        assert (row["tag"], row["status"], row["template"], row["edited_by"]) == (
            "tone_style", "rejected", message.template.key, "rita"
        )  # fmt: skip
        assert (row["words_removed"], row["words_added"]) == ("0", "1")

    def test_the_tag_that_the_editor_gave(self, client: Client, reviewer: User) -> None:
        client.force_login(reviewer)
        message = factories.held_email()
        typed = {"version": 1, "subject": "Shorter", "body": "Shorter text.", "do": "save"}
        place = f"/sales/queue/{message.public_id}/edit"
        wrong = client.post(place, {**typed, "tag": "nonsense"})
        assert wrong.status_code == 422 and b"Choose what was wrong" in wrong.content
        assert (EditTag.objects.count(), message.texts.count()) == (0, 1)
        assert client.post(place, {**typed, "tag": "length_structure"}).status_code == 303
        assert [row["tag"] for row in self.rows(client)] == ["length_structure"]

    def test_an_edit_needs_no_tag_and_nothing_changed_gets_none(
        self, client: Client, reviewer: User
    ) -> None:
        client.force_login(reviewer)
        message = factories.held_email()
        text, place = message.texts.get(), f"/sales/queue/{message.public_id}/edit"
        same = {"version": 1, "subject": text.subject, "body": text.body, "do": "save"}
        client.post(place, {**same, "tag": "tone_style"})
        client.post(place, {**same, "subject": "Shorter"})
        assert not EditTag.objects.exists()
        assert [row["tag"] for row in self.rows(client)] == [""]

    def test_the_tag_that_the_edit_may_answer(self, client: Client, reviewer: User) -> None:
        client.force_login(reviewer)
        first = factories.held_email()
        decide(first, reviewer, tag="weak_cta")
        decide(edit(factories.held_email(first.lead), reviewer), reviewer)
        assert [row["tag"] for row in self.rows(client)] == ["weak_cta"]

    def test_no_cell_is_a_formula(self, client: Client, reviewer: User) -> None:
        client.force_login(reviewer)
        message = factories.held_email()
        review_actions.edit_text(message, 1, subject="=cmd()", body="@SUM(1)", by=reviewer)
        (row,) = self.rows(client)
        assert (row["subject_after"], row["body_after"]) == ("'=cmd()", "'@SUM(1)")

    def test_unedited_and_practice_emails_are_left_out(
        self, client: Client, reviewer: User
    ) -> None:
        client.force_login(reviewer)
        factories.held_email()
        edit(factories.held_email(factories.LeadFactory(kind="training")), reviewer)
        assert self.rows(client) == []

    def test_a_viewer_does_not_get_it(self, client: Client, viewer: User) -> None:
        client.force_login(viewer)
        assert client.get("/sales/lessons/edits.csv").status_code == 403
        assert client.get("/sales/lessons").status_code == 200
