"""System status in counts, without personal data: for the status API, health and commands."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from approvals.queue import review_queue, what_waits
from caio_project.lib.db.caches import process_cache as cache
from caio_project.lib.vendor_access.access import sandboxed_vendors
from caio_project.lib.words.clock_words import stamp_words
from caio_project.operations import releases, sweeps
from leads.inbound import stuck_files
from leads.inbound.parked import UNMATCHED_ANSWERS
from leads.integrations import alarms
from leads.models import Enrichment, InboundEvent, Kind, Lead
from leads.scoring import assess
from metrics.overview import flow
from outreach.choices import BlockedBy
from outreach.limits import current_limits

RECENTLY_PARKED = timedelta(hours=1)
CACHE_SECONDS = 5
TOTALS, TOTAL_SECONDS = "queue-status-totals", 60


def queue_status() -> dict[str, Any]:
    found = cache.get("queue-status")
    if found is None:
        found = build_queue_status()
        cache.set("queue-status", found, CACHE_SECONDS)
    return found


def build_queue_status(now: datetime | None = None) -> dict[str, Any]:
    now = now or timezone.now()
    by_kind, limits = review_queue.count_by_kind_and_status(), current_limits.read_current(now)
    counts = review_queue.counts_from(by_kind)
    status: dict[str, Any] = {
        "shadow_mode_emails": {
            "total": counts.total,
            "pending": counts.pending,
            "approved": counts.approved,
            "rejected": counts.rejected,
        },
        "daily_limit": {
            "date": limits.day.isoformat(),
            "limit": limits.of_day.limit,
            "used": limits.of_day.used,
            "remaining": limits.of_day.left,
        },
    }
    if not settings.QUEUE_STATUS_DETAIL:
        return status
    waits, states = what_waits.what_waits(), sweeps.sweep_states(now)
    off = assess.switched_off_by()
    problems = _problems(now, waits, states, off)
    return status | {
        "phase": limits.phase,
        "halted": limits.halted,
        "sandbox": sandboxed_vendors(),
        "pipeline": _pipeline_counts(by_kind, waits, is_off=off is not None),
        "pipeline_healthy": not problems and not any(one.is_starting for one in states),
    }


def _pipeline_counts(
    by_kind: dict[tuple[str, str], int], waits: what_waits.WaitingWork, *, is_off: bool
) -> dict[str, Any]:
    messages = dict[str, int]()
    for (kind, status), n in by_kind.items():
        if kind != Kind.TRAINING:
            messages[status] = messages.get(status, 0) + n
    return {
        **_totals(),
        "events_waiting": InboundEvent.objects.filter(state=InboundEvent.State.WAITING).count(),
        "events_parked": waits.parked + waits.unmatched,
        "enrichment_waiting": Enrichment.objects.exclude(state=Enrichment.State.SETTLED).count(),
        "messages": messages,
        **flow.last_activity(),
        **({"intent_monitor": "off"} if is_off else {}),
        **({"waits": waits.as_status()} if waits.is_any or waits.unmatched else {}),
    }


def _totals() -> dict[str, int]:
    """Of tables that only grow: counting takes longer with each row, so they are kept a minute."""
    found: dict[str, int] | None = caches["default"].get(TOTALS)
    if found is None:
        leads = Lead.objects.exclude(kind=Kind.TRAINING)
        found = {"events_received": InboundEvent.objects.count(), "leads": leads.count()}
        caches["default"].set(TOTALS, found, TOTAL_SECONDS)
    return found


def pipeline_problems(
    now: datetime | None = None, states: list[sweeps.SweepState] | None = None
) -> list[str]:
    """Why the pipeline is not healthy, each a sentence; [] where it is, or is still starting.

    Healthy: beat and every sweep seen within five minutes, nothing overdue, nothing newly parked,
    nothing blocked by us, and not too much blocked by the data of persons.
    """
    now = now or timezone.now()
    states = sweeps.sweep_states(now) if states is None else states
    return _problems(now, what_waits.what_waits(), states, assess.switched_off_by())


def _problems(
    now: datetime,
    waits: what_waits.WaitingWork,
    states: list[sweeps.SweepState],
    off: assess.OffSwitch | None,
) -> list[str]:
    found = [one.sentence for one in states if not one.is_alive and not one.is_starting]
    if off:
        found.append(f"Scoring and drafting are off by {off}.")
    found += flow.stuck_stages(now)
    parked = parked_events().filter(received_at__gte=now - RECENTLY_PARKED).count()
    if parked:
        found.append(f"{parked} inbound events were parked in the last hour.")
    found += waits.sentences(BlockedBy.US)
    if waits.blocked_by(BlockedBy.PERSON):
        found += what_waits.problems_by_person_data(now)
    return found + spool_troubles()


def parked_events() -> QuerySet[InboundEvent]:
    """Parked for somebody to see to: without answers of Clay about nobody known here."""
    parked = InboundEvent.objects.filter(state=InboundEvent.State.PARKED)
    return parked.exclude(reason_code__in=UNMATCHED_ANSWERS)


def spool_troubles() -> list[str]:
    here = stuck_files.spool_status()
    return [
        *alarms.open_texts(stuck_files.PREFIX),
        *([] if here.is_in_order else [f"In the spool here: {here.text}"]),
    ]


@dataclass(frozen=True)
class HealthCheck:
    ok: bool
    text: str
    is_starting: bool = False  # not ok yet, and not late either


def health_checks(now: datetime | None = None) -> dict[str, HealthCheck]:
    now = now or timezone.now()
    checks = {"database": check_database()}
    if not checks["database"].ok:
        return checks
    states = sweeps.sweep_states(now)
    beat = states[0]
    checks["beat"] = HealthCheck(
        beat.is_alive, _seen_text(beat.seen_at, beat.is_starting), beat.is_starting
    )
    newest, alive = sweeps.newest_sign(now)
    starting = not alive and beat.is_starting
    checks["worker"] = HealthCheck(alive, _seen_text(newest, starting), starting)
    checks["pipeline"] = _check_pipeline(states, now)
    behind = releases.left_behind(now)
    checks["release"] = HealthCheck(not behind, behind or "every process runs the same release")
    return checks


def _check_pipeline(states: list[sweeps.SweepState], now: datetime) -> HealthCheck:
    problems = pipeline_problems(now, states=states)
    waiting = [one.sentence for one in states if one.is_starting]
    return HealthCheck(
        not problems and not waiting,
        " ".join([*problems, *waiting]) or "every sweep was seen and nothing is stuck",
        is_starting=not problems and bool(waiting),
    )


def _seen_text(at: datetime | None, is_starting: bool) -> str:
    seen = f"seen {stamp_words(at)}" if at else "never seen"
    return f"starting: {seen}" if is_starting else seen


def check_database() -> HealthCheck:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except Exception as error:
        return HealthCheck(False, type(error).__name__)
    return HealthCheck(True, connection.vendor)


def check_migrations() -> HealthCheck:
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return HealthCheck(
        not missing, f"{len(missing)} migrations missing" if missing else "up to date"
    )
