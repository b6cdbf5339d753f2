"""Writes a notice for each step that is due of the ladder of each email that waits.

A step that nobody can serve is written too, with the reason. Each step of one wait has one key, so
that no sweep tells twice. Of steps that are late together, only the last is told.
"""

from collections import defaultdict
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from approvals.choices import Count
from approvals.escalation import ladder_rows, lead_words
from approvals.escalation.ladder_rows import Plan
from approvals.escalation.ladder_rules import LadderStep, Sweep, Told, who_is_told
from approvals.models import Notice
from approvals.queue import snoozed
from caio_project.lib.db.kept_queries import kept_query
from caio_project.lib.words.clock_words import span_words
from leads.models import Kind
from outreach.choices import Band, Status
from outreach.drafting.critical_reasons import IMPORTED_WITH_OTHERS
from outreach.models import Message

MAX_TEXT_LENGTH = 300
BATCH = 200  # of each step
OF_CRITICAL = f":{Band.CRITICAL}:"  # in the keys of the steps of that ladder
RESTARTS = ("snoozed_until", "waits_since")  # the latest of these and `held_at` began the wait


def create_held_notices() -> int:
    """Write what is due by now; returns how many, with those of a sweep at the same moment."""
    now, plan = timezone.now(), ladder_rows.load_plan()
    messages = _due_messages(plan, now)
    if not messages:
        return 0
    told = _steps_told(messages, plan)
    rows = [row for one in messages for row in _rows_of(one, plan, Sweep(now, told[one.pk]))]
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _steps_told(messages: list[Message], plan: Plan) -> dict[int, frozenset[int]]:
    """The steps told in the present wait, of the ladder that each email follows now."""
    rows = Notice.objects.filter(message__in=messages, reply=None, note=None)
    written: dict[int, list[Notice]] = defaultdict(list)
    for notice in rows.only("message_id", "step", "created_at", "key"):
        written[notice.message_id or 0].append(notice)
    return {
        one.pk: frozenset(
            notice.step
            for notice in written[one.pk]
            if notice.created_at >= snoozed.starts_waiting(one)
            and (OF_CRITICAL in notice.key) == (plan.name_for(one) == Band.CRITICAL)
        )
        for one in messages
    }


def _due_messages(plan: Plan, now: datetime) -> list[Message]:
    found: dict[int, Message] = {}
    for band in Band.values:
        ladder = plan.ladders[band]
        for number, step in enumerate(ladder.steps):
            extra = ladder.opened_extra if number else timedelta(0)
            due = _due_at_step(
                number=number,
                unopened_since=_latest_start(step, timedelta(0), plan, now),
                opened_since=_latest_start(step, extra, plan, now),
                now=now,
                **_ladder_of(band, plan),
            )
            found.update({message.pk: message for message in due})
    return list(found.values())


def _ladder_of(band: str, plan: Plan) -> dict[str, str | None]:
    """CRITICAL has no band; the others leave its emails to it where it has steps."""
    if band == Band.CRITICAL:
        return {"band": None, "critical_reason": None}
    return {"band": band, "critical_reason": "" if plan.ladders[Band.CRITICAL].steps else None}


@kept_query
def _due_at_step(
    band: str | None,
    critical_reason: str | None,
    number: int,
    unopened_since: datetime | None,
    opened_since: datetime | None,
    now: datetime,
) -> QuerySet[Message]:
    """What waits and was not told of this step, but for an import: whoever ran it knows."""
    waiting = Message.objects.filter(
        snoozed.not_snoozed(now), status=Status.HELD, kind__in=[Kind.LIVE, Kind.EXAMPLE]
    ).exclude(template_why__startswith=IMPORTED_WITH_OTHERS)
    if band is None:
        waiting = waiting.exclude(critical_reason="")
    else:
        waiting = waiting.filter(band=band)
        if critical_reason is not None:
            waiting = waiting.filter(critical_reason=critical_reason)
    told = Notice.objects.filter(
        *(Q(created_at__gte=Coalesce(OuterRef(name), OuterRef("held_at"))) for name in RESTARTS),
        message=OuterRef("pk"),
        step__gte=number,
        reply=None,
        note=None,
        created_at__gte=OuterRef("held_at"),
    )
    of_critical = Q(key__contains=OF_CRITICAL)
    told = told.filter(of_critical if band is None else ~of_critical)
    unopened = Q(opened_at=None) & _began_by(unopened_since)
    opened = Q(opened_at__isnull=False) & _began_by(opened_since)
    due = waiting.filter(unopened | opened).exclude(Exists(told))
    return due.select_related("lead__company").order_by("held_at")[:BATCH]


def _latest_start(step: LadderStep, extra: timedelta, plan: Plan, now: datetime) -> datetime | None:
    amount = step.after + extra
    if step.counts == Count.CLOCK:
        return now - amount
    return plan.hours.latest_start(now, amount)


def _began_by(latest: datetime | None) -> Q:
    """A wait that never ends by a calendar without hours is looked at at once, to say so."""
    if latest is None:
        return Q()
    began = Q(held_at__lte=latest)
    for name in RESTARTS:
        began &= Q(**{name: None}) | Q(**{f"{name}__lte": latest})
    return began


def _rows_of(message: Message, plan: Plan, sweep: Sweep) -> list[Notice]:
    ladder = plan.name_for(message)
    steps = who_is_told(
        plan.ladders[ladder],
        plan.hours,
        ladder_rows.people_for(plan, message),
        snoozed.starts_waiting(message),
        is_opened=message.opened_at is not None,
        sweep=sweep,
    )
    newest = max(sweep.told, default=-1)
    due = [one for one in steps if one.number > newest and (one.at is None or one.at <= sweep.now)]
    return [
        _row_of(message, ladder, plan.ladders[ladder].steps[one.number], one, sweep.now)
        for one in _drop_overtaken(due)
    ]


def _drop_overtaken(due: list[Told]) -> list[Told]:
    """Of people who were to be told at different times those of the last one. Reasons stay."""
    last = max((one.at for one in due if one.person and one.at), default=None)
    return [one for one in due if one.skipped or one.at == last]


def _row_of(message: Message, ladder: str, step: LadderStep, one: Told, now: datetime) -> Notice:
    began = snoozed.starts_waiting(message)
    text = _notice_text(message, step)
    if one.person and one.instead_of:
        text = f"{text} You stand in for {one.instead_of.name}."
    return Notice(
        key=f"held:{message.pk}:{ladder}:{began:%Y%m%d%H%M%S}:{one.number}",
        message=message,
        step=one.number,
        to_id=one.person.pk if one.person else None,
        instead_of_id=one.instead_of.pk if one.instead_of else None,
        text=text[:MAX_TEXT_LENGTH],
        wanted=one.channel,
        skipped=one.skipped or "",
        planned_at=one.at,
        created_at=now,
        not_before=now,
        # Where nobody can be told at first, the team's channel still is.
        told_at=now if one.skipped and one.number else None,
    )


def _notice_text(message: Message, step: LadderStep) -> str:
    who, band = lead_words.lead_words(message.lead), message.get_band_display()
    if not step.after:
        return f"A {band} email waits for a decision: {who}."
    waited = span_words(step.after).replace("\u00a0", " ")
    kind = "business time" if step.counts == Count.BUSINESS else "waiting"
    return f"Still no decision after {waited} of {kind}: {who} ({band})."
