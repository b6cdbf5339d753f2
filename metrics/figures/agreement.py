"""Compare people's decisions with what automatic approval would have done. Reads only.

An email counts once its decision can no longer be undone: the machine's verdict must not influence
somebody who may still decide.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import QuerySet

from approvals.models import Decision, Verdict
from caio_project.lib.models import PersonalSettings
from outreach.choices import Phase
from outreach.lifecycle.transitions import UNDECIDED

AGREEMENT_WINDOW = timedelta(days=28)
APPROVED_VERDICTS = (Verdict.APPROVED, Verdict.WOULD_APPROVE)


class Outcome(StrEnum):
    SAME = "same"
    EDITED = "edited"  # it would have sent the draft, and a person changed it first
    REJECTED = "rejected"  # it would have sent it, and a person rejected it
    LEFT_TO_YOU = "left_to_you"  # it would have asked, and a person approved


@dataclass(frozen=True)
class ComparedDecision:
    """A person's decision beside the machine's stored verdict. `reasons` are the machine's."""

    decision: Decision
    outcome: Outcome
    would_send: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Agreement:
    """Decisions of named people about live emails in 28 days, beside the machine of `phase`."""

    phase: Phase
    same: int
    edited: int
    rejected: int
    left_to_you: int

    @property
    def decisions(self) -> int:
        return self.same + self.edited + self.rejected + self.left_to_you


def measure_agreement(phase: Phase, now: datetime) -> Agreement:
    return count_outcomes(phase, compare_decisions(phase, now))


def count_outcomes(phase: Phase, compared: list[ComparedDecision]) -> Agreement:
    found = Counter(one.outcome for one in compared)
    return Agreement(phase, *(found[outcome] for outcome in Outcome))


def compare_decisions(phase: Phase, now: datetime) -> list[ComparedDecision]:
    """The newest decision about each email beside the verdict stored for `phase`, newest first."""
    rows = decisions_made(now).filter(at__gt=now - AGREEMENT_WINDOW).order_by("pk")
    rows = rows.select_related("message__lead__company", "message__template", "reason")
    newest = {row.message_id: row for row in rows}.values()
    compared = [compare_decision(row, phase) for row in newest]
    return sorted(compared, key=lambda one: one.decision.pk, reverse=True)


def decisions_made(now: datetime) -> QuerySet[Decision]:
    """What people decided of emails that are decided still, and can no longer undo."""
    over = now - PersonalSettings.longest_undo_wait()
    made = Decision.objects.standing().filter(at__lte=over, is_evidence=True)
    return made.exclude(message__status__in=UNDECIDED)


def newest_decisions(start: datetime, end: datetime, now: datetime) -> list[Decision]:
    """The decisions from `start` to before `end` that are the newest about their email."""
    made = decisions_made(now)
    here = made.filter(at__gte=start, at__lt=end)
    later = made.filter(message__in=here.values("message")).order_by("pk")
    newest = dict(later.values_list("message", "pk"))
    return [one for one in here.select_related("message") if newest.get(one.message_id) == one.pk]


def compare_decision(decision: Decision, phase: Phase) -> ComparedDecision:
    stored = decision.message.verdicts.get(phase.value, {})
    would_send = stored.get("machine_approves", False)
    outcome = _outcome(decision, would_send)
    return ComparedDecision(decision, outcome, would_send, tuple(stored.get("reasons", ())))


def _outcome(decision: Decision, would_send: bool) -> Outcome:
    approved = decision.verdict in APPROVED_VERDICTS
    if would_send and approved and decision.edited:
        return Outcome.EDITED
    if would_send == approved:
        return Outcome.SAME
    return Outcome.REJECTED if would_send else Outcome.LEFT_TO_YOU
