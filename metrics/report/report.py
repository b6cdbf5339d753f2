"""What the report says: the evaluation on record, the month, the machine, and the incidents."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from caio_project.lib import calendar
from metrics.digests import digest_content
from metrics.figures.reading import Bucket, FigureRow, days_to_compute, read_figures
from metrics.gates import gate_evaluation, gate_words
from metrics.gates.gate import Evaluation
from metrics.incidents.incident_page import ShownIncident
from metrics.models import GateEvaluation, Incident
from metrics.performance import target_rows
from metrics.promotion import phase_page
from outreach.control import phase
from outreach.models import Control, ControlChange

MOST_INCIDENTS = 5  # more are counted, so that the report stays one page
MOST_CHANGES = 3


@dataclass(frozen=True)
class Period:
    """Days of the team's calendar, both included."""

    start: date
    end: date

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """The first moment, and the first after it."""
        zone = ZoneInfo(settings.TEAM_TIME_ZONE)
        first, after = self.start, self.end + timedelta(days=1)
        return datetime.combine(first, time(), zone), datetime.combine(after, time(), zone)


def usual_period() -> Period:
    today = calendar.team_day(timezone.now(), settings.TEAM_TIME_ZONE)
    return Period(today.replace(day=1), today)


def report_context(period: Period) -> dict[str, Any]:
    now, control = timezone.now(), phase.current_control()
    since, until = period.bounds
    row = newest_evaluation(control)
    found = incidents_of(since, until)
    return {
        "period": period,
        "made_at": now,
        "company": settings.SENDER_COMPANY,
        "control": control,
        "limits": phase.phase_limits(control),
        "on_record": row,
        "evaluation": phase_page.show_evaluation(read_evaluation(row)) if row else None,
        "targets": target_rows.show_targets(now),
        "decided": digest_content.read_decisions(since, until),
        "override": override_words(period),
        "incidents": [ShownIncident(one) for one in found[:MOST_INCIDENTS]],
        "more_incidents": max(0, len(found) - MOST_INCIDENTS),
        "incident_count": len(found),
        "open_count": sum(one.closed_at is None for one in found),
        "changes": list(_changes_of(since, until)),
        "to_compute": days_to_compute(period.start, period.end),
    }


def newest_evaluation(control: Control) -> GateEvaluation | None:
    """The newest on record into the next phase; what a sign-off binds to is its number."""
    target = gate_evaluation.next_target()
    return GateEvaluation.objects.filter(target=target).order_by("-pk").first() if target else None


def read_evaluation(row: GateEvaluation) -> Evaluation:
    gates = tuple(gate_words.read_stored_gate(stored) for stored in row.gates)
    return Evaluation(row.target, row.at, row.verdict, gates)


def incidents_of(since: datetime, until: datetime) -> list[Incident]:
    """Those that stand for themselves and were open at any time of the period; open ones first."""
    rows = Incident.objects.filter(parent=None, opened_at__lt=until)
    found = rows.filter(Q(closed_at=None) | Q(closed_at__gte=since)).select_related("parent")
    return sorted(found, key=lambda one: (one.closed_at is not None, -one.opened_at.timestamp()))


def override_words(period: Period) -> str:
    """The override rate of the period with its range; "" where nothing was re-read."""
    (row,) = read_figures(["override_rate"], period.start, period.end, bucket=Bucket.WHOLE)
    return _share_words(row) if row.sample else ""


def _share_words(row: FigureRow) -> str:
    of = f"{row.numerator:.0f} of {row.sample}"
    if row.value is None or not row.is_enough:
        return f"{of}; a rate needs {row.definition.needed}"
    low, high = row.interval or (0.0, 1.0)
    return f"{row.value * 100:.1f} % ({of}; 95 % range {low * 100:.1f} to {high * 100:.1f} %)"


def _changes_of(since: datetime, until: datetime) -> Any:
    rows = ControlChange.objects.filter(at__gte=since, at__lt=until, what="phase")
    return rows.order_by("-pk")[:MOST_CHANGES]
