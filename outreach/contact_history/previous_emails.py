"""Earlier emails to a recipient and to others at their company: what they mean for the next one.

The facts are in `recipients.Recipient`. Only texts are read here, and only where there are earlier
emails.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet

from leads.models import Lead
from leads.suppression import suppression
from outreach.choices import EventKind, MoveCode, Status, Transport
from outreach.contact_history.recipients import (
    ENDED_UNREAD,
    LEAVING_STATUSES,
    ONE_RECIPIENT_FOR,
    QUEUED_WITHIN,
    WAITING_STATUSES,
    ColleagueEmail,
    Recipient,
)
from outreach.content.checks import Colleague, EarlierEmail, Lesson, colleague_result
from outreach.models import EmailEvent, Message, MessageText, Move

MAX_COMPARED_TEXTS = 20  # newest first; each comparison takes about a millisecond
MAX_LESSONS = 5
WRITTEN_BEFORE = "This person was emailed before."


@dataclass(frozen=True)
class EmailHistory:
    """What the checks of a new email compare it with."""

    texts: tuple[EarlierEmail, ...] = ()
    lessons: tuple[Lesson, ...] = ()
    in_the_way: "BlockingEmail | None" = None
    thread: str = ""  # the subject of the first email, where this one continues it
    was_delivered: bool = False  # an earlier email, to the same address
    in_touch: bool = False  # they have answered us, or have a meeting with us


@dataclass(frozen=True)
class BlockingEmail:
    """The email to a colleague that keeps others at the company waiting.

    `until` is None while it is not sent.
    """

    message: Message
    until: datetime | None

    @property
    def colleague(self) -> Colleague:
        lead = self.message.lead
        return Colleague(str(lead), str(lead.company), _team_day(self.until) if self.until else "")

    @property
    def sentence(self) -> str:
        return colleague_result(self.colleague).text


def emails_of(lead: Lead) -> QuerySet[Message]:
    """Every email to a lead and to the leads merged with it, also before the emails have moved."""
    return Message.objects.filter(lead__in=suppression.rows_of(lead))


def has_answered(known: Recipient) -> bool:
    return known.answered_at is not None


def is_in_touch(known: Recipient) -> bool:
    """Whether they have answered us or have a meeting with us, so that a text may speak of it."""
    return has_answered(known) or known.meeting_noted_at is not None


def reply_or_meeting_since(known: Recipient, at: datetime) -> MoveCode | None:
    """ANSWERED or MEETING where we learned of a reply or a meeting since then, else None."""
    if known.reply_learned_at and known.reply_learned_at >= at:
        return MoveCode.ANSWERED
    booked = known.meeting_noted_at
    return MoveCode.MEETING if booked and booked >= at else None


def was_written_before(known: Recipient, message: Message) -> bool:
    """Whether `message` would be a second first email, by one that came after it and has left.

    Beside one that was there before, none is drafted.
    """
    if message.step != 1:
        return False
    others = [one for one in known.emails if one.message.pk > message.pk]
    return any(one.has_left for one in others if one.message.transport != Transport.SANDBOX)


def load_history(known: Recipient, but: int | None = None) -> EmailHistory:
    """`but` is the email itself, which is left out."""
    in_thread = _thread_texts(known, but)
    rejected = _rejections(known, but)
    texts = _texts_of([*map(_pair, rejected), *_colleague_pairs(known, but)])
    lessons = tuple(_as_lesson(move, texts.get(_pair(move))) for move in rejected[:MAX_LESSONS])
    return EmailHistory(
        texts=(*in_thread, *_texts_not_to_repeat(known, but, rejected, texts)),
        lessons=lessons,
        in_the_way=find_blocking_email(known, but=but),
        thread=in_thread[0].subject if in_thread else "",
        was_delivered=_was_delivered(known),
        in_touch=is_in_touch(known),
    )


def _was_delivered(known: Recipient) -> bool:
    to_address = [
        one.message.pk
        for one in (*known.emails, *known.others_at_address)
        if one.message.to_address == known.lead.email and one.has_left
    ]
    if not to_address:
        return False
    found = EmailEvent.objects.filter(message__in=to_address).order_by()
    kinds = set(found.values_list("kind", flat=True))
    return EventKind.DELIVERED in kinds and EventKind.BOUNCED not in kinds


def _thread_texts(known: Recipient, follow_up: int | None) -> tuple[EarlierEmail, ...]:
    of_person = {one.message.pk: one.message for one in known.emails}
    message = of_person.get(follow_up) if follow_up else None
    if message is None or message.follows_id is None:
        return ()
    thread = [
        one
        for one in of_person.values()
        if one.pk == message.follows_id
        or (one.follows_id == message.follows_id and one.status == Status.SENT)
    ]
    pairs = [(one.pk, one.version) for one in sorted(thread, key=lambda one: one.step)]
    texts = _texts_of(pairs)
    return tuple(
        EarlierEmail(texts[pair].subject, texts[pair].body, "one that they have got in this thread")
        for pair in pairs
        if pair in texts
    )


Pair = tuple[int, int]  # of an email and a version of its text


def _texts_of(pairs: Iterable[Pair]) -> dict[Pair, MessageText]:
    wanted = set(pairs)
    if not wanted:
        return {}
    rows = MessageText.objects.filter(message__in={message for message, _ in wanted})
    found = {(row.message_id, row.version): row for row in rows}
    return {pair: found[pair] for pair in wanted if pair in found}


def _rejections(known: Recipient, but: int | None) -> list[Move]:
    drafts = [one.message for one in known.emails if one.message.pk != but]
    rejected = [one.pk for one in drafts if one.status == Status.REJECTED]
    if not rejected:
        return []
    rows = Move.objects.filter(message__in=rejected, to_status=Status.REJECTED)
    newest = rows.select_related("reason", "message__template").order_by("-pk")
    last: dict[int, Move] = {}  # of an email: an earlier one was taken back
    for move in newest[: 2 * MAX_COMPARED_TEXTS]:
        last.setdefault(move.message_id, move)
    return list(last.values())[:MAX_COMPARED_TEXTS]


def _pair(move: Move) -> Pair:
    return move.message_id, move.version


def _colleague_pairs(known: Recipient, but: int | None) -> list[Pair]:
    queued = [
        one.message
        for one in known.colleagues
        if one.message.pk != but
        and one.message.status not in ENDED_UNREAD
        and not (one.is_on_hold or one.gives_way)
        and one.message.held_at
        and one.message.held_at >= known.read_at - QUEUED_WITHIN
    ]
    newest = sorted(queued, key=lambda one: one.held_at or one.created_at, reverse=True)
    return [(one.pk, one.version) for one in newest[:MAX_COMPARED_TEXTS]]


def _texts_not_to_repeat(
    known: Recipient, but: int | None, rejected: list[Move], texts: dict[Pair, MessageText]
) -> tuple[EarlierEmail, ...]:
    to_whom = {one.message.pk: one.message.lead for one in known.colleagues}
    what = {_pair(move): f"the one rejected on {_team_day(move.at)}" for move in rejected}
    what |= {pair: f"the one to {to_whom[pair[0]]}" for pair in _colleague_pairs(known, but)}
    return tuple(
        EarlierEmail(texts[pair].subject, texts[pair].body, words)
        for pair, words in what.items()
        if pair in texts
    )


def rejection_lessons(known: Recipient, but: int | None = None) -> tuple[Lesson, ...]:
    rejected = _rejections(known, but)[:MAX_LESSONS]
    texts = _texts_of(map(_pair, rejected))
    return tuple(_as_lesson(move, texts.get(_pair(move))) for move in rejected)


def _as_lesson(row: Move, text: MessageText | None) -> Lesson:
    return Lesson(
        tag=row.tag,
        reason=row.reason.text if hasattr(row, "reason") else "",
        on=_team_day(row.at),
        subject=text.subject if text else "",
        template=row.message.template.key if row.message.template else "",
        tier=row.message.tier,
        facts=tuple(phrase["text"] for phrase in text.phrases) if text else (),
    )


def find_blocking_email(
    known: Recipient, *, but: int | None = None, waiting: bool = True, at_final_check: bool = False
) -> BlockingEmail | None:
    """The email to a colleague that goes first: on its way, or sent within 7 days and not answered.

    `waiting` also counts those in the queue, unless they give way, and those on hold that go
    first. `at_final_check` counts only what has left or may have: of two approved at once the first
    goes.
    """
    ahead = [
        one.message
        for one in known.colleagues
        if one.message.pk != but
        and (
            _was_sent_lately(one, known.read_at)
            or (_may_have_left(one) if at_final_check else _is_ahead(one, waiting))
        )
    ]
    first = max(ahead, key=_blocking_order, default=None)
    if first is None:
        return None
    sent_at = first.sent_at if first.status == Status.SENT else None
    return BlockingEmail(first, sent_at + ONE_RECIPIENT_FOR if sent_at else None)


def _was_sent_lately(one: ColleagueEmail, now: datetime) -> bool:
    sent_at = one.message.sent_at
    if one.message.status != Status.SENT or sent_at is None or sent_at <= now - ONE_RECIPIENT_FOR:
        return False
    return one.answered_at is None or one.answered_at < sent_at


def _may_have_left(one: ColleagueEmail) -> bool:
    status = one.message.status
    return status == Status.UNCERTAIN or (status == Status.SENDING and one.is_leaving)


def _is_ahead(one: ColleagueEmail, waiting: bool) -> bool:
    if one.message.status in LEAVING_STATUSES:
        return True
    in_queue = one.message.status in WAITING_STATUSES and not one.gives_way
    return waiting and (in_queue or one.goes_first)


def _blocking_order(message: Message) -> tuple[bool, bool, datetime]:
    """A sent email names a day, so it tells more than one that may yet be rejected, and that one
    more than one on hold.
    """
    at = message.sent_at or message.created_at
    return message.status == Status.SENT, message.status != Status.BLOCKED, at


def _team_day(at: datetime) -> str:
    local = at.astimezone(ZoneInfo(settings.TEAM_TIME_ZONE))
    return f"{local:%b} {local.day}"
