"""The checks right before an email is sent, from our own rows alone.

They run before GoHighLevel is called, and again when a slot is claimed.
"""

from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from leads.models import Kind
from leads.suppression import suppression
from outreach.choices import Band, MoveCode, Status
from outreach.contact_history import previous_emails
from outreach.drafting import deadlines, follow_ups
from outreach.models import Message, SendIntent, Transport
from outreach.sending.stops import SendStopped

# of an email that was sent, or may have been
LEFT_OUTCOMES = (SendIntent.Outcome.OPEN, SendIntent.Outcome.SENT, SendIntent.Outcome.UNCERTAIN)
# what must remain of a lease when the sending call begins: longer than the call's deadline
LONGEST_CALL = timedelta(seconds=30)


def check_before_sending(message: Message) -> None:
    for check in CHECKS:
        if stop := check(message):
            raise stop


def _check_recipient(message: Message) -> SendStopped | None:
    lead = message.lead
    if not message.to_address:
        return SendStopped(Status.WITHDRAWN, MoveCode.NO_ADDRESS)
    if stop := suppression.find_stop(message.to_address, lead):
        return SendStopped(
            Status.WITHDRAWN, MoveCode.SUPPRESSED, reason=stop.text, source=stop.source
        )
    if message.to_address not in {row.email for row in suppression.rows_of(lead)}:
        return SendStopped(Status.WITHDRAWN, MoveCode.ADDRESS_CHANGED)
    return None


def _check_contact_history(message: Message) -> SendStopped | None:
    lead = message.lead
    if message.cleared_at and (
        code := previous_emails.reply_or_meeting_since(lead, message.cleared_at)
    ):
        return SendStopped(Status.WITHDRAWN, MoveCode(code))
    left = Q(status__in=[Status.SENT, Status.UNCERTAIN]) | Q(intents__outcome__in=LEFT_OUTCOMES)
    to_same_address = previous_emails.without_practice(
        Message.objects.filter(left, to_address=message.to_address)
    )
    if to_same_address.exclude(lead=lead).exists():
        return SendStopped(Status.WITHDRAWN, MoveCode.SAME_ADDRESS)
    before_merge = previous_emails.emails_of(lead).exclude(lead=message.lead_id)
    before_merge = previous_emails.without_practice(before_merge)
    if before_merge.filter(intents__outcome__in=LEFT_OUTCOMES).exists():
        return SendStopped(Status.WITHDRAWN, MoveCode.WRITTEN_AS_OTHER)
    return None


def _check_thread(message: Message) -> SendStopped | None:
    if message.follows and (end := follow_ups.thread_end(message.follows)):
        return SendStopped(Status.WITHDRAWN, MoveCode(end.why), thread_end=end)
    return None


def _check_country(message: Message) -> SendStopped | None:
    country = message.lead.country
    if country and country not in settings.ALLOWED_COUNTRIES:
        return SendStopped(Status.WITHDRAWN, MoveCode.COUNTRY, country=country)
    return None


def _check_colleagues(message: Message) -> SendStopped | None:
    colleague = previous_emails.find_blocking_email(
        message.lead, timezone.now(), but=message.pk, at_final_check=True
    )
    return SendStopped(Status.HELD, MoveCode.COLLEAGUE, colleague=colleague) if colleague else None


def _check_age_of_approval(message: Message) -> SendStopped | None:
    approved_at = message.cleared_at
    if approved_at and deadlines.expires_at(Band(message.band), approved_at) < timezone.now():
        day = timezone.localtime(approved_at, ZoneInfo(settings.TEAM_TIME_ZONE))
        return SendStopped(Status.HELD, MoveCode.STALE, day=day)
    return None


def _check_transport(message: Message) -> SendStopped | None:
    lead = message.lead
    if message.transport == Transport.SANDBOX:
        return None
    if message.transport != Transport.GHL:
        return SendStopped(Status.HELD, MoveCode.NO_TRANSPORT)
    if lead.kind != Kind.LIVE or message.kind != Kind.LIVE:
        return SendStopped(Status.WITHDRAWN, MoveCode.UNDELIVERABLE, kind=lead.get_kind_display())
    if "ghl" in settings.SANDBOXED:
        return SendStopped(Status.HELD, MoveCode.TRANSPORT_GONE)
    if not settings.POSTAL_ADDRESS:
        return SendStopped(Status.HELD, MoveCode.POSTAL_ADDRESS)
    return None


# Reasons that withdraw come before those that hold, but for the transport's.
CHECKS: tuple[Callable[[Message], SendStopped | None], ...] = (
    _check_recipient,
    _check_contact_history,
    _check_thread,
    _check_country,
    _check_colleagues,
    _check_age_of_approval,
    _check_transport,
)
