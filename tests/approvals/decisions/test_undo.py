"""Taking a decision back: what is restored, for how long, by whom, and every refusal."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from approvals.decisions import bulk, claims, decisions, undo
from approvals.decisions.decisions import Decider, DecisionConflict, DecisionRefused
from approvals.decisions.judgement import Refusal, UndoFacts, find_undo_refusal
from approvals.models import Decision, DecisionUndo
from caio_project.lib.models import ApiKey
from leads.suppression import suppression
from metrics.overview import overview
from outreach.choices import Phase, Status
from outreach.contact_history import previous_emails, recipients
from outreach.control import phase
from outreach.drafting import no_draft
from outreach.models import Message, Move
from outreach.review import review_actions
from tests import factories
from tests.conftest import person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]
REASON = "The first line is about us, not about them."


@pytest.fixture(autouse=True)
def half_a_minute(settings: Any) -> None:
    settings.UNDO_SECONDS = 30


def by(user: User | None, channel: str = "desk", name: str = "") -> Decider:
    return Decider(user, channel, name)


def rejected(user: User, message: Message | None = None) -> Message:
    message = message or factories.held_email()
    return decisions.reject(message, message.version, by(user), tag="weak_subject", reason=REASON)


def still_rejected(message: Message) -> None:
    now = Message.objects.get(pk=message.pk)
    assert (now.status, now.version, now.moves.last().to_status) == ("rejected", 1, "rejected")
    assert not DecisionUndo.objects.exists()


def later(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    at = timezone.now() + timedelta(seconds=seconds)
    monkeypatch.setattr(timezone, "now", lambda: at)


# What is restored


def test_a_rejection_taken_back_waits_at_its_place(reviewer: User) -> None:
    message = factories.held_email()
    before = Message.objects.filter(pk=message.pk).values().get()
    text = message.text
    assert text is not None
    undone = undo.undo(rejected(reviewer, message), 1, by(reviewer))
    after = Message.objects.filter(pk=message.pk).values().get()
    assert after == {**before, "version": 2}
    assert undone.text is not None
    assert (undone.text.subject, undone.text.body, undone.text.sha256, undone.text.phrases) == (
        text.subject, text.body, text.sha256, text.phrases,
    )  # fmt: skip


def test_the_log_keeps_both_moves_and_the_decision(reviewer: User) -> None:
    message = undo.undo(rejected(reviewer), 1, by(reviewer))
    assert list(message.moves.values_list("from_status", "to_status", "why", "by"))[-2:] == [
        ("held", "rejected", "rejected", reviewer.pk),
        ("rejected", "held", "rejection_undone", reviewer.pk),
    ]
    taken = DecisionUndo.objects.get()
    assert (taken.decision.verdict, taken.by, taken.by_name) == ("rejected", reviewer, "rita")
    assert not Decision.objects.standing().exists()


def test_a_blocked_draft_goes_back_to_blocked(reviewer: User) -> None:
    message = factories.held_email()
    body = message.text.body
    message = review_actions.edit_text(message, 1, subject="Re: hello", body=body, by=None)
    assert message.status == Status.BLOCKED
    undone = undo.undo(rejected(reviewer, message), 2, by(reviewer))
    assert (undone.status, undone.blocked_by) == ("blocked", "subject")


def test_the_rest_after_two_rejections_ends(reviewer: User) -> None:
    lead = factories.held_email().lead
    Message.objects.filter(lead=lead).update(status=Status.REJECTED)
    second = rejected(reviewer, factories.held_email(lead))
    assert no_draft.why_no_first_email(lead).code == no_draft.NoDraftCode.RESTING
    undo.undo(second, 1, by(reviewer))
    Message.objects.filter(pk=second.pk).update(status=Status.EXPIRED)
    assert no_draft.why_no_first_email(lead) is None


def test_no_lesson_is_learned_from_it(reviewer: User) -> None:
    message = undo.undo(rejected(reviewer), 1, by(reviewer))
    rejected(reviewer, message)
    known = recipients.load_recipient(message.lead)
    assert len(previous_emails.rejection_lessons(known)) == 1


def test_it_counts_no_more_among_what_was_decided(reviewer: User) -> None:
    message = rejected(reviewer)
    assert overview.overview_context(reviewer)["mine"]["decided"] == 1
    undo.undo(message, 1, by(reviewer))
    assert overview.overview_context(reviewer)["mine"]["decided"] == 0
    assert overview.last_actions()[0].text == "Rejected, undone"


def test_in_shadow_what_would_be_approved_comes_back(reviewer: User) -> None:
    phase.change_phase(Phase.SHADOW, by=None, reason="test")
    message = decisions.approve(factories.held_email(), 1, by(reviewer))
    assert message.status == Status.WITHDRAWN
    assert undo.undo(message, 1, by(reviewer)).status == Status.HELD


def test_a_halt_does_not_stand_against_it(reviewer: User) -> None:
    message = rejected(reviewer)
    phase.halt_sending(by=None, reason="wrong footer")
    assert undo.undo(message, 1, by(reviewer)).status == Status.HELD


def test_nor_does_another_phase(reviewer: User) -> None:
    message = rejected(reviewer)
    phase.change_phase(Phase.SHADOW, by=None, reason="test")
    assert undo.undo(message, 1, by(reviewer)).status == Status.HELD


def test_whoever_read_it_need_not_read_it_again(reviewer: User) -> None:
    message = factories.held_email()
    claims.record_reading(message, reviewer)
    undone = undo.undo(rejected(reviewer, message), 1, by(reviewer))
    assert claims.has_read(undone, reviewer, 2)
    other = undo.undo(rejected(reviewer), 1, by(reviewer))
    assert not claims.has_read(other, reviewer, 2)


# Which one


def test_the_newest_decision_comes_first_whichever_it_was(reviewer: User) -> None:
    first = decisions.approve(factories.held_email(), 1, by(reviewer))
    second = rejected(reviewer)
    decisions.approve(factories.held_email(), 1, by(person("sam", "Reviewer")))
    listed = [one.message for one in undo.undoable_decisions(reviewer)]
    assert listed == [second, first]
    undo.undo(second, 1, by(reviewer))
    assert [one.message for one in undo.undoable_decisions(reviewer)] == [first]


def test_nothing_is_offered_once_the_time_is_over(
    reviewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    rejected(reviewer)
    decisions.approve(factories.held_email(), 1, by(reviewer))
    later(monkeypatch, 31)
    assert undo.undoable_decisions(reviewer) == []


def test_each_of_a_batch_is_taken_back_alone(reviewer: User) -> None:
    emails = [factories.held_email() for _ in range(3)]
    selected = [bulk.SelectedEmail(one, 1) for one in emails]
    typed = bulk.RejectionText("weak_subject", REASON)
    bulk.reject_batch(selected, by(reviewer), typed)
    last = undo.undoable_decisions(reviewer)[0].message
    undo.undo(last, 1, by(reviewer))
    assert Message.objects.filter(status=Status.REJECTED).count() == 2


# Refused


def test_nobody_takes_back_without_the_permission(reviewer: User, viewer: User) -> None:
    message = rejected(reviewer)
    with pytest.raises(DecisionRefused, match="^You can read. Ask a Lead") as refused:
        undo.undo(message, 1, by(viewer))
    assert refused.value.refusal == Refusal.NO_PERMISSION
    still_rejected(message)


def test_another_person_does_not_take_it_back(reviewer: User) -> None:
    message = rejected(reviewer)
    with pytest.raises(DecisionConflict, match="Only whoever decided can undo it.$") as refused:
        undo.undo(message, 1, by(person("sam", "Reviewer")))
    assert refused.value.refusal == Refusal.NOT_YOURS
    still_rejected(message)


def test_a_rejection_stands_after_the_time(reviewer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    message = rejected(reviewer)
    later(monkeypatch, 30)
    with pytest.raises(DecisionConflict, match="can be undone for 30 seconds.$"):
        undo.undo(message, 1, by(reviewer))
    still_rejected(message)


def test_another_version_is_not_taken_back(reviewer: User) -> None:
    message = rejected(reviewer)
    with pytest.raises(DecisionConflict, match="^It is version 1 by now. Nothing was undone.$"):
        undo.undo(message, 2, by(reviewer))
    still_rejected(message)
    cleared = decisions.approve(factories.held_email(), 1, by(reviewer))
    with pytest.raises(DecisionConflict, match="^It is version 1 by now. Nothing was undone.$"):
        undo.undo(cleared, 2, by(reviewer))
    assert Message.objects.get(pk=cleared.pk).status == Status.CLEARED


def test_a_newer_email_to_the_person_stands_against_it(reviewer: User) -> None:
    message = rejected(reviewer)
    factories.held_email(message.lead)
    with pytest.raises(DecisionConflict, match="Another email to this person was opened"):
        undo.undo(message, 1, by(reviewer))
    still_rejected(message)


def test_one_opened_at_this_very_moment_stands_too(
    reviewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = rejected(reviewer)
    factories.held_email(message.lead)
    monkeypatch.setattr("outreach.review.undo_actions.other_open_email", lambda message: False)
    with pytest.raises(DecisionConflict, match="^Too late to undo. It is rejected by now.$"):
        undo.undo(message, 1, by(reviewer))
    still_rejected(message)


def test_whom_we_must_not_write_to_stays_rejected(reviewer: User) -> None:
    message = rejected(reviewer)
    suppression.suppress(message.to_address, "unsubscribed", "test", message.lead)
    with pytest.raises(DecisionConflict, match="This person is on a do-not-contact list by now.$"):
        undo.undo(message, 1, by(reviewer))
    still_rejected(message)


@pytest.mark.parametrize("status", ["held", "blocked", "sending", "sent", "uncertain", "expired"])
def test_what_nobody_decided_is_not_taken_back(reviewer: User, status: str) -> None:
    message = factories.held_email()
    Message.objects.filter(pk=message.pk).update(status=status)
    message.refresh_from_db()
    with pytest.raises(DecisionConflict) as refused:
        undo.undo(message, 1, by(reviewer))
    assert refused.value.refusal == Refusal.NOTHING_TO_UNDO
    assert Message.objects.get(pk=message.pk).status == status


def test_what_was_withdrawn_otherwise_stays_so(reviewer: User) -> None:
    message = review_actions.withdraw_email(factories.held_email(), by=reviewer)
    with pytest.raises(DecisionConflict, match="^Too late to undo. It is withdrawn by now.$"):
        undo.undo(message, 1, by(reviewer))
    assert Message.objects.get(pk=message.pk).status == Status.WITHDRAWN


def test_twice_is_once(reviewer: User) -> None:
    message = rejected(reviewer)
    stale = Message.objects.get(pk=message.pk)
    undo.undo(message, 1, by(reviewer))
    with pytest.raises(DecisionConflict):
        undo.undo(stale, 1, by(reviewer))
    assert (DecisionUndo.objects.count(), Move.objects.filter(why="rejection_undone").count()) == (
        1,
        1,
    )


def test_the_order_of_the_refusals() -> None:
    facts = {"may_decide": True, "status": "rejected", "current_version": 1, "version": 1}
    ended = {**facts, "is_ended_by_decision": True, "is_own": True, "is_in_time": True}
    assert find_undo_refusal(UndoFacts(**ended)) is None
    assert find_undo_refusal(UndoFacts(**{**facts, "status": "cleared"})) is None
    assert find_undo_refusal(UndoFacts(**facts)) == Refusal.NOTHING_TO_UNDO
    for change, refusal in (
        ({"may_decide": False}, Refusal.NO_PERMISSION),
        ({"is_own": False, "is_in_time": False}, Refusal.NOT_YOURS),
        ({"is_in_time": False, "version": 2}, Refusal.UNDO_OVER),
        ({"is_stopped": True, "is_replaced": True}, Refusal.STOPPED),
        ({"is_replaced": True}, Refusal.REPLACED),
        ({"version": 2}, Refusal.CHANGED),
    ):
        assert find_undo_refusal(UndoFacts(**{**ended, **change})) == refusal


# By the API


def ask(message: Message, key: str, version: int = 1) -> Any:
    return Client().post(
        f"/api/emails/{message.public_id}/undo",
        {"version": version},
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )


def test_a_key_takes_back_what_it_decided(reviewer: User) -> None:
    _, key = ApiKey.objects.create_key(name="nightly", scopes=["approvals:decide"])
    message = factories.held_email()
    decisions.reject(message, 1, by(None, "api", "key nightly"), tag="weak_subject", reason=REASON)
    answer = ask(message, key)
    assert (answer.status_code, answer.json()["status"]) == (200, "held")
    assert DecisionUndo.objects.get().by_name == "key nightly"


def test_a_key_does_not_take_back_a_persons_rejection(reviewer: User) -> None:
    _, key = ApiKey.objects.create_key(name="nightly", scopes=["approvals:decide"])
    message = rejected(reviewer)
    answer = ask(message, key)
    assert answer.status_code == 409
    assert "Only whoever decided can undo it." in answer.content.decode()
    still_rejected(message)


def test_a_key_without_the_scope_takes_nothing_back(reviewer: User) -> None:
    _, key = ApiKey.objects.create_key(name="reads", scopes=["messages:read"])
    message = rejected(reviewer)
    assert ask(message, key).status_code == 403
    still_rejected(message)


def test_the_api_asks_for_a_version(reviewer: User) -> None:
    _, key = ApiKey.objects.create_key(name="nightly", scopes=["approvals:decide"])
    message = rejected(reviewer)
    assert ask(message, key, 0).status_code == 400
    still_rejected(message)
