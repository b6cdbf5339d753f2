"""Who caught which fault, and which good emails they rejected."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from approvals.models import Decision, Fault, TrainingEmail, Verdict
from caio_project.lib.models import PersonalSettings
from leads.models import Kind
from outreach.choices import Status
from outreach.control import phase
from outreach.lifecycle.transitions import UNDECIDED

REJECTED = (Verdict.REJECTED, Verdict.WOULD_REJECT)


@dataclass(frozen=True)
class Answer:
    """One decision about one email for practice."""

    message: Any
    fault: Fault
    is_rejected: bool
    tag: str
    at: datetime

    @property
    def is_right(self) -> bool:
        return self.is_rejected == (self.fault != Fault.NONE)


@dataclass
class Result:
    """What one person decided, the newest first."""

    name: str
    answers: list[Answer] = field(default_factory=list)

    @property
    def faulty(self) -> list[Answer]:
        return [one for one in self.answers if one.fault != Fault.NONE]

    @property
    def good(self) -> list[Answer]:
        return [one for one in self.answers if one.fault == Fault.NONE]

    @property
    def caught(self) -> list[Answer]:
        return [one for one in self.faulty if one.is_right]

    @property
    def missed(self) -> list[Answer]:
        return [one for one in self.faulty if not one.is_right]

    @property
    def good_rejected(self) -> list[Answer]:
        return [one for one in self.good if not one.is_right]

    @property
    def right(self) -> int:
        return sum(one.is_right for one in self.answers)


@dataclass(frozen=True)
class TrainingState:
    waiting: int
    results: list[Result]

    @property
    def is_over(self) -> bool:
        return self.waiting == 0 and bool(self.results)


def training_state(now: datetime | None = None) -> TrainingState:
    """A decision counts once it cannot be taken back: nobody mends it after seeing the answer."""
    over = (now or timezone.now()) - PersonalSettings.longest_undo_wait()
    made = Decision.objects.standing().filter(
        message__kind=Kind.TRAINING, by__isnull=False, at__lte=over
    )
    rows = made.exclude(message__status__in=UNDECIDED).order_by("pk")
    newest = {row.message_id: row for row in rows.select_related("message__lead", "by")}
    faults = dict(TrainingEmail.objects.filter(message__in=newest).values_list("message", "fault"))
    by_person: dict[str, Result] = {}
    for pk, row in sorted(newest.items(), key=lambda pair: -pair[1].pk):
        if pk in faults:
            name = phase.actor_name(row.by)
            result = by_person.setdefault(name, Result(name))
            result.answers.append(_answer(row, Fault(faults[pk])))
    waiting = TrainingEmail.objects.filter(message__status=Status.HELD).count()
    return TrainingState(waiting, sorted(by_person.values(), key=lambda one: one.name))


def _answer(row: Decision, fault: Fault) -> Answer:
    is_rejected = row.verdict in REJECTED
    return Answer(row.message, fault, is_rejected, row.get_tag_display(), row.at)
