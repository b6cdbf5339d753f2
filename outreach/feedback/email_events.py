"""Stores what happened to emails after they left, and stops the addresses it stops.

Each kind counts once for each email, whether told by webhook or found by polling; only deferrals
count each time.
"""

from contextlib import suppress
from datetime import datetime, timedelta

from django.utils import timezone

from leads import locks, normal
from leads.inbound.events import TryAgainSoon
from leads.models import Lead
from leads.suppression import suppression
from outreach.choices import EventKind, MoveCode, Status
from outreach.contact_history import contact_matching
from outreach.integrations.ghl.ghl_facts import EmailEventFact
from outreach.lifecycle import transitions
from outreach.models import EmailEvent, Message
from outreach.review import review_actions
from outreach.sending import uncertain

Kind = EventKind
Reason = suppression.Reason

STOP_BY_KIND = {
    Kind.BOUNCED: Reason.BOUNCED,
    Kind.COMPLAINED: Reason.COMPLAINED,
    Kind.UNSUBSCRIBED: Reason.UNSUBSCRIBED,
}
STOP_BY_CODE = {
    "suppress-complaint": Reason.COMPLAINED,
    "suppress-unsubscribe": Reason.UNSUBSCRIBED,
}
MAX_DEFERRALS = 5  # in a row, over at least so long: the mailbox is not coming back
DEFERRED_FOR = timedelta(days=2)


def apply_email_event(fact: EmailEventFact, source: str) -> Lead | None:
    """Store one event and stop what it stops; the lead it is about. Needs a transaction.

    Raises TryAgainSoon while the email may be leaving and its id is not stored yet.
    """
    message = contact_matching.find_email(fact.email_id, fact.address, fact.at)
    if message is None and _may_be_leaving(fact):
        raise TryAgainSoon("The email may be leaving this moment.")
    lead = message.lead if message else contact_matching.find_lead("", fact.address)
    person = locks.lock_lead(lead.pk) if lead else None
    if message and _is_about(message, fact):
        if message.status == Status.UNCERTAIN:
            with suppress(
                transitions.StaleMessage
            ):  # another process, or a person, settled it this moment
                uncertain.settle_as_sent(message, MoveCode.EVENT_AT_GHL, "", fact.email_id)
        record_event(message, fact.kind, fact.code, source, fact.at, fact.once)
    address = fact.address or (message.to_address if message else "")
    if reason := _stop_reason(fact, address):
        stop_address(address, reason, f"GoHighLevel: {fact.kind}", person)
    return person


def _is_about(message: Message, fact: EmailEventFact) -> bool:
    """Whether an email found by its address is the one meant.

    For an uncertain one the subject must match: the event is the proof that it left.
    """
    if fact.email_id and fact.email_id == message.ghl_email_message_id:
        return True
    if not fact.subject:
        return message.status == Status.SENT
    return message.text is not None and message.text.subject == fact.subject


def _may_be_leaving(fact: EmailEventFact) -> bool:
    address = normal.clean_email(fact.address)
    return (
        bool(address) and Message.objects.filter(status=Status.SENDING, to_address=address).exists()
    )


def record_event(
    message: Message, kind: str, code: str, source: str, at: datetime, once: str = ""
) -> bool:
    key = once if kind == Kind.DEFERRED and once else f"{message.pk}:{kind}"
    values = {
        "message": message,
        "kind": kind,
        "code": code,
        "source": source,
        "at": min(at, timezone.now()),
    }
    return EmailEvent.objects.get_or_create(key=key, defaults=values)[1]


def stop_address(address: str, reason: str, source: str, person: Lead | None) -> None:
    """Suppress an address, and its lead where it is their own wish; withdraw open emails.

    An erased lead's address is not stored again: its hash stops it.
    """
    if suppression.is_marked(normal.clean_email(address)):
        address = ""
    suppression.suppress(address, reason, source, person)
    if person is not None:
        review_actions.withdraw_open_emails(person, MoveCode(reason))


def _stop_reason(fact: EmailEventFact, address: str) -> str:
    if fact.kind == Kind.DEFERRED:
        return Reason.BOUNCED if _deferred_too_often(normal.clean_email(address)) else ""
    return STOP_BY_CODE.get(fact.code, STOP_BY_KIND.get(Kind(fact.kind), ""))


def _deferred_too_often(address: str) -> bool:
    rows = EmailEvent.objects.filter(message__to_address=address)
    arrived = rows.filter(kind=Kind.DELIVERED).order_by("-at").values_list("at", flat=True).first()
    put_off = rows.filter(kind=Kind.DEFERRED, **({"at__gt": arrived} if arrived else {}))
    times = sorted(put_off.values_list("at", flat=True))
    return len(times) >= MAX_DEFERRALS and times[-1] - times[0] >= DEFERRED_FOR
