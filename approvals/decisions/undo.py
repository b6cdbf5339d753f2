"""Taking a decision back: an approval until it leaves, a rejection for as long as an approval waits
to be undone.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from approvals.decisions import claims, decisions, judgement, refusal_words
from approvals.decisions.decisions import Decider, DecisionConflict, DecisionRefused
from approvals.decisions.judgement import Refusal, UndoFacts
from approvals.models import Decision, DecisionUndo, Verdict
from caio_project.lib.models import PersonalSettings
from caio_project.lib.nudge import nudge
from leads.suppression import suppression
from outreach.choices import Status
from outreach.control import phase
from outreach.lifecycle.transitions import IllegalMove, StaleMessage
from outreach.models import Message
from outreach.review import review_actions, undo_actions

MOST_SHOWN = 50
ENDS_AS: dict[str, str] = {
    Verdict.REJECTED: Status.REJECTED,
    Verdict.WOULD_REJECT: Status.REJECTED,
    Verdict.WOULD_APPROVE: Status.WITHDRAWN,
}
CONFLICTS = (*decisions.CONFLICTS, *refusal_words.UNDO_CONFLICTS)


@dataclass(frozen=True)
class UndoableDecision:
    """A decision that can still be taken back, and until when."""

    decision: Decision
    message: Message
    at: datetime

    @property
    def seconds(self) -> int:
        return max(0, round((self.at - timezone.now()).total_seconds()))

    @property
    def clock(self) -> str:
        return f"{self.seconds // 60}:{self.seconds % 60:02}"

    @property
    def is_approval(self) -> bool:
        return self.decision.verdict == Verdict.APPROVED


def undoable_decisions(user: Any) -> list[UndoableDecision]:
    """What this person decided and can take back now, newest first. A key's decisions are left
    out.
    """
    now, wait = timezone.now(), PersonalSettings.undo_wait_of(user)
    recent = Decision.objects.standing().filter(
        by=user, at__gte=now - wait - timedelta(minutes=1), version=F("message__version")
    )
    recent = recent.exclude(channel="api").select_related("message__lead").order_by("-pk")
    newest: dict[int, Decision] = {}
    for decision in recent:
        if _is_undoable(decision, now, wait):
            newest.setdefault(decision.message_id, decision)
    return [
        UndoableDecision(one, one.message, _until(one, wait))
        for one in list(newest.values())[:MOST_SHOWN]
    ]


def _is_undoable(decision: Decision, now: datetime, wait: timedelta) -> bool:
    """As a condition in SQL, PostgreSQL took 30 ms to plan it, for each page."""
    message = decision.message
    if decision.verdict == Verdict.APPROVED:
        stands = message.status == Status.CLEARED and message.waiting_for == "undo"
    else:
        stands = message.status == ENDS_AS.get(decision.verdict)
    return stands and _until(decision, wait) > now


def _until(decision: Decision, wait: timedelta) -> datetime:
    if decision.verdict == Verdict.APPROVED:
        return decision.message.not_before
    return decision.at + wait


def undo(message: Message, version: int, decider: Decider) -> Message:
    """Take the last decision about `message` back: it waits for a decision again.

    Raises DecisionConflict or DecisionRefused; then nothing has changed.
    """
    decided = message.decisions.last_standing()
    if refusal := judgement.find_undo_refusal(_undo_facts(message, version, decider, decided)):
        raise _refused_as(refusal, message)
    was_read = decider.user is not None and claims.has_read(message, decider.user, version)
    try:
        with transaction.atomic():
            nudge("approvals.update_cards")
            undone = _take_back(message, decider)
            if decided is not None and not message.by_machine:
                name = decider.name or phase.actor_name(decider.user)
                DecisionUndo.objects.create(
                    decision=decided, by=decider.user, by_name=name, channel=decider.channel
                )
    except (StaleMessage, IllegalMove) as error:
        current = Message.objects.get(pk=message.pk)
        raise DecisionConflict(refusal_words.undo_too_late(current), current) from error
    if was_read:
        claims.record_reading(undone, decider.user)  # the same words as a new version
    return undone


def _take_back(message: Message, decider: Decider) -> Message:
    if message.status == Status.CLEARED:
        return review_actions.undo_approval(message, by=decider.user)
    return undo_actions.restore_ended(message, by=decider.user)


def _undo_facts(
    message: Message, version: int, decider: Decider, decided: Decision | None
) -> UndoFacts:
    user = decider.user
    facts = UndoFacts(
        may_decide=user is None or user.has_perm("approvals.decide"),
        status=message.status,
        current_version=message.version,
        version=version,
    )
    ending = undo_actions.ending_move(message)
    if ending is None or decided is None:
        return facts
    is_stopped = ending.from_status == Status.HELD and _must_not_write(message)
    return replace(
        facts,
        is_ended_by_decision=True,
        is_own=decided.by == user and (user is not None or decided.by_name == decider.name),
        is_in_time=timezone.now() < decided.at + PersonalSettings.undo_wait_of(decided.by),
        is_replaced=undo_actions.other_open_email(message),
        is_stopped=is_stopped,
    )


def _must_not_write(message: Message) -> bool:
    return suppression.find_stop(message.to_address, message.lead) is not None


def _refused_as(refusal: Refusal, message: Message) -> DecisionRefused:
    text = refusal_words.undo_refusal_sentence(refusal, message)
    if refusal in CONFLICTS:
        return DecisionConflict(text, message, refusal)
    return DecisionRefused(text, refusal=refusal)
