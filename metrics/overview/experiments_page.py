"""What the page of experiments shows: each test in words, with its two texts and what was counted."""

import re
from dataclasses import dataclass
from typing import Any

from outreach.control import phase
from outreach.experiments import ab_statistics, experiments, proposals
from outreach.models import Experiment

MOST = 20


@dataclass(frozen=True)
class Side:
    name: str
    text: str
    counts: str
    rate: str


@dataclass(frozen=True)
class Shown:
    experiment: Experiment
    sides: tuple[Side, Side]
    verdict: str
    why: str
    waits: str
    plan: str
    started_by: str
    ended_by: str


def page() -> dict[str, Any]:
    return {"tests": [_shown(one) for one in experiments.newest()[:MOST]]}


def running() -> list[Experiment]:
    return list(experiments.newest().filter(ended_at=None))


def _shown(one: Experiment) -> Shown:
    found = _kept(one.result) if one.ended_at else experiments.result(one)
    early = "It was ended before its time." if one.ended_at and not found.is_complete else ""
    texts = [_text(one, template) for template in (one.template_a, one.template_b)]
    return Shown(
        one, (_side("A", texts[0], found.a), _side("B", texts[1], found.b)),
        Experiment.Verdict(one.verdict).label if one.verdict else "Under way", early or found.why,
        "" if one.ended_at else experiments.why_nobody_joins(one),
        ab_statistics.Plan(**one.plan).sentence if one.plan else "",
        phase.name_of(one.started_by), phase.name_of(one.ended_by) if one.ended_by else "",
    )  # fmt: skip


def _kept(result: dict[str, Any]) -> ab_statistics.Result:
    return ab_statistics.Result(
        **{**result, "a": ab_statistics.Side(**result["a"]), "b": ab_statistics.Side(**result["b"])}
    )


def _text(one: Experiment, template: Any) -> str:
    if one.kind == Experiment.Kind.SUBJECT:
        return template.subject
    return re.sub(
        r"\[title (\w+)\]\n",
        lambda tag: f"{tag[1].upper()}: ",
        proposals.call_to_action(template.body),
    )


def _side(name: str, text: str, side: ab_statistics.Side) -> Side:
    counts = f"{side.assigned} drafted, {side.left} left"
    if side.edited:
        counts += f" ({side.edited} edited before)"
    if side.rate is None or side.interval is None:
        return Side(name, text, counts, "no answers can be counted yet")
    low, high = side.interval
    rate = f"{side.answered} of {side.ripe} answered: {side.rate:.0%} ({low:.0%} to {high:.0%})"
    return Side(name, text, counts, rate)
