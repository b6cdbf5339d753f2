"""Every gate into a phase at one moment: evaluated, kept for pages, and recorded for ever."""

import hashlib
import json
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from caio_project.lib import calendar
from caio_project.lib.db.caches import process_cache as cache
from metrics.evidence import past_spread, reply_cohorts
from metrics.gates.gate import FAIL, INSUFFICIENT, PASS, Evaluation, Gate, ReasonCode
from metrics.gates.gate_measures import GATES
from metrics.models import GateEvaluation
from outreach.choices import Phase
from outreach.control import phase
from outreach.control.policy import LIMITS_BY_PHASE

# "3": reply rates by evidence since the phase began. "4": their spread fixed when it begins, send
# failures as the guardrail counts them, whole days of domain health and in assisted, growth exact.
METRIC_VERSION = "4"
OLD_VERSIONS = ("1", "2")
POLICY_VERSION = "1"
DAYS_IN_A_ROW = 7
HELD_FOR_DAYS = ("enrichment rate", "email quality score", "approval latency")
HELD_ALIKE_VERSIONS = ("3", METRIC_VERSION)  # that measure those three in the same way
CACHE_SECONDS = 60


def evaluate_gates(target: str, now: datetime | None = None) -> Evaluation:
    """All gates into `target` ("assisted" or "autonomous") from the rows as they are."""
    now = now or timezone.now()
    streaks = _met_streaks(target, now)
    gates = tuple(_with_streak(measure(now), streaks) for measure in GATES[Phase(target)])
    return Evaluation(target, now, overall_verdict(gates), gates)


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


def overall_verdict(gates: tuple[Gate, ...]) -> str:
    verdicts = {gate.verdict for gate in gates}
    return FAIL if FAIL in verdicts else INSUFFICIENT if INSUFFICIENT in verdicts else PASS


def record_evaluation(evaluation: Evaluation) -> GateEvaluation:
    """Store raw counts and versions, chained to the evaluation before by hash."""
    with transaction.atomic():
        phase.lock_control()  # one after the other, so that no two follow the same row
        last = GateEvaluation.objects.order_by("-pk").first()
        row = GateEvaluation(
            target=evaluation.target,
            at=evaluation.at,
            verdict=evaluation.verdict,
            gates=json.loads(json.dumps([asdict(gate) for gate in evaluation.gates])),
            metric_version=METRIC_VERSION,
            policy_version=POLICY_VERSION,
            before=last.sha256 if last else "",
        )
        row.sha256 = content_hash(row)
        row.save()
    return row


def content_hash(row: GateEvaluation) -> str:
    """The hash of what a row says and of the row before it. Older rows leave two fields out."""
    content = [row.before, row.target, row.at.astimezone(UTC).isoformat(), row.gates]
    content.append(row.metric_version)
    if row.metric_version not in OLD_VERSIONS:
        content += [row.verdict, row.policy_version]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def recorded_evaluation(evaluation: Evaluation) -> GateEvaluation:
    """Today's newest on record where every gate has the same verdict; else this one, recorded."""
    newest = GateEvaluation.objects.filter(target=evaluation.target).order_by("-pk").first()
    if newest is not None and newest.metric_version == METRIC_VERSION:
        days = [calendar.team_day(at, settings.TEAM_TIME_ZONE) for at in (newest.at, evaluation.at)]
        same = {gate["name"]: gate["verdict"] for gate in newest.gates} == {
            gate.name: gate.verdict for gate in evaluation.gates
        }
        if same and days[0] == days[1]:
            return newest
    return record_evaluation(evaluation)


def record_daily_evaluation(now: datetime | None = None) -> bool:
    """Record today's evaluation into each phase, once for each day of the team's calendar; True
    where one was recorded.
    """
    now = now or timezone.now()
    recorded = [_record_todays(target, now) for target in GATES]
    return any(recorded)


def _record_todays(target: Phase, now: datetime) -> bool:
    if not _is_due(target, now):
        return False
    evaluation = evaluate_gates(target, now)
    with transaction.atomic():
        phase.lock_control()
        if not _is_due(target, now):  # another worker recorded it meanwhile
            return False
        record_evaluation(evaluation)
    return True


def _is_due(target: Phase, now: datetime) -> bool:
    """Once a day, and as soon as the evidence for it begins anew: its spread is fixed then."""
    newest = GateEvaluation.objects.filter(target=target).order_by("-pk").first()
    if newest is None:
        return True
    if calendar.team_day(newest.at, settings.TEAM_TIME_ZONE) != calendar.team_day(
        now, settings.TEAM_TIME_ZONE
    ):
        return True
    began = reply_cohorts.list_start(past_spread.phase_under(target), now)
    return began is not None and newest.at < began


def _met_streaks(target: str, now: datetime) -> dict[str, int]:
    """How many days in a row, today left out, each gate was met in the evaluations on record."""
    by_day: dict[date, dict[str, bool]] = {}
    since = now - timedelta(days=DAYS_IN_A_ROW + 1)
    recorded = GateEvaluation.objects.filter(target=target, at__gte=since)
    for row in recorded.filter(metric_version__in=HELD_ALIKE_VERSIONS).order_by("at"):
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
    """Three gates pass after seven daily evaluations in a row; elsewhere what is met passes today.

    A gate that has its reason is judged already.
    """
    if not gate.met or gate.reason is not None:
        return gate
    if gate.name not in HELD_FOR_DAYS:
        return gate.with_verdict(PASS, ReasonCode.MET_TODAY)
    days = streaks.get(gate.name, 0) + 1
    if days >= DAYS_IN_A_ROW:
        return gate.with_verdict(PASS, ReasonCode.MET_ON_DAYS, days=days)
    return gate.with_verdict(
        INSUFFICIENT, ReasonCode.MET_ON_TOO_FEW_DAYS, days=days, of=DAYS_IN_A_ROW
    )


def phase_above() -> Phase | None:
    """The one above the phase enforced; None at the top."""
    order = list(LIMITS_BY_PHASE)
    here = order.index(Phase(phase.current_control().phase))
    return order[here + 1] if here + 1 < len(order) else None


def next_target() -> str | None:
    """The phase above the one enforced that gates lead into, or None at the top or in Shadow."""
    above = phase_above()
    return above.value if above in GATES else None
