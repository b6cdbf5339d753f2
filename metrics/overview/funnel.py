"""The funnel: how far the people of the last 30 days have come, and what waits at each stage.

The same people are followed through all stages, so that what is lost between two of them is lost
there; counts of one day would compare the answers of last week's emails with today's visits.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from approvals.queue.what_waits import WaitingWork
from leads.models import Enrichment, Kind, Lead, Visit
from metrics.overview.flow import Stage
from outreach.choices import Status, Transport
from outreach.models import Meeting, Message, Reply

DAYS = 30
MOST_PEOPLE = 5_000  # the newest; more would not change the picture, and the page stays fast
LEAST_PEOPLE = 20  # of whom a percentage says something
# Code, label, and the stage of the flow whose queue leads out of it.
STEPS = (
    ("came", "Visitors identified", "visits"),
    ("enriched", "Enrichment finished", "enriched"),
    ("drafted", "Draft written", "drafted"),
    ("held", "Reached the queue", "waiting"),
    ("approved", "Approved", "cleared"),
    ("sent", "Sent", "sent"),
    ("answered", "Answered", "replies"),
    ("met", "Meeting booked", "meetings"),
)


@dataclass(frozen=True)
class FunnelStep:
    code: str
    label: str
    people: int
    width: float  # of 100, of the widest
    lost: int = 0  # of those of the step before, who did not come here
    lost_percent: int | None = None  # None where too few came before
    waits: tuple[str, ...] = ()
    stands: tuple[str, ...] = ()  # what goes on only once somebody sees to it

    @property
    def left(self) -> float:
        return (100 - self.width) / 2


@dataclass(frozen=True)
class Funnel:
    steps: tuple[FunnelStep, ...]
    is_cut: bool  # only the newest people are in it

    @property
    def people(self) -> int:
        return self.steps[0].people


def read_funnel(now: datetime, stages: Iterable[Stage], waits: WaitingWork) -> Funnel:
    reached, is_cut = _count_people(now)
    waiting = _waiting_by_step({stage.code: stage for stage in stages}, waits)
    return Funnel(build_steps(reached, waiting, _standing_by_step(waits)), is_cut)


def build_steps(
    reached: Sequence[int], waiting: Mapping[str, tuple[str, ...]], standing: Mapping[str, str]
) -> tuple[FunnelStep, ...]:
    """`reached` is how many people came to each step, or beyond it. Reads nothing."""
    widest, steps = reached[0], []
    for number, (code, label, _) in enumerate(STEPS):
        before = reached[number - 1] if number else reached[0]
        lost = before - reached[number]
        steps.append(
            FunnelStep(
                code,
                label,
                reached[number],
                round(100 * reached[number] / widest, 1) if widest else 0.0,
                lost,
                round(100 * lost / before) if before >= LEAST_PEOPLE else None,
                waiting.get(code, ()),
                (standing[code],) if code in standing else (),
            )
        )
    return tuple(steps)


def count_reached(furthest: Iterable[int]) -> list[int]:
    """By step, how many came at least there. Who is beyond a step has passed it."""
    found = [0] * len(STEPS)
    for step in furthest:
        for passed in range(step + 1):
            found[passed] += 1
    return found


def _count_people(now: datetime) -> tuple[list[int], bool]:
    since = now - timedelta(days=DAYS)
    rows = list(_newest_people().values_list("first_seen_at", *(code for code, _, _ in STEPS)))
    furthest = [
        max(number for number, is_there in enumerate(flags) if is_there)
        for first_seen_at, *flags in rows
        if first_seen_at >= since and any(flags)
    ]
    is_cut = len(rows) == MOST_PEOPLE and rows[-1][0] >= since
    return count_reached(furthest), is_cut


def _newest_people() -> QuerySet[Lead]:
    # Who came by a list, or from GoHighLevel, is at no step of the way from visit to meeting.
    visitors = Lead.objects.filter(
        Exists(Visit.objects.filter(lead=OuterRef("pk"))), kind=Kind.LIVE
    ).order_by("-pk")
    oldest = visitors.values_list("pk", flat=True)[MOST_PEOPLE - 1 : MOST_PEOPLE].first() or 0
    # By key as well: PostgreSQL reads a whole table where it takes every lead for asked about.
    mine = {"lead": OuterRef("pk"), "lead__gte": oldest}
    emails = Message.objects.filter(**mine, kind=Kind.LIVE, step=1)
    emails = emails.exclude(transport=Transport.HISTORY)
    visited = Exists(Visit.objects.filter(**mine))
    return (
        Lead.objects.filter(visited, kind=Kind.LIVE, pk__gte=oldest)
        .annotate(
            came=visited,
            enriched=Exists(Enrichment.objects.filter(**mine, state=Enrichment.State.SETTLED)),
            drafted=Exists(emails.exclude(status=Status.DRAFT)),
            held=Exists(emails.filter(held_at__isnull=False)),
            approved=Exists(emails.filter(cleared_at__isnull=False)),
            sent=Exists(emails.filter(status=Status.SENT, transport=Transport.GHL)),
            answered=Exists(Reply.objects.counted().filter(**mine))
            & Exists(emails.filter(status=Status.SENT, transport=Transport.GHL)),
            met=Exists(Meeting.objects.filter(**mine).exclude(status__in=Meeting.OFF)),
        )
        .order_by("-pk")[:MOST_PEOPLE]
    )


def _waiting_by_step(stages: Mapping[str, Stage], waits: WaitingWork) -> dict[str, tuple[str, ...]]:
    """What stands at each stage now, of any day, in words."""
    found: dict[str, list[str]] = {}
    for code, _, of_stage in STEPS:
        stage = stages[of_stage]
        found[code] = [f"{stage.waiting} waiting"] if stage.waiting else []
    assessing = stages["leads"].waiting
    found["enriched"] += [f"{assessing} to be scored"] if assessing else []
    found["held"] += [f"{waits.snoozed} put off"] if waits.snoozed else []
    return {code: tuple(words) for code, words in found.items()}


def _standing_by_step(waits: WaitingWork) -> dict[str, str]:
    counted = {
        "came": (waits.parked, "parked"),
        "drafted": (waits.blocked_by(), "blocked"),
        "sent": (waits.uncertain, "uncertain"),
    }
    return {code: f"{count} {what}" for code, (count, what) in counted.items() if count}
