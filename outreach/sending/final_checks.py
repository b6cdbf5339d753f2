"""The checks right before an email is sent, from our own rows alone.

They run before GoHighLevel is called, and again when a slot is claimed.
"""

from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from caio_project.lib.vendor_access.access import sandboxed_or_raise
from leads.models import Kind
from leads.suppression import allowed_countries
from outreach.choices import Band, MoveCode, Status, Transport
from outreach.contact_history import previous_emails, recipients
from outreach.contact_history.recipients import Recipient
from outreach.content import meeting_times
from outreach.drafting import follow_ups
from outreach.limits import deadlines
from outreach.models import Message
from outreach.sending.stops import SendStopped

# what must remain of a lease when the sending call begins: longer than the call's deadline
LONGEST_CALL = timedelta(seconds=30)


def check_before_sending(message: Message, known: Recipient) -> None:
    """Raises SendStopped. `known` is read for the address of `message`."""
    for check in CHECKS:
        if stop := check(message, known):
            raise stop


def load_recipient(message: Message) -> Recipient:
    return recipients.load_recipient(message.lead, message.to_address)


def _check_recipient(message: Message, known: Recipient) -> SendStopped | None:
    if not message.to_address:
        return SendStopped(Status.WITHDRAWN, MoveCode.NO_ADDRESS)
    if stop := known.stop:
        return SendStopped(
            Status.WITHDRAWN, MoveCode.SUPPRESSED, reason=stop.text, source=stop.source
        )
    if message.to_address not in {row.email for row in known.rows}:
        return SendStopped(Status.WITHDRAWN, MoveCode.ADDRESS_CHANGED)
    return None


def _check_contact_history(message: Message, known: Recipient) -> SendStopped | None:
    if message.cleared_at and (
        code := previous_emails.reply_or_meeting_since(known, message.cleared_at)
    ):
        return SendStopped(Status.WITHDRAWN, MoveCode(code))
    others = [
        one
        for one in (*known.emails, *known.others_at_address)
        if one.message.lead_id != message.lead_id and one.message.transport != Transport.SANDBOX
    ]
    if any(one.has_left for one in others if one.message.to_address == message.to_address):
        return SendStopped(Status.WITHDRAWN, MoveCode.SAME_ADDRESS)
    if any(one.may_have_left for one in others if one.message.lead_id in known.keys):
        return SendStopped(Status.WITHDRAWN, MoveCode.WRITTEN_AS_OTHER)
    if previous_emails.was_written_before(known, message):
        return SendStopped(Status.WITHDRAWN, MoveCode.WRITTEN_BEFORE)
    return None


def _check_thread(message: Message, known: Recipient) -> SendStopped | None:
    if message.follows and (end := follow_ups.thread_end(message.follows, known)):
        return SendStopped(Status.WITHDRAWN, MoveCode(end.why), thread_end=end)
    return None


def _check_country(message: Message, known: Recipient) -> SendStopped | None:
    country = known.lead.country
    if allowed_countries.is_refused(country):
        return SendStopped(Status.WITHDRAWN, MoveCode.COUNTRY, country=country)
    return None


def _check_colleagues(message: Message, known: Recipient) -> SendStopped | None:
    colleague = previous_emails.find_blocking_email(known, but=message.pk, at_final_check=True)
    return SendStopped(Status.HELD, MoveCode.COLLEAGUE, colleague=colleague) if colleague else None


def _check_age_of_approval(message: Message, known: Recipient) -> SendStopped | None:
    approved_at = message.cleared_at
    if approved_at and deadlines.expires_at(Band(message.band), approved_at) < known.read_at:
        day = timezone.localtime(approved_at, ZoneInfo(settings.TEAM_TIME_ZONE))
        return SendStopped(Status.HELD, MoveCode.STALE, day=day)
    return None


def _check_offered_times(message: Message, known: Recipient) -> SendStopped | None:
    is_past = meeting_times.are_past(message.offer_ends_at, known.read_at)
    return SendStopped(Status.HELD, MoveCode.OFFER_PAST) if is_past else None


def _check_transport(message: Message, known: Recipient) -> SendStopped | None:
    lead = known.lead
    if message.transport == Transport.SANDBOX:
        return None
    if message.transport != Transport.GHL:
        return SendStopped(Status.HELD, MoveCode.NO_TRANSPORT)
    if lead.kind != Kind.LIVE or message.kind != Kind.LIVE:
        return SendStopped(Status.WITHDRAWN, MoveCode.UNDELIVERABLE, kind=lead.get_kind_display())
    if sandboxed_or_raise("ghl"):
        return SendStopped(Status.HELD, MoveCode.TRANSPORT_GONE)
    if not settings.POSTAL_ADDRESS:
        return SendStopped(Status.HELD, MoveCode.POSTAL_ADDRESS)
    return None


# Reasons that withdraw come before those that hold, but for the transport's.
CHECKS: tuple[Callable[[Message, Recipient], SendStopped | None], ...] = (
    _check_recipient,
    _check_contact_history,
    _check_thread,
    _check_country,
    _check_colleagues,
    _check_age_of_approval,
    _check_offered_times,
    _check_transport,
)
