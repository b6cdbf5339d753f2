"""On which days of the real history each reply rate would have met its gate."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings

from caio_project.lib import calendar
from metrics.evidence import evidence, reply_cohorts
from metrics.evidence.evidence import EvidenceRule
from metrics.evidence.looks import Cohort, all_looks
from metrics.evidence.reply_rules import (
    ASSISTED_SAMPLE,
    AUTONOMOUS_SAMPLE,
    DAYS_IN_ASSISTED,
    RIPE_AFTER,
    SampleRule,
)


@dataclass(frozen=True)
class Replay:
    """`first` is the first day on which evidence, rate and sample held; `strongest` the largest
    evidence of any day.
    """

    first: date | None
    days_met: int
    days: int
    strongest: float


def replay_history(now: datetime) -> dict[str, Replay]:
    """As if parallel had begun with the first email, and assisted on its first day met."""
    cohorts = reply_cohorts.count_cohorts(None, now)
    last = calendar.team_day(now, settings.TEAM_TIME_ZONE)
    assisted = replay_gate(cohorts, evidence.INTO_ASSISTED, ASSISTED_SAMPLE, last)
    since = assisted.first
    later = [one for one in cohorts if since is not None and one.emailed >= since]
    earliest = since + timedelta(days=DAYS_IN_ASSISTED) if since else None
    autonomous = replay_gate(
        later, evidence.INTO_AUTONOMOUS, AUTONOMOUS_SAMPLE, last, earliest, cohorts
    )
    return {"assisted": assisted, "autonomous": autonomous}


def replay_gate(
    cohorts: list[Cohort],
    rule: EvidenceRule,
    sample: SampleRule,
    last: date,
    earliest: date | None = None,
    window_cohorts: list[Cohort] | None = None,
) -> Replay:
    """Looked at after every day from the first email to `last`.

    The evidence is that of `cohorts`; the rate that of `window_cohorts`, by default the same.
    """
    if not cohorts:
        return Replay(None, 0, 0, 1.0)
    looks = {look.day: look.evidence for look in all_looks(cohorts, rule, last)}
    day, strongest, met = min(one.emailed for one in cohorts), 1.0, []
    first_day = day
    while day <= last:
        strongest = max(strongest, looks.get(day, 0.0))
        holds = strongest >= evidence.ENOUGH and rate_holds(window_cohorts or cohorts, sample, day)
        if holds and (earliest is None or day >= earliest):
            met.append(day)
        day += timedelta(days=1)
    days = (last - first_day).days + 1
    return Replay(met[0] if met else None, len(met), days, strongest)


def rate_holds(cohorts: Iterable[Cohort], sample: SampleRule, day: date) -> bool:
    """Whether point, sample and halves hold on this day. Pure."""
    end = day - RIPE_AFTER
    half = timedelta(days=sample.ripe_days // 2)
    answered, people = _count(cohorts, end, timedelta(days=sample.ripe_days), day)
    if people < sample.people or answered / people < sample.rate:
        return False
    if not sample.rate_in_halves:
        return True
    halves = [_count(cohorts, newest, half, day) for newest in (end, end - half)]
    return all(people and n / people >= sample.rate_in_halves for n, people in halves)


def _count(
    cohorts: Iterable[Cohort], newest: date, days: timedelta, seen_on: date
) -> tuple[int, int]:
    within = [one for one in cohorts if newest - days < one.emailed <= newest]
    answered = sum(one.people for one in within if one.answered and one.answered <= seen_on)
    return answered, sum(one.people for one in within)
