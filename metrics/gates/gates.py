"""The gates into a phase: each with window, sample, value and one of three verdicts. No data is never a pass."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db.models import Q
from django.utils import timezone

from approvals.models import Decision
from caio_project.lib import calendar, statistics
from leads.models import Enrichment, Kind
from metrics.gates import came_back
from metrics.models import GateEvaluation
from metrics.overview import flow
from outreach.choices import Phase, Status
from outreach.control import phase
from outreach.control.policy import LIMITS_BY_PHASE
from outreach.guardrails.guardrail_rules import HEALTH_ALERT, NOT_OUR_FAULT, UNCERTAIN_TOO_LONG
from outreach.limits import office_hours, sending_domains
from outreach.models import HealthVerdict, Message, Move, SendIntent, Transport

METRIC_VERSION = "2"  # replies, opportunities and polling are measured
POLICY_VERSION = "1"
DAYS_IN_A_ROW = 7
HEALTHY_DAYS = 14
CACHE_SECONDS = 60
PASS, FAIL, INSUFFICIENT = "pass", "fail", "insufficient"


@dataclass(frozen=True)
class Gate:
    """One gate at one moment. `value` and `threshold` are in the gate's unit; `sample` and `needed` are counts."""

    name: str
    threshold: str
    needed: int
    window: str
    value: float | None = None
    unit: str = ""
    interval: tuple[float, float] | None = None
    sample: int = 0
    met: bool = False  # threshold met and sample reached
    verdict: str = INSUFFICIENT
    why: str = ""
    raw: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluation:
    target: str
    at: datetime
    verdict: str
    gates: tuple[Gate, ...]


def evaluate_gates(target: str, now: datetime | None = None) -> Evaluation:
    """All gates into `target` ("assisted" or "autonomous") from the rows as they are. Writes nothing."""
    now = now or timezone.now()
    streaks = _met_streaks(target, now)
    gates = tuple(_with_streak(gate(now), streaks) for gate in GATES[Phase(target)])
    return Evaluation(target, now, _overall_verdict(gates), gates)


def recent_evaluation(target: str) -> Evaluation:
    """For pages: an evaluation at most a minute old, whose `at` they say. Who decides by gates measures them anew."""
    newest = (
        GateEvaluation.objects.filter(target=target)
        .order_by("-pk")
        .values_list("pk", flat=True)
        .first()
    )
    key = f"gates:{target}:{METRIC_VERSION}:{POLICY_VERSION}:{newest}"
    found: Evaluation | None = cache.get(key)
    if found is None:
        found = evaluate_gates(target)
        cache.set(key, found, CACHE_SECONDS)
    return found


def _overall_verdict(gates: tuple[Gate, ...]) -> str:
    verdicts = {gate.verdict for gate in gates}
    return FAIL if FAIL in verdicts else INSUFFICIENT if INSUFFICIENT in verdicts else PASS


def record_evaluation(evaluation: Evaluation) -> GateEvaluation:
    """Freeze an evaluation: raw counts and versions, chained to the one before by hash."""
    last = GateEvaluation.objects.order_by("-pk").first()
    before = last.sha256 if last else ""
    gates = [asdict(gate) for gate in evaluation.gates]
    said = json.dumps(
        [before, evaluation.target, evaluation.at.isoformat(), gates, METRIC_VERSION],
        sort_keys=True,
    )
    return GateEvaluation.objects.create(
        target=evaluation.target,
        at=evaluation.at,
        verdict=evaluation.verdict,
        gates=gates,
        metric_version=METRIC_VERSION,
        policy_version=POLICY_VERSION,
        before=before,
        sha256=hashlib.sha256(said.encode()).hexdigest(),
    )


def record_daily_evaluation(now: datetime | None = None) -> bool:
    """Freeze today's evaluation into the next phase, once for each day of the team's calendar."""
    now = now or timezone.now()
    day = calendar.team_day(now, settings.TEAM_TIME_ZONE)
    newest = GateEvaluation.objects.order_by("-pk").first()
    if newest and calendar.team_day(newest.at, settings.TEAM_TIME_ZONE) == day:
        return False
    for target in GATES:
        record_evaluation(evaluate_gates(target, now))
    return True


def _met_streaks(target: str, now: datetime) -> dict[str, int]:
    """How many days in a row, today left out, each gate was met in the evaluations on record."""
    by_day: dict[Any, dict[str, bool]] = {}
    since = now - timedelta(days=DAYS_IN_A_ROW + 1)
    for row in GateEvaluation.objects.filter(
        target=target, at__gte=since, metric_version=METRIC_VERSION
    ).order_by("at"):
        day = calendar.team_day(row.at, settings.TEAM_TIME_ZONE)
        known = by_day.setdefault(day, {})
        for gate in row.gates:
            known[gate["name"]] = known.get(gate["name"], True) and gate["met"]
    today, streaks = calendar.team_day(now, settings.TEAM_TIME_ZONE), {}
    for name in {name for met in by_day.values() for name in met}:
        count = 0
        while by_day.get(today - timedelta(days=count + 1), {}).get(name):
            count += 1
        streaks[name] = count
    return streaks


