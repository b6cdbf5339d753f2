"""Reopening: what comes back with which deadlines, who may, and every refusal."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from approvals.decisions import decisions, reopening
from approvals.decisions.decisions import Decider, DecisionConflict, DecisionRefused
from approvals.decisions.judgement import Refusal, ReopenFacts, find_reopen_refusal
from approvals.escalation import held_notices
from approvals.models import DecisionUndo
from caio_project.lib.models import ApiKey, PersonalSettings
from leads.suppression import suppression
from outreach.models import Message, MoveReason
from outreach.review import review_actions
from outreach.sending import send
from tests import factories
from tests.fakes.ghl import FakeGhl

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]
REASON = "The first line is about us, not about them."
WHY = "The customer asked for it on the phone."


@pytest.fixture(autouse=True)
def half_a_minute(settings: Any) -> None:
    settings.UNDO_SECONDS = 30


def by(user: User | None, name: str = "") -> Decider:
    return Decider(user, "desk", name)


def approved(user: User) -> Message:
    message = factories.held_email()
    return decisions.approve(message, message.version, by(user))


def rejected(user: User) -> Message:
    message = factories.held_email()
    return decisions.reject(message, message.version, by(user), tag="weak_subject", reason=REASON)


def expired(clock: Any) -> Message:
    message = factories.held_email()
    clock.shift(timedelta(days=6))
    assert review_actions.expire_due() == 1
    return Message.objects.get(pk=message.pk)


def reopen(message: Message, user: User | None) -> Message:
    return reopening.reopen(message, message.version, by(user), reason=WHY)


def refused(message: Message, user: User | None) -> Refusal | None:
    """Why it is not reopened; nothing changes."""
    before = Message.objects.get(pk=message.pk)
    moves = before.moves.count()
    with pytest.raises(DecisionRefused) as caught:
        reopen(message, user)
    now = Message.objects.get(pk=message.pk)
    assert (now.status, now.version, now.moves.count()) == (before.status, before.version, moves)
    assert not DecisionUndo.objects.exists()
    return caught.value.refusal


# What comes back


def test_an_approved_email_waits_again_and_is_not_sent(
    reviewer: User, lead_user: User, loose: None, settings: Any, clock: Any
) -> None:
    settings.UNDO_SECONDS = 30
    message = approved(reviewer)
    clock.shift(timedelta(seconds=31))
    reopened = reopen(message, lead_user)
    assert (reopened.status, reopened.transport, reopened.cleared_at) == ("held", "", None)
    send.send_due()
    assert Message.objects.get(pk=message.pk).status == "held"
    undo = DecisionUndo.objects.get()
    assert (undo.by, undo.decision.by) == (lead_user, reviewer)
    move = message.moves.latest("pk")
    assert (move.why, move.by) == ("reopened", lead_user)
    assert MoveReason.objects.get(move=move).text == WHY


@pytest.mark.parametrize("how", ["rejected", "expired"])
def test_what_had_ended_waits_again_with_new_deadlines_and_a_new_version(
    reviewer: User, lead_user: User, clock: Any, how: str
) -> None:
    message = rejected(reviewer) if how == "rejected" else expired(clock)
    clock.shift(timedelta(days=1))
    reopened = reopen(message, lead_user)
    assert (reopened.status, reopened.version) == ("held", 2)
    assert reopened.text and reopened.text.version == 2
    assert reopened.held_at and reopened.held_at >= timezone.now() - timedelta(minutes=1)
    assert reopened.expires_at and reopened.expires_at > timezone.now() + timedelta(days=2)
    assert review_actions.expire_due() == 0
    assert DecisionUndo.objects.count() == (1 if how == "rejected" else 0)
    assert not message.decisions.standing().exists()
    again = decisions.approve(reopened, 2, by(reviewer))
    assert again.status == "cleared"


def test_people_are_told_of_it_again(lead_user: User, reviewer: User, clock: Any) -> None:
    message = rejected(reviewer)
    clock.shift(timedelta(minutes=10))
    assert held_notices.create_held_notices() == 0
    reopen(message, lead_user)
    assert held_notices.create_held_notices() == 1


def test_a_blocked_draft_that_was_rejected_is_blocked_again(
    lead_user: User, reviewer: User, clock: Any
) -> None:
    message = factories.held_email()
    Message.objects.filter(pk=message.pk).update(status="blocked", error="A check did not pass.")
    message.refresh_from_db()
    message = decisions.reject(message, 1, by(reviewer), tag="weak_subject", reason=REASON)
    clock.shift(timedelta(minutes=1))
    assert reopen(message, lead_user).status == "blocked"


def test_what_the_machine_approved_is_reopened(lead_user: User, clock: Any) -> None:
    message = factories.cleared_email()
    Message.objects.filter(pk=message.pk).update(by_machine=True)
    message.refresh_from_db()
    reopened = reopen(message, lead_user)
    assert (reopened.status, reopened.by_machine) == ("held", False)
    assert not DecisionUndo.objects.exists()


# What is refused


@pytest.mark.parametrize("who", ["reviewer", "viewer", "nobody"])
def test_only_a_lead_reopens(reviewer: User, viewer: User, clock: Any, who: str) -> None:
    message = rejected(reviewer)
    clock.shift(timedelta(minutes=1))
    user = {"reviewer": reviewer, "viewer": viewer, "nobody": None}[who]
    assert refused(message, user) == Refusal.NOT_A_LEAD


@pytest.mark.parametrize("how", ["approved", "rejected"])
def test_not_while_whoever_decided_can_undo_it(
    reviewer: User, lead_user: User, clock: Any, how: str
) -> None:
    PersonalSettings.objects.create(user=reviewer, undo_seconds=120)
    message = approved(reviewer) if how == "approved" else rejected(reviewer)
    clock.shift(timedelta(seconds=119))
    assert refused(message, lead_user) == Refusal.UNDO_OPEN
    clock.shift(timedelta(seconds=2))
    assert reopen(message, lead_user).status == "held"


@pytest.mark.parametrize("status", ["sending", "sent", "uncertain", "failed"])
def test_never_once_a_send_has_begun(lead_user: User, status: str) -> None:
    message = factories.cleared_email()
    Message.objects.filter(pk=message.pk).update(status=status)
    message.refresh_from_db()
    assert refused(message, lead_user) == Refusal.SEND_BEGAN


def test_a_send_that_begins_at_this_moment_wins(lead_user: User) -> None:
    message = factories.cleared_email()
    Message.objects.filter(pk=message.pk).update(status="sending")
    assert refused(message, lead_user) == Refusal.SEND_BEGAN  # `message` still says cleared


@pytest.mark.parametrize("status", ["held", "blocked", "draft"])
def test_what_waits_is_not_reopened(lead_user: User, status: str) -> None:
    message = factories.held_email()
    Message.objects.filter(pk=message.pk).update(status=status)
    message.refresh_from_db()
    assert refused(message, lead_user) == Refusal.WAITS_ALREADY


def test_what_was_withdrawn_is_not_reopened(lead_user: User) -> None:
    message = review_actions.withdraw_email(factories.held_email(), by=lead_user)
    assert refused(message, lead_user) == Refusal.NOTHING_TO_UNDO


def test_not_while_another_email_to_the_person_is_open(
    lead_user: User, reviewer: User, clock: Any
) -> None:
    message = rejected(reviewer)
    clock.shift(timedelta(minutes=1))
    factories.held_email(message.lead)
    assert refused(message, lead_user) == Refusal.REPLACED


def test_not_for_somebody_we_must_not_write_to(lead_user: User, reviewer: User, clock: Any) -> None:
    message = rejected(reviewer)
    clock.shift(timedelta(minutes=1))
    suppression.suppress(message.to_address, "unsubscribed", "test", message.lead)
    assert refused(message, lead_user) == Refusal.STOPPED


def test_not_for_another_version(lead_user: User, reviewer: User, clock: Any) -> None:
    message = rejected(reviewer)
    clock.shift(timedelta(minutes=1))
    with pytest.raises(DecisionConflict, match="It is version 1 by now"):
        reopening.reopen(message, 7, by(lead_user), reason=WHY)


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_a_reason_is_needed(lead_user: User, reviewer: User, clock: Any, reason: str) -> None:
    message = rejected(reviewer)
    clock.shift(timedelta(minutes=1))
    with pytest.raises(DecisionRefused) as caught:
        reopening.reopen(message, 1, by(lead_user), reason=reason)
    assert caught.value.field == "reason"
    assert Message.objects.get(pk=message.pk).status == "rejected"


def test_the_rule_asks_in_this_order() -> None:
    facts = ReopenFacts(False, "sent", 1, 2)
    assert find_reopen_refusal(facts) == Refusal.NOT_A_LEAD
    assert find_reopen_refusal(ReopenFacts(True, "cleared", 1, 2)) == Refusal.CHANGED
    assert find_reopen_refusal(ReopenFacts(True, "cleared", 1, 1)) is None


# By the desk and the API


def test_the_desk_offers_it_to_a_lead_and_does_it(
    client: Client, lead_user: User, reviewer: User, clock: Any
) -> None:
    message = rejected(reviewer)
    url = f"/sales/queue/{message.public_id}"
    client.force_login(lead_user)
    assert "Reopen…" not in client.get(url).content.decode()
    clock.shift(timedelta(minutes=1))
    assert "Reopen…" in client.get(url).content.decode()
    answer = client.post(f"{url}/reopen", {"version": 1, "reason": ""})
    assert answer.status_code == 422 and "Say why, in a few words." in answer.content.decode()
    answer = client.post(f"{url}/reopen", {"version": 1, "reason": WHY}, follow=True)
    assert "It waits for a decision again." in answer.content.decode()
    assert WHY in answer.content.decode()
    again = client.post(f"{url}/reopen", {"version": 1, "reason": WHY})
    assert again.status_code == 409
    assert "It waits for a decision already" in again.content.decode()
    client.force_login(reviewer)
    assert client.post(f"{url}/reopen", {"version": 1, "reason": WHY}).status_code == 403


def test_the_api_reopens_in_a_leads_name(lead_user: User, reviewer: User, clock: Any) -> None:
    message = rejected(reviewer)
    clock.shift(timedelta(minutes=1))
    url = f"/api/emails/{message.public_id}/reopen"
    body = {"version": 1, "reason": WHY}

    def post(user: User | None, scope: str = "approvals:reopen", **more: Any) -> Any:
        _, secret = ApiKey.objects.create_key(name="k", scopes=[scope], user=user)
        headers = {"Authorization": f"Bearer {secret}"}
        return Client().post(url, {**body, **more}, "application/json", headers=headers)

    assert post(lead_user, "approvals:decide").status_code == 403
    assert post(reviewer).status_code == 403
    assert post(lead_user, reason="").status_code == 400
    assert Message.objects.get(pk=message.pk).status == "rejected"
    assert post(lead_user).json()["status"] == "held"
    assert post(lead_user).status_code == 409


def test_no_first_email_comes_back_for_who_got_another_since(
    ghl: FakeGhl, clock: Any, reviewer: User, lead_user: User
) -> None:
    """The other one is not open any more: it was sent."""
    first = rejected(reviewer)
    clock.shift(timedelta(minutes=11))
    Message.objects.create(
        lead=first.lead, transport="ghl", status="sent", sent_at=timezone.now(),
        to_address=first.to_address,
    )  # fmt: skip
    assert refused(Message.objects.get(pk=first.pk), lead_user) == Refusal.REPLACED


def test_a_follow_up_comes_back_although_its_thread_was_sent(
    clock: Any, reviewer: User, lead_user: User
) -> None:
    follow_up = rejected(reviewer)
    first = Message.objects.create(
        lead=follow_up.lead, transport="ghl", status="sent", sent_at=timezone.now(),
        to_address=follow_up.to_address,
    )  # fmt: skip
    Message.objects.filter(pk=follow_up.pk).update(step=2, follows=first)
    clock.shift(timedelta(minutes=11))
    assert reopen(Message.objects.get(pk=follow_up.pk), lead_user).status == "held"
