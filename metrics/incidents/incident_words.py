"""Incidents in words: title, evidence, what was done, what a person can do. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from caio_project.lib.words.clock_words import span_words, stamp_words
from metrics.incident_codes import Action, Cause
from metrics.incidents.cause_words import DONE, FELL_BACK, NEXT, RECOVERED
from outreach.choices import Guardrail, Phase

Numbers = Mapping[str, Any]
MOST_NAMES = 5
SUBJECT_NAMES = {"rb2b": "RB2B", "ghl": "GoHighLevel", "database": "the database"}


def subject_words(subject: str) -> str:
    if subject.startswith("key:"):
        return f"API key {subject.removeprefix('key:')}…"
    return SUBJECT_NAMES.get(subject, subject)


def title_words(cause: str, subject: str) -> str:
    label = Cause(cause).label
    return f"{label}: {subject_words(subject)}" if subject else str(label)


def evidence_words(cause: str, numbers: Numbers) -> str:
    """One or two sentences. Evidence of an older version that lacks a number is left out."""
    try:
        return EVIDENCE[Cause(cause)](numbers)
    except (KeyError, TypeError, ValueError):
        return ""


def rests_on_alarm(cause: str, numbers: Numbers) -> bool:
    """Whether the evidence is no more than which alarms are open: then their texts say it."""
    return "alarms" in numbers and evidence_words(cause, numbers) == _alarms(numbers)


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def _span(minutes: float) -> str:
    return span_words(timedelta(minutes=minutes))


def _names(names: list[str]) -> str:
    shown = ", ".join(names[:MOST_NAMES])
    left = len(names) - MOST_NAMES
    return f"{shown} and {left} more" if left > 0 else shown


def _alarms(numbers: Numbers) -> str:
    names = _names([_alarm_name(one) for one in numbers["alarms"]])
    return f"{_count(numbers['count'], 'alarm is', 'alarms are')} open: {names}."


def _alarm_name(name: str) -> str:
    kind, _, of = name.partition(":")
    is_limit = kind == "guardrail" and of in Guardrail.values
    return f"safety limit “{Guardrail(of).label}”" if is_limit else name


def _guardrail(one: str, many: str = "") -> Callable[[Numbers], str]:
    def words(numbers: Numbers) -> str:
        if "events" not in numbers:
            return _alarms(numbers)
        events = _count(numbers["events"], one, many)
        return f"{events}; {_count(numbers['sends_week'], 'email')} sent in 7 days."

    return words


def _health(numbers: Numbers) -> str:
    if numbers.get("score") is None:
        return _alarms(numbers)
    return f"The score is {numbers['score']} of 100."


def _silence(numbers: Numbers) -> str:
    if not numbers.get("since"):
        return _alarms(numbers)
    since = stamp_words(datetime.fromisoformat(numbers["since"]))
    return f"No event since {since}. About {numbers['due']:.0f} were due by now."


def _stages(numbers: Numbers) -> str:
    if "stages" not in numbers:
        return _alarms(numbers)
    parts = [f"“{stage}” for {_span(minutes)}" for stage, minutes in numbers["stages"].items()]
    return f"Work waits at {_names(parts)}."


def _figures(numbers: Numbers) -> str:
    if "figures" not in numbers:
        return "The newest verdict on domain health is too old."
    parts = [f"{name} for {_span(minutes)}" for name, minutes in numbers["figures"].items()]
    return f"Not computed: {_names(parts)}."


def _reply_rate(numbers: Numbers) -> str:
    return (
        f"{numbers['answered']} of {numbers['people']} people emailed since {numbers['since']} "
        f"answered; {numbers['healthy'] * 100:.0f} % is healthy. "
        f"CUSUM {numbers['level']} of {numbers['alarm']}."
    )


def _enrichment_rate(numbers: Numbers) -> str:
    return (
        f"{numbers['value'] * 100:.1f} % of {numbers['sample']} requests gained a field; "
        f"at least {numbers['threshold'] * 100:.0f} % must."
    )


def _latency(numbers: Numbers) -> str:
    return (
        f"{numbers['value']:.1f} business hours on average over {numbers['sample']} decisions; "
        f"under {numbers['threshold']:g} must be."
    )


def _ageing(numbers: Numbers) -> str:
    return (
        f"{numbers['overdue']} of {_count(numbers['waiting'], 'waiting email')} are overdue, the "
        f"oldest by {_span(numbers['late_minutes'])}."
    )


def _token(numbers: Numbers) -> str:
    if "hours" in numbers:
        return f"It ends in {_span(numbers['hours'] * 60)}."
    if numbers["attempts"]:
        return f"{_count(numbers['attempts'], 'renewal')} in a row failed."
    return f"The refresh token ends in {_count(numbers['refresh_days'], 'day')}."


def _clock(numbers: Numbers) -> str:
    seconds = numbers["seconds"]
    where = "ahead of" if seconds > 0 else "behind"
    return f"It is {span_words(timedelta(seconds=seconds))} {where} this server's clock."


def _budget(numbers: Numbers) -> str:
    return f"{numbers['used']:,} submissions of this Clay webhook are used."


EVIDENCE: dict[Cause, Callable[[Numbers], str]] = {
    Cause.REDIS_DOWN: lambda numbers: f"Redis gives no answer ({numbers['error']}).",
    Cause.SWEEPS_STOPPED: lambda numbers: (
        f"{_count(numbers['count'], 'sweep was', 'sweeps were')} not seen in time: "
        f"{_names(numbers['sweeps'])}."
    ),
    Cause.WORK_STUCK: _stages,
    Cause.FIGURES_STOPPED: _figures,
    Cause.GHL_DOWN: lambda numbers: (
        f"{_count(numbers['failures'], 'call')} in a row failed since it last took an email."
    ),
    Cause.GHL_ACCESS: _alarms,
    Cause.GHL_LIMIT: _alarms,
    Cause.GHL_READING: _alarms,
    Cause.SENDS_FAILING: _guardrail("send error"),
    Cause.UNCERTAIN: lambda numbers: (
        f"{_count(numbers['count'], 'email')} may or may not have been sent."
    ),
    Cause.BOUNCES: _guardrail("hard bounce"),
    Cause.BLOCKS: _guardrail("block by a receiver", "blocks by receivers"),
    Cause.COMPLAINTS: _guardrail("complaint"),
    Cause.DOMAIN_HEALTH: _health,
    Cause.AUTHENTICATION: _alarms,
    Cause.SILENT_SOURCE: _silence,
    Cause.ENRICHMENT_STALLED: _stages,
    Cause.ENRICHMENT_RATE: _enrichment_rate,
    Cause.CLAY_BUDGET: _budget,
    Cause.REPLY_RATE: _reply_rate,
    Cause.APPROVAL_LATENCY: _latency,
    Cause.APPROVALS_AGEING: _ageing,
    Cause.TOKEN_EXPIRING: _token,
    Cause.CLOCKS_APART: _clock,
    Cause.SLACK: _alarms,
    Cause.LANGUAGE_MODEL: _alarms,
    Cause.OTHER: _alarms,
}


def recovered_words(cause: str) -> str:
    return RECOVERED.get(Cause(cause), "What caused it is no longer found.")


def done_words(cause: str, action: str, numbers: Numbers) -> str:
    if action == Action.FELL_BACK:
        return FELL_BACK.get(Cause(cause), DONE[Action.FELL_BACK])
    if action == Action.DROPPED and numbers.get("phase_before"):
        before, after = Phase(numbers["phase_before"]), Phase(numbers["phase_after"])
        return f"Sending is halted, and the phase dropped from {before.label} to {after.label}."
    return DONE[Action(action)]


def acted_words(numbers: Numbers) -> str:
    """What an action of ours brought, from the numbers of its move; "" where it says nothing."""
    match numbers.get("action"):
        case Action.SHED_LOW:
            until = stamp_words(datetime.fromisoformat(numbers["until"]))
            return f"{_count(numbers['shed'], 'LOW email')} put off until {until}."
        case Action.TEST_PROPOSED if numbers.get("proposed"):
            return f"Proposed: another subject for the template “{numbers['proposed']}”."
        case Action.TEST_PROPOSED:
            return "No subject of ours fits a template that could be tested now."
        case Action.RESTED:
            until = stamp_words(datetime.fromisoformat(numbers["until"]))
            return f"Sending rests until {until}, and longer while it lasts."
        case _:
            return ""


@dataclass(frozen=True)
class IncidentText:
    """An incident for a reader in a hurry."""

    title: str
    evidence: str
    done: str
    next: str

    @property
    def notice(self) -> str:
        return " ".join(part for part in (f"{self.title}.", self.evidence, self.done) if part)


def incident_text(cause: str, subject: str, action: str, numbers: Numbers) -> IncidentText:
    return IncidentText(
        title_words(cause, subject),
        evidence_words(cause, numbers),
        done_words(cause, action, numbers),
        NEXT[Cause(cause)],
    )
