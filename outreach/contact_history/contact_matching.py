"""Which lead or email a GoHighLevel contact, an address or an email's id stands for. Reads only."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from leads import normal
from leads.identity import merging
from leads.models import Kind, Lead
from leads.suppression import suppression
from outreach.choices import Status, Transport
from outreach.models import Message

CLOCK_TOLERANCE = timedelta(minutes=5)
LEFT_STATUSES = (Status.SENT, Status.UNCERTAIN)  # or may have


def find_lead(contact_id: str, address: str) -> Lead | None:
    rows = (
        Message.objects.filter(kind=Kind.LIVE).select_related("lead__merged_into").order_by("-pk")
    )
    if contact_id and (found := rows.filter(ghl_contact_id=contact_id).first()):
        return merging.surviving_lead(found.lead)
    if not (address := normal.clean_email(address)):
        return None
    leads = Lead.rows.filter(Q(email=address) | Q(personal_email=address), kind=Kind.LIVE)
    if (lead := leads.select_related("merged_into").order_by("pk").first()) is not None:
        return merging.surviving_lead(lead)
    written = rows.filter(to_address=address).first()
    return merging.surviving_lead(written.lead) if written else None


def find_email_answered(
    thread_ids: Sequence[str], conversation_id: str, tokens: Sequence[str]
) -> Message | None:
    """The email of ours that a message answers, whoever sent it.

    By the ids of its thread, by an unsubscribe link that it quotes, by its conversation.
    """
    rows = Message.objects.filter(kind=Kind.LIVE).select_related("lead__merged_into")
    ids = [one for one in thread_ids if one]
    for known in (
        Q(ghl_message_id__in=ids) | Q(ghl_email_message_id__in=ids) if ids else None,
        Q(unsubscribe_token__in=tokens) if tokens else None,
        Q(ghl_conversation_id=conversation_id) if conversation_id else None,
    ):
        if known is not None and (found := rows.filter(known).order_by("-pk").first()):
            return found
    return None


def newest_email_to(lead: Lead, at: datetime) -> Message | None:
    return newest_emails_to(lead, at).first()


def newest_emails_to(lead: Lead, at: datetime) -> QuerySet[Message]:
    return _left_before(Message.objects.filter(lead__in=suppression.rows_of(lead)), at)


def find_email(email_id: str, address: str, at: datetime) -> Message | None:
    """The email of ours that an event is about: by GoHighLevel's id of it, where we know the id.

    Else the newest one sent to this address by `at`, unless that has another id: then it is not
    ours.
    """
    if email_id and (found := Message.objects.filter(ghl_email_message_id=email_id).first()):
        return found
    if not (address := normal.clean_email(address)):
        return None
    newest = _left_before(Message.objects.filter(to_address=address, kind=Kind.LIVE), at).first()
    return None if newest is None or (email_id and newest.ghl_email_message_id) else newest


def _left_before(rows: QuerySet[Message], at: datetime) -> QuerySet[Message]:
    left = rows.filter(status__in=LEFT_STATUSES).exclude(transport=Transport.SANDBOX)
    left = left.annotate(left_at=Coalesce("sent_at", "uncertain_at"))
    return left.filter(left_at__lte=at + CLOCK_TOLERANCE).order_by("-left_at", "-pk")
