"""The words for a gate's thresholds and its reason, for pages, the API and commands. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from metrics.gates.gate import (
    INSUFFICIENT,
    Comparison,
    Gate,
    Reason,
    ReasonCode,
    SampleUnit,
    Scope,
    Threshold,
    Unit,
)

NBSP = "\u00a0"

COMPARISON_SIGNS = {
    Comparison.AT_LEAST: ">= ",
    Comparison.UNDER: "< ",
    Comparison.OVER: "> ",
    Comparison.EXACTLY: "",
}
COMPARISON_WORDS = {
    Comparison.AT_LEAST: "at least ",
    Comparison.UNDER: "under ",
    Comparison.OVER: "over ",
    Comparison.EXACTLY: "",
}
UNIT_DEMANDS = {Unit.STAGES: "every stage", Unit.PERSONS: "a named person"}
SCOPE_WORDS = {
    Scope.WHOLE: "",
    Scope.MEAN: " mean",
    Scope.EVERY_DAY: " every day",
    Scope.EACH_HALF: " in each half",
    Scope.OVER_BASELINE: " over the baseline",
}
SAMPLE_WORDS = {
    SampleUnit.SETTLED_REQUESTS: "settled requests",
    SampleUnit.SENDS: "sends",
    SampleUnit.DECISIONS: "decisions",
    SampleUnit.PEOPLE_EMAILED: "people emailed",
    SampleUnit.DAYS_WITH_SCORE: "days with a score",
    SampleUnit.DAYS: "days",
    SampleUnit.SCORED_EMAILS: "scored emails",
    SampleUnit.EMAILS_REREAD: "emails re-read",
}
NOT_MEASURABLE = {
    ReasonCode.NO_QUALITY_SCORES: "quality scores are not built",
    ReasonCode.NOT_MEASURED_YET: "it is not measured yet",  # of evaluations on record
    ReasonCode.NO_REREADING: "sampled re-reading is not built",
    ReasonCode.NO_SIGN_OFF: "nobody has signed off an evaluation",
    ReasonCode.NO_BASELINE: "no baseline is recorded; record_baseline does it",
    ReasonCode.PIPELINE_NOT_SET: "GHL_PIPELINE_ID is not set",
    ReasonCode.OPPORTUNITIES_NOT_READ: (
        "opportunities were not read from GoHighLevel within the hour"
    ),
}


def threshold_text(gate: Gate) -> str:
    """ ">= 8 %, >= 7 % in each half", as the API and commands say it."""
    return _join_thresholds(gate.thresholds, COMPARISON_SIGNS, " ")


def threshold_words(gate: Gate) -> str:
    """ "at least 8 %, at least 7 % in each half", as pages say it."""
    return _join_thresholds(gate.thresholds, COMPARISON_WORDS, NBSP)


def reason_words(gate: Gate) -> str:
    if gate.reason is None:
        return ""
    if gate.reason.code == ReasonCode.THRESHOLD_MISSED:
        return f"the threshold is {threshold_text(gate)}"
    if gate.reason.code in NOT_MEASURABLE:
        return NOT_MEASURABLE[gate.reason.code]
    return REASON_WORDS[gate.reason.code](gate.reason.arguments)


def reason_text(gate: Gate) -> str:
    """The same for the API and commands, which name what cannot be measured as insufficient."""
    is_unmeasurable = gate.reason is not None and gate.reason.code in NOT_MEASURABLE
    return f"{'insufficient: ' if is_unmeasurable else ''}{reason_words(gate)}"


def stored_gate_texts(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A gate of a GateEvaluation row with `threshold` and `why` as texts; older rows hold those."""
    if "thresholds" not in stored:
        return dict(stored)
    gate = read_stored_gate(stored)
    texts = {
        "thresholds": ("threshold", threshold_text(gate)),
        "reason": ("why", reason_text(gate)),
    }
    return dict(texts.get(name, (name, value)) for name, value in stored.items())


def read_stored_gate(stored: Mapping[str, Any]) -> Gate:
    thresholds = tuple(
        Threshold(
            Comparison(one["comparison"]), one["value"], Unit(one["unit"]), Scope(one["scope"])
        )
        for one in stored["thresholds"]
    )
    reason, interval = stored["reason"], stored.get("interval")
    return Gate(
        name=stored["name"],
        thresholds=thresholds,
        needed=stored["needed"],
        window=stored["window"],
        value=stored.get("value"),
        unit=Unit(stored.get("unit", "")),
        interval=(interval[0], interval[1]) if interval else None,
        spread=stored.get("spread"),
        sample=stored.get("sample", 0),
        met=stored.get("met", False),
        verdict=stored.get("verdict", INSUFFICIENT),
        reason=reason and Reason(ReasonCode(reason["code"]), reason["arguments"]),
        evidence=stored.get("evidence"),
        weeks=tuple((week, people, answered) for week, people, answered in stored.get("weeks", ())),
        raw=stored.get("raw", {}),
    )


