"""A person writes to a colleague instead: who may, and what it does."""

from django.db import transaction

from approvals.decisions import claims, decisions
from approvals.decisions.decisions import Decider, DecisionConflict, DecisionRefused
from approvals.decisions.judgement import Action, Refusal
from outreach.lifecycle.transitions import StaleMessage
from outreach.models import Message
from outreach.review import colleague_swap


def write_instead(held: Message, version: int, on_hold: Message, decider: Decider) -> Message:
    """Put the text of `version` on hold and hold the colleague's email for review instead.

    Raises DecisionConflict or DecisionRefused; then nothing changed.
    """
    try:
        with transaction.atomic():
            held, on_hold = colleague_swap.lock_both(held, on_hold)
            decisions.require_decision(Action.WRITE_INSTEAD, held, version, decider)
            if claims.colleague_claim(on_hold, decider.user):
                raise decisions.refused_as(Refusal.CLAIMED, on_hold, decider)
            return colleague_swap.write_instead(held, on_hold, by=decider.user)
    except colleague_swap.SwapForbidden as error:
        raise DecisionRefused(f"Nothing was changed. {error}") from error
    except StaleMessage as error:
        current = Message.objects.get(pk=held.pk)
        raise DecisionConflict("Nothing was changed: somebody was first.", current) from error
