"""Domain health as a sum: 100, less what harms the sending domain, from 0 to 100. Pure.

Three windows are summed, and the worst wins. A rate costs points where the lower end of its
95 % interval passes a step, and never on one event alone. The steps are the mailbox providers' and
GoHighLevel's lines (complaints 0.1 and 0.3 %, bounces and blocks 3 and 5 %). Opens are left out:
programs make most of them. A missing record alone leaves the score above 50, because it halts by
its own clock (72 hours).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from caio_project.lib.statistics import wilson_interval
from outreach.choices import Record
from outreach.guardrails.guardrail_rules import DNS_RECORDS

VERSION = "2"  # of the sum; days on record keep theirs
START_SCORE = 100
WINDOWS = (7, 30, 90)  # days
MIN_SAMPLE = 100  # emails in a window; below them it has no score, and that is not a good one
LEAST_EVENTS = 2  # one alone moves no term
MISSING_RECORD_POINTS = -15

# (lower bound over so many percent, points), the worst first
RATE_STEPS = {
    "hard_bounces": ((5.0, -30), (2.0, -15), (1.0, -5)),
    "blocked": ((5.0, -40), (3.0, -20), (1.0, -5)),
    "complaints": ((0.3, -60), (0.2, -35), (0.1, -20)),
    "unsubscribes": ((2.0, -15), (1.0, -5)),
    "replies": ((5.0, 10),),
}
OF_ALL_SENT = ("hard_bounces", "blocked")  # the rest are shares of what arrived


@dataclass(frozen=True)
class EmailCounts:
    """Emails that left within so many days and what became of them, each counted once."""

    days: int
    sent: int
    hard_bounces: int = 0
    blocked: int = 0
    complaints: int = 0
    unsubscribes: int = 0
    replies: int = 0

    @property
    def is_enough(self) -> bool:
        return self.sent >= MIN_SAMPLE


@dataclass(frozen=True)
class ScorePart:
    """One term of the sum."""

    code: str
    points: int
    said: str  # "4 of 180", "missing"


@dataclass(frozen=True)
class DomainScore:
    """The score of the worst window that has its sample, and its sum; None: collecting."""

    score: int | None
    days: int  # the window that the sum is of
    parts: tuple[ScorePart, ...]
    by_window: tuple[tuple[int, int, int | None], ...]  # days, emails sent, score


def judge_domain(windows: Sequence[EmailCounts], states: dict[str, str]) -> DomainScore:
    """`states` are SPF, DKIM and DMARC by name; a record that is not known costs nothing."""
    summed = [(one, score_parts(one, states)) for one in windows]
    scores = [(one, _total(parts) if one.is_enough else None, parts) for one, parts in summed]
    judged = [row for row in scores if row[1] is not None]
    worst = min(judged, key=lambda row: row[1] or 0) if judged else scores[-1]
    by_window = tuple((one.days, one.sent, score) for one, score, _parts in scores)
    return DomainScore(worst[1], worst[0].days, worst[2], by_window)


def score_parts(counts: EmailCounts, states: dict[str, str]) -> tuple[ScorePart, ...]:
    """Every term, also those of 0 points: bounces and blocks of what was sent, the rest of what
    arrived.
    """
    arrived = counts.sent - counts.hard_bounces - counts.blocked
    rates = [
        _rate_part(code, getattr(counts, code), counts.sent if code in OF_ALL_SENT else arrived)
        for code in RATE_STEPS
    ]
    return (*rates, *(_record_part(name, states[name]) for name in DNS_RECORDS))


def _total(parts: Sequence[ScorePart]) -> int:
    return min(START_SCORE, max(0, START_SCORE + sum(part.points for part in parts)))


def _rate_part(code: str, count: int, of: int) -> ScorePart:
    low = (wilson_interval(count, of) or (0.0, 0.0))[0] if count >= LEAST_EVENTS else 0.0
    points = next((points for over, points in RATE_STEPS[code] if 100 * low > over), 0)
    return ScorePart(code, points, f"{count} of {of}")


def _record_part(name: str, state: str) -> ScorePart:
    return ScorePart(
        name, MISSING_RECORD_POINTS if state == Record.MISSING else 0, Record(state).label.lower()
    )
