"""Reads ladders and people from their rows, with the calendar; five statements together."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Prefetch
from django.utils import timezone

from approvals.choices import Channel, Count, SkipReason, Who
from approvals.escalation.default_ladders import DEFAULT_LADDERS
from approvals.escalation.ladder_rules import (
    Away,
    Delegation,
    Ladder,
    LadderStep,
    People,
    Person,
    find_stand_in,
)
from approvals.models import Absence, Delegate, EscalationLadder
from approvals.models import LadderStep as StepRow
from caio_project.lib.hours.business_calendar import BusinessCalendar, Span
from leads.models import TeamMember
from outreach.choices import Band
from outreach.limits import team_calendar
from outreach.limits.team_calendar import WEEK
from outreach.models import Message

# Emails expire earlier than absences from before this are forgotten.
KEPT = timedelta(days=45)


@dataclass(frozen=True)
class Plan:
    ladders: dict[str, Ladder]
    hours: BusinessCalendar
    people: People

    def ladder_of(self, band: str, is_critical: bool) -> Ladder:
        return self.ladders[self.ladder_name(band, is_critical)]

    def ladder_name(self, band: str, is_critical: bool) -> str:
        """A CRITICAL email follows its own band where CRITICAL has no step."""
        has_own = is_critical and self.ladders[Band.CRITICAL].steps
        return Band.CRITICAL if has_own else band

    def name_for(self, message: Message) -> str:
        return self.ladder_name(message.band, bool(message.critical_reason))


def load_plan() -> Plan:
    hours = team_calendar.load_calendar()
    return Plan(load_ladders(hours.zone), hours, load_people(hours.zone))


def load_ladders(zone: str) -> dict[str, Ladder]:
    rows = EscalationLadder.objects.prefetch_related(
        Prefetch("steps", StepRow.objects.order_by("number"))
    )
    saved = {row.band: _ladder_of(row, zone) for row in rows}
    return {**DEFAULT_LADDERS, **saved}


def _ladder_of(row: EscalationLadder, zone: str) -> Ladder:
    return ladder_from(list(row.steps.all()), row.opened_extra_minutes, zone)


def ladder_from(rows: list[StepRow], extra_minutes: int, zone: str) -> Ladder:
    steps = tuple(_step_of(row, zone) for row in rows)
    return Ladder(steps, timedelta(minutes=extra_minutes))


def step_as_row(step: LadderStep) -> StepRow:
    open_days = [n for n, spans in enumerate(step.window.week) if spans] if step.window else []
    span = step.window.week[open_days[0]][0] if step.window and open_days else None
    return StepRow(
        after_minutes=int(step.after.total_seconds() // 60),
        counts=step.counts,
        who=step.who,
        person_id=step.person,
        channel=step.channel,
        window_days="" if len(open_days) == len(WEEK) else "".join(map(str, open_days)),
        window_from=span.start if span else None,
        window_until=span.end if span else None,
    )


def _step_of(row: StepRow, zone: str) -> LadderStep:
    return LadderStep(
        timedelta(minutes=row.after_minutes),
        Count(row.counts),
        Who(row.who),
        row.person_id,
        Channel(row.channel),
        _window_of(row, zone),
    )


def _window_of(row: StepRow, zone: str) -> BusinessCalendar | None:
    if not row.window_days and row.window_from is None and row.window_until is None:
        return None
    span = Span(row.window_from or time(0), row.window_until or time(0))
    days = row.window_days or WEEK
    return BusinessCalendar(zone, tuple((span,) if day in days else () for day in WEEK))


def load_people(zone: str) -> People:
    """Active team members, with absences and delegates that are not long over."""
    since = timezone.now() - KEPT
    away: dict[int, list[Away]] = defaultdict(list)
    for one in Absence.objects.filter(until__gt=since):
        away[one.member_id].append(Away(one.start, one.until))
    instead: dict[int, list[Delegation]] = defaultdict(list)
    for row in Delegate.objects.filter(last_day__gte=since.date()):
        instead[row.member_id].append(delegation_of(row, zone))
    members = TeamMember.objects.filter(active=True).order_by("notice_order", "name")
    return People(
        tuple(
            Person(one.pk, one.name, one.notice_order, tuple(away[one.pk]), tuple(instead[one.pk]))
            for one in members
        )
    )


def delegation_of(row: Delegate, zone: str) -> Delegation:
    """From the first moment of the first day to the end of the last one, or until it was ended."""
    there = ZoneInfo(zone)
    start = datetime.combine(row.first_day, time(0), there)
    end = datetime.combine(row.last_day + timedelta(days=1), time(0), there)
    return Delegation(row.delegate_id, start, min(end, row.ended_at) if row.ended_at else end)


def people_for(plan: Plan, message: Message) -> People:
    return replace(plan.people, owner=message.lead.owner_id)


def who_answers_for(member: TeamMember, at: datetime) -> TeamMember:
    """`member` where they are there, else their delegate, else the first in order who is there.

    Where nobody is there it is `member`.
    """
    people = load_people(team_calendar.load_calendar().zone)
    chain = (people.find(member.pk), *people.in_order())
    found = (find_stand_in(people, one, at) for one in chain)
    there = next((one[0] for one in found if not isinstance(one, SkipReason)), None)
    return TeamMember.objects.get(pk=there.pk) if there else member


def first_available(at: datetime) -> TeamMember | None:
    """Who is told first at this moment; where everybody is away, the first in order."""
    people = load_people(team_calendar.load_calendar().zone)
    order = people.in_order()
    found = (find_stand_in(people, one, at) for one in order)
    there = next((one[0] for one in found if not isinstance(one, SkipReason)), None)
    told = there or (order[0] if order else None)
    return TeamMember.objects.get(pk=told.pk) if told else None
