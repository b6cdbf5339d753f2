"""The sweep that chooses what is re-read, once each day of the team's calendar is over."""

import random
import secrets
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from approvals.models import Decision, RereadingDraw, RereadingItem
from approvals.rereading import faults, risks, sampling, shown_text
from approvals.rereading.risks import RiskTrigger
from caio_project.lib import calendar
from leads.models import Kind
from outreach.auto_approval import template_runs
from outreach.choices import MoveCode, Phase
from outreach.control import phase
from outreach.lifecycle.transitions import UNDECIDED
from outreach.models import Message, Move, TemplateRun

BAD_ANSWERS_WITHIN = timedelta(days=30)
MOST_DAYS = 62  # that one sweep makes up for
ORDER_OF_A_DAY = 1_000


def draw_due(now: datetime | None = None) -> int:
    """Choose emails of every day that is over, and those with a new risk; returns how many."""
    now = now or timezone.now()
    made = sum(_draw_day(day) for day in _days_to_draw(now)[:MOST_DAYS])
    return made + _add_badly_answered(now) + _add_unread_runs(now)


def _days_to_draw(now: datetime) -> list[date]:
    today = calendar.team_day(now, settings.TEAM_TIME_ZONE)
    last = RereadingDraw.objects.order_by("-day").values_list("day", flat=True).first()
    if last is None:
        if not TemplateRun.objects.exists():
            return []  # the machine has approved nothing: the moves need not be looked through
        first = Move.objects.filter(why=MoveCode.MACHINE).order_by("pk").first()
        if first is None:
            return []
        last = calendar.team_day(first.at, settings.TEAM_TIME_ZONE) - timedelta(days=1)
    return [last + timedelta(days=n) for n in range(1, (today - last).days)]


@dataclass
class DayChoice:
    """What is chosen of one day, in memory until it is stored at once."""

    day: date
    chance: random.Random
    items: list[RereadingItem] = field(default_factory=list)

    def add(self, message: Message, version: int, **fields: object) -> None:
        order = self.day.toordinal() * ORDER_OF_A_DAY + self.chance.randrange(ORDER_OF_A_DAY)
        self.items.append(
            RereadingItem(message=message, version=version, order=order, **fields)  # type: ignore[misc]
        )


def _draw_day(day: date) -> int:
    """Draw by chance, add the risky ones, and mix in a person's emails and tests."""
    seed, one_in = secrets.token_hex(16), settings.REREADING_ONE_IN
    chance = random.Random(seed)  # noqa: S311 - repeated from the stored seed, not a secret
    choice = DayChoice(day, chance)
    approved = _approved_between(day, day)
    on_day = len(approved)
    drawn_before = RereadingItem.objects.filter(
        draw__day__year=day.year, draw__day__month=day.month
    ).count()
    count = sampling.count_by_chance(len(approved), drawn_before, day, one_in)
    drawn = set(sampling.draw(approved, count, chance))
    if sampling.is_last_of_month(day):
        rest = _approved_between(day.replace(day=1), day)
        short = max(0, sampling.LEAST_A_MONTH - drawn_before - len(drawn))
        drawn |= set(sampling.draw(rest.keys() - drawn, short, chance))
        approved = rest | approved
    try:
        with transaction.atomic():
            row = RereadingDraw.objects.create(
                day=day, seed=seed, one_in=one_in, approved=on_day, drawn=len(drawn)
            )
            _store_drawn(row, {pk: approved[pk] for pk in drawn}, choice)
            _add_risky({pk: move for pk, move in approved.items() if pk not in drawn}, choice)
            _add_others(choice)
            _add_tests(choice)
            RereadingItem.objects.bulk_create(choice.items)
    except IntegrityError:
        return 0  # another worker drew this day
    return len(choice.items)


def _approved_between(first: date, last: date) -> dict[int, Move]:
    """The machine's approvals of live emails on these days that chance has not drawn, by email."""
    moves = Move.objects.filter(
        why=MoveCode.MACHINE, at__gte=_start_of(first), at__lt=_start_of(last + timedelta(days=1))
    )
    moves = moves.filter(message__kind=Kind.LIVE).order_by("pk").select_related("message__template")
    drawn = RereadingItem.objects.filter(draw__isnull=False, message__moves__in=moves)
    gone = set(drawn.values_list("message", flat=True))
    return {move.message_id: move for move in moves if move.message_id not in gone}


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(0), ZoneInfo(settings.TEAM_TIME_ZONE))


