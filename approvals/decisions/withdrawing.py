"""Withdrawing an approved email that has not left, by a person."""

from approvals.decisions import claims, decisions, refusal_words
from approvals.decisions.decisions import Decider, DecisionConflict, DecisionRefused
from approvals.decisions.judgement import Action, Refusal
from outreach.lifecycle.transitions import IllegalMove, StaleMessage
from outreach.models import Message
from outreach.review import review_actions


def withdraw(message: Message, version: int, decider: Decider) -> Message:
    """Raises DecisionConflict or DecisionRefused; then nothing has changed."""
    refusal = decisions.find_refusal(Action.WITHDRAW, message, version, decider)
    if refusal is not None:
        raise _refused_as(refusal, message, decider)
    try:
        return review_actions.withdraw_email(message, by=decider.user)
    except (StaleMessage, IllegalMove) as error:
        current = Message.objects.get(pk=message.pk)
        raise _refused_as(Refusal.NOT_WAITING, current, decider) from error


def _refused_as(refusal: Refusal, message: Message, decider: Decider) -> DecisionRefused:
    claim = claims.colleague_claim(message, decider.user)
    text = refusal_words.withdraw_refusal_sentence(refusal, message, claim)
    if refusal in decisions.CONFLICTS:
        return DecisionConflict(text, message, refusal)
    return DecisionRefused(text, refusal=refusal)
