"""Compare people's decisions with what automatic approval would have done. Reads only.

An email counts once its decision can no longer be undone: the machine's verdict must not influence
somebody who may still decide.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from approvals.models import Decision, Verdict
from caio_project.lib.models import PersonalSettings
from outreach.choices import Phase
from outreach.lifecycle.transitions import UNDECIDED

AGREEMENT_WINDOW = timedelta(days=28)
APPROVED_VERDICTS = (Verdict.APPROVED, Verdict.WOULD_APPROVE)


@dataclass(frozen=True)
class Agreement:
    """Decisions of named people about live emails in 28 days, beside the machine of `phase`."""

    phase: Phase
    same: int
    edited: int  # it would have sent the draft, and a person changed it first
    rejected: int  # it would have sent it, and a person rejected it
    left_to_you: int  # it would have asked, and a person approved

    @property
    def decisions(self) -> int:
        return self.same + self.edited + self.rejected + self.left_to_you


def measure_agreement(phase: Phase, now: datetime) -> Agreement:
    """The newest decision about each email, beside the verdict stored for `phase`."""
    over = now - PersonalSettings.longest_undo_wait()
    made = Decision.objects.standing().filter(
        at__gt=now - AGREEMENT_WINDOW, at__lte=over, is_evidence=True
    )
    rows = made.exclude(message__status__in=UNDECIDED).order_by("pk").select_related("message")
    newest = {row.message_id: row for row in rows}.values()
    found = Counter(_compare_decision(row, phase) for row in newest)
    return Agreement(phase, found["same"], found["edited"], found["rejected"], found["left_to_you"])


def _compare_decision(decision: Decision, phase: Phase) -> str:
    would_send = decision.message.verdicts.get(phase.value, {}).get("machine_approves", False)
    approved = decision.verdict in APPROVED_VERDICTS
    if would_send and approved and decision.edited:
        return "edited"
    if would_send == approved:
        return "same"
    return "rejected" if would_send else "left_to_you"
