"""The state of the product as gauges for Prometheus, read from rows when they are asked for.

The rows hold it for every process, so each web process gives the same answer and nothing is lost
with a restart. Counts only: no name, address or text.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.conf import settings
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from approvals.queue import review_queue, what_waits
from caio_project.lib.models import Heartbeat
from caio_project.lib.running_commit import running_commit
from caio_project.lib.vendor_access.access import is_sandboxed
from caio_project.operations import status
from leads.enrichment import submission_budget
from leads.integrations import alarms
from leads.models import Breaker, Kind
from metrics.overview import flow
from outreach.choices import Phase, Status
from outreach.control import phase
from outreach.limits import current_limits


class RowCollector(Collector):
    """Reads every gauge anew for each scrape."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        now = timezone.now()
        yield from _process_gauges(now)
        yield from _stage_gauges(now)
        yield from _email_gauges()
        yield from _control_gauges(now)
        yield from _vendor_gauges()

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing is read when the collector is registered."""
        return []


def exposition() -> bytes:
    """All gauges in Prometheus' text format. Raises DatabaseError where rows cannot be read."""
    registry = CollectorRegistry()
    registry.register(RowCollector())
    return generate_latest(registry)


def _gauge(
    name: str, text: str, label: str, values: Iterable[tuple[str, float | None]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"caio_{name}", text, labels=[label])
    for key, value in values:
        if value is not None:
            family.add_metric([key], value)
    return family


def _plain(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"caio_{name}", text, value=value)


def _stamp(at: datetime | None) -> float | None:
    return at.timestamp() if at else None


def _process_gauges(now: datetime) -> Iterator[GaugeMetricFamily]:
    commit = running_commit()
    yield _gauge("release_info", "1 for the commit that answers.", "commit", [(commit, 1)])
    beats = list(Heartbeat.objects.order_by("name"))  # raises where rows cannot be read
    checks = status.health_checks(now)
    yield _plain(
        "release_left_behind",
        "1 where a process still runs an older release.",
        float(not checks["release"].ok),
    )
    yield _gauge(
        "healthy",
        "1 where the check of /api/health passes or is starting.",
        "check",
        [(name, float(one.ok or one.is_starting)) for name, one in checks.items()],
    )
    yield _gauge(
        "sweep_seen_timestamp_seconds",
        "When a sweep last ended well.",
        "sweep",
        [(one.name, _stamp(one.seen_at)) for one in beats],
    )
    yield _gauge(
        "sweep_worked_timestamp_seconds",
        "When a sweep last had something to do.",
        "sweep",
        [(one.name, _stamp(one.worked_at)) for one in beats],
    )


def _stage_gauges(now: datetime) -> Iterator[GaugeMetricFamily]:
    stages = flow.flow_stages(now)
    yield _gauge(
        "stage_today",
        "What a stage let through on the team's day.",
        "stage",
        [(one.code, one.count) for one in stages],
    )
    yield _gauge(
        "stage_waiting",
        "What waits at a stage.",
        "stage",
        [(one.code, one.waiting) for one in stages],
    )
    yield _gauge(
        "stage_oldest_timestamp_seconds",
        "Since when the oldest at a stage waits; absent where nothing waits.",
        "stage",
        [(one.code, _stamp(one.oldest_at)) for one in stages],
    )
    yield _gauge(
        "last_timestamp_seconds",
        "When an event was last received and an email last sent.",
        "what",
        [
            (name.removeprefix("last_").removesuffix("_at"), _stamp(at))
            for name, at in flow.last_activity().items()
        ],
    )


def _email_gauges() -> Iterator[GaugeMetricFamily]:
    by_status = dict.fromkeys(Status.values, 0)
    for (kind, state), count in review_queue.count_by_kind_and_status().items():
        by_status[state] += count if kind != Kind.TRAINING else 0
    yield _gauge("emails", "Emails by status, without training.", "status", by_status.items())
    yield _plain("emails_overdue", "Held emails past their due time.", review_queue.count_overdue())
    yield _gauge(
        "waits_outside_queue",
        "What waits and is not in the review queue, by cause.",
        "cause",
        what_waits.what_waits().as_counts().items(),
    )


def _control_gauges(now: datetime) -> Iterator[GaugeMetricFamily]:
    row = phase.current_control()
    limits = current_limits.read_limits(row, now)
    yield _gauge(
        "phase",
        "1 for the phase that is enforced.",
        "phase",
        [(name, float(name == row.phase)) for name in Phase.values],
    )
    yield _plain("halted", "1 while sending is halted.", float(limits.halted))
    yield _gauge(
        "sandboxed",
        "1 for a vendor that is not connected.",
        "vendor",
        [(name, float(is_sandboxed(name))) for name in sorted(settings.VENDOR_SETTINGS)],
    )
    yield _plain("sends_limit", "Emails that may be sent on the team's day.", limits.of_day.limit)
    yield _plain("sends_used", "Slots of the day that were claimed.", limits.of_day.used)


def _vendor_gauges() -> Iterator[GaugeMetricFamily]:
    yield _plain("alarms_open", "Alarms that are open.", len(alarms.open_keys("")))
    yield _gauge(
        "breaker_open",
        "1 where calls to a vendor are held back after failures.",
        "vendor",
        [(one.vendor, float(one.opened_at is not None)) for one in Breaker.objects.all()],
    )
    yield _plain(
        "clay_submissions_used",
        "Records that Clay's webhook has taken of its lifetime's 50,000.",
        submission_budget.submissions_used(),
    )
