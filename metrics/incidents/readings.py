"""What the detectors are given: facts from the rows, each read as seldom as it may change.

A reading that fails, or that says nothing now, leaves what it found before as it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Min
from django.utils import timezone

from approvals.queue import review_queue
from caio_project.lib import calendar
from caio_project.lib.models import ApiKey, Heartbeat
from caio_project.lib.vendor_access.access import is_sandboxed, vendor_value
from leads.integrations import vendor_clocks
from leads.models import GhlTokens
from metrics.evidence import reply_cohorts
from metrics.evidence.reply_rules import RIPE_AFTER
from metrics.gates import gate_measures
from metrics.incident_codes import Cause, ClosedAs
from metrics.incidents.detectors import access, rates, work
from metrics.incidents.detectors.work import FigureFact
from metrics.incidents.findings import Finding
from metrics.models import DetectorState, FigureProgress, GateEvaluation, Incident
from metrics.overview import flow
from outreach.control import phase
from outreach.feedback.polling_stages import STAGES
from outreach.limits import team_calendar
from outreach.models import SyncCursor
from outreach.sending import ghl_outage

REPLIES_SINCE = timedelta(days=180)
SETTLES_WITHIN = timedelta(minutes=10)  # after a start old work is caught up with
KEY_IN_USE = timedelta(days=30)


class NothingToSay(Exception):
    """What was found before stands: nothing can be said now."""


@dataclass(frozen=True)
class Reading:
    every: timedelta
    look: Callable[[datetime], list[Finding]]
    causes: frozenset[Cause]


def read_queues(now: datetime) -> list[Finding]:
    _require_settled(now)
    return work.stuck_queues(flow.stuck_since_by_stage(now), now)


def read_reviews(now: datetime) -> list[Finding]:
    late = review_queue.overdue_messages().order_by()
    overdue = late.count()
    if overdue < work.AGEING_LEAST:
        return []
    if not team_calendar.load_calendar().is_open(now):
        raise NothingToSay
    oldest = late.aggregate(at=Min("due_at"))["at"]
    waiting = review_queue.waiting_messages().count()
    return work.ageing_reviews(work.ReviewFacts(waiting, overdue, oldest), now)


def read_figures(now: datetime) -> list[Finding]:
    _require_settled(now)
    figures = [*_gate_figures(), *_daily_figures(), *_polled_figures(), *_own_figures(now)]
    return work.stopped_figures(figures, now)


def _gate_figures() -> list[FigureFact]:
    newest = GateEvaluation.objects.order_by("-pk").values_list("at", flat=True).first()
    since = phase.current_control().phase_since
    return [FigureFact("gates", newest, since, work.FIGURE_LATE)]


def _daily_figures() -> list[FigureFact]:
    """The counts of days: every round has failed, or none was made, since the newest good one."""
    done = FigureProgress.objects.filter(id=1).values_list("completed_at", flat=True).first()
    if done is None:  # the release before noted no rounds
        sweeps = Heartbeat.objects.filter(name="metrics.roll_up_figures")
        done = sweeps.values_list("seen_at", flat=True).first()
    return [FigureFact("daily figures", done, phase.current_control().phase_since, work.ROUND_LATE)]


def _polled_figures() -> list[FigureFact]:
    if is_sandboxed("ghl"):
        return []
    rows = SyncCursor.objects.filter(name__in=STAGES, polled_at__isnull=False)
    return [
        FigureFact(
            f"ghl {row.name}",
            row.polled_at,
            timezone.now(),
            max(flow.FRESH_WITHIN, 3 * STAGES[row.name].every),
        )
        for row in rows
    ]


def _own_figures(now: datetime) -> list[FigureFact]:
    """Detectors that end in an error each time."""
    failing = DetectorState.objects.filter(failures__gte=FAILURES_TO_SAY).order_by("name")
    return [
        FigureFact(f"detector {row.name}", row.looked_at, now - timedelta(hours=1), timedelta(0))
        for row in failing
    ]


def _require_settled(now: datetime) -> None:
    began = Heartbeat.objects.filter(name=Heartbeat.STARTED, seen_at__gt=now - SETTLES_WITHIN)
    if began.exists():
        raise NothingToSay


def read_ghl(now: datetime) -> list[Finding]:
    control = phase.current_control()
    return access.ghl_down(
        control.away_failures, ghl_outage.FAILURES_OF_ONE, control.away_until, now
    )


def read_clocks(now: datetime) -> list[Finding]:
    ahead = None if is_sandboxed("ghl") else vendor_clocks.seconds_ahead("ghl")
    clocks = {"database": seconds_database_ahead(), "ghl": ahead}
    return access.clocks_apart({name: one for name, one in clocks.items() if one is not None})


def seconds_database_ahead() -> float | None:
    """None on SQLite, which has no clock of its own."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (theirs,) = cursor.fetchone()
    return float((theirs - timezone.now()).total_seconds())


