"""Adding and ending rules of automatic approval, each with who, when and why."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from outreach.auto_approval import eligibility
from outreach.choices import MoveCode, Status
from outreach.control import phase, segment_rules
from outreach.drafting import drafts
from outreach.lifecycle.transitions import StaleMessage
from outreach.models import ApprovalRule, Message

WHAT = "approval_rule"


class RuleRefused(Exception):
    """The rule was not stored or ended; `field` names the wrong input, "" where none is."""

    def __init__(self, text: str, field: str = ""):
        super().__init__(text)
        self.text, self.field = text, field


def add_rule(rule: ApprovalRule, *, by: Any, reason: str) -> ApprovalRule:
    """Store `rule` and return to the queue what the machine approved and may not approve any more.

    Raises RuleRefused; then nothing was stored.
    """
    if segment_rules.as_segment_rule(rule).is_empty:
        raise RuleRefused("Fill in a condition. To leave every email to people, turn it off.")
    with transaction.atomic():
        row = phase.lock_control()
        if ApprovalRule.objects.filter(name=rule.name).exists():
            raise RuleRefused("There is a rule of that name, maybe one that was ended.", "name")
        rule.created_by = phase.actor_name(by)
        rule.save(force_insert=True)
        phase.log_change(WHAT, "none", "in use", by, f"“{rule.name}”: {reason}")
    now = timezone.now()
    for message in Message.objects.filter(status=Status.CLEARED, by_machine=True):
        if eligibility.why_approval_lapsed(message, row, now):
            _hold_again(message)
    return rule


def end_rule(rule: ApprovalRule, *, by: Any, reason: str) -> None:
    """Raises RuleRefused where it was ended before."""
    with transaction.atomic():
        phase.lock_control()
        if not ApprovalRule.objects.filter(pk=rule.pk, ended_at=None).update(
            ended_at=timezone.now()
        ):
            raise RuleRefused("It was ended before.")
        phase.log_change(WHAT, "in use", "ended", by, f"“{rule.name}”: {reason}")


def _hold_again(message: Message) -> None:
    try:
        drafts.hold_for_review(message, MoveCode.MACHINE_RETURNED)
    except StaleMessage:
        pass  # it is being sent, and the final checks ask for the rules again
