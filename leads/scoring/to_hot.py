"""What would make a lead HOT. Each way is tried on the score itself, so it holds. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import combinations

from leads.scoring.calculation import (
    HOT_MIN_EMPLOYEES,
    HOT_MIN_INTENT,
    PageView,
    Score,
    ScoringFacts,
    is_hot,
    score_lead,
)
from leads.scoring_rules import DEFAULT_RULES, WARM_KINDS, PageTrigger, Rules

MAX_WAYS = 4
MAX_CANDIDATES = 12  # steps with the most points that are tried in pairs
CONNECTION_TEXTS = {
    "known": "One of us knowing them",
    "overlap": "One of us having worked with them",
    "employer": "One of us having worked where they did",
    "employer_now": "One of us having worked where they work",
    "known_there": "One of us knowing somebody where they work",
    "known_before": "One of us knowing somebody where they worked",
}


@dataclass(frozen=True)
class ScoreStep:
    """One thing that could still happen or become known: a page view, a connection or a fact."""

    text: str
    page: str | None = None
    warm: str = ""
    employees_from: int | None = None
    title: str = ""
    industry: str = ""


@dataclass(frozen=True)
class WayToHot:
    """Steps taken together, and the score they lead to."""

    changes: tuple[ScoreStep, ...]
    intent: int
    is_hot: bool

    @property
    def kinds(self) -> tuple[str, ...]:
        """What makes two ways the same advice: pages that lead to one score are interchangeable."""
        return tuple("page" if change.page is not None else change.text for change in self.changes)

    @property
    def text(self) -> str:
        first, *others = (change.text for change in self.changes)
        what = " and ".join([first, *(text[:1].lower() + text[1:] for text in others)])
        if self.intent >= HOT_MIN_INTENT:
            return f"{what}: the score would be {self.intent}."
        return f"{what}: that would be tier 1 at {HOT_MIN_EMPLOYEES} employees or more."


def find_ways(facts: ScoringFacts, now: datetime, rules: Rules = DEFAULT_RULES) -> list[WayToHot]:
    """Ways to HOT by one step, or else by two, the highest score first.

    [] for a lead that is HOT, and where no way was found.
    """
    if _is_hot(facts, score_lead(facts, now, rules)):
        return []
    changes = list(_possible_steps(facts, rules))
    alone = [_try_steps(facts, (change,), now, rules) for change in changes]
    if alone and not any(map(_reaches_hot, alone)):
        least = sorted((way.intent for way in alone), reverse=True)[:MAX_CANDIDATES][-1]
        pairs = combinations([way.changes[0] for way in alone if way.intent >= least], 2)
        alone = [
            _try_steps(facts, pair, now, rules)
            for pair in pairs
            if not (pair[0].warm and pair[1].warm)
        ]
    distinct: dict[tuple[int, tuple[str, ...]], WayToHot] = {}
    for way in sorted(filter(_reaches_hot, alone), key=lambda way: -way.intent):
        distinct.setdefault((way.intent, way.kinds), way)
    return list(distinct.values())[:MAX_WAYS]


def apply_steps(facts: ScoringFacts, changes: tuple[ScoreStep, ...], now: datetime) -> ScoringFacts:
    for change in changes:
        if change.page is not None:
            facts = replace(facts, visits=(*facts.visits, PageView(change.page, now)))
        if change.warm:
            facts = replace(facts, warm_kind=change.warm, warm_sentence=change.text)
        facts = replace(
            facts,
            title=change.title or facts.title,
            industry=change.industry or facts.industry,
            employees_from=facts.employees_from
            if change.employees_from is None
            else change.employees_from,
        )
    return facts


def _try_steps(
    facts: ScoringFacts, changes: tuple[ScoreStep, ...], now: datetime, rules: Rules
) -> WayToHot:
    then = apply_steps(facts, changes, now)
    found = score_lead(then, now, rules)
    return WayToHot(changes, found.intent, _is_hot(then, found))


def _is_hot(facts: ScoringFacts, found: Score) -> bool:
    return is_hot(found.intent, found.tier, facts.employees_from)


def _reaches_hot(way: WayToHot) -> bool:
    return way.is_hot


def _possible_steps(facts: ScoringFacts, rules: Rules) -> Iterator[ScoreStep]:
    pages = sorted((t for t in rules.pages if t.active and t.points), key=lambda t: -t.points)[
        :MAX_CANDIDATES
    ]
    for trigger in pages:
        if path := _path_counting_for(trigger, rules):
            yield ScoreStep(f"A visit to “{trigger.label}”", page=path)
    known = WARM_KINDS.index(facts.warm_kind) if facts.warm_kind in WARM_KINDS else len(WARM_KINDS)
    stronger = WARM_KINDS[:known]  # a weaker one would not change the score
    by_points = {
        points: kind for kind, points in reversed(rules.warm_points) if points and kind in stronger
    }
    for kind in by_points.values():
        yield ScoreStep(CONNECTION_TEXTS[kind], warm=kind)
    yield from _unknown_facts(facts, rules)


def _path_counting_for(trigger: PageTrigger, rules: Rules) -> str:
    """A path for which `trigger` counts; "" where an earlier trigger catches every path tried."""
    for text in ("", "x", "/x"):
        path = trigger.pattern.replace("*", text)
        if rules.page_trigger(path) == trigger:
            return path
    return ""


def _unknown_facts(facts: ScoringFacts, rules: Rules) -> Iterator[ScoreStep]:
    if facts.employees_from is None:
        best = max(rules.sizes, key=lambda size: size[1])  # of equal points the largest
        yield ScoreStep(f"Learning that they have {best[2]} employees", employees_from=best[0])
    titled = max(
        (title for title in rules.titles if title.words),
        key=lambda title: title.points,
        default=None,
    )
    if not facts.title and titled:
        yield ScoreStep(f"Learning that the title is {titled.words[0]}", title=titled.words[0])
    if not facts.industry and rules.good_industries:
        yield ScoreStep(
            f"Learning that they are in {rules.good_industries[0]}",
            industry=rules.good_industries[0],
        )