def _join_thresholds(
    thresholds: tuple[Threshold, ...], comparisons: Mapping[Comparison, str], space: str
) -> str:
    text = ""
    for one in thresholds:
        joint = "" if not text else ", " if one.scope == Scope.EACH_HALF else " and "
        text += joint + _one_threshold(one, comparisons, space)
    return text


def _one_threshold(one: Threshold, comparisons: Mapping[Comparison, str], space: str) -> str:
    if one.unit in UNIT_DEMANDS:
        return UNIT_DEMANDS[one.unit]
    return comparisons[one.comparison] + _amount(one, space) + SCOPE_WORDS[one.scope]


def _amount(one: Threshold, space: str) -> str:
    match one.unit:
        case Unit.SHARE:
            return f"{one.value * 100:g}{space}%"
        case Unit.HOURS:
            return f"{one.value:g}{space}h"
        case Unit.DAYS:
            return f"{one.value:g} days"
        case Unit.DOLLARS:
            return f"${one.value:,.0f}"
        case Unit.QUALITY_SCORE:
            return f"{one.value:g} of 5"
        case _:
            return f"{one.value:g}"


def _evidence_words(arguments: Mapping[str, Any]) -> str:
    return f"evidence {arguments['evidence']:.1f} of {arguments['enough']:.0f}"


def _evidence_too_weak(arguments: Mapping[str, Any]) -> str:
    text, left, per_day = _evidence_words(arguments), arguments["left"], arguments["per_day"]
    if not left:
        return f"{text}; at today's rate it will not be reached"
    more = f"{text}; about {left} more {SAMPLE_WORDS[SampleUnit(arguments['of'])]} at today's rate"
    if not per_day:
        return more
    days = -(-left // per_day)
    return f"{more}, {days} sending day{'s' if days > 1 else ''} at today's cap of {per_day}"


def _sign_off_words(said: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda a: said.format(**{**a, "gates": ", ".join(a.get("gates", []))})


def _sample_too_small(arguments: Mapping[str, Any]) -> str:
    left, per_day = arguments["left"], arguments["per_day"]
    text = f"about {left} more {SAMPLE_WORDS[SampleUnit(arguments['of'])]}"
    if not per_day or arguments["of"] == SampleUnit.DAYS:
        return text
    days = -(-left // per_day)
    return f"{text}, {days} day{'s' if days > 1 else ''} at today's cap of {per_day}"


def _days_missing(arguments: Mapping[str, Any]) -> str:
    left = arguments["left"]
    causes = [
        f"{arguments[code]} {said}"
        for code, said in (("unmeasured", "without a check"), ("collecting", "too few emails"))
        if arguments[code]
    ]
    causes += [f"{days} {name.upper()} not known" for name, days in arguments["unknown"].items()]
    more = f"about {left} more day{'s' if left > 1 else ''} with a score"
    return f"{more}; of the last 14: {', '.join(causes)}" if causes else more


REASON_WORDS: dict[ReasonCode, Callable[[Mapping[str, Any]], str]] = {
    ReasonCode.SAMPLE_TOO_SMALL: _sample_too_small,
    ReasonCode.MET_ON_DAYS: lambda a: f"met on {a['days']} days in a row",
    ReasonCode.MET_ON_TOO_FEW_DAYS: lambda a: f"met on {a['days']} of {a['of']} days in a row",
    ReasonCode.MET_TODAY: lambda a: "met today",
    ReasonCode.EVIDENCE_TOO_WEAK: _evidence_too_weak,
    ReasonCode.EVIDENCE_ENOUGH: lambda a: f"{_evidence_words(a)}, reached by {a['day']}",
    ReasonCode.NOT_IN_PHASE: lambda a: f"the phase is {a['phase']}",
    ReasonCode.SIGN_OFF_EXPIRED: _sign_off_words(
        "{by} signed evaluation {evaluation} more than 7 days ago"
    ),
    ReasonCode.SIGN_OFF_OUTDATED: _sign_off_words(
        "{by} signed evaluation {evaluation}; since then it no longer holds: {gates}"
    ),
    ReasonCode.SIGNER_MAY_NOT: _sign_off_words(
        "{by} signed evaluation {evaluation} and may no longer sign off"
    ),
    ReasonCode.SIGNED: _sign_off_words("{by} signed evaluation {evaluation}"),
    ReasonCode.STAGES_NOT_SEEN: lambda a: f"not seen: {', '.join(a['stages'])}",
    ReasonCode.DAYS_MISSING: _days_missing,
    ReasonCode.SENDS_FAILED: lambda a: (
        f"{a['failed']} failed, {a['uncertain']} uncertain for over 15 min"
    ),
}
