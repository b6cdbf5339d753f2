"""Who is told of an email that waits, when, and why a step is skipped. Pure.

The page's preview and the sweep ask the same `who_is_told`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from approvals.choices import Channel, Count, SkipReason, Who
from caio_project.lib.hours.business_calendar import BusinessCalendar

MOST_DELEGATES = 3  # that stand in for each other


@dataclass(frozen=True)
class LadderStep:
    after: timedelta
    counts: Count = Count.BUSINESS
    who: Who = Who.NEXT
    person: int | None = None  # for Who.PERSON
    channel: Channel = Channel.SLACK
    window: BusinessCalendar | None = None  # told only within these hours


@dataclass(frozen=True)
class Ladder:
    steps: tuple[LadderStep, ...]
    opened_extra: timedelta = timedelta(0)  # later steps wait so much longer once it was opened


@dataclass(frozen=True)
class Away:
    start: datetime
    until: datetime


@dataclass(frozen=True)
class Delegation:
    to: int
    start: datetime
    until: datetime


@dataclass(frozen=True)
class Person:
    pk: int
    name: str
    order: int = 0  # 1 is told first; 0 is not in the order
    away: tuple[Away, ...] = ()
    delegations: tuple[Delegation, ...] = ()

    def is_available(self, at: datetime) -> bool:
        spans: tuple[Away | Delegation, ...] = (*self.away, *self.delegations)
        return not any(one.start <= at < one.until for one in spans)

    def delegate_at(self, at: datetime) -> int | None:
        """Of two ranges that overlap, the one that began last."""
        valid = [one for one in self.delegations if one.start <= at < one.until]
        return max(valid, key=lambda one: one.start).to if valid else None


@dataclass(frozen=True)
class People:
    members: tuple[Person, ...]
    owner: int | None = None

    def find(self, pk: int | None) -> Person | None:
        return next((one for one in self.members if one.pk == pk), None)

    def in_order(self) -> list[Person]:
        return sorted((one for one in self.members if one.order), key=lambda p: (p.order, p.pk))


@dataclass(frozen=True)
class Told:
    """One step: whom it reaches when, or why nobody."""

    number: int
    at: datetime | None  # None where no working hours ever come
    channel: Channel
    person: Person | None = None
    instead_of: Person | None = None  # whose delegate `person` is
    skipped: SkipReason | None = None


@dataclass(frozen=True)
class Sweep:
    """When a sweep looks who is there, and the steps that earlier ones told."""

    now: datetime
    told: frozenset[int] = frozenset()


Found = tuple[Person, Person | None] | SkipReason  # who is told, and for whom they stand in


def who_is_told(
    ladder: Ladder,
    hours: BusinessCalendar,
    people: People,
    held_at: datetime,
    *,
    is_opened: bool = False,
    sweep: Sweep | None = None,
) -> tuple[Told, ...]:
    """Every step in order. Times never decrease.

    After a step that nobody can serve the next one is due at once; where nobody can serve it then,
    it keeps its own time. A step that a sweep tells late goes to whoever is there at the sweep.
    """
    told: list[Told] = []
    turn = _Turn(people, sweep)
    last = held_at
    for number, step in enumerate(ladder.steps):
        extra = ladder.opened_extra if is_opened and number else timedelta(0)
        due = _due_at(step, hours, held_at, extra, last)
        early = _in_window(step, last) if told and told[-1].skipped else None
        one = _tell(number, step, turn, early if _is_before(early, due) else due)
        if one.skipped and one.at != due:
            one = _tell(number, step, turn, due)
        last = one.at or last
        told.append(one)
    return tuple(told)


def find_stand_in(people: People, person: Person | None, at: datetime) -> Found:
    """The person where they are available, else whoever stands in for them."""
    if person is None:
        return SkipReason.GONE
    seen, current = [person.pk], person
    while not current.is_available(at):
        delegate = people.find(current.delegate_at(at))
        if delegate is None:
            return SkipReason.AWAY if current is person else SkipReason.DELEGATES_AWAY
        if delegate.pk in seen:
            return SkipReason.CIRCLE
        if len(seen) > MOST_DELEGATES:
            return SkipReason.LONG_CHAIN
        seen.append(delegate.pk)
        current = delegate
    return current, None if current is person else person


class _Turn:
    """Whose turn it is in the order while one ladder is walked."""

    def __init__(self, people: People, sweep: Sweep | None):
        self.people, self.order, self.sweep = people, people.in_order(), sweep
        self.place = 0
        self.last: Person | None = None

    def find(self, number: int, step: LadderStep, planned: datetime) -> Found:
        at = planned
        if self.sweep and number not in self.sweep.told:
            at = max(planned, self.sweep.now)
        if step.who == Who.NEXT:
            return self._find_next(at)
        if step.who == Who.OWNER and self.people.owner is None:
            return SkipReason.NO_OWNER
        pk = self.people.owner if step.who == Who.OWNER else step.person
        return find_stand_in(self.people, self.people.find(pk), at)

    def _find_next(self, at: datetime) -> Found:
        """The next in order who can be told; whoever was told last only where nobody else can."""
        if not self.order:
            return SkipReason.NOBODY
        again: tuple[int, tuple[Person, Person | None]] | None = None
        for ahead in range(len(self.order)):
            place = (self.place + ahead) % len(self.order)
            found = find_stand_in(self.people, self.order[place], at)
            if isinstance(found, SkipReason):
                continue
            if found[0] != self.last:
                self.place = place + 1
                return found
            again = again or (place, found)
        if again is None:
            return SkipReason.ALL_AWAY
        self.place = again[0] + 1
        return again[1]


def _tell(number: int, step: LadderStep, turn: _Turn, at: datetime | None) -> Told:
    found = SkipReason.NEVER_OPEN if at is None else turn.find(number, step, at)
    if isinstance(found, SkipReason):
        return Told(number, at, step.channel, skipped=found)
    turn.last = found[0]
    return Told(number, at, step.channel, *found)


def _due_at(
    step: LadderStep, hours: BusinessCalendar, held_at: datetime, extra: timedelta, last: datetime
) -> datetime | None:
    amount = step.after + extra
    counted = hours.add_time(held_at, amount) if step.counts == Count.BUSINESS else held_at + amount
    return None if counted is None else _in_window(step, max(counted, last))


def _in_window(step: LadderStep, at: datetime) -> datetime | None:
    return step.window.next_opening(at) if step.window else at


def _is_before(early: datetime | None, due: datetime | None) -> bool:
    return early is not None and (due is None or early < due)
