"""Earlier emails to a recipient and to others at their company. Reads only."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import F, Q, QuerySet

from leads.models import Lead
from leads.suppression import suppression
from outreach.choices import EventKind, MoveCode, Status
from outreach.content.checks import Colleague, EarlierEmail, Lesson, colleague_result
from outreach.models import (
    EmailEvent,
    Meeting,
    Message,
    MessageText,
    Move,
    Opportunity,
    Reply,
    SendIntent,
    Transport,
)

QUEUED_WITHIN = timedelta(days=30)
ONE_RECIPIENT_FOR = timedelta(days=7)
MAX_COMPARED_TEXTS = 20  # newest first; each comparison takes about a millisecond
ENDED_UNREAD = (Status.WITHDRAWN, Status.EXPIRED)
WAITING_STATUSES = (Status.HELD,)
LEAVING_STATUSES = (Status.CLEARED, Status.SENDING, Status.UNCERTAIN)


@dataclass(frozen=True)
class EmailHistory:
    """What the checks of a new email compare it with."""

    texts: tuple[EarlierEmail, ...] = ()
    lessons: tuple[Lesson, ...] = ()
    in_the_way: "BlockingEmail | None" = None
    thread: str = ""  # the subject of the first email, where this one continues it


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


def without_practice(emails: QuerySet[Message]) -> QuerySet[Message]:
    """Without those approved in the sandbox: nothing kept there is contact with anybody."""
    return emails.exclude(transport=Transport.SANDBOX)


def human_replies_of(lead: Lead) -> QuerySet[Reply]:
    return Reply.objects.by_people().filter(lead__in=suppression.rows_of(lead))


def has_answered(lead: Lead, since: datetime | None = None) -> bool:
    """Whether the recipient ever wrote to us (since then): by stored replies, or by what the final
    check saw at GoHighLevel.
    """
    replies, moves = (
        human_replies_of(lead),
        Move.objects.filter(message__in=emails_of(lead), why=MoveCode.ANSWERED),
    )
    if since is not None:
        replies, moves = replies.filter(received_at__gte=since), moves.filter(at__gte=since)
    return replies.exists() or moves.exists()


def is_in_touch(lead: Lead) -> bool:
    """Whether they have answered us or have a meeting with us, so that a text may speak of it."""
    met = Meeting.objects.filter(lead__in=suppression.rows_of(lead)).exclude(status__in=Meeting.OFF)
    return has_answered(lead) or met.exists()


def has_open_deal(lead: Lead) -> bool:
    return Opportunity.objects.filter(
        lead__in=suppression.rows_of(lead), status=Opportunity.OPEN
    ).exists()


def reply_or_meeting_since(lead: Lead, at: datetime) -> MoveCode | None:
    """ANSWERED or MEETING where we learned of a reply or a meeting since then, else None."""
    learned = Q(noted_at__gte=at) | Q(corrected_at__gte=at)
    if human_replies_of(lead).filter(learned).exists():
        return MoveCode.ANSWERED
    booked = Meeting.objects.filter(lead__in=suppression.rows_of(lead), noted_at__gte=at)
    return MoveCode.MEETING if booked.exclude(status__in=Meeting.OFF).exists() else None


def was_delivered_to(address: str) -> bool:
    if not address:
        return False
    kinds = set(
        EmailEvent.objects.filter(message__to_address=address).values_list("kind", flat=True)
    )
    return EventKind.DELIVERED in kinds and EventKind.BOUNCED not in kinds


def load_history(lead: Lead, now: datetime, but: int | None = None) -> EmailHistory:
    """`but` is the email itself, which is left out."""
    in_thread = thread_texts(but)
    earlier_texts = (*in_thread, *texts_not_to_repeat(lead, now, but))
    subject = in_thread[0].subject if in_thread else ""
    return EmailHistory(
        earlier_texts,
        rejection_lessons(lead, but),
        find_blocking_email(lead, now, but=but),
        subject,
    )


def thread_texts(follow_up: int | None) -> tuple[EarlierEmail, ...]:
    first = Message.objects.filter(followed_by=follow_up).first() if follow_up else None
    if first is None:
        return ()
    sent = Message.objects.filter(Q(pk=first.pk) | Q(follows=first, status=Status.SENT)).order_by(
        "step"
    )
    texts = [text for one in sent for text in _version_text(one.pk, one.version)]
    return tuple(
        EarlierEmail(text.subject, text.body, "one that they have got in this thread")
        for text in texts
    )


def texts_not_to_repeat(
    lead: Lead, now: datetime, but: int | None = None
) -> tuple[EarlierEmail, ...]:
    """Drafts rejected for this lead, and a month's emails to their company."""
    rejected = Move.objects.filter(message__lead=lead, to_status=Status.REJECTED).exclude(
        message=but
    )
    pairs = list(
        rejected.order_by("-pk").values_list("message_id", "version", "at")[:MAX_COMPARED_TEXTS]
    )
    own = [
        (text, f"the one rejected on {_team_day(at)}")
        for pk, version, at in pairs
        for text in _version_text(pk, version)
    ]
    return tuple(
        EarlierEmail(t.subject, t.body, what)
        for t, what in [*own, *_texts_to_colleagues(lead, now, but)]
    )


