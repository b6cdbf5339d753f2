"""A person re-reads: who gets which email next, and what they say of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from approvals.decisions.decisions import MIN_REASON_LENGTH
from approvals.desk import reading_proof
from approvals.models import Decision, Reading, Rereading, RereadingItem, RereadingReason
from approvals.rereading import shown_text
from caio_project.lib import calendar
from outreach.auto_approval import template_runs
from outreach.choices import MoveCode, Status, Tag
from outreach.control import phase
from outreach.drafting import drafts
from outreach.lifecycle.transitions import UNDECIDED, StaleMessage
from outreach.models import MessageText

A_DAY = 3
KEPT_FOR = timedelta(minutes=10)
NOT_STORED = "Your answer was not stored."
Judgement = Rereading.Judgement


class RereadingRefused(Exception):
    """Nothing was stored. `field` names a wrong input, "" where none is."""

    def __init__(self, text: str, field: str = ""):
        super().__init__(text)
        self.text, self.field = text, field


@dataclass(frozen=True)
class Typed:
    judgement: str
    tag: str = ""
    reason: str = ""


def current_item(user: Any) -> RereadingItem | None:
    """The email on this person's screen; none where it waits again, they saw it otherwise, or
    there is nothing to show any more.
    """
    return next(_showable(waiting_items(user).filter(reader=user)), None)


def has_next(user: Any, *, beside: RereadingItem | None) -> bool:
    waiting = waiting_items(user).exclude(pk=beside.pk) if beside else waiting_items(user)
    return next(_showable(waiting), None) is not None


def _showable(items: QuerySet[RereadingItem]) -> Iterator[RereadingItem]:
    related = items.select_related("message__lead__company", "message__sender")
    return (item for item in related if shown_text.text_of(item) is not None)


def count_today(user: Any) -> int:
    start = calendar.start_of_day(timezone.now(), settings.TEAM_TIME_ZONE)
    return Rereading.objects.filter(by=user, at__gte=start).count()


def waiting_items(user: Any) -> QuerySet[RereadingItem]:
    """What this person may re-read: nothing that they decided or read before, or that waits."""
    now, same = timezone.now(), {"message": OuterRef("message")}
    free = Q(reader=None) | Q(reader=user) | Q(shown_at__lt=now - KEPT_FOR)
    rows = RereadingItem.objects.filter(
        free, rereading=None, created_at__gt=now - shown_text.AGE
    ).exclude(message__status__in=UNDECIDED)
    known = (
        Exists(Reading.objects.filter(user=user, **same)),
        Exists(Decision.objects.filter(by=user, **same)),
        Exists(MessageText.objects.filter(author=user, **same)),
        Exists(Rereading.objects.filter(by=user, item__message=OuterRef("message"))),
    )
    for one in known:
        rows = rows.filter(~one)
    return rows.order_by("order", "pk")


def take_next(user: Any, *, more: bool = False) -> RereadingItem | None:
    """Give this person the next email; the one they have stays. None where none is left.

    Raises RereadingRefused after three of a day, unless they ask for more.
    """
    if (mine := current_item(user)) is not None:
        return mine
    if not more and count_today(user) >= A_DAY:
        raise RereadingRefused(f"You have re-read {A_DAY} today. Ask for one more if you like.")
    waiting_items(user).filter(reader=user).update(reader=None, shown_at=None)  # not to be shown
    for item in _showable(waiting_items(user)):
        free = Q(reader=None) | Q(reader=user) | Q(shown_at__lt=timezone.now() - KEPT_FOR)
        rows = RereadingItem.objects.filter(free, pk=item.pk, rereading=None)
        if rows.update(reader=user, shown_at=timezone.now()):
            return item
    return None


def store_judgement(item: RereadingItem, user: Any, typed: Typed) -> Rereading:
    """Store what this person says of the email on their screen. Raises RereadingRefused.

    An email that they reject and that has not left yet is held for review again.
    """
    reason = _checked_reason(typed)
    _require_read(item, typed)
    try:
        with transaction.atomic():
            if not RereadingItem.objects.filter(pk=item.pk, reader=user).update(reader=user):
                raise RereadingRefused(_taken_words(item))
            made = Rereading.objects.create(
                item=item,
                judgement=typed.judgement,
                tag=typed.tag if reason else "",
                by=user,
                by_name=phase.actor_name(user),
            )
            if reason:
                RereadingReason.objects.create(rereading=made, text=reason)
    except IntegrityError as late:
        raise RereadingRefused(_taken_words(item)) from late
    if not item.fault:
        template_runs.note_reading(item.message)
        if made.judgement == Judgement.REJECT:
            _hold_again(item)
    return made


def _taken_words(item: RereadingItem) -> str:
    """Who has it or has read it, and not what they said."""
    made = Rereading.objects.filter(item=item).first()
    if made is not None:
        return f"{made.by_name} has re-read this email meanwhile. {NOT_STORED}"
    now = RereadingItem.objects.select_related("reader").get(pk=item.pk)
    who = phase.actor_name(now.reader) if now.reader else "Nobody"
    return f"{who} has this email now. {NOT_STORED}"


def _checked_reason(typed: Typed) -> str:
    if typed.judgement not in Judgement.values:
        raise RereadingRefused(f"Choose one of: {', '.join(Judgement.values)}.", "judgement")
    if typed.judgement == Judgement.APPROVE:
        return ""
    if typed.tag not in Tag.values:
        raise RereadingRefused("Choose why.", "tag")
    reason = typed.reason.strip()
    if len(reason) < MIN_REASON_LENGTH:
        more = MIN_REASON_LENGTH - len(reason)
        raise RereadingRefused(f"{more} more characters: say what should be different.", "reason")
    return reason


def _require_read(item: RereadingItem, typed: Typed) -> None:
    text = shown_text.text_of(item)
    if text is None or item.shown_at is None:
        raise RereadingRefused("This email was erased meanwhile. Nothing was stored.")
    seconds = reading_proof.reading_seconds(f"{text.subject} {text.body}")
    left = seconds - (timezone.now() - item.shown_at).total_seconds()
    if typed.judgement == Judgement.APPROVE and left > 0:
        raise RereadingRefused(f"Read it to the end first: {int(left) + 1} more seconds.")


def _hold_again(item: RereadingItem) -> None:
    message = item.message
    if message.status != Status.CLEARED or not message.by_machine:
        return
    try:
        drafts.hold_for_review(message, MoveCode.MACHINE_RETURNED)
    except StaleMessage:
        pass  # it is being sent
