"""What stands still: queues, sweeps, figures, and what waits for people. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from metrics.incident_codes import Action, Cause
from metrics.incidents.findings import Finding

ENRICHED = "enriched"  # the stage that waits for Clay
AGEING_LEAST = 5  # overdue emails; one that is late has its own escalation
FIGURE_LATE = timedelta(hours=26)  # of what is computed once a day
READING_LATE = timedelta(hours=1)  # of what is read from GoHighLevel every few minutes
ROUND_LATE = timedelta(hours=1)  # of the daily figures, whose rounds are minutes apart


def stuck_queues(stuck_since: Mapping[str, datetime], now: datetime) -> list[Finding]:
    """Stages where a machine's work waits for too long, with since when by stage."""
    minutes = {stage: _minutes(now - since) for stage, since in sorted(stuck_since.items())}
    found = []
    if ENRICHED in minutes:
        mark = (f"{ENRICHED}:{stuck_since[ENRICHED].isoformat()}",)
        evidence = {"stages": {ENRICHED: minutes.pop(ENRICHED)}}
        found.append(Finding(Cause.ENRICHMENT_STALLED, mark, evidence, action=Action.FELL_BACK))
    if minutes:
        marks = tuple(f"{stage}:{stuck_since[stage].isoformat()}" for stage in minutes)
        found.append(Finding(Cause.WORK_STUCK, marks, {"stages": minutes}))
    return found


def _minutes(waited: timedelta) -> int:
    return int(waited.total_seconds() // 60)


@dataclass(frozen=True)
class ReviewFacts:
    """What waits for a decision. `oldest_due` is of the email that is late for longest."""

    waiting: int
    overdue: int
    oldest_due: datetime | None


def ageing_reviews(facts: ReviewFacts, now: datetime) -> list[Finding]:
    """At least five emails are overdue, and at least half of all that wait."""
    if facts.overdue < AGEING_LEAST or 2 * facts.overdue < facts.waiting:
        return []
    if facts.oldest_due is None:
        return []
    evidence = {
        "waiting": facts.waiting,
        "overdue": facts.overdue,
        "late_minutes": _minutes(now - facts.oldest_due),
    }
    mark = (f"due:{facts.oldest_due.isoformat()}",)
    return [Finding(Cause.APPROVALS_AGEING, mark, evidence, action=Action.SHED_LOW)]


def stopped_sweeps(last_seen: Mapping[str, datetime | None]) -> list[Finding]:
    """`last_seen` has the sweeps that are late, by their own rule."""
    if not last_seen:
        return []
    marks = tuple(
        f"{name}:{at.isoformat() if at else 'never'}" for name, at in sorted(last_seen.items())
    )
    evidence = {"sweeps": sorted(last_seen), "count": len(last_seen)}
    return [Finding(Cause.SWEEPS_STOPPED, marks, evidence)]


@dataclass(frozen=True)
class FigureFact:
    """When a figure was last computed. `since` is when there was first something to compute."""

    name: str
    computed_at: datetime | None
    since: datetime
    late_after: timedelta
    failures: int = 0  # in a row


def stopped_figures(facts: list[FigureFact], now: datetime) -> list[Finding]:
    late = [one for one in facts if now - (one.computed_at or one.since) > one.late_after]
    if not late:
        return []
    marks = tuple(f"{one.name}:{(one.computed_at or one.since).isoformat()}" for one in late)
    minutes = {one.name: _minutes(now - (one.computed_at or one.since)) for one in late}
    return [Finding(Cause.FIGURES_STOPPED, marks, {"figures": minutes})]
