"""The experiments page: each test in words, with its two texts and counts."""

import re
from dataclasses import dataclass
from typing import Any

from outreach.control import phase
from outreach.experiments import ab_statistics, experiments, proposals
from outreach.models import Experiment

MAX_EXPERIMENTS = 20


@dataclass(frozen=True)
class VariantRow:
    name: str
    text: str
    counts: str
    rate: str


@dataclass(frozen=True)
class ExperimentRow:
    experiment: Experiment
    sides: tuple[VariantRow, VariantRow]
    verdict: str
    why: str
    waits: str
    plan: str
    started_by: str
    ended_by: str
    may_be_published: bool


def page_context() -> dict[str, Any]:
    return {
        "tests": [
            _experiment_row(one) for one in experiments.newest_experiments()[:MAX_EXPERIMENTS]
        ]
    }


def running_experiments() -> list[Experiment]:
    return list(experiments.newest_experiments().filter(ended_at=None))


def _experiment_row(one: Experiment) -> ExperimentRow:
    found = _stored_result(one.result) if one.ended_at else experiments.experiment_result(one)
    early = "It was ended before its time." if one.ended_at and not found.is_complete else ""
    texts = [_variant_text(one, template) for template in (one.template_a, one.template_b)]
    return ExperimentRow(
        one,
        (_variant_row("A", texts[0], found.a), _variant_row("B", texts[1], found.b)),
        Experiment.Verdict(one.verdict).label if one.verdict else "Under way",
        early or found.why,
        "" if one.ended_at else experiments.why_nobody_joins(one),
        ab_statistics.ExperimentPlan(**one.plan).sentence if one.plan else "",
        phase.actor_name(one.started_by),
        phase.actor_name(one.ended_by) if one.ended_by else "",
        one.verdict == Experiment.Verdict.B and one.template_a.active,
    )


def _stored_result(result: dict[str, Any]) -> ab_statistics.Comparison:
    return ab_statistics.Comparison(
        **{
            **result,
            "a": ab_statistics.SideCounts(**result["a"]),
            "b": ab_statistics.SideCounts(**result["b"]),
        }
    )


def _variant_text(one: Experiment, template: Any) -> str:
    if one.kind == Experiment.Kind.SUBJECT:
        return template.subject
    return re.sub(
        r"\[title (\w+)\]\n",
        lambda tag: f"{tag[1].upper()}: ",
        proposals.call_to_action(template.body),
    )


def _variant_row(name: str, text: str, side: ab_statistics.SideCounts) -> VariantRow:
    counts = f"{side.assigned} drafted, {side.left} sent"
    if side.edited:
        counts += f" ({side.edited} edited before)"
    if side.rate is None or side.interval is None:
        return VariantRow(name, text, counts, "no replies can be counted yet")
    low, high = side.interval
    rate = f"{side.answered} of {side.ripe} answered: {side.rate:.0%} ({low:.0%} to {high:.0%})"
    return VariantRow(name, text, counts, rate)
