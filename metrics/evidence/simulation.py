"""Made-up histories of a sender whose true reply rate is known: how often it would be promoted.

The rules are those of the gates, from the same numbers; what is not a reply or a complaint is
taken as met. Pure; numpy is imported where it is used.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

from metrics.evidence.evidence import (
    ENOUGH,
    INTO_ASSISTED,
    INTO_AUTONOMOUS,
    POINTS,
    EvidenceRule,
    week_log_ratios,
)
from metrics.evidence.reply_rules import (
    ASSISTED_SAMPLE,
    AUTONOMOUS_SAMPLE,
    DAYS_IN_ASSISTED,
    RIPE_AFTER,
)
from outreach.choices import Guardrail
from outreach.control.policy import REST_AFTER_A_DROP
from outreach.guardrails.guardrail_rules import COUNT_RULES, halting_count

if TYPE_CHECKING:
    from numpy.typing import NDArray

COMPLAINT_DAYS = COUNT_RULES[Guardrail.COMPLAINTS].halt_window.days
PARALLEL, ASSISTED, AUTONOMOUS = range(3)
_MANY = 1_000_000  # more people than one week has


@dataclass(frozen=True)
class Scenario:
    """Rates are shares from 0 to 1; `drift` is the spread between weeks, as in EvidenceRule.

    `per_day` emails leave on each working day, in every phase.
    """

    true_rate: float
    per_day: int
    days: int
    drift: float = 0.0
    paths: int = 2_000
    complaint_rate: float = 0.0
    seed: int = 1


@dataclass(frozen=True)
class PhaseOutcome:
    """Of the paths, the share that was promoted into the phase, and the share that left it again.

    `median_day` is of the first promotion of those that were, day 1 being a Monday.
    """

    promoted: float
    median_day: int | None
    demoted: float
    paths: int


@dataclass
class _Paths:
    """The state of every path. Arrays have one row for each path."""

    phase: "NDArray[Any]"
    since: "NDArray[Any]"  # the day on which the phase began
    ratios: "NDArray[Any]"  # paths x POINTS: of the ended weeks of the list
    week: "NDArray[Any]"  # answered, people of the week that is counted now
    strongest: "NDArray[Any]"  # the largest evidence since the phase began, as a logarithm
    rested: "NDArray[Any]"  # the first day on which a promotion is possible
    first_promoted: dict[int, "NDArray[Any]"] = field(default_factory=dict)
    dropped: dict[int, "NDArray[Any]"] = field(default_factory=dict)


def simulate(
    scenario: Scenario, progress: Callable[[int], None] = lambda days: None
) -> dict[str, PhaseOutcome]:
    """The outcome for each phase. `progress` is told of the days that are done."""
    import numpy as np

    paths, random = scenario.paths, np.random.default_rng(scenario.seed)
    answered, complaints = _draw_history(scenario, random)
    sent = np.array([_is_working_day(day) * scenario.per_day for day in range(scenario.days)])
    rows = _Paths(
        phase=np.zeros(paths, int),
        since=np.zeros(paths, int),
        ratios=np.zeros((paths, POINTS)),
        week=np.zeros((paths, 2), int),
        strongest=np.full(paths, -np.inf),
        rested=np.zeros(paths, int),
        first_promoted={one: np.full(paths, -1) for one in (ASSISTED, AUTONOMOUS)},
        dropped={one: np.zeros(paths, bool) for one in (ASSISTED, AUTONOMOUS)},
    )
    halt = halting_count(Guardrail.COMPLAINTS, scenario.per_day)
    sums = _running_sums(answered), _running_sums(sent[None, :])
    for day in range(scenario.days):
        _drop_after_complaints(rows, complaints, halt, day)
        _count_ripe_people(rows, answered, sent, day)
        if _is_working_day(day):
            _look(rows, sums, day)
        progress(1)
    return {
        name: _outcome(rows.first_promoted[phase], rows.dropped[phase])
        for name, phase in (("assisted", ASSISTED), ("autonomous", AUTONOMOUS))
    }


def _is_working_day(day: int) -> bool:
    return day % 7 < 5  # day 0 is a Monday


def _draw_history(scenario: Scenario, random: Any) -> tuple[Any, Any]:
    """By path and day: who of that day's recipients will answer, and who complains."""
    import numpy as np

    weeks, spread = -(-scenario.days // 7), scenario.drift
    rates = np.full((scenario.paths, weeks), scenario.true_rate)
    if spread:
        sigma = np.sqrt(np.log1p(spread**2))
        rates = rates * random.lognormal(-(sigma**2) / 2, sigma, rates.shape)
    by_day = np.repeat(np.minimum(rates, 1), 7, axis=1)[:, : scenario.days]
    working = np.array([_is_working_day(day) for day in range(scenario.days)])
    answered = random.binomial(scenario.per_day, by_day) * working
    complaints = random.binomial(scenario.per_day, scenario.complaint_rate, by_day.shape) * working
    return answered, complaints


def _running_sums(by_day: Any) -> Any:
    import numpy as np

    return np.concatenate([np.zeros((len(by_day), 1), int), by_day.cumsum(axis=1)], axis=1)


def _count_ripe_people(rows: _Paths, answered: Any, sent: Any, day: int) -> None:
    """Add whom an email reached three days ago to the week; end the week after its Sunday."""
    ripe = day - RIPE_AFTER.days
    if ripe < 0:
        return
    counts = ripe >= rows.since
    rows.week[:, 0] += answered[:, ripe] * counts
    rows.week[:, 1] += sent[ripe] * counts
    if ripe % 7 == 6:
        for phase, rule in ((PARALLEL, INTO_ASSISTED), (ASSISTED, INTO_AUTONOMOUS)):
            here = rows.phase == phase
            rows.ratios[here] += _week_log_ratios(rows.week[here], rule)
        rows.week[:] = 0


def _look(rows: _Paths, sums: tuple[Any, Any], day: int) -> None:
    import numpy as np

    for phase, rule, holds in (
        (PARALLEL, INTO_ASSISTED, _holds_for_assisted),
        (ASSISTED, INTO_AUTONOMOUS, _holds_for_autonomous),
    ):
        here = np.flatnonzero(rows.phase == phase)
        if not here.size:
            continue
        rows.strongest[here] = np.maximum(rows.strongest[here], _log_evidence(rows, here, rule))
        ready = (rows.strongest[here] >= np.log(ENOUGH)) & holds(sums, here, day)
        ready &= rows.rested[here] <= day
        if phase == ASSISTED:
            ready &= day - rows.since[here] >= DAYS_IN_ASSISTED
        promoted = here[ready]
        first = rows.first_promoted[phase + 1]
        first[promoted] = np.where(first[promoted] < 0, day + 1, first[promoted])
        _begin_phase(rows, promoted, phase + 1, day + 1)


def _log_evidence(rows: _Paths, here: Any, rule: EvidenceRule) -> Any:
    import numpy as np

    ratios = rows.ratios[here] + _week_log_ratios(rows.week[here], rule)
    return np.logaddexp.reduce(ratios, axis=1) - np.log(POINTS)


def _week_log_ratios(weeks: Any, rule: EvidenceRule) -> Any:
    """One row for each path; paths whose weeks have the same counts share what is calculated."""
    import numpy as np

    counts, which = np.unique(weeks @ [_MANY, 1], return_inverse=True)
    ratios = [week_log_ratios(*divmod(count, _MANY), rule) for count in counts.tolist()]
    return np.reshape(ratios, (-1, POINTS))[which]


def _begin_phase(rows: _Paths, which: Any, phase: int, day: int) -> None:
    import numpy as np

    rows.phase[which], rows.since[which] = phase, day
    rows.ratios[which], rows.week[which], rows.strongest[which] = 0, 0, -np.inf


def _holds_for_assisted(sums: tuple[Any, Any], here: Any, day: int) -> Any:
    answered, people = _counts(sums, here, day, 0, ASSISTED_SAMPLE.ripe_days)
    return (people >= ASSISTED_SAMPLE.people) & _reaches(ASSISTED_SAMPLE.rate, answered, people)


def _holds_for_autonomous(sums: tuple[Any, Any], here: Any, day: int) -> Any:
    rule = AUTONOMOUS_SAMPLE
    answered, people = _counts(sums, here, day, 0, rule.ripe_days)
    holds = (people >= rule.people) & _reaches(rule.rate, answered, people)
    for later in (0, rule.ripe_days // 2):
        answered, people = _counts(sums, here, day, later, rule.ripe_days // 2)
        holds &= _reaches(rule.rate_in_halves, answered, people)
    return holds


def _reaches(rate: float, answered: Any, people: Any) -> Any:
    """As the gate compares: 7 of 100 are 7 %, though 0.07 * 100 is a little more than 7."""
    import numpy as np

    return np.where(people > 0, answered / np.maximum(people, 1), -1) >= rate


def _counts(sums: tuple[Any, Any], here: Any, day: int, later: int, days: int) -> tuple[Any, Any]:
    """Answered and people of `days` days, the newest `later` days before the newest ripe one."""
    end = max(day - RIPE_AFTER.days + 1 - later, 0)
    start = max(end - days, 0)
    answered, people = sums
    return answered[here, end] - answered[here, start], people[0, end] - people[0, start]


def _drop_after_complaints(rows: _Paths, complaints: Any, halt: int, day: int) -> None:
    import numpy as np

    within = complaints[:, max(0, day - COMPLAINT_DAYS + 1) : day + 1].sum(axis=1)
    dropping = np.flatnonzero(within >= halt)
    if not dropping.size:
        return
    complaints[dropping, max(0, day - COMPLAINT_DAYS + 1) : day + 1] = 0  # a person has seen them
    rows.rested[dropping] = day + REST_AFTER_A_DROP.days
    for phase in (ASSISTED, AUTONOMOUS):
        fallen = dropping[rows.phase[dropping] == phase]
        rows.dropped[phase][fallen] = True
        _begin_phase(rows, fallen, phase - 1, day + 1)


def _outcome(first_promoted: Any, dropped: Any) -> PhaseOutcome:
    reached = [day for day in first_promoted.tolist() if day >= 0]
    return PhaseOutcome(
        promoted=len(reached) / len(first_promoted),
        median_day=round(median(reached)) if reached else None,
        demoted=float(dropped.mean()),
        paths=len(first_promoted),
    )
