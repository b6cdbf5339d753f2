"""Whether what became of an email is what was decided about it."""

from approvals.models import Decision, Verdict
from outreach.choices import Status
from outreach.lifecycle.transitions import APPROVED
from outreach.models import Message

OUTCOMES: dict[str, tuple[Status, ...]] = {
    Verdict.APPROVED: APPROVED,
    Verdict.WOULD_APPROVE: (Status.WITHDRAWN,),
    Verdict.REJECTED: (Status.REJECTED,),
    Verdict.WOULD_REJECT: (Status.REJECTED,),
}


def decision_in_force(message: Message) -> Decision | None:
    """The last decision; None where the email waits again, or ended in another way since."""
    last = message.decisions.last_standing()
    return last if last is not None and is_in_force(last, message) else None


def is_in_force(decision: Decision, message: Message) -> bool:
    return message.status in OUTCOMES[decision.verdict]


def is_approved_by_machine(message: Message) -> bool:
    return message.by_machine and message.status in APPROVED
