"""What a detector found, as codes and numbers. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from metrics.incident_codes import Action, Cause

MOST_MARKS = 300
FIRST_SEEN = "first_seen"  # the mark of what has no id: replaced by when it was first found
Key = tuple[str, str]


@dataclass(frozen=True)
class Finding:
    """Something is wrong now. `marks` name what the finding rests on: ids of events, or since when.

    A finding with no mark that is new does not open what a person has cleared.
    """

    cause: Cause
    marks: tuple[str, ...]
    evidence: Mapping[str, Any] = field(default_factory=dict)
    subject: str = ""
    action: Action = Action.TOLD
    alarms: tuple[int, ...] = ()  # rows that would be told each for itself

    @property
    def key(self) -> Key:
        return self.cause.value, self.subject

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def from_json(stored: Mapping[str, Any]) -> Finding:
    return Finding(
        Cause(stored["cause"]),
        tuple(stored["marks"]),
        stored["evidence"],
        stored["subject"],
        Action(stored["action"]),
        tuple(stored["alarms"]),
    )


def with_first_seen(
    found: Iterable[Finding], before: Iterable[Finding], now: datetime
) -> list[Finding]:
    """`found`, each without an id of its own keeping the mark that it had in `before`."""
    known = {one.key: one.marks for one in before}
    return [
        replace(one, marks=known.get(one.key, (f"since:{now.isoformat()}",)))
        if one.marks == (FIRST_SEEN,)
        else one
        for one in found
    ]