def _with_streak(gate: Gate, streaks: dict[str, int]) -> Gate:
    """Met today is a pass only after seven daily evaluations in a row."""
    if not gate.met:
        return gate
    days = streaks.get(gate.name, 0) + 1
    if days >= DAYS_IN_A_ROW:
        return _with_verdict(gate, PASS, f"met on {days} days in a row")
    return _with_verdict(gate, INSUFFICIENT, f"met on {days} of {DAYS_IN_A_ROW} days in a row")


def _with_verdict(gate: Gate, verdict: str, why: str) -> Gate:
    return Gate(**{**gate.__dict__, "verdict": verdict, "why": why})


def _judge_sample(gate: Gate, met: bool, more: str, a_day: int = 0) -> Gate:
    """A gate with its data: short of the sample it is insufficient, whatever the value.

    `a_day` is how many of what is missing may come in a day; 0 where no cap says.
    """
    if gate.sample < gate.needed:
        left = gate.needed - gate.sample
        days = -(-left // a_day) if a_day else 0
        at_cap = f", {days} day{'s' if days > 1 else ''} at today's cap of {a_day}" if days else ""
        return _with_verdict(gate, INSUFFICIENT, f"about {left} more {more}{at_cap}")
    if not met:
        return _with_verdict(gate, FAIL, f"the threshold is {gate.threshold}")
    return Gate(**{**gate.__dict__, "met": True})


def _daily_cap(now: datetime) -> int:
    """How many emails may leave on this day at most: the stricter of phase and warm-up."""
    return sending_domains.daily_cap(phase.current_control(), now)


def _not_built(
    name: str, threshold: str, needed: int, window: str, why: str
) -> Callable[[datetime], Gate]:
    return lambda now: Gate(name, threshold, needed, window, why=f"insufficient: {why}")


def enrichment_rate(now: datetime) -> Gate:
    """Of the requests settled in 14 days, the share that gained a verified email, a title or company field in 24 h."""
    asked = Enrichment.objects.filter(
        settled_at__gte=now - timedelta(days=14), settled_at__lte=now, lead__kind=Kind.LIVE
    ).exclude(outcome=Enrichment.Outcome.SKIPPED)
    rows = list(asked.values_list("gained", "created_at", "answered_at", "lead__email_verified"))
    gained = sum(
        1
        for fields, created_at, answered_at, verified in rows
        if answered_at
        and answered_at - created_at <= timedelta(hours=24)
        and _is_gain(fields, verified)
    )
    rate = gained / len(rows) if rows else None
    gate = Gate(
        "enrichment rate", ">= 30 %", 50, "14 days", rate, "share", statistics.wilson_interval(gained, len(rows)), len(rows),
        raw={"settled": len(rows), "gained": gained},
    )  # fmt: skip
    return _judge_sample(gate, rate is not None and rate >= 0.30, "settled requests")


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
        "every stage",
        len(seen),
        "24 h",
        float(working),
        "stages",
        None,
        working,
        raw=seen,
    )
    if unseen:
        return _with_verdict(gate, INSUFFICIENT, f"not seen: {', '.join(unseen)}")
    return Gate(**{**gate.__dict__, "met": True})


def send_errors(now: datetime) -> Gate:
    """No failure that is ours and no long uncertainty, in 48 h with at least 10 live sends."""
    since = now - timedelta(hours=48)
    tried = SendIntent.objects.filter(claimed_at__gte=since, transport=Transport.GHL).count()
    failed = (
        Move.objects.filter(
            at__gte=since, to_status=Status.FAILED, message__transport=Transport.GHL
        )
        .exclude(why__in=NOT_OUR_FAULT)
        .count()
    )
    settled_late = Q(status=Status.UNCERTAIN, uncertain_at__lte=now - UNCERTAIN_TOO_LONG)
    uncertain = Message.objects.filter(settled_late).count()
    errors = failed + uncertain
    gate = Gate(
        "send errors", "0", 10, "48 h", float(errors) if tried or errors else None, "errors", None, tried,
        raw={"sends": tried, "failed": failed, "uncertain": uncertain},
    )  # fmt: skip
    if errors:
        return _with_verdict(gate, FAIL, f"{failed} failed, {uncertain} uncertain for over 15 min")
    return _judge_sample(gate, True, "sends", _daily_cap(now))


def approval_latency(now: datetime) -> Gate:
    """Mean time from held to a person's decision, in the team's business hours; wall clock beside it."""
    made = Decision.objects.filter(
        at__gte=now - timedelta(days=14), at__lte=now, is_evidence=True, by__isnull=False
    )
    times = list(made.values_list("held_at", "at"))
    hours, country = (
        calendar.WorkingHours.parse(settings.WORKING_HOURS),
        office_hours.team_country(),
    )
    business = [
        calendar.working_time(held, at, settings.TEAM_TIME_ZONE, hours, country).total_seconds()
        / 3600
        for held, at in times
    ]
    wall = [(at - held).total_seconds() / 3600 for held, at in times]
    raw: dict[str, Any] = {"decisions": len(times)}
    if times:
        raw |= {
            "business_hours": statistics.summarize_values(business),
            "wall_clock": statistics.summarize_values(wall),
        }
    mean = raw["business_hours"]["mean"] if times else None
    gate = Gate(
        "approval latency", "< 4 h mean", 20, "14 days", mean, "hours", None, len(times), raw=raw
    )
    return _judge_sample(gate, mean is not None and mean < 4, "decisions")