def _store_drawn(row: RereadingDraw, drawn: dict[int, Move], choice: DayChoice) -> None:
    """An email that a risk brought here before is drawn as well: it counts from now on."""
    triggers = risks.find_triggers(move.message for move in drawn.values())
    here = RereadingItem.objects.filter(message__in=drawn, fault="")
    known = set(here.values_list("message", flat=True))
    here.update(draw=row)
    for pk, move in sorted(drawn.items()):
        if pk not in known:
            choice.add(
                move.message,
                move.version,
                draw=row,
                machine=True,
                approved_at=move.at,
                triggers=triggers.get(pk, []),
            )


def _add_risky(rest: dict[int, Move], choice: DayChoice) -> None:
    triggers = risks.find_triggers(move.message for move in rest.values())
    here = RereadingItem.objects.filter(message__in=triggers, fault="")
    known = set(here.values_list("message", flat=True))
    for pk, codes in sorted(triggers.items()):
        if pk not in known:
            move = rest[pk]
            choice.add(
                move.message, move.version, machine=True, approved_at=move.at, triggers=codes
            )


def _add_others(choice: DayChoice) -> None:
    """Emails that a person decided on this day and the machine would not have passed."""
    wanted = sampling.count_others(len(choice.items))
    start, end = _start_of(choice.day), _start_of(choice.day + timedelta(days=1))
    made = Decision.objects.standing().filter(at__gte=start, at__lt=end, message__kind=Kind.LIVE)
    made = made.filter(message__by_machine=False, message__rereadings=None)
    made = made.exclude(message__status__in=UNDECIDED).select_related("message")
    machine = phase.current_control().phase
    machine = machine if machine == Phase.AUTONOMOUS else Phase.ASSISTED
    by_pk = {
        row.message_id: row.message
        for row in made
        if not row.message.verdicts.get(machine, {}).get("machine_approves", False)
    }
    for pk in sampling.draw(by_pk, wanted, choice.chance):
        text = by_pk[pk].texts.filter(author=None).last()
        if text is not None:
            choice.add(by_pk[pk], text.version, machine=False)


def _add_tests(choice: DayChoice) -> None:
    """Put a fault into the texts of other emails that the machine approved lately."""
    wanted = sampling.count_tests(len(choice.items), choice.chance)
    taken = {item.message_id for item in choice.items}
    since = _start_of(choice.day - timedelta(days=14))
    rows = Message.objects.filter(
        kind=Kind.LIVE, by_machine=True, cleared_at__gte=since, rereadings=None
    ).exclude(pk__in=taken)
    by_pk = {row.pk: row for row in rows.select_related("lead__company")}
    for pk in sampling.draw(by_pk, wanted, choice.chance):
        message = by_pk[pk]
        text = shown_text.stored_text(message, message.version)
        fitting = faults.fitting_faults(text, shown_text.recipient_words(message)) if text else []
        if fitting:
            fault = choice.chance.choice(fitting)
            choice.add(message, message.version, machine=True, fault=fault)


def _add_badly_answered(now: datetime) -> int:
    rows = risks.badly_answered(now - BAD_ANSWERS_WITHIN).exclude(rereadings__fault="")
    return sum(_add_for_risk(row, RiskTrigger.BAD_ANSWER, now) for row in rows)


def _add_unread_runs(now: datetime) -> int:
    """Of each template that waits for a reader, its newest automatic approval."""
    made = 0
    for run in template_runs.full_runs():
        of_template = Message.objects.filter(by_machine=True, template__key=run.template_key)
        waiting = RereadingItem.objects.filter(
            message__in=of_template, fault="", rereading=None, created_at__gt=now - shown_text.AGE
        )
        newest = of_template.exclude(rereadings__fault="").order_by("-cleared_at").first()
        if newest is not None and not waiting.exists():
            made += _add_for_risk(newest, RiskTrigger.IN_A_ROW, now)
    return made


def _add_for_risk(message: Message, trigger: RiskTrigger, now: datetime) -> int:
    _, made = RereadingItem.objects.get_or_create(
        message=message,
        fault="",
        defaults={
            "version": message.version,
            "machine": True,
            "approved_at": message.cleared_at,
            "triggers": [trigger.value],
            "order": secrets.randbelow(ORDER_OF_A_DAY),
            "created_at": now,
        },
    )
    return int(made)
