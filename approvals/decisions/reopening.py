"""Reopening by a Lead: what was approved and has not left, was rejected, or has expired.

Only after the time to undo, with a reason that stays in the email's history.
"""

from dataclasses import replace

from django.db import transaction
from django.utils import timezone

from approvals.decisions import judgement, refusal_words
from approvals.decisions.decisions import Decider, DecisionConflict, DecisionRefused
from approvals.decisions.judgement import Refusal, ReopenFacts
from approvals.models import Decision, DecisionUndo
from caio_project.lib.models import PersonalSettings
from leads.models import Kind
from leads.suppression import suppression
from outreach.choices import Status
from outreach.control import phase
from outreach.lifecycle.transitions import IllegalMove, StaleMessage
from outreach.models import Message
from outreach.review import undo_actions

PERMISSION = "approvals.reopen"
MOST_CHARACTERS = 500


def reopen(message: Message, version: int, decider: Decider, *, reason: str) -> Message:
    """Have `message` decided again. Raises DecisionConflict or DecisionRefused; then nothing has
    changed.
    """
    if refusal := find_refusal(message, version, decider):
        raise _refused_as(refusal, message)
    reason = reason.strip()
    if not reason:
        raise DecisionRefused("Say why, in a few words. Nothing was changed.", "reason")
    if len(reason) > MOST_CHARACTERS:
        raise DecisionRefused(f"At most {MOST_CHARACTERS} characters.", "reason")
    taken_back = _decision_to_take_back(message)
    try:
        with transaction.atomic():
            reopened = undo_actions.reopen_email(message, by=decider.user, reason=reason)
            if taken_back is not None:
                name = decider.name or phase.actor_name(decider.user)
                DecisionUndo.objects.create(
                    decision=taken_back, by=decider.user, by_name=name, channel=decider.channel
                )
    except (StaleMessage, IllegalMove) as error:
        current = Message.objects.get(pk=message.pk)
        late = find_refusal(current, current.version, decider) or Refusal.CHANGED
        raise _refused_as(late, current) from error
    return reopened


def find_refusal(message: Message, version: int, decider: Decider) -> Refusal | None:
    return judgement.find_reopen_refusal(_load_facts(message, version, decider))


def may_reopen(message: Message, user: object) -> bool:
    return find_refusal(message, message.version, Decider(user, "desk")) is None


def _load_facts(message: Message, version: int, decider: Decider) -> ReopenFacts:
    user = decider.user
    facts = ReopenFacts(
        may_reopen=decider.by_key if user is None else user.has_perm(PERMISSION),
        status=message.status,
        current_version=message.version,
        version=version,
        is_practice=message.kind == Kind.TRAINING,
    )
    if not facts.may_reopen or message.status not in (
        Status.CLEARED,
        Status.REJECTED,
        Status.EXPIRED,
    ):
        return facts
    facts = replace(facts, can_be_undone=_can_be_undone(message))
    if message.status == Status.CLEARED:
        return facts
    ending = undo_actions.reopenable_move(message)
    was_held = ending is not None and ending.from_status == Status.HELD
    stop = suppression.find_stop(message.to_address, message.lead) if was_held else None
    return replace(
        facts,
        is_ended_here=ending is not None,
        is_replaced=undo_actions.other_open_email(message),
        is_stopped=stop is not None,
    )


def _can_be_undone(message: Message) -> bool:
    """Whether the time to undo of whoever decided still runs."""
    now = timezone.now()
    if message.status == Status.CLEARED:
        return message.waiting_for == "undo" and message.not_before > now
    decided = _decision_to_take_back(message)
    return decided is not None and now < decided.at + PersonalSettings.undo_wait_of(decided.by)


def _decision_to_take_back(message: Message) -> Decision | None:
    if message.status == Status.EXPIRED or message.by_machine:
        return None
    return message.decisions.last_standing()


def _refused_as(refusal: Refusal, message: Message) -> DecisionRefused:
    text = refusal_words.reopen_refusal_sentence(refusal, message)
    if refusal in refusal_words.REOPEN_CONFLICTS:
        return DecisionConflict(text, message, refusal)
    return DecisionRefused(text, refusal=refusal)
