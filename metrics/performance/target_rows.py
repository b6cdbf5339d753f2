"""The month's targets in words: where each stands, where it may end, and what the cap allows."""

from dataclasses import dataclass
from datetime import datetime

from caio_project.lib.words.check_states import CheckState
from metrics.figures.month import month_targets
from metrics.figures.targets import Target

LABELS = {
    "sent": "Emails sent",
    "reply_rate": "Reply rate",
    "meetings": "Meetings",
    "pipeline_value": "Open pipeline",
}
SPACE = "\u00a0"


@dataclass(frozen=True)
class TargetRow:
    label: str
    now: str
    goal: str
    projected: str
    state: CheckState
    words: str
    why: str = ""  # it cannot be reached


def show_targets(now: datetime) -> list[TargetRow]:
    return [_row(target) for target in month_targets(now)]


def _row(target: Target) -> TargetRow:
    state, words = _verdict(target)
    return TargetRow(
        LABELS[target.code],
        _amount(target.code, target.current),
        _amount(target.code, target.goal),
        _projection(target),
        state,
        words,
        "" if target.is_reachable else _cap_words(target),
    )


def _projection(target: Target) -> str:
    if target.projected is None:
        return "–"
    low, high = (_amount(target.code, one) for one in target.projected)
    return low if low == high else f"{low} to {high}"


def _cap_words(target: Target) -> str:
    days = f"{target.left} working day{'' if target.left == 1 else 's'}"
    return f"At most {target.most:,}: {target.cap} a day for {days}"


def _amount(code: str, value: float | None) -> str:
    if value is None:
        return "–"
    if code == "reply_rate":
        return f"{value * 100:.1f}{SPACE}%"
    if code == "pipeline_value":
        return f"${value:,.0f}"
    return f"{round(value):,}"


def _verdict(target: Target) -> tuple[CheckState, str]:
    """Green only where the target is reached; a rate, where its whole interval is over it."""
    if target.code == "reply_rate":
        return _rate_verdict(target)
    if target.current is None:
        return CheckState.NOT_KNOWN, "Not known"
    if target.current >= target.goal:
        return CheckState.PASS, "Reached"
    if not target.is_reachable:
        return CheckState.ALERT, "Not reachable at today's cap"
    return CheckState.NOT_KNOWN, "Not yet"


def _rate_verdict(target: Target) -> tuple[CheckState, str]:
    if target.projected is None:
        return CheckState.NOT_KNOWN, "Not enough people yet"
    low, high = target.projected
    if low >= target.goal:
        return CheckState.PASS, "Over the target"
    return (
        (CheckState.ALERT, "Under the target")
        if high < target.goal
        else (CheckState.NOT_KNOWN, "Too few to tell")
    )