def _version_text(message: int, version: int) -> QuerySet[MessageText]:
    return MessageText.objects.filter(message=message, version=version)


def _texts_to_colleagues(
    lead: Lead, now: datetime, but: int | None
) -> list[tuple[MessageText, str]]:
    queued = (
        without_practice(_to_colleagues(lead, but))
        .filter(held_at__gte=now - QUEUED_WITHIN)
        .exclude(status__in=ENDED_UNREAD)
    )
    newest = queued.order_by("-held_at").values_list("pk", flat=True)[:MAX_COMPARED_TEXTS]
    found = MessageText.objects.filter(message__in=list(newest), version=F("message__version"))
    return [
        (text, f"the one to {text.message.lead}") for text in found.select_related("message__lead")
    ]


def _to_colleagues(lead: Lead, but: int | None = None) -> QuerySet[Message]:
    if lead.company_id is None:
        return Message.objects.none()
    others = Message.objects.filter(lead__company=lead.company_id, kind=lead.kind).exclude(
        lead=lead
    )
    return others.exclude(pk=but) if but else others


def rejection_lessons(lead: Lead, but: int | None = None) -> tuple[Lesson, ...]:
    rejected = Move.objects.filter(message__lead=lead, to_status=Status.REJECTED).exclude(
        message=but
    )
    rows = rejected.select_related("reason", "message__template").order_by("-pk")[:5]
    return tuple(_as_lesson(row) for row in rows)


def _as_lesson(row: Move) -> Lesson:
    text = _version_text(row.message_id, row.version).first()
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
    lead: Lead,
    now: datetime,
    *,
    but: int | None = None,
    waiting: bool = True,
    at_final_check: bool = False,
) -> BlockingEmail | None:
    """The email to a colleague that goes first: on its way, or sent within 7 days and not answered.

    `waiting` also counts those in the queue: two drafts for one company are decided one after the
    other. `at_final_check` counts only what has left or may have: of two approved at once the first
    goes.
    """
    ahead = Q(status__in=[*LEAVING_STATUSES, *(WAITING_STATUSES if waiting else ())])
    if at_final_check:
        ahead = Q(status=Status.UNCERTAIN) | Q(
            status=Status.SENDING, intents__outcome=SendIntent.Outcome.OPEN
        )
    sent = Q(status=Status.SENT, sent_at__gt=now - ONE_RECIPIENT_FOR)
    others = without_practice(_to_colleagues(lead, but)).filter(ahead | sent)
    found = [
        one
        for one in others.select_related("lead__company").order_by("-pk")
        if not (one.status == Status.SENT and _was_answered(one))
    ]
    first = max(found, key=_blocking_order, default=None)
    if first is None:
        return None
    return BlockingEmail(
        first,
        first.sent_at + ONE_RECIPIENT_FOR
        if first.status == Status.SENT and first.sent_at
        else None,
    )


def _blocking_order(message: Message) -> tuple[bool, datetime]:
    """A sent email names a day, so it tells more than one that may yet be rejected."""
    return message.status == Status.SENT, message.sent_at or message.created_at


def _was_answered(message: Message) -> bool:
    return has_answered(message.lead, since=message.sent_at)


def _team_day(at: datetime) -> str:
    local = at.astimezone(ZoneInfo(settings.TEAM_TIME_ZONE))
    return f"{local.day} {local:%b}"
