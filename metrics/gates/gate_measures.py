"""What each gate measures, from the rows as they are. No data is never a pass."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count

from caio_project.lib import calendar, statistics
from caio_project.lib.hours.business_calendar import MOST_DAYS
from metrics.figures.sources import decisions, vendors
from metrics.gates import override_gate, phase_gates, quality_gate, reply_gates
from metrics.gates.gate import (
    FAIL,
    INSUFFICIENT,
    Comparison,
    Gate,
    ReasonCode,
    SampleUnit,
    Scope,
    Threshold,
    Unit,
)
from metrics.health import domain_days
from metrics.overview import flow
from outreach.choices import Phase, Status, Transport
from outreach.control import phase
from outreach.guardrails.guardrail_counts import send_failures
from outreach.guardrails.guardrail_rules import HEALTH_ALERT, UNCERTAIN_TOO_LONG
from outreach.limits import sending_domains, team_calendar
from outreach.models import Message, SendIntent

HEALTHY_DAYS = 14
LEAST_SENDING_DAYS, MOST_SENDING_DAYS, LEAST_SENDS = 2, 7, 30


def enrichment_rate(now: datetime, since: datetime | None = None) -> Gate:
    """Requests settled in 14 days that gained a verified email, title or company field in 24 h.

    `since` leaves out what is older.
    """
    threshold = Threshold(Comparison.AT_LEAST, 0.30, Unit.SHARE)
    asked = vendors.settled_requests().filter(
        settled_at__gte=_window_start(now, since), settled_at__lte=now
    )
    rows = list(asked.values_list("gained", "created_at", "answered_at", "lead__email_verified"))
    gained = sum(vendors.has_gained(*row) for row in rows)
    gate = Gate(
        "enrichment rate",
        (threshold,),
        needed=50,
        window="14 days",
        value=gained / len(rows) if rows else None,
        unit=Unit.SHARE,
        interval=statistics.wilson_interval(gained, len(rows)),
        sample=len(rows),
        raw={"settled": len(rows), "gained": gained},
    )
    return gate.judge_sample(threshold.is_met_by(gate.value), SampleUnit.SETTLED_REQUESTS)


def _window_start(now: datetime, since: datetime | None) -> datetime:
    start = now - timedelta(days=14)
    return max(start, since) if since else start


def pipeline_connectivity(now: datetime) -> Gate:
    """Every stage seen working on the last working day or since, by the rows it left."""
    since = _last_working_day(now)
    seen = flow.count_stage_activity(since)
    unseen = [name for name, count in seen.items() if not count]
    working = len(seen) - len(unseen)
    gate = Gate(
        "pipeline connectivity",
        (Threshold(Comparison.AT_LEAST, len(seen), Unit.STAGES),),
        needed=len(seen),
        window="last working day and since",
        value=float(working),
        unit=Unit.STAGES,
        sample=working,
        raw=seen,
    )
    if unseen:
        return gate.with_verdict(INSUFFICIENT, ReasonCode.STAGES_NOT_SEEN, stages=unseen)
    return replace(gate, met=True)


def _last_working_day(now: datetime) -> datetime:
    hours = team_calendar.load_calendar()
    yesterday = calendar.team_day(now, settings.TEAM_TIME_ZONE) - timedelta(days=1)
    days = (yesterday - timedelta(days=ago) for ago in range(MOST_DAYS))
    return _start_of(next((day for day in days if hours.is_working_day(day)), yesterday))


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(settings.TEAM_TIME_ZONE))


def _sending_days() -> tuple[datetime | None, int]:
    """The last two sending days, more where these have under 30 sends, at most seven: since when,
    and how many sends.
    """
    sends = SendIntent.objects.may_have_left().filter(transport=Transport.GHL)
    by_day = sends.values_list("day").annotate(n=Count("*")).order_by("-day")[:MOST_SENDING_DAYS]
    first, total = None, 0
    for number, (day, count) in enumerate(by_day):
        if number >= LEAST_SENDING_DAYS and total >= LEAST_SENDS:
            break
        first, total = day, total + count
    return _start_of(first) if first else None, total


def send_errors(now: datetime) -> Gate:
    """No failure that is ours and no long uncertainty, as the guardrail counts them, on the last
    sending days.
    """
    since, tried = _sending_days()
    since = since or now - timedelta(days=LEAST_SENDING_DAYS)
    found = send_failures(since, now)
    failed = len(found.refused) + len(found.undelivered)
    uncertain = len(found.uncertain_emails | _uncertain_now(now))
    errors = failed + uncertain
    gate = Gate(
        "send errors",
        (Threshold(Comparison.EXACTLY, 0, Unit.ERRORS),),
        needed=LEAST_SENDS,
        window="last sending days",
        value=float(errors) if tried or errors else None,
        unit=Unit.ERRORS,
        sample=tried,
        raw={"sends": tried, "failed": failed, "uncertain": uncertain},
    )
    if errors:
        return gate.with_verdict(FAIL, ReasonCode.SENDS_FAILED, failed=failed, uncertain=uncertain)
    return gate.judge_sample(True, SampleUnit.SENDS, _daily_cap(now))


def _uncertain_now(now: datetime) -> set[int]:
    """Emails that are uncertain for too long, since before the sending days as well."""
    late = Message.objects.filter(
        status=Status.UNCERTAIN, uncertain_at__lte=now - UNCERTAIN_TOO_LONG
    )
    return set(late.values_list("pk", flat=True))


def approval_latency(now: datetime, since: datetime | None = None) -> Gate:
    """Mean time from held to a person's decision in business hours; wall clock beside it.

    `since` leaves out what is older.
    """
    threshold = Threshold(Comparison.UNDER, 4, Unit.HOURS, Scope.MEAN)
    made = decisions.timed_decisions().filter(at__gte=_window_start(now, since), at__lte=now)
    times = list(made.values_list("held_at", "at"))
    raw: dict[str, Any] = {"decisions": len(times)}
    if times:
        raw |= {
            "business_hours": statistics.summarize_values(
                [seconds / 3600 for seconds in decisions.business_seconds(times)]
            ),
            "wall_clock": statistics.summarize_values(
                [(at - held).total_seconds() / 3600 for held, at in times]
            ),
        }
    gate = Gate(
        "approval latency",
        (threshold,),
        needed=20,
        window="14 days",
        value=raw["business_hours"]["mean"] if times else None,
        unit=Unit.HOURS,
        sample=len(times),
        raw=raw,
    )
    return gate.judge_sample(threshold.is_met_by(gate.value), SampleUnit.DECISIONS)


def domain_health(now: datetime) -> Gate:
    """The lowest score of each of the team's last 14 days that are over; one without is missing.

    Today counts as soon as it has a score, and is not missing before.
    """
    threshold = Threshold(Comparison.OVER, HEALTH_ALERT, Unit.DOMAIN_SCORE, Scope.EVERY_DAY)
    found = domain_days.read_days(sending_domains.our_domain(), now, HEALTHY_DAYS)
    today = calendar.team_day(now, settings.TEAM_TIME_ZONE)
    judged = found.scores | ({} if found.today is None else {today: found.today})
    gate = Gate(
        "domain health",
        (threshold,),
        needed=HEALTHY_DAYS,
        window="14 whole days and today",
        value=min(judged.values(), default=None),
        unit=Unit.DOMAIN_SCORE,
        sample=len(found.scores),
        raw={str(day): score for day, score in sorted(judged.items())},
    )
    if gate.sample >= gate.needed:
        return gate.judge_sample(threshold.is_met_by(gate.value), SampleUnit.DAYS_WITH_SCORE)
    return gate.with_verdict(
        INSUFFICIENT,
        ReasonCode.DAYS_MISSING,
        left=gate.needed - gate.sample,
        collecting=found.collecting,
        unmeasured=found.unmeasured,
        unknown=found.unknown,
    )


def _daily_cap(now: datetime) -> int:
    """How many emails may leave on this day at most: the stricter of phase and warm-up."""
    return sending_domains.daily_cap(phase.current_control(), now)


GATES: dict[Phase, tuple[Callable[[datetime], Gate], ...]] = {
    Phase.ASSISTED: (
        enrichment_rate,
        quality_gate.email_quality_score,
        reply_gates.reply_rate,
        pipeline_connectivity,
        send_errors,
        approval_latency,
    ),
    Phase.AUTONOMOUS: (
        phase_gates.time_in_assisted,
        reply_gates.reply_rate_sustained,
        override_gate.override_rate,
        domain_health,
        phase_gates.pipeline_value,
        phase_gates.sign_off,
    ),
}