def reply_rate(now: datetime) -> Gate:
    """People who answered, of those emailed first in 60 days and at least 3 days ago."""
    found = came_back.count_replies(now - timedelta(days=60), now - came_back.REPLY_TIME)
    gate = Gate(
        "reply rate", ">= 7 %", 400, "60 days", found.rate, "share", statistics.wilson_interval(found.answered, found.people),
        found.people, raw={"emailed": found.people, "answered": found.answered},
    )  # fmt: skip
    return _judge_sample(
        gate, found.rate is not None and found.rate >= 0.07, "people emailed", _daily_cap(now)
    )


def reply_rate_sustained(now: datetime) -> Gate:
    """The same in 28 days that are at least 3 days ago, and in each half of them."""
    end = now - came_back.REPLY_TIME
    middle, start = end - timedelta(days=14), end - timedelta(days=28)
    found = came_back.count_replies(start, end)
    first, second = came_back.count_replies(start, middle), came_back.count_replies(middle, end)
    raw = {
        "emailed": found.people,
        "answered": found.answered,
        "first_half": [first.answered, first.people],
        "second_half": [second.answered, second.people],
    }
    gate = Gate(
        "reply rate, sustained", ">= 8 %, >= 7 % in each half", 200, "28 days", found.rate, "share",
        statistics.wilson_interval(found.answered, found.people), found.people, raw=raw,
    )  # fmt: skip
    in_halves = all(half.rate is not None and half.rate >= 0.07 for half in (first, second))
    return _judge_sample(
        gate,
        found.rate is not None and found.rate >= 0.08 and in_halves,
        "people emailed",
        _daily_cap(now),
    )


def pipeline_value(now: datetime) -> Gate:
    """Open opportunities in our pipeline; without a baseline of the parallel phase there is nothing to compare."""
    found = came_back.open_pipeline(now)
    raw = {"value": float(found.value), "through_us": float(found.through_us), "deals": found.deals}
    gate = Gate(
        "pipeline value", ">= 20 % over the baseline and >= $180,000", 1, "", unit="dollars",
        value=None if found.unknown else float(found.value), sample=0, raw=raw,
    )  # fmt: skip
    return _with_verdict(
        gate,
        INSUFFICIENT,
        f"insufficient: {found.unknown or 'no baseline is recorded (not built)'}",
    )


def domain_health(now: datetime) -> Gate:
    """The lowest score of each of the last 14 days of the team's calendar; a day without a score is not a good one."""
    today = calendar.team_day(now, settings.TEAM_TIME_ZONE)
    recent = HealthVerdict.objects.filter(evaluated_at__gte=now - timedelta(days=HEALTHY_DAYS + 1))
    rows = recent.filter(domain=sending_domains.our_domain(), score__isnull=False)
    by_day: dict[Any, int] = {}
    for at, score in rows.values_list("evaluated_at", "score"):
        day = calendar.team_day(at, settings.TEAM_TIME_ZONE)
        if score is not None and 0 <= (today - day).days < HEALTHY_DAYS:
            by_day[day] = min(score, by_day.get(day, score))
    lowest = min(by_day.values(), default=None)
    gate = Gate(
        "domain health", f"> {HEALTH_ALERT} every day", HEALTHY_DAYS, "14 days", lowest, "lowest score", None,
        len(by_day), raw={str(day): score for day, score in sorted(by_day.items())},
    )  # fmt: skip
    return _judge_sample(gate, lowest is not None and lowest > HEALTH_ALERT, "days with a score")


GATES: dict[Phase, tuple[Callable[[datetime], Gate], ...]] = {
    Phase.ASSISTED: (
        enrichment_rate,
        _not_built("email quality score", ">= 3.5 of 5", 10, "all", "quality scores are not built"),
        reply_rate,
        pipeline_connectivity,
        send_errors,
        approval_latency,
    ),
    Phase.AUTONOMOUS: (
        _not_built("time in assisted", ">= 14 days", 14, "", "it is not measured yet"),
        reply_rate_sustained,
        _not_built("override rate", "< 10 %", 30, "", "sampled re-reading is not built"),
        domain_health,
        pipeline_value,
        _not_built("sign-off", "a named person", 1, "7 days", "sign-off is not built"),
    ),
}  # fmt: skip


def next_target() -> str | None:
    """The phase above the one enforced that gates lead into, or None at the top or in Shadow."""
    order = list(LIMITS_BY_PHASE)
    here = order.index(Phase(phase.current_control().phase))
    above = order[here + 1] if here + 1 < len(order) else None
    return above.value if above in GATES else None
