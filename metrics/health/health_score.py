"""Domain health as a sum that can be shown: 100, less what harms the sending domain, 0 to 100. Pure.

The steps are the mailbox providers' own lines (complaints 0.1 %, bounces 2 and 5 %). Opens are left out: programs make
most of them. A missing record alone leaves the score above 50, for it halts by a clock of its own (72 hours).
"""

from dataclasses import dataclass

from outreach.choices import Record
from outreach.guardrails.guardrail_rules import RECORDS

START = 100
LEAST = 50  # emails; below them there is no score, and that is not a good one
RECORD_MISSING = -15

# (more than so many percent, points), the worst first
STEPS = {
    "hard_bounces": ((5.0, -30), (2.0, -15), (1.0, -5)),
    "complaints": ((0.1, -40), (0.05, -20)),
    "unsubscribes": ((2.0, -15), (1.0, -5)),
    "replies": ((5.0, 10),),
}


@dataclass(frozen=True)
class Sample:
    """What became of the emails that left in one window, each counted once, and what DNS says."""

    sent: int
    hard_bounces: int = 0
    complaints: int = 0
    unsubscribes: int = 0
    replies: int = 0
    spf: str = Record.UNKNOWN
    dkim: str = Record.UNKNOWN
    dmarc: str = Record.UNKNOWN


@dataclass(frozen=True)
class Part:
    """One term of the sum."""

    code: str
    points: int
    said: str  # "4 of 180", "missing"


def parts(sample: Sample) -> tuple[Part, ...]:
    """Every term, those of no points, too: bounces of what was sent, the rest of what arrived."""
    arrived = sample.sent - sample.hard_bounces
    rates = [
        _rate(code, getattr(sample, code), sample.sent if code == "hard_bounces" else arrived)
        for code in STEPS
    ]
    return (*rates, *(_record(name, getattr(sample, name)) for name in RECORDS))


def score(sample: Sample) -> int | None:
    """0 to 100; None below the least sample."""
    if sample.sent < LEAST:
        return None
    return min(START, max(0, START + sum(part.points for part in parts(sample))))


def _rate(code: str, count: int, of: int) -> Part:
    percent = 100 * count / of if of else 0.0
    points = next((points for over, points in STEPS[code] if percent > over), 0)
    return Part(code, points, f"{count} of {of}")


def _record(name: str, state: str) -> Part:
    return Part(name, RECORD_MISSING if state == Record.MISSING else 0, Record(state).label.lower())
