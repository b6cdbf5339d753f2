"""What the evidence was at every look since a phase began. Pure.

A look is made at the end of a day. It counts whom an email reached at least three days before,
and as answered who had answered by then: a late answer can only add.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from metrics.evidence.evidence import (
    EvidenceRule,
    LogRatios,
    WeekCount,
    joint_evidence,
    week_log_ratios,
)
from metrics.evidence.reply_rules import RIPE_AFTER


@dataclass(frozen=True)
class Cohort:
    """People with the same days, in the team's time zone: of the first email, and of the first
    answer that counts.
    """

    emailed: date
    answered: date | None
    people: int


@dataclass(frozen=True)
class Look:
    """The weeks as they stood on `day`, each with its Monday, and the evidence in them."""

    day: date
    weeks: tuple[tuple[date, WeekCount], ...]
    evidence: float


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def all_looks(cohorts: Iterable[Cohort], rule: EvidenceRule, last: date) -> Iterator[Look]:
    """The looks of each day on which a count changed, up to `last`; always that of `last`."""
    people: Counter[date] = Counter()
    answered: Counter[date] = Counter()
    ratios: dict[date, LogRatios] = {}
    changes = _changes_by_day(cohorts, last)
    for day in sorted({*changes, last}):
        for week, more_people, more_answers in changes.get(day, ()):
            people[week] += more_people
            answered[week] += more_answers
        for week in {change[0] for change in changes.get(day, ())}:
            ratios[week] = week_log_ratios(answered[week], people[week], rule)
        weeks = tuple((week, WeekCount(answered[week], people[week])) for week in sorted(people))
        yield Look(day, weeks, joint_evidence(ratios.values()))


def _changes_by_day(
    cohorts: Iterable[Cohort], last: date
) -> dict[date, list[tuple[date, int, int]]]:
    found: defaultdict[date, list[tuple[date, int, int]]] = defaultdict(list)
    for one in cohorts:
        ripe, week = one.emailed + RIPE_AFTER, monday_of(one.emailed)
        found[ripe].append((week, one.people, 0))
        if one.answered is not None:
            found[max(ripe, one.answered)].append((week, 0, one.people))
    return {day: changes for day, changes in found.items() if day <= last}


def strongest_look(looks: Iterable[Look]) -> Look:
    """The first of those with the largest evidence; raises ValueError without any."""
    return max(looks, key=lambda look: look.evidence)
