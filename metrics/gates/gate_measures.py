"""What each gate measures, from the rows as they are. No data is never a pass."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q

from approvals.models import Decision
from caio_project.lib import calendar, statistics
from leads.models import Enrichment, Kind
from metrics.gates import replies_and_deals, unmeasured_gates
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
from metrics.overview import flow
from outreach.choices import Phase, Status
from outreach.control import phase
from outreach.guardrails.guardrail_counts import unexplained_failures
from outreach.guardrails.guardrail_rules import HEALTH_ALERT, NOT_OUR_FAULT, UNCERTAIN_TOO_LONG
from outreach.limits import office_hours, sending_domains
from outreach.models import HealthVerdict, Message, Move, SendIntent, Transport

HEALTHY_DAYS = 14


def enrichment_rate(now: datetime) -> Gate:
    """Requests settled in 14 days that gained a verified email, title or company field in 24 h."""
    threshold = Threshold(Comparison.AT_LEAST, 0.30, Unit.SHARE)
    asked = Enrichment.objects.filter(
        settled_at__gte=now - timedelta(days=14), settled_at__lte=now, lead__kind=Kind.LIVE
    ).exclude(outcome__in=Enrichment.NOT_ASKED)
    rows = list(asked.values_list("gained", "created_at", "answered_at", "lead__email_verified"))
    gained = sum(
        1
        for fields, created_at, answered_at, verified in rows
        if answered_at
        and answered_at - created_at <= timedelta(hours=24)
        and _is_gain(fields, verified)
    )
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


def _is_gain(fields: list[str], verified: bool) -> bool:
    if any(
        name == "title" or name == "email_verified" or name.startswith("company.")
        for name in fields
    ):
        return True
    return "email" in fields and verified


def pipeline_connectivity(now: datetime) -> Gate:
    """Every stage seen working in 24 h, by the rows it left."""
    seen = flow.count_stage_activity(now - timedelta(hours=24))
    unseen = [name for name, count in seen.items() if not count]
    working = len(seen) - len(unseen)
    gate = Gate(
        "pipeline connectivity",
        (Threshold(Comparison.AT_LEAST, len(seen), Unit.STAGES),),
        needed=len(seen),
        window="24 h",
        value=float(working),
        unit=Unit.STAGES,
        sample=working,
        raw=seen,
    )
    if unseen:
        return gate.with_verdict(INSUFFICIENT, ReasonCode.STAGES_NOT_SEEN, stages=unseen)
    return replace(gate, met=True)


def send_errors(now: datetime) -> Gate:
    """No failure that is ours and no long uncertainty, in 48 h with at least 10 live sends."""
    since = now - timedelta(hours=48)
    tried = SendIntent.objects.filter(claimed_at__gte=since, transport=Transport.GHL).count()
    moved = Move.objects.filter(at__gte=since, to_status=Status.FAILED)
    ours = moved.filter(message__transport=Transport.GHL).exclude(why__in=NOT_OUR_FAULT)
    late = Q(status=Status.UNCERTAIN, uncertain_at__lte=now - UNCERTAIN_TOO_LONG)
    unexplained = unexplained_failures(since).filter(message__transport=Transport.GHL)
    failed = ours.count() + unexplained.count()
    uncertain = Message.objects.filter(late).count()
    errors = failed + uncertain
    gate = Gate(
        "send errors",
        (Threshold(Comparison.EXACTLY, 0, Unit.ERRORS),),
        needed=10,
        window="48 h",
        value=float(errors) if tried or errors else None,
        unit=Unit.ERRORS,
        sample=tried,
        raw={"sends": tried, "failed": failed, "uncertain": uncertain},
    )
    if errors:
        return gate.with_verdict(FAIL, ReasonCode.SENDS_FAILED, failed=failed, uncertain=uncertain)
    return gate.judge_sample(True, SampleUnit.SENDS, _daily_cap(now))


def approval_latency(now: datetime) -> Gate:
    """Mean time from held to a person's decision in business hours; wall clock beside it."""
    threshold = Threshold(Comparison.UNDER, 4, Unit.HOURS, Scope.MEAN)
    made = Decision.objects.standing().filter(
        at__gte=now - timedelta(days=14), at__lte=now, is_evidence=True, by__isnull=False
    )
    times = list(made.values_list("held_at", "at"))
    raw: dict[str, Any] = {"decisions": len(times)}
    if times:
        raw |= {
            "business_hours": statistics.summarize_values(_business_hours(times)),
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


def _business_hours(times: list[tuple[datetime, datetime]]) -> list[float]:
    hours = calendar.WorkingHours.parse(settings.WORKING_HOURS)
    country = office_hours.team_country()
    spans = [
        calendar.working_time(start, end, settings.TEAM_TIME_ZONE, hours, country)
        for start, end in times
    ]
    return [span.total_seconds() / 3600 for span in spans]


def reply_rate(now: datetime) -> Gate:
    """People who answered, of those emailed first in 60 days and at least 3 days ago."""
    threshold = Threshold(Comparison.AT_LEAST, 0.07, Unit.SHARE)
    found = replies_and_deals.count_replies(
        now - timedelta(days=60), now - replies_and_deals.REPLY_TIME
    )
    gate = Gate(
        "reply rate",
        (threshold,),
        needed=400,
        window="60 days",
        value=found.rate,
        unit=Unit.SHARE,
        interval=statistics.wilson_interval(found.answered, found.people),
        sample=found.people,
        raw={"emailed": found.people, "answered": found.answered},
    )
    return gate.judge_sample(
        threshold.is_met_by(found.rate), SampleUnit.PEOPLE_EMAILED, _daily_cap(now)
    )


def reply_rate_sustained(now: datetime) -> Gate:
    """The same in 28 days that are at least 3 days ago, and in each half of them."""
    whole = Threshold(Comparison.AT_LEAST, 0.08, Unit.SHARE)
    each_half = Threshold(Comparison.AT_LEAST, 0.07, Unit.SHARE, Scope.EACH_HALF)
    end = now - replies_and_deals.REPLY_TIME
    middle, start = end - timedelta(days=14), end - timedelta(days=28)
    found = replies_and_deals.count_replies(start, end)
    first = replies_and_deals.count_replies(start, middle)
    second = replies_and_deals.count_replies(middle, end)
    gate = Gate(
        "reply rate, sustained",
        (whole, each_half),
        needed=200,
        window="28 days",
        value=found.rate,
        unit=Unit.SHARE,
        interval=statistics.wilson_interval(found.answered, found.people),
        sample=found.people,
        raw={
            "emailed": found.people,
            "answered": found.answered,
            "first_half": [first.answered, first.people],
            "second_half": [second.answered, second.people],
        },
    )
    in_halves = all(each_half.is_met_by(half.rate) for half in (first, second))
    return gate.judge_sample(
        whole.is_met_by(found.rate) and in_halves, SampleUnit.PEOPLE_EMAILED, _daily_cap(now)
    )


def pipeline_value(now: datetime) -> Gate:
    """Open opportunities in our pipeline; without a recorded baseline nothing can be compared."""
    found = replies_and_deals.open_pipeline(now)
    gate = Gate(
        "pipeline value",
        (
            Threshold(Comparison.AT_LEAST, 0.20, Unit.SHARE, Scope.OVER_BASELINE),
            Threshold(Comparison.AT_LEAST, 180_000, Unit.DOLLARS),
        ),
        needed=1,
        window="",
        value=None if found.unknown else float(found.value),
        unit=Unit.DOLLARS,
        raw={
            "value": float(found.value),
            "through_us": float(found.through_us),
            "deals": found.deals,
        },
    )
    return gate.with_verdict(INSUFFICIENT, found.unknown or ReasonCode.NO_BASELINE)


def domain_health(now: datetime) -> Gate:
    """The lowest score of each of the team's last 14 days; a day without one is missing."""
    threshold = Threshold(Comparison.OVER, HEALTH_ALERT, Unit.DOMAIN_SCORE, Scope.EVERY_DAY)
    by_day = _lowest_scores(now)
    gate = Gate(
        "domain health",
        (threshold,),
        needed=HEALTHY_DAYS,
        window="14 days",
        value=min(by_day.values(), default=None),
        unit=Unit.DOMAIN_SCORE,
        sample=len(by_day),
        raw={str(day): score for day, score in sorted(by_day.items())},
    )
    return gate.judge_sample(threshold.is_met_by(gate.value), SampleUnit.DAYS_WITH_SCORE)


def _lowest_scores(now: datetime) -> dict[date, int]:
    today = calendar.team_day(now, settings.TEAM_TIME_ZONE)
    recent = HealthVerdict.objects.filter(evaluated_at__gte=now - timedelta(days=HEALTHY_DAYS + 1))
    rows = recent.filter(domain=sending_domains.our_domain(), score__isnull=False)
    by_day: dict[date, int] = {}
    for at, score in rows.values_list("evaluated_at", "score"):
        day = calendar.team_day(at, settings.TEAM_TIME_ZONE)
        if score is not None and 0 <= (today - day).days < HEALTHY_DAYS:
            by_day[day] = min(score, by_day.get(day, score))
    return by_day


def _daily_cap(now: datetime) -> int:
    """How many emails may leave on this day at most: the stricter of phase and warm-up."""
    return sending_domains.daily_cap(phase.current_control(), now)


GATES: dict[Phase, tuple[Callable[[datetime], Gate], ...]] = {
    Phase.ASSISTED: (
        enrichment_rate,
        unmeasured_gates.email_quality_score,
        reply_rate,
        pipeline_connectivity,
        send_errors,
        approval_latency,
    ),
    Phase.AUTONOMOUS: (
        unmeasured_gates.time_in_assisted,
        reply_rate_sustained,
        unmeasured_gates.override_rate,
        domain_health,
        pipeline_value,
        unmeasured_gates.sign_off,
    ),
}
