"""The two gates of the reply rate: a point, a sample, and evidence since the phase began."""

from dataclasses import asdict, replace
from datetime import datetime, timedelta

from django.conf import settings

from caio_project.lib import calendar, statistics
from metrics.evidence import evidence, past_spread, reply_cohorts
from metrics.evidence.evidence import EvidenceRule
from metrics.evidence.looks import all_looks, strongest_look
from metrics.evidence.reply_rules import ASSISTED_SAMPLE, AUTONOMOUS_SAMPLE, RIPE_AFTER
from metrics.gates import replies_and_deals
from metrics.gates.evidence_verdict import judge_evidence
from metrics.gates.gate import Comparison, Gate, SampleUnit, Scope, Threshold, Unit
from outreach.choices import Phase
from outreach.control import phase
from outreach.limits import sending_domains


def reply_rate(now: datetime) -> Gate:
    """People who answered, of those emailed first in 60 days and at least 3 days ago."""
    rule = ASSISTED_SAMPLE
    threshold = Threshold(Comparison.AT_LEAST, rule.rate, Unit.SHARE)
    end = now - RIPE_AFTER
    found = replies_and_deals.count_replies(end - timedelta(days=rule.ripe_days), end)
    gate = Gate(
        "reply rate",
        (threshold,),
        needed=rule.people,
        window=f"{rule.days} days",
        value=found.rate,
        unit=Unit.SHARE,
        interval=statistics.wilson_interval(found.answered, found.people),
        sample=found.people,
        raw={"emailed": found.people, "answered": found.answered},
    )
    gate = _with_evidence(gate, evidence.INTO_ASSISTED, Phase.ASSISTED, now)
    return judge_evidence(gate, SampleUnit.PEOPLE_EMAILED, threshold.is_met_by(found.rate))


def reply_rate_sustained(now: datetime) -> Gate:
    """The same in 28 days that are at least 3 days ago, and in each half of them."""
    rule = AUTONOMOUS_SAMPLE
    whole = Threshold(Comparison.AT_LEAST, rule.rate, Unit.SHARE)
    each_half = Threshold(Comparison.AT_LEAST, rule.rate_in_halves, Unit.SHARE, Scope.EACH_HALF)
    end = now - RIPE_AFTER
    half = timedelta(days=rule.ripe_days // 2)
    middle, start = end - half, end - 2 * half
    found = replies_and_deals.count_replies(start, end)
    first = replies_and_deals.count_replies(start, middle)
    second = replies_and_deals.count_replies(middle, end)
    gate = Gate(
        "reply rate, sustained",
        (whole, each_half),
        needed=rule.people,
        window=f"{rule.days} days",
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
    gate = _with_evidence(gate, evidence.INTO_AUTONOMOUS, Phase.AUTONOMOUS, now)
    met = whole.is_met_by(found.rate) and in_halves
    return judge_evidence(gate, SampleUnit.PEOPLE_EMAILED, met)


def _with_evidence(gate: Gate, rule: EvidenceRule, target: Phase, now: datetime) -> Gate:
    """With the strongest look of the list that begins with the phase under `target`."""
    lower = past_spread.phase_under(target)
    began = reply_cohorts.list_begins(lower)
    is_begun = began is not None or lower == Phase.PARALLEL
    seen = past_spread.spread_of_list(gate.name, target, now)
    rule = evidence.with_spread_seen(rule, seen)
    today = calendar.team_day(now, settings.TEAM_TIME_ZONE)
    cohorts = reply_cohorts.count_cohorts(began, now) if is_begun else []
    looks = list(all_looks(cohorts, rule, today))
    strongest, newest = strongest_look(looks), looks[-1]
    per_day = sending_domains.daily_cap(phase.current_control(), now)
    left = evidence.people_to_go(
        [count for _, count in newest.weeks], rule, gate.value or 0.0, 5 * per_day
    )
    return replace(
        gate,
        evidence=strongest.evidence,
        weeks=tuple((str(week), one.people, one.answered) for week, one in newest.weeks),
        raw={
            **gate.raw,
            "began": began.isoformat() if began else None,
            "rule": asdict(rule),
            "spread_seen": seen,
            "evidence_today": newest.evidence,
            "strongest_day": str(strongest.day),
            "strongest_weeks": [
                [str(week), one.people, one.answered] for week, one in strongest.weeks
            ],
            "left": left,
            "per_day": per_day,
        },
    )
