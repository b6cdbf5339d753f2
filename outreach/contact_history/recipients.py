"""What our rows say about the recipient of an email, read once and handed on.

Drafting, approval and the final check decide from one `Recipient`. It is read by four statements,
and a fifth where colleagues have emails. Whoever claims a slot reads it again under the lock.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import DateTimeField, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from caio_project.lib.db.kept_queries import kept_query
from leads.models import Assessment, Lead, person_of
from leads.suppression import suppression
from leads.suppression.suppression import Stop
from outreach.choices import MoveCode, Status, Transport
from outreach.content import check_results
from outreach.models import Meeting, Message, MessageText, Move, Opportunity, Reply, SendIntent

QUEUED_WITHIN = timedelta(days=30)
ONE_RECIPIENT_FOR = timedelta(days=7)
ENDED_UNREAD = (Status.WITHDRAWN, Status.EXPIRED)
WAITING_STATUSES = (Status.HELD,)
LEAVING_STATUSES = (Status.CLEARED, Status.SENDING, Status.UNCERTAIN)
# of an email that was sent, or may have been
LEFT_OUTCOMES = (SendIntent.Outcome.OPEN, SendIntent.Outcome.SENT, SendIntent.Outcome.UNCERTAIN)


@dataclass(frozen=True)
class KnownEmail:
    """An email to the recipient, or to the same address, with what came of it."""

    message: Message
    may_have_left: bool  # by an intent that was committed
    moved_at: datetime | None  # its newest move

    @property
    def has_left(self) -> bool:
        return self.may_have_left or self.message.status in (Status.SENT, Status.UNCERTAIN)


@dataclass(frozen=True)
class ColleagueEmail:
    """An email to somebody else at the recipient's company."""

    message: Message  # with its lead and company
    is_leaving: bool  # its intent to send is committed, and open
    answered_at: datetime | None  # the newest answer of the colleague
    warm: bool = False  # we have a connection to the colleague
    is_typed: bool = False  # a person wrote some of it
    # Set where the company is locked; elsewhere an email that waits for a decision goes first.
    gives_way: bool = False  # it waits for a decision and may be put behind the recipient's
    goes_first: bool = False  # it is on hold and comes before the recipient's

    @property
    def is_on_hold(self) -> bool:
        return is_on_hold(self.message)

    @property
    def is_settled(self) -> bool:
        """Whether a person has seen, chosen or written it, so that nothing takes its place."""
        one = self.message
        seen = one.opened_at is not None or one.chosen_at is not None
        return seen or self.is_typed or one.template_id is None


@dataclass(frozen=True)
class Recipient:
    """Everything about one person that decides whether and what we may write to them."""

    lead: Lead  # the one that stands for the person, with company and owner
    address: str  # that the email goes to; "" for none
    read_at: datetime
    rows: tuple[Lead, ...]  # the leads merged into this person, and the person's own
    stop: Stop | None  # for the address and the person
    emails: tuple[KnownEmail, ...]  # to the person, newest first
    others_at_address: tuple[KnownEmail, ...]  # to the same address, as somebody else's
    colleagues: tuple[ColleagueEmail, ...]  # newest first
    answered_at: datetime | None  # the newest answer, by replies and by final checks
    reply_learned_at: datetime | None  # when we learned of a reply, or a person sorted it anew
    meeting_noted_at: datetime | None  # of the newest meeting that stands
    has_open_deal: bool
    warm: bool = False  # we have a connection to the person
    has_colleagues: bool = False  # others at the company are known

    @property
    def giving_way(self) -> tuple[Message, ...]:
        """Emails to colleagues that are put on hold when the recipient's is held for review."""
        return tuple(one.message for one in self.colleagues if one.gives_way)

    @property
    def keys(self) -> frozenset[int]:
        return frozenset(row.pk for row in self.rows)


def is_on_hold(message: Message) -> bool:
    """Whether the draft only waits for a colleague's email."""
    return message.status == Status.BLOCKED and message.blocked_by in check_results.SLOT_CODES


def without_practice(emails: QuerySet[Message]) -> QuerySet[Message]:
    """Without those approved in the sandbox: nothing kept there is contact with anybody."""
    return emails.exclude(transport=Transport.SANDBOX)


def load_recipient(
    lead: Lead, address: str | None = None, now: datetime | None = None
) -> Recipient:
    """Read what is known of the person of `lead`. `address` is the lead's where it is None.

    Four statements, five where colleagues have emails; one for a lead that is not stored.
    """
    now = now or timezone.now()
    rows = _person_rows(lead)
    person = next((row for row in rows if row.merged_into_id is None), lead)
    address = (person.email or "") if address is None else address
    emails = _known_emails(rows, address) if lead.pk else []
    keys = {row.pk for row in rows}
    return Recipient(
        lead=person,
        address=address,
        read_at=now,
        rows=tuple(rows),
        stop=suppression.find_stop_of(address, rows, now),
        emails=tuple(one for one in emails if one.message.lead_id in keys),
        others_at_address=tuple(one for one in emails if one.message.lead_id not in keys),
        colleagues=tuple(_colleague_emails(person, keys, now)),
        answered_at=_newest(rows, "reply_at", "answer_seen_at"),
        reply_learned_at=_newest(rows, "reply_learned_at"),
        meeting_noted_at=_newest(rows, "meeting_at"),
        has_open_deal=any(getattr(row, "open_deal", False) for row in rows),
        warm=bool(getattr(person, "warm", None)),
        has_colleagues=getattr(person, "has_colleagues", False),
    )


