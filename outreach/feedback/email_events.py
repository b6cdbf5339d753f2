"""What happened to emails after they left: noted once for each email and kind, and what follows for the address.

A bounce that is told by webhook and seen by polling is one bounce. Only what the receiver puts off is noted each time.
"""

from contextlib import suppress
from datetime import datetime, timedelta

from django.utils import timezone

from leads import locks, normal
from leads.inbound.events import NotYet
from leads.models import Lead
from leads.suppression import suppression
from outreach.choices import EventKind, Status
from outreach.contact_history import contact_matching
from outreach.integrations.ghl.ghl_facts import Mailed
from outreach.lifecycle import transitions
from outreach.models import EmailEvent, Message
from outreach.review import review_actions
from outreach.sending import uncertain

Kind = EventKind
Reason = suppression.Reason

STOPS = {
    Kind.BOUNCED: Reason.BOUNCED,
    Kind.COMPLAINED: Reason.COMPLAINED,
    Kind.UNSUBSCRIBED: Reason.UNSUBSCRIBED,
}
STOPS_BY_CODE = {
    "suppress-complaint": Reason.COMPLAINED,
    "suppress-unsubscribe": Reason.UNSUBSCRIBED,
}
PUT_OFF_TOO_OFTEN = 5  # in a row, over at least so long: the mailbox is not coming back
PUT_OFF_FOR = timedelta(days=2)


def hear(fact: Mailed, source: str) -> Lead | None:
    """Note one event of an email and stop what it stops; the person it is about. Call it inside a transaction.

    Raises NotYet while the email may be leaving this moment and its id is not written down.
    """
    message = contact_matching.email_of(fact.email_id, fact.address, fact.at)
    if message is None and _is_leaving(fact):
        raise NotYet("The email may be leaving this moment.")
    lead = message.lead if message else contact_matching.person("", fact.address)
    person = locks.people(lead.pk)[0] if lead else None
    if message and _is_about(message, fact):
        if message.status == Status.UNCERTAIN:
            with suppress(
                transitions.Stale
            ):  # another process, or a person, settled it this moment
                uncertain.settle_as_sent(message, "event_at_ghl", "", fact.email_id)
        note(message, fact.kind, fact.code, source, fact.at, fact.once)
    address = fact.address or (message.to_address if message else "")
    if reason := _reason(fact, address):
        stop(address, reason, f"GoHighLevel: {fact.kind}", person)
    return person


def _is_about(message: Message, fact: Mailed) -> bool:
    """Whether the email found by its address is the one meant: its subject is the same, or tells nothing either way.

    Of an uncertain one it must be: that something happened to it is the proof that it left.
    """
    if fact.email_id and fact.email_id == message.ghl_email_message_id:
        return True
    if not fact.subject:
        return message.status == Status.SENT
    return message.text is not None and message.text.subject == fact.subject


def _is_leaving(fact: Mailed) -> bool:
    address = normal.email(fact.address)
    return (
        bool(address) and Message.objects.filter(status=Status.SENDING, to_address=address).exists()
    )


def note(message: Message, kind: str, code: str, source: str, at: datetime, once: str = "") -> bool:
    """Write an event down, unless it is known; True where it is new."""
    key = once if kind == Kind.DEFERRED and once else f"{message.pk}:{kind}"
    told = {
        "message": message,
        "kind": kind,
        "code": code,
        "source": source,
        "at": min(at, timezone.now()),
    }
    return EmailEvent.objects.get_or_create(key=key, defaults=told)[1]


def stop(address: str, reason: str, source: str, person: Lead | None) -> None:
    """Suppress an address, and its person where it is their own wish; nothing open leaves to them any more.

    Of somebody who was erased the address is not written down again: its mark stops it.
    """
    if suppression.is_marked(normal.email(address)):
        address = ""
    suppression.stop(address, reason, source, person)
    if person is not None:
        review_actions.stop_open_emails(person, reason)


def _reason(fact: Mailed, address: str) -> str:
    if fact.kind == Kind.DEFERRED:
        return Reason.BOUNCED if _put_off_too_often(normal.email(address)) else ""
    return STOPS_BY_CODE.get(fact.code, STOPS.get(Kind(fact.kind), ""))


def _put_off_too_often(address: str) -> bool:
    """Whether the receiver has put off every email to `address` since the last one that arrived, for days."""
    rows = EmailEvent.objects.filter(message__to_address=address)
    arrived = rows.filter(kind=Kind.DELIVERED).order_by("-at").values_list("at", flat=True).first()
    put_off = rows.filter(kind=Kind.DEFERRED, **({"at__gt": arrived} if arrived else {}))
    times = sorted(put_off.values_list("at", flat=True))
    return len(times) >= PUT_OFF_TOO_OFTEN and times[-1] - times[0] >= PUT_OFF_FOR