def read_tokens(now: datetime) -> list[Finding]:
    row = None if vendor_value("GHL_API_TOKEN") else GhlTokens.objects.exclude(refresh="").first()
    fact = (
        access.GhlTokenFact(row.generation, row.access_until, row.renewed_at, row.attempts)
        if row
        else None
    )
    keys = ApiKey.objects.filter(
        revoked=False, expiry_date__gt=now, last_used_at__gt=now - KEY_IN_USE
    ).filter(expiry_date__lte=now + access.KEY_ENDS_WITHIN)
    in_use = [access.KeyFact(key.prefix, key.expiry_date) for key in keys if key.expiry_date]
    return [*access.expiring_ghl_token(fact, now), *access.expiring_keys(in_use, now)]


def read_reply_rate(now: datetime) -> list[Finding]:
    since = max(now - REPLIES_SINCE, _cleared_at(Cause.REPLY_RATE) or now - REPLIES_SINCE)
    ripe = calendar.team_day(now, settings.TEAM_TIME_ZONE) - RIPE_AFTER
    people: dict[object, list[int]] = {}
    for cohort in reply_cohorts.count_cohorts(since, now):
        if cohort.emailed <= ripe:
            counts = people.setdefault(cohort.emailed, [0, 0])
            counts[0] += cohort.people if cohort.answered else 0
            counts[1] += cohort.people
    days = [rates.DayCount(day, *counts) for day, counts in sorted(people.items())]  # type: ignore
    return rates.falling_reply_rate(days)


def read_enrichment_rate(now: datetime) -> list[Finding]:
    since = _cleared_at(Cause.ENRICHMENT_RATE)
    gate = gate_measures.enrichment_rate(now, since)
    return rates.missed_gate(gate, Cause.ENRICHMENT_RATE, since.isoformat() if since else "")


def read_approval_latency(now: datetime) -> list[Finding]:
    since = _cleared_at(Cause.APPROVAL_LATENCY)
    gate = gate_measures.approval_latency(now, since)
    return rates.missed_gate(gate, Cause.APPROVAL_LATENCY, since.isoformat() if since else "")


def _cleared_at(cause: Cause) -> datetime | None:
    cleared = Incident.objects.filter(cause=cause, subject="", closed_as=ClosedAs.CLEARED)
    return cleared.order_by("-closed_at").values_list("closed_at", flat=True).first()


FAILURES_TO_SAY = 3
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
READINGS: Mapping[str, Reading] = {
    "ghl": Reading(MINUTE / 2, read_ghl, frozenset({Cause.GHL_DOWN})),
    "queues": Reading(MINUTE, read_queues, frozenset({Cause.WORK_STUCK, Cause.ENRICHMENT_STALLED})),
    "reviews": Reading(5 * MINUTE, read_reviews, frozenset({Cause.APPROVALS_AGEING})),
    "clocks": Reading(5 * MINUTE, read_clocks, frozenset({Cause.CLOCKS_APART})),
    "figures": Reading(5 * MINUTE, read_figures, frozenset({Cause.FIGURES_STOPPED})),
    "tokens": Reading(HOUR, read_tokens, frozenset({Cause.TOKEN_EXPIRING})),
    "reply_rate": Reading(HOUR, read_reply_rate, frozenset({Cause.REPLY_RATE})),
    "enrichment_rate": Reading(HOUR, read_enrichment_rate, frozenset({Cause.ENRICHMENT_RATE})),
    "approval_latency": Reading(HOUR, read_approval_latency, frozenset({Cause.APPROVAL_LATENCY})),
}