def reload_colleagues(known: Recipient) -> Recipient:
    found = _colleague_emails(known.lead, set(known.keys), known.read_at)
    return replace(known, colleagues=tuple(found))


def _newest(rows: list[Lead], *names: str) -> datetime | None:
    times = [getattr(row, name, None) for row in rows for name in names]
    return max((at for at in times if at), default=None)


def _newest_of(rows: QuerySet[Any], field: str | Greatest) -> Subquery:
    ordered = rows.annotate(newest=F(field) if isinstance(field, str) else field)
    return Subquery(
        ordered.order_by(F("newest").desc()).values("newest")[:1], output_field=DateTimeField()
    )


def _person_rows(lead: Lead) -> list[Lead]:
    if lead.pk is None:
        return [lead]
    return _rows_with_answers(lead=lead.pk)


@kept_query
def _rows_with_answers(lead: int) -> QuerySet[Lead]:
    person = person_of(lead)
    replies = Reply.objects.by_people().filter(lead=OuterRef("pk"))
    answers = Move.objects.filter(message__lead=OuterRef("pk"), why=MoveCode.ANSWERED)
    meetings = Meeting.objects.filter(lead=OuterRef("pk")).exclude(status__in=Meeting.OFF)
    deals = Opportunity.objects.filter(lead=OuterRef("pk"), status=Opportunity.OPEN)
    learned = Greatest("noted_at", Coalesce("corrected_at", "noted_at"))
    rows = Lead.rows.filter(Q(pk=person) | Q(merged_into=person)).order_by("pk")
    return rows.select_related("company", "owner").annotate(
        reply_at=_newest_of(replies, "received_at"),
        reply_learned_at=_newest_of(replies, learned),
        answer_seen_at=_newest_of(answers, "at"),
        meeting_at=_newest_of(meetings, "noted_at"),
        open_deal=Exists(deals),
        warm=newest_connection(OuterRef("pk")),
        has_colleagues=Exists(
            Lead.objects.filter(company=OuterRef("company")).exclude(pk=OuterRef("pk"))
        ),
    )


def newest_connection(lead: OuterRef) -> Subquery:
    return Subquery(Assessment.objects.filter(lead=lead).order_by("-pk").values("warm")[:1])


def _known_emails(rows: list[Lead], address: str) -> list[KnownEmail]:
    found = _emails_with_fate(leads=[row.pk for row in rows], address=address or None)
    return [KnownEmail(one, one.may_have_left, one.moved_at) for one in found]


@kept_query
def _emails_with_fate(leads: list[int], address: str | None) -> QuerySet[Message]:
    to = Q(lead__pk__in=leads)
    if address is not None:
        to |= Q(to_address=address)
    left = SendIntent.objects.filter(message=OuterRef("pk"), outcome__in=LEFT_OUTCOMES)
    moves = Move.objects.filter(message=OuterRef("pk")).order_by("-pk")
    emails = Message.objects.annotate(
        may_have_left=Exists(left), moved_at=Subquery(moves.values("at")[:1])
    )
    return emails.filter(to).order_by("-pk")


def _colleague_emails(lead: Lead, keys: set[int], now: datetime) -> list[ColleagueEmail]:
    if lead.company_id is None or lead.pk is None:
        return []
    pks = _pks_of_colleagues(
        company=lead.company_id,
        kind=lead.kind,
        but=sorted(keys),
        sent_after=now - ONE_RECIPIENT_FOR,
        queued_since=now - QUEUED_WITHIN,
    )
    return _read_colleague_emails(pks) if pks else []


@kept_query
def _pks_of_colleagues(
    company: int, kind: str, but: list[int], sent_after: datetime, queued_since: datetime
) -> QuerySet[Any]:
    on_its_way = Q(status__in=[*LEAVING_STATUSES, *WAITING_STATUSES])
    on_hold = Q(status=Status.BLOCKED, blocked_by__in=check_results.SLOT_CODES)
    sent = Q(status=Status.SENT, sent_at__gt=sent_after)
    queued = Q(held_at__gte=queued_since) & ~Q(status__in=ENDED_UNREAD)
    rows = Message.objects.filter(lead__company=company, kind=kind)
    wanted = without_practice(rows.filter(on_its_way | on_hold | sent | queued))
    return wanted.exclude(lead__pk__in=but).values_list("pk", flat=True)


def _read_colleague_emails(pks: list[int]) -> list[ColleagueEmail]:
    leaving = SendIntent.objects.filter(message=OuterRef("pk"), outcome=SendIntent.Outcome.OPEN)
    replies = Reply.objects.by_people().filter(lead=OuterRef("lead"))
    answers = Move.objects.filter(message__lead=OuterRef("lead"), why=MoveCode.ANSWERED)
    typed = MessageText.objects.filter(message=OuterRef("pk"), author__isnull=False)
    found = (
        Message.objects.filter(pk__in=pks)
        .annotate(
            is_leaving=Exists(leaving),
            reply_at=_newest_of(replies, "received_at"),
            answer_seen_at=_newest_of(answers, "at"),
            warm=newest_connection(OuterRef("lead")),
            is_typed=Exists(typed),
        )
        .select_related("lead__company")
        .order_by("-pk")
    )
    return [
        ColleagueEmail(
            one,
            one.is_leaving,
            max((at for at in (one.reply_at, one.answer_seen_at) if at), default=None),
            warm=bool(one.warm),
            is_typed=one.is_typed,
        )
        for one in found
    ]
