"""What a decision does to an email: transport pinned, text bound, and what voids an approval."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from leads.suppression import suppression
from outreach.choices import Phase
from outreach.control import phase
from outreach.drafting import drafts
from outreach.lifecycle.transitions import IllegalMove, StaleMessage
from outreach.models import Message, MoveReason, SandboxEmail, SendIntent
from outreach.review import review_actions
from outreach.review.review_actions import ApprovalForbidden
from outreach.sending import send
from tests import factories
from tests.fakes.ghl import FakeGhl

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]


def columns(message: Message) -> dict[str, Any]:
    return Message.objects.filter(pk=message.pk).values().get()


def moves(message: Message) -> list[tuple[str, str]]:
    return list(message.moves.values_list("to_status", "why"))


def test_an_approval_waits_out_the_time_to_undo(settings: Any, reviewer: User) -> None:
    settings.UNDO_SECONDS = 30
    message = review_actions.approve_email(factories.held_email(), 1, by=reviewer)
    assert (message.status, message.waiting_for, message.error) == ("cleared", "undo", "")
    assert message.not_before == message.cleared_at + timedelta(seconds=30)
    assert message.moves.last().by == reviewer
    assert send.send_due() == 0
    assert SendIntent.objects.count() == 0


@pytest.mark.parametrize(
    ("kind", "connected", "transport"),
    [
        ("live", True, "ghl"),
        ("live", False, "sandbox"),
        ("example", True, "sandbox"),
        ("test", True, "sandbox"),
        ("training", True, ""),
        ("example", False, "sandbox"),
    ],
)
def test_the_transport_is_pinned_at_approval(
    settings: Any, kind: str, connected: bool, transport: str
) -> None:
    settings.SANDBOXED = [] if connected else ["ghl"]
    message = review_actions.approve_email(
        factories.held_email(factories.LeadFactory(kind=kind)), 1, by=None
    )
    assert message.transport == transport


def test_email_to_a_lead_turned_test_uses_sandbox(settings: Any) -> None:
    settings.SANDBOXED = []
    message = factories.held_email()
    message.lead.kind = "test"
    message.lead.save()
    assert review_actions.approve_email(message, 1, by=None).transport == "sandbox"


@pytest.mark.parametrize("version", [0, 2])
def test_another_version_cannot_be_approved_or_rejected(version: int) -> None:
    message = factories.held_email()
    before = columns(message)
    with pytest.raises(StaleMessage):
        review_actions.approve_email(message, version, by=None)
    with pytest.raises(StaleMessage):
        review_actions.reject_email(message, version, by=None, tag="other", reason="x")
    assert columns(message) == before
    assert moves(message) == [("held", "drafted")]


def test_changed_text_cannot_be_approved(reviewer: User) -> None:
    shown = factories.held_email()
    text = shown.text
    review_actions.edit_text(
        Message.objects.get(pk=shown.pk),
        1,
        subject=text.subject,
        body=text.body + " More.",
        by=reviewer,
    )
    with pytest.raises(StaleMessage) as stale:
        review_actions.approve_email(shown, 1, by=None)  # the page's own copy of the row
    assert (stale.value.status, stale.value.version) == ("held", 2)
    assert moves(shown) == [("held", "drafted")]


def test_a_suppressed_person_cannot_be_approved() -> None:
    message = factories.held_email()
    suppression.suppress(message.to_address, "complained", "test", message.lead)
    before = columns(message)
    with pytest.raises(ApprovalForbidden, match=r"^Do not contact: Complained of spam \(test\)\.$"):
        review_actions.approve_email(message, 1, by=None)
    assert columns(message) == before
    assert moves(message) == [("held", "drafted")]


def test_a_failed_guard_cannot_be_approved() -> None:
    message = factories.held_email()
    rows = [
        {"guard": "opener", "passed": False, "text": "It opens badly.", "clear": "Begin again."}
    ]
    Message.objects.filter(pk=message.pk).update(guards=rows)
    message.refresh_from_db()
    with pytest.raises(ApprovalForbidden, match=r"^It opens badly\. Begin again\.$"):
        review_actions.approve_email(message, 1, by=None)
    assert moves(message) == [("held", "drafted")]
    assert columns(message)["status"] == "held"


@pytest.mark.parametrize(
    "status", ["blocked", "cleared", "rejected", "withdrawn", "expired", "sent", "uncertain"]
)
def test_only_what_is_held_can_be_approved(status: str) -> None:
    message = factories.held_email()
    Message.objects.filter(pk=message.pk).update(status=status)
    message.refresh_from_db()
    before = columns(message)
    with pytest.raises(IllegalMove):
        review_actions.approve_email(message, 1, by=None)
    assert columns(message) == before


def test_shadow_approval_withdraws_and_later_phase_releases_nothing(
    ghl: FakeGhl, loose: None
) -> None:
    phase.change_phase(Phase.SHADOW, by=None, reason="test")
    message = review_actions.approve_email(factories.held_email(), 1, by=None)
    assert (message.status, message.transport) == ("withdrawn", "")
    assert moves(message) == [("held", "drafted"), ("withdrawn", "would_approve")]
    for step in (Phase.PARALLEL, Phase.ASSISTED, Phase.AUTONOMOUS):
        phase.change_phase(step, by=None, reason="test")
        assert send.send_due() == 0
    assert ghl.requests() == []
    assert (SendIntent.objects.count(), SandboxEmail.objects.count()) == (0, 0)


def test_what_was_approved_in_parallel_does_not_leave_in_shadow(ghl: FakeGhl, loose: None) -> None:
    message = factories.cleared_email()
    phase.change_phase(Phase.SHADOW, by=None, reason="test")
    assert send.send_due() == 0
    assert ghl.requests() == []
    assert columns(message)["status"] == "cleared"


def test_edit_makes_a_checked_version_with_author(reviewer: User) -> None:
    message = factories.held_email()
    old = message.text
    saved = review_actions.edit_text(
        message, 1, subject="  Hello Northline  ", body=f"{old.body}\r\n\r\nAlex\r\n", by=reviewer
    )
    text = saved.text
    assert (saved.status, saved.version) == ("held", 2)
    assert (text.subject, text.body, text.author) == (
        "Hello Northline",
        f"{old.body}\n\nAlex",
        reviewer,
    )
    assert text.footer == old.footer
    assert text.sha256 != old.sha256
    assert saved.texts.get(version=1).body == old.body
    assert {phrase["field"] for phrase in text.phrases} == {
        phrase["field"] for phrase in old.phrases if phrase["text"] in text.body
    }


def test_a_fact_that_was_edited_away_is_no_longer_claimed(reviewer: User) -> None:
    message = factories.held_email()
    saved = review_actions.edit_text(
        message, 1, subject="Hello", body=f"A word about {message.lead.company.name}.", by=reviewer
    )
    assert [phrase["field"] for phrase in saved.text.phrases] == ["company"]


def test_an_edit_that_changes_nothing_is_none(reviewer: User) -> None:
    message = factories.cleared_email()
    text = message.text
    same = review_actions.edit_text(
        message, 1, subject=f" {text.subject} ", body=text.body.replace("\n", "\r\n"), by=reviewer
    )
    assert (same.status, same.version, same.texts.count()) == ("cleared", 1, 1)


def test_an_edit_after_approval_returns_to_held_and_voids_it(
    ghl: FakeGhl, loose: None, reviewer: User
) -> None:
    message = factories.cleared_email()
    text = message.text
    saved = review_actions.edit_text(
        message, 1, subject=text.subject, body=text.body + "\n\nAlex", by=reviewer
    )
    assert (saved.status, saved.version, saved.transport) == ("held", 2, "")
    assert saved.expires_at > timezone.now() and saved.due_at > timezone.now()
    assert send.send_due() == 0
    assert ghl.requests() == []
    with pytest.raises(StaleMessage):
        review_actions.approve_email(message, 1, by=None)


@pytest.mark.parametrize(
    "status", ["sending", "sent", "uncertain", "rejected", "withdrawn", "expired", "failed"]
)
def test_what_is_leaving_or_over_cannot_be_edited(status: str, reviewer: User) -> None:
    message = factories.held_email()
    Message.objects.filter(pk=message.pk).update(status=status)
    message.refresh_from_db()
    with pytest.raises(IllegalMove):
        review_actions.edit_text(message, 1, subject="Hello", body="Another text", by=reviewer)
    assert (columns(message)["version"], message.texts.count()) == (1, 1)


def test_two_edits_of_one_version_keep_the_first(reviewer: User) -> None:
    message = factories.held_email()
    other = Message.objects.get(pk=message.pk)
    name = message.lead.company.name
    review_actions.edit_text(message, 1, subject="First", body=f"For {name}.", by=reviewer)
    with pytest.raises(StaleMessage):
        review_actions.edit_text(other, 1, subject="Second", body=f"For {name}.", by=reviewer)
    assert [text.subject for text in message.texts.filter(version__gt=1)] == ["First"]


@pytest.mark.parametrize("approved", [False, True])
def test_edit_with_placeholder_is_blocked(approved: bool, reviewer: User) -> None:
    message = factories.cleared_email() if approved else factories.held_email()
    body = f"Hi {{{{ first_name }}}} of {message.lead.company.name},"
    saved = review_actions.edit_text(message, 1, subject="Hello", body=body, by=reviewer)
    assert (saved.status, saved.blocked_by, saved.error) == (
        "blocked",
        "placeholder",
        "Blank field: {{",
    )
    with pytest.raises((ApprovalForbidden, IllegalMove)):
        review_actions.approve_email(saved, 2, by=None)
    saved = review_actions.edit_text(
        saved, 2, subject="Re: hello", body=body.replace("{{ first_name }}", "Dana"), by=reviewer
    )
    assert (saved.status, saved.blocked_by) == ("blocked", "subject")
    assert saved.error == "The subject pretends to be an answer."
    saved = review_actions.edit_text(saved, 3, subject="Hello", body=saved.text.body, by=reviewer)
    assert (saved.status, saved.version, saved.blocked_by, saved.error) == ("held", 4, "", "")
    assert review_actions.approve_email(saved, 4, by=None).status == "cleared"


def test_a_subject_of_any_length_is_stored_and_blocked(reviewer: User) -> None:
    saved = review_actions.edit_text(
        factories.held_email(), 1, subject="x" * 500, body="Hello", by=reviewer
    )
    assert (saved.status, saved.blocked_by, len(saved.text.subject)) == ("blocked", "subject", 200)


def test_undo_takes_an_approval_back(ghl: FakeGhl, loose: None, reviewer: User) -> None:
    message = review_actions.undo_approval(factories.cleared_email(), by=reviewer)
    assert (message.status, message.transport, message.waiting_for, message.cleared_at) == (
        "held",
        "",
        "",
        None,
    )
    assert send.send_due() == 0
    assert ghl.requests() == []
    assert review_actions.approve_email(message, 1, by=None).status == "cleared"


@pytest.mark.parametrize(
    "status",
    [
        "draft",
        "blocked",
        "held",
        "sending",
        "sent",
        "uncertain",
        "failed",
        "withdrawn",
        "rejected",
        "expired",
    ],
)
def test_undo_is_for_approved_emails_alone(status: str) -> None:
    """BLOCKED would skip its check; SENDING would be shown as waiting while it leaves."""
    message = factories.held_email()
    Message.objects.filter(pk=message.pk).update(status=status, lease_until=timezone.now())
    message.refresh_from_db()
    before = columns(message)
    with pytest.raises(IllegalMove):
        review_actions.undo_approval(message, by=None)
    assert columns(message) == before
    assert moves(message) == [("held", "drafted")]


def test_undo_after_sending_is_refused_with_stale_row(ghl: FakeGhl, loose: None) -> None:
    message = factories.cleared_email()
    assert send.send_due() == 1
    with pytest.raises(StaleMessage) as stale:
        review_actions.undo_approval(message, by=None)
    assert stale.value.status == "sent"
    assert columns(message)["status"] == "sent"


@pytest.mark.parametrize("status", ["draft", "blocked", "held", "cleared", "failed"])
def test_what_has_not_left_can_be_withdrawn(status: str, reviewer: User) -> None:
    message = factories.held_email()
    Message.objects.filter(pk=message.pk).update(status=status)
    message.refresh_from_db()
    assert (
        review_actions.withdraw_email(message, by=reviewer, reason="Not now, they said.").status
        == "withdrawn"
    )
    assert MoveReason.objects.get().text == "Not now, they said."


@pytest.mark.parametrize("status", ["sending", "sent", "uncertain"])
def test_what_may_have_left_cannot_be_withdrawn(status: str) -> None:
    message = factories.held_email()
    Message.objects.filter(pk=message.pk).update(status=status)
    message.refresh_from_db()
    with pytest.raises(IllegalMove):
        review_actions.withdraw_email(message, by=None)
    assert columns(message)["status"] == status


def test_a_rejection_leaves_tag_and_reason_on_the_move(reviewer: User) -> None:
    message = review_actions.reject_email(
        factories.held_email(),
        1,
        by=reviewer,
        tag="weak_cta",
        reason="Ask for less in the first email.",
    )
    row = message.moves.last()
    assert (message.status, row.tag, row.by, row.reason.text) == (
        "rejected",
        "weak_cta",
        reviewer,
        "Ask for less in the first email.",
    )


def test_what_nobody_decided_expires_and_is_never_a_no(clock: Any) -> None:
    held = factories.held_email()
    blocked = drafts.write_draft(
        factories.draft_email(factories.LeadFactory(company=factories.CompanyFactory(name="")))
    )
    approved = factories.cleared_email()
    assert review_actions.expire_due() == 0
    clock.shift(timedelta(days=3, seconds=1))
    assert review_actions.expire_due() == 2
    assert [columns(m)["status"] for m in (held, blocked, approved)] == [
        "expired",
        "expired",
        "cleared",
    ]
    assert moves(held)[-1] == ("expired", "expired")
    assert held.moves.last().by is None
    assert review_actions.expire_due() == 0


def test_stop_withdraws_open_emails_except_sending() -> None:
    message, other = factories.cleared_email(), factories.held_email()
    assert review_actions.withdraw_open_emails(message.lead, "unsubscribed") == 1
    assert columns(message)["status"] == "withdrawn"
    assert columns(other)["status"] == "held"
    Message.objects.filter(pk=other.pk).update(status="sending")
    assert review_actions.withdraw_open_emails(other.lead, "unsubscribed") == 0
    assert columns(other)["status"] == "sending"


def test_opening_is_noted_once(clock: Any) -> None:
    message = factories.held_email()
    review_actions.mark_opened(message)
    first = columns(message)["opened_at"]
    clock.shift(timedelta(minutes=5))
    review_actions.mark_opened(message)
    assert columns(message)["opened_at"] == first
