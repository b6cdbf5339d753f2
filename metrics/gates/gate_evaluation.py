"""Every gate into a phase at one moment: evaluated, kept for pages, and recorded for ever."""

import hashlib
import json
from dataclasses import asdict
from datetime import date, datetime, timedelta

from django.conf import settings
from django.utils import timezone

from caio_project.lib import calendar
from caio_project.lib.db.caches import process_cache as cache
from metrics.gates.gate import FAIL, INSUFFICIENT, PASS, Evaluation, Gate, ReasonCode
from metrics.gates.gate_measures import GATES
from metrics.models import GateEvaluation
from outreach.choices import Phase
from outreach.control import phase
from outreach.control.policy import LIMITS_BY_PHASE

METRIC_VERSION = "2"  # replies, opportunities and polling are measured
POLICY_VERSION = "1"
DAYS_IN_A_ROW = 7
CACHE_SECONDS = 60


def evaluate_gates(target: str, now: datetime | None = None) -> Evaluation:
    """All gates into `target` ("assisted" or "autonomous") from the rows as they are."""
    now = now or timezone.now()
    streaks = _met_streaks(target, now)
    gates = tuple(_with_streak(measure(now), streaks) for measure in GATES[Phase(target)])
    return Evaluation(target, now, _overall_verdict(gates), gates)


def recent_evaluation(target: str) -> Evaluation:
    """For pages: an evaluation at most a minute old. Decisions by gates measure them anew."""
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
    """Store raw counts and versions, chained to the evaluation before by hash."""
    last = GateEvaluation.objects.order_by("-pk").first()
    before = last.sha256 if last else ""
    gates = [asdict(gate) for gate in evaluation.gates]
    content = json.dumps(
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
        sha256=hashlib.sha256(content.encode()).hexdigest(),
    )


def record_daily_evaluation(now: datetime | None = None) -> bool:
    """Record today's evaluations, once for each day of the team's calendar; True where it did."""
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
    by_day: dict[date, dict[str, bool]] = {}
    since = now - timedelta(days=DAYS_IN_A_ROW + 1)
    recorded = GateEvaluation.objects.filter(target=target, at__gte=since)
    for row in recorded.filter(metric_version=METRIC_VERSION).order_by("at"):
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
        return gate.with_verdict(PASS, ReasonCode.MET_ON_DAYS, days=days)
    return gate.with_verdict(
        INSUFFICIENT, ReasonCode.MET_ON_TOO_FEW_DAYS, days=days, of=DAYS_IN_A_ROW
    )


def next_target() -> str | None:
    """The phase above the one enforced that gates lead into, or None at the top or in Shadow."""
    order = list(LIMITS_BY_PHASE)
    here = order.index(Phase(phase.current_control().phase))
    above = order[here + 1] if here + 1 < len(order) else None
    return above.value if above in GATES else None
