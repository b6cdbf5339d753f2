"""Who puts an email off, until when, and who brings it back early."""

from datetime import date
from typing import Any

from django.db import transaction

from approvals.decisions import claims, decisions
from approvals.decisions.decisions import Decider, DecisionRefused
from approvals.decisions.judgement import Action
from approvals.models import Snooze
from outreach.lifecycle.transitions import StaleMessage
from outreach.models import Message
from outreach.review import snooze as snooze_times

BAD_DAY = f"Choose a day after today, at most {snooze_times.MOST_DAYS} days ahead."

ALREADY_BACK = "It is back in the queue already. Nothing was changed."


def snooze(message: Message, version: int, day: date, user: Any) -> Message:
    """Raises DecisionConflict or DecisionRefused; then nothing has changed."""
    decisions.require_decision(Action.SNOOZE, message, version, Decider(user, "desk"))
    if not snooze_times.is_snoozable_until(day):
        raise DecisionRefused(f"Not snoozed. {BAD_DAY}", "day")
    until = snooze_times.start_of_work(day)
    with transaction.atomic():
        put_off = _set(lambda: snooze_times.snooze_email(message, version, until=until))
        Snooze.objects.create(message=put_off, by=user, until=until)
    claims.release_claim(put_off, user)
    return put_off


def bring_back(message: Message, version: int, user: Any) -> Message:
    """Raises DecisionConflict or DecisionRefused; then nothing has changed."""
    decisions.require_decision(Action.SNOOZE, message, version, Decider(user, "desk"))
    if not snooze_times.is_snoozed(message):
        raise DecisionRefused(ALREADY_BACK)
    with transaction.atomic():
        returned = _set(lambda: snooze_times.bring_back(message, version))
        Snooze.objects.create(message=returned, by=user, until=None)
    return returned


def _set(act: Any) -> Message:
    try:
        done: Message = act()
    except StaleMessage as error:
        text = "It was decided or changed meanwhile. Nothing was snoozed."
        raise DecisionRefused(text) from error
    return done
