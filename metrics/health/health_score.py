"""Domain health as a sum: 100, less what harms the sending domain, from 0 to 100. Pure.

The steps are the mailbox providers' lines (complaints 0.1 %, bounces 2 and 5 %). Opens are left
out: programs make most of them. A missing record alone leaves the score above 50, because it halts
by its own clock (72 hours).
"""

from dataclasses import dataclass

from outreach.choices import Record
from outreach.guardrails.guardrail_rules import DNS_RECORDS

START_SCORE = 100
MIN_SAMPLE = 50  # emails; below them there is no score, and that is not a good one
MISSING_RECORD_POINTS = -15

# (more than so many percent, points), the worst first
RATE_STEPS = {
    "hard_bounces": ((5.0, -30), (2.0, -15), (1.0, -5)),
    "complaints": ((0.1, -40), (0.05, -20)),
    "unsubscribes": ((2.0, -15), (1.0, -5)),
    "replies": ((5.0, 10),),
}


@dataclass(frozen=True)
class EmailSample:
    """Emails that left in one window and what became of them, each counted once, and DNS."""

    sent: int
    hard_bounces: int = 0
    complaints: int = 0
    unsubscribes: int = 0
    replies: int = 0
    spf: str = Record.UNKNOWN
    dkim: str = Record.UNKNOWN
    dmarc: str = Record.UNKNOWN


@dataclass(frozen=True)
class ScorePart:
    """One term of the sum."""

    code: str
    points: int
    said: str  # "4 of 180", "missing"


def score_parts(sample: EmailSample) -> tuple[ScorePart, ...]:
    """Every term, also those of 0 points: bounces of what was sent, the rest of what arrived."""
    arrived = sample.sent - sample.hard_bounces
    rates = [
        _rate_part(code, getattr(sample, code), sample.sent if code == "hard_bounces" else arrived)
        for code in RATE_STEPS
    ]
    return (*rates, *(_record_part(name, getattr(sample, name)) for name in DNS_RECORDS))


def domain_score(sample: EmailSample) -> int | None:
    """0 to 100; None below the least sample."""
    if sample.sent < MIN_SAMPLE:
        return None
    return min(START_SCORE, max(0, START_SCORE + sum(part.points for part in score_parts(sample))))


def _rate_part(code: str, count: int, of: int) -> ScorePart:
    percent = 100 * count / of if of else 0.0
    points = next((points for over, points in RATE_STEPS[code] if percent > over), 0)
    return ScorePart(code, points, f"{count} of {of}")


def _record_part(name: str, state: str) -> ScorePart:
    return ScorePart(
        name, MISSING_RECORD_POINTS if state == Record.MISSING else 0, Record(state).label.lower()
    )
