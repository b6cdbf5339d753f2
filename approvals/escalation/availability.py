"""Who is not available until when, and who stands in for whom on which days."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from approvals.choices import SkipReason
from approvals.escalation import ladder_rows
from approvals.escalation.ladder_rules import Delegation, People, Person, find_stand_in
from approvals.models import Absence, Delegate
from leads.models import TeamMember
from outreach.limits import team_calendar

MOST_DAYS = 366
PAST = "Choose a time that is still to come."
TOO_LONG = f"Choose a time at most {MOST_DAYS} days ahead."
REFUSALS = {
    SkipReason.CIRCLE: "They would stand in for each other in a circle on one of these days.",
    SkipReason.LONG_CHAIN: "More than three people would stand in for each other on one of "
    "these days.",
}


class AvailabilityRefused(Exception):
    """Nothing was changed; `field` names the wrong input."""

    def __init__(self, field: str, text: str):
        super().__init__(text)
        self.field, self.text = field, text


@dataclass(frozen=True)
class OnNow:
    """One person in the order, at one moment: there, represented or away."""

    person: Person
    stand_in: Person | None
    away_until: datetime | None
    problem: SkipReason | None

    @property
    def is_there(self) -> bool:
        return self.problem is None and self.stand_in is None


def set_absence(member: TeamMember, until: datetime, by: Any) -> Absence:
    """Not available from now on until `until`; it takes the place of the present absence."""
    now = timezone.now()
    if until <= now:
        raise AvailabilityRefused("until", PAST)
    if until > now + timedelta(days=MOST_DAYS):
        raise AvailabilityRefused("until", TOO_LONG)
    end_absence(member)
    return Absence.objects.create(member=member, start=now, until=until, by=by)


def end_absence(member: TeamMember) -> bool:
    now = timezone.now()
    return bool(Absence.objects.filter(member=member, until__gt=now).update(until=now))


def away_until(member: TeamMember) -> datetime | None:
    now = timezone.now()
    rows = Absence.objects.filter(member=member, start__lte=now, until__gt=now)
    return max((row.until for row in rows), default=None)


def set_delegate(
    member: TeamMember, delegate: TeamMember, days: tuple[date, date], by: Any
) -> Delegate:
    """`delegate` stands in on the days from the first to the last, both included."""
    first, last = days
    if delegate == member:
        raise AvailabilityRefused("delegate", "Choose somebody else than the person themselves.")
    if last < first:
        raise AvailabilityRefused("last_day", "It is before the first day.")
    if last < timezone.localdate():
        raise AvailabilityRefused("last_day", "Choose days that are still to come.")
    if last - first > timedelta(days=MOST_DAYS):
        raise AvailabilityRefused("last_day", f"At most {MOST_DAYS} days.")
    row = Delegate(member=member, delegate=delegate, first_day=first, last_day=last, by=by)
    if problem := _problem_with(row):
        raise AvailabilityRefused("delegate", REFUSALS[problem])
    row.save()
    return row


def end_delegate(row: Delegate) -> None:
    Delegate.objects.filter(pk=row.pk, ended_at=None).update(ended_at=timezone.now())


def current_delegates() -> list[Delegate]:
    """Those that stand in now or will, the first to begin first."""
    rows = Delegate.objects.filter(ended_at=None, last_day__gte=timezone.localdate())
    return list(rows.select_related("member", "delegate").order_by("first_day", "pk"))


def _problem_with(row: Delegate) -> SkipReason | None:
    """A circle or a long chain at any moment of the new range. It can begin at starts only."""
    zone = team_calendar.load_calendar().zone
    new = ladder_rows.delegation_of(row, zone)
    people = _people_with(ladder_rows.load_people(zone), row.member_id, new)
    starts = {one.start for person in people.members for one in person.delegations}
    for at in (start for start in starts if new.start <= start < new.until):
        for person in people.members:
            found = find_stand_in(people, person, at)
            if isinstance(found, SkipReason) and found in REFUSALS:
                return found
    return None


def _people_with(people: People, pk: int, new: Delegation) -> People:
    """Absences are left out: a chain must hold for days on which nobody is away, too."""
    return People(
        tuple(
            Person(
                one.pk,
                one.name,
                one.order,
                delegations=(*one.delegations, new) if one.pk == pk else one.delegations,
            )
            for one in people.members
        )
    )


def who_is_on(people: People, at: datetime) -> list[OnNow]:
    return [_on_now(people, person, at) for person in people.in_order()]


def _on_now(people: People, person: Person, at: datetime) -> OnNow:
    away = [one.until for one in person.away if one.start <= at < one.until]
    found = find_stand_in(people, person, at)
    if isinstance(found, SkipReason):
        return OnNow(person, None, max(away, default=None), found)
    stand_in = found[0] if found[1] else None
    return OnNow(person, stand_in, max(away, default=None), None)
