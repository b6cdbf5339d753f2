"""What a person decides: bound to the text shown, written once, and refused without a trace."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from approvals.decisions import claims, decisions, refusal_words
from approvals.decisions.decisions import Decider, DecisionConflict, DecisionRefused
from approvals.models import Claim, Decision, DecisionReason, Reading
from approvals.queue import review_queue
from leads.suppression import suppression
from outreach.choices import Phase, Tag
from outreach.control import phase
from outreach.models import Message, MoveReason, SandboxEmail
from outreach.review import late_emails, review_actions
from outreach.sending import send
from tests import factories

AT_TEN = "10:00\u00a0AM\u00a0ET"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]

REASON = "The first line is about us, not about them."


def by(user: User | None, channel: str = "desk", name: str = "") -> Decider:
    return Decider(user, channel, name)


def nothing_happened(message: Message, status: str = "held", decisions_made: int = 0) -> None:
    current = Message.objects.get(pk=message.pk)
    assert (current.status, current.transport) == (status, "")
    assert Decision.objects.count() == decisions_made
    assert DecisionReason.objects.count() == MoveReason.objects.count()


@pytest.fixture
def connected(settings: Any) -> None:
    """GoHighLevel is configured; nothing here is sent."""
    settings.SANDBOXED = []


def test_an_approval_is_written_once_with_everything_it_was_about(
    reviewer: User, connected: None
) -> None:
    message = factories.held_email()
    assert decisions.approve(message, 1, by(reviewer)).status == "cleared"
    row = Decision.objects.get()
    assert Message.objects.get(pk=message.pk).transport == "ghl"
    assert (row.message, row.verdict, row.version, row.text_sha256) == (
        message,
        "approved",
        1,
        message.text.sha256,
    )
    assert (row.by, row.by_name, row.channel, row.phase) == (reviewer, "rita", "desk", "parallel")
    assert (row.edited, row.is_evidence, row.tag, row.held_at) == (False, True, "", message.held_at)
    assert (DecisionReason.objects.count(), MoveReason.objects.count()) == (0, 0)


def test_a_rejection_keeps_tag_and_reason_in_erasable_rows_beside_decision_and_move(
    reviewer: User, connected: None
) -> None:
    message = factories.held_email()
    done = decisions.reject(message, 1, by(reviewer), tag="weak_subject", reason=f"  {REASON}\n")
    assert done.status == "rejected"
    row = Decision.objects.get()
    assert (row.verdict, row.tag, row.reason.text, row.is_evidence) == (
        "rejected",
        "weak_subject",
        REASON,
        True,
    )
    moved = message.moves.last()
    assert (moved.to_status, moved.tag, moved.reason.text, moved.by) == (
        "rejected",
        "weak_subject",
        REASON,
        reviewer,
    )
    for name in ("verdict", "tag", "by_name", "channel", "phase", "text_sha256"):
        assert REASON not in str(getattr(row, name))
    DecisionReason.objects.all().delete()
    MoveReason.objects.all().delete()
    assert Decision.objects.get().tag == "weak_subject"


@pytest.mark.usefixtures("standing_guards")
def test_a_decision_cannot_be_changed_or_deleted(reviewer: User) -> None:
    decisions.approve(factories.held_email(), 1, by(reviewer))
    row = Decision.objects.get()
    row.verdict = "rejected"
    with pytest.raises(TypeError, match="append-only"):
        row.save()
    with pytest.raises(TypeError, match="append-only"):
        row.delete()
    for change in (
        lambda: Decision.objects.update(verdict="rejected"),
        lambda: Decision.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()
    assert Decision.objects.get().verdict == "approved"


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("", "20 more characters: say what should be different."),
        ("x" * 19, "1 more characters: say what should be different."),
        (" " * 30 + "x" * 19 + " " * 30, "1 more characters: say what should be different."),
        ("\n\t" * 40, "20 more characters: say what should be different."),
    ],
)
def test_a_reason_of_less_than_twenty_characters_is_refused(
    reviewer: User, reason: str, text: str
) -> None:
    message = factories.held_email()
    with pytest.raises(DecisionRefused) as refused:
        decisions.reject(message, 1, by(reviewer), tag="other", reason=reason)
    assert (refused.value.text, refused.value.field) == (text, "reason")
    nothing_happened(message)


def test_twenty_characters_are_enough(reviewer: User) -> None:
    assert (
        decisions.reject(
            factories.held_email(), 1, by(reviewer), tag="other", reason="x" * 20
        ).status
        == "rejected"
    )


@pytest.mark.parametrize("tag", ["", "nonsense", "OTHER", "other "])
def test_an_unknown_tag_is_refused(reviewer: User, tag: str) -> None:
    message = factories.held_email()
    with pytest.raises(
        DecisionRefused, match="^Choose one of: personalization_mismatch, "
    ) as refused:
        decisions.reject(message, 1, by(reviewer), tag=tag, reason=REASON)
    assert refused.value.field == "tag"
    nothing_happened(message)


def test_the_tags_are_the_eleven_agreed_ones() -> None:
    assert Tag.values == [
        "personalization_mismatch", "icp_mismatch", "campaign_mismatch", "tone_style",
        "factual_inaccuracy", "weak_subject", "weak_cta", "length_structure", "compliance",
        "placeholder_rendering", "other",
    ]  # fmt: skip


def decide(kind: str, message: Message, version: int, decider: Decider) -> Message:
    if kind == "approve":
        return decisions.approve(message, version, decider)
    return decisions.reject(message, version, decider, tag="other", reason=REASON)


@pytest.mark.parametrize("kind", ["approve", "reject"])
def test_a_text_that_changed_is_not_decided_unseen(
    reviewer: User, lead_user: User, kind: str
) -> None:
    shown = factories.held_email()
    body = shown.text.body + "\n\nOne more thing."
    review_actions.edit_text(
        Message.objects.get(pk=shown.pk), 1, subject=shown.text.subject, body=body, by=lead_user
    )
    for page_copy in (shown, Message.objects.get(pk=shown.pk)):
        with pytest.raises(
            DecisionConflict,
            match=rf"^lena changed this email at {AT_TEN}\. Your decision was not recorded\.$",
        ) as late:
            decide(kind, page_copy, 1, by(reviewer))
        assert late.value.message.version == 2
    nothing_happened(shown)


@pytest.mark.parametrize("kind", ["approve", "reject"])
def test_a_version_that_does_not_exist_yet_cannot_be_decided(reviewer: User, kind: str) -> None:
    message = factories.held_email()
    with pytest.raises(DecisionConflict):
        decide(kind, message, 2, by(reviewer))
    nothing_happened(message)


@pytest.mark.parametrize("first", ["approve", "reject"])
@pytest.mark.parametrize("second", ["approve", "reject"])
def test_who_is_second_learns_who_was_first(
    reviewer: User, lead_user: User, first: str, second: str
) -> None:
    message = factories.held_email()
    page_copy = Message.objects.get(pk=message.pk)
    done = decide(first, message, 1, by(reviewer))
    word = {"approve": "approved", "reject": "rejected"}[first]
    with pytest.raises(DecisionConflict) as late:
        decide(second, page_copy, 1, by(lead_user))
    assert late.value.text == f"rita {word} this email at {AT_TEN}. Your decision was not recorded."
    assert late.value.message.status == done.status
    assert [row.by for row in Decision.objects.all()] == [reviewer]
    assert Message.objects.get(pk=message.pk).status == done.status


@pytest.mark.parametrize(
    "status", ["expired", "withdrawn", "sending", "uncertain", "failed", "draft"]
)
@pytest.mark.parametrize("kind", ["approve", "reject"])
def test_what_is_not_waiting_cannot_be_decided(reviewer: User, status: str, kind: str) -> None:
    message = factories.held_email()
    Message.objects.filter(pk=message.pk).update(status=status)
    message.refresh_from_db()
    with pytest.raises(
        DecisionConflict, match=r"^It is no longer waiting: .*\. Your decision was not recorded\.$"
    ):
        decide(kind, message, 1, by(reviewer))
    nothing_happened(message, status)


def test_a_blocked_email_can_be_rejected_but_not_approved(reviewer: User) -> None:
    message = factories.held_email()
    message = review_actions.edit_text(
        message, 1, subject="Re: hello", body=message.text.body, by=reviewer
    )
    assert message.status == "blocked"
    with pytest.raises(
        DecisionConflict, match="It can't be approved: The subject pretends to be an answer."
    ):
        decisions.approve(message, 2, by(reviewer))
    nothing_happened(message, "blocked")
    assert decide("reject", message, 2, by(reviewer)).status == "rejected"
    assert Decision.objects.get().edited


def test_an_email_that_could_not_be_drafted_can_be_rejected(reviewer: User) -> None:
    message = factories.draft_email()
    Message.objects.filter(pk=message.pk).update(
        status="blocked", blocked_by="draft", error="LookupError: none"
    )
    message.refresh_from_db()
    assert decide("reject", message, 0, by(reviewer)).status == "rejected"
    assert (Decision.objects.get().text_sha256, Decision.objects.get().edited) == ("", False)


def test_a_suppressed_person_cannot_be_approved_and_no_decision_is_left(reviewer: User) -> None:
    message = factories.held_email()
    suppression.suppress(message.to_address, "unsubscribed", "test", message.lead)
    with pytest.raises(DecisionRefused, match=r"^Do not contact: Unsubscribed \(test\)\.$"):
        decisions.approve(message, 1, by(reviewer))
    nothing_happened(message)


def test_without_a_user_a_critical_email_is_never_approved() -> None:
    message = factories.held_email()
    Message.objects.filter(pk=message.pk).update(critical_reason="This person has answered before.")
    message.refresh_from_db()
    with pytest.raises(
        DecisionRefused, match="^Only a named person can approve a CRITICAL email.$"
    ):
        decisions.approve(message, 1, by(None, "api", "key nightly"))
    nothing_happened(message)


def test_a_named_person_approves_a_critical_email(reviewer: User) -> None:
    message = factories.held_email()
    Message.objects.filter(pk=message.pk).update(critical_reason="This person has answered before.")
    message.refresh_from_db()
    assert decisions.approve(message, 1, by(reviewer)).status == "cleared"


def test_a_decision_by_a_key_without_a_user_is_no_evidence(connected: None) -> None:
    message = factories.held_email()
    decisions.approve(message, 1, by(None, "api", "key nightly"))
    row = Decision.objects.get()
    assert (row.by, row.by_name, row.channel, row.is_evidence) == (
        None,
        "key nightly",
        "api",
        False,
    )
    assert message.moves.last().by is None


@pytest.mark.parametrize(
    ("kind", "evidence"), [("live", True), ("example", False), ("test", False), ("training", False)]
)
def test_only_decisions_about_live_people_are_evidence(
    reviewer: User, connected: None, kind: str, evidence: bool
) -> None:
    decisions.approve(factories.held_email(factories.LeadFactory(kind=kind)), 1, by(reviewer))
    assert Decision.objects.get().is_evidence is evidence


def test_a_decision_about_an_email_for_the_sandbox_is_no_evidence(reviewer: User) -> None:
    decisions.approve(factories.held_email(), 1, by(reviewer))
    assert Decision.objects.get().is_evidence is False


def test_a_decision_about_a_persons_text_says_so(reviewer: User) -> None:
    message = factories.held_email()
    message = review_actions.edit_text(
        message, 1, subject=message.text.subject, body=message.text.body + " Alex", by=reviewer
    )
    decisions.approve(message, 2, by(reviewer))
    row = Decision.objects.get()
    assert (row.version, row.edited, row.text_sha256) == (
        2,
        True,
        message.texts.get(version=2).sha256,
    )


@pytest.mark.parametrize(
    ("kind", "verdict", "status"),
    [("approve", "would_approve", "withdrawn"), ("reject", "would_reject", "rejected")],
)
def test_in_shadow_a_decision_is_recorded_as_one_of_shadow(
    reviewer: User, loose: None, kind: str, verdict: str, status: str
) -> None:
    phase.change_phase(Phase.SHADOW, by=None, reason="test")
    message = factories.held_email()
    assert decide(kind, message, 1, by(reviewer)).status == status
    row = Decision.objects.get()
    assert (row.verdict, row.phase) == (verdict, "shadow")
    phase.change_phase(Phase.PARALLEL, by=None, reason="test")
    assert send.send_due() == 0
    assert SandboxEmail.objects.count() == 0


def test_after_an_undo_the_email_can_be_decided_again_and_both_decisions_stand(
    reviewer: User, lead_user: User
) -> None:
    message = decisions.approve(factories.held_email(), 1, by(reviewer))
    message = review_actions.undo_approval(message, by=reviewer)
    decide("reject", message, 1, by(lead_user))
    assert list(Decision.objects.order_by("pk").values_list("verdict", "by")) == [
        ("approved", reviewer.pk), ("rejected", lead_user.pk),
    ]  # fmt: skip


def test_the_time_in_a_refusal_is_the_readers(reviewer: User) -> None:
    message = factories.held_email()
    decisions.approve(message, 1, by(reviewer))
    with timezone.override(ZoneInfo("Asia/Kolkata")):
        said = refusal_words.describe_current_state(Message.objects.get(pk=message.pk))
    assert "approved this email at 8:30\u00a0PM\u00a0IST." in said


# The queue


def test_the_queue_is_ordered_by_urgency_then_due_time() -> None:
    low = factories.held_email(intent=10, tier="tier_3")
    warm = factories.held_email(intent=50, tier="tier_2")
    hot, hotter = factories.held_email(), factories.held_email()
    Message.objects.filter(pk=hotter.pk).update(due_at=hot.due_at - timedelta(minutes=1))
    assert list(review_queue.waiting_messages()) == [hotter, hot, warm, low]


def test_score_orders_within_a_band() -> None:
    first, best = factories.held_email(intent=72), factories.held_email(intent=95)
    warm = factories.held_email(intent=60, tier="tier_2")
    last = factories.held_email(intent=45, tier="tier_2")
    assert list(review_queue.waiting_messages()) == [best, first, warm, last]


def test_overdue_comes_before_a_higher_score() -> None:
    late, best = factories.held_email(intent=72), factories.held_email(intent=95)
    Message.objects.filter(pk=late.pk).update(due_at=timezone.now() - timedelta(minutes=1))
    late_emails.mark_overdue()
    assert list(review_queue.waiting_messages()) == [late, best]
    assert [
        review_queue.position_number(now_is(one), review_queue.waiting_messages())
        for one in (late, best)
    ] == [1, 2]


def now_is(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def test_the_counts_leave_training_and_test_people_out() -> None:
    factories.held_email()
    factories.held_email(factories.LeadFactory(kind="test"))
    factories.held_email(factories.LeadFactory(kind="training"))
    factories.held_email(factories.LeadFactory(kind="example"))
    factories.cleared_email()
    assert (
        review_queue.current_counts().pending,
        review_queue.current_counts().approved,
        review_queue.current_counts().rejected,
    ) == (2, 1, 0)
    assert review_queue.current_counts().total == 3


def test_an_email_is_on_one_desk_for_ten_minutes(
    reviewer: User, lead_user: User, clock: Any
) -> None:
    message = factories.held_email()
    assert claims.claim_message(message, reviewer).user == reviewer
    assert claims.claim_message(message, lead_user).user == reviewer
    assert claims.colleague_claim(message, lead_user).user == reviewer
    assert claims.colleague_claim(message, reviewer) is None
    assert review_queue.next_message_for(lead_user) is None
    clock.shift(timedelta(minutes=10, seconds=1))
    assert claims.colleague_claim(message, lead_user) is None
    assert claims.claim_message(message, lead_user).user == lead_user
    assert claims.claim_message(message, reviewer).user == lead_user
    claims.release_claim(message, reviewer)
    assert Claim.objects.count() == 1
    claims.release_claim(message, lead_user)
    assert Claim.objects.count() == 0


def test_having_read_is_of_one_text_and_of_one_person(reviewer: User, lead_user: User) -> None:
    message = factories.held_email()
    claims.record_reading(message, reviewer)
    claims.record_reading(message, reviewer)
    assert Reading.objects.count() == 1
    assert Message.objects.get(pk=message.pk).opened_at is not None
    assert [m.read for m in claims.annotate_reading(review_queue.waiting_messages(), reviewer)] == [
        True
    ]
    assert [
        m.read for m in claims.annotate_reading(review_queue.waiting_messages(), lead_user)
    ] == [False]
    review_actions.edit_text(
        message, 1, subject=message.text.subject, body=message.text.body + " Alex", by=lead_user
    )
    assert [m.read for m in claims.annotate_reading(review_queue.waiting_messages(), reviewer)] == [
        False
    ]
