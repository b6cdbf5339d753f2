"""What opens, folds, changes and closes, from what is open and what was found. Pure."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from metrics.incident_codes import EXPLAINED_BY, Cause
from metrics.incidents.findings import Finding, Key

# A child that outlives what explained it is given so long to end as well.
CHILD_MAY_OUTLIVE = timedelta(minutes=15)
# What comes back sooner is the same incident: nobody is told anew.
REOPENS_WITHIN = timedelta(minutes=30)


@dataclass(frozen=True)
class OpenIncident:
    """An incident as the plan needs it. `parent_closed_at` is None while the parent is open."""

    key: Key
    marks: Set[str]
    action: str
    parent: Key | None = None
    parent_closed_at: datetime | None = None

    @property
    def has_orphaned(self) -> bool:
        return self.parent is not None and self.parent_closed_at is not None


class Step(StrEnum):
    OPEN = "open"
    UPDATE = "update"
    REFRESH = "refresh"
    FOLD = "fold"
    UNFOLD = "unfold"
    CLOSE = "close"


@dataclass(frozen=True)
class PlannedStep:
    step: Step
    key: Key
    finding: Finding | None = None
    parent: Key | None = None


def plan_steps(
    findings: Iterable[Finding],
    incidents: Iterable[OpenIncident],
    cleared: Mapping[Key, Set[str]],
    unseen: Set[Cause],
    now: datetime,
) -> list[PlannedStep]:
    """The steps in order: parents open before their children.

    `cleared` has the marks that people have cleared; `unseen` are causes of which nothing is known
    now, so that nothing about them is closed.
    """
    known = {one.key: one for one in incidents}
    found = {
        one.key: one
        for one in merged_findings(findings)
        if one.key in known or not set(one.marks) <= cleared.get(one.key, frozenset())
    }
    ending = [key for key in known if key not in found and Cause(key[0]) not in unseen]
    standing = [key for key in {**found, **known} if key not in ending]
    steps = [
        step
        for one in _parents_first(found.values())
        for step in _steps_of(one, known.get(one.key), find_parent(one.key, standing), now)
    ]
    return steps + [PlannedStep(Step.CLOSE, key) for key in ending]


def merged_findings(findings: Iterable[Finding]) -> list[Finding]:
    """One finding for each key: several sources may see one cause."""
    merged: dict[Key, Finding] = {}
    for one in findings:
        before = merged.get(one.key)
        merged[one.key] = one if before is None else _merge(before, one)
    return list(merged.values())


def _merge(first: Finding, second: Finding) -> Finding:
    return Finding(
        first.cause,
        tuple(dict.fromkeys([*first.marks, *second.marks])),
        {**second.evidence, **first.evidence},
        first.subject,
        first.action,
        (*first.alarms, *second.alarms),
    )


def find_parent(key: Key, standing: Iterable[Key]) -> Key | None:
    """The incident or finding that explains this one, the most general first."""
    by_cause: dict[str, Key] = {}
    for other in standing:
        by_cause.setdefault(other[0], other)
    parents = EXPLAINED_BY.get(Cause(key[0]), ())
    return next((by_cause[cause.value] for cause in parents if cause.value in by_cause), None)


def _parents_first(findings: Iterable[Finding]) -> list[Finding]:
    depth: dict[Cause, int] = {}

    def depth_of(cause: Cause) -> int:
        if cause not in depth:
            depth[cause] = 1 + max(map(depth_of, EXPLAINED_BY.get(cause, ())), default=0)
        return depth[cause]

    return sorted(findings, key=lambda one: depth_of(one.cause))


def _steps_of(
    finding: Finding, known: OpenIncident | None, parent: Key | None, now: datetime
) -> list[PlannedStep]:
    if known is None:
        return [PlannedStep(Step.OPEN, finding.key, finding, parent)]
    steps = []
    if parent is not None and (known.parent != parent or known.has_orphaned):
        steps.append(PlannedStep(Step.FOLD, finding.key, finding, parent))
    elif parent is None and _stands_alone(known, finding, now):
        steps.append(PlannedStep(Step.UNFOLD, finding.key, finding))
    is_new = not set(finding.marks) <= known.marks or finding.action != known.action
    steps.append(PlannedStep(Step.UPDATE if is_new else Step.REFRESH, finding.key, finding))
    return steps


def _stands_alone(known: OpenIncident, finding: Finding, now: datetime) -> bool:
    """Whether what explained it is over for long, or there is new evidence since."""
    if known.parent is None or known.parent_closed_at is None:
        return False
    has_new = not set(finding.marks) <= known.marks
    return has_new or now - known.parent_closed_at >= CHILD_MAY_OUTLIVE
