"""Asks GoHighLevel about a recipient before an email to them is decided. Reads only.

While GoHighLevel cannot be asked, or is in the sandbox, an email says that it is not checked, and
is not approved automatically.
"""

import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists
from django.utils import timezone

from caio_project.lib import http
from caio_project.lib.db import claims
from caio_project.lib.vendor_access.access import is_sandboxed, vendor_value
from leads import locks
from leads.imports.ghl_contacts import contact_stop_reason
from leads.integrations import ghl as contacts
from leads.integrations import ghl_contact_data
from leads.models import Kind, Lead
from leads.ownership import owner_assignment
from leads.suppression import suppression
from outreach.choices import MoveCode, Status
from outreach.contact_history import ghl_check, ghl_findings, recipients
from outreach.contact_history.ghl_findings import Findings, FoundDeal
from outreach.contact_history.recipients import Recipient
from outreach.control import phase
from outreach.drafting import critical_reasons, message_text
from outreach.integrations.ghl import conversation_api
from outreach.integrations.ghl.conversation_api import Conversation
from outreach.models import GhlLook, Message, Opportunity, Reply, ReplyKind, SyncCursor
from outreach.review import review_actions

log = logging.getLogger(__name__)

LEASE_SECONDS = 120
MAX_READ_EMAILS = 10  # emails of one thread, the newest
LONGEST_WAIT = timedelta(minutes=30)
LATE_MESSAGES = timedelta(minutes=10)  # after which GoHighLevel shows a message at the latest
DEALS_CURSOR = "opportunities"  # of polling
DEALS_KNOWN_FOR = timedelta(minutes=15)  # since all deals were read; usually every five minutes


def check_due(batch: int = 5) -> int:
    """Check the most urgent undecided emails that were not checked; returns how many were tried.

    A small batch, because it shares GoHighLevel's rate with sending. Stops where GoHighLevel is
    away.
    """
    if is_sandboxed("ghl") or phase.is_halted(phase.current_control()):
        return 0
    waiting = Message.objects.filter(status=Status.HELD, kind=Kind.LIVE)
    due = GhlLook.objects.filter(due_at__lte=timezone.now(), message__in=waiting)
    count = 0
    for check in claims.lease_rows(due.order_by("message__rank", "due_at"), LEASE_SECONDS, batch):
        count += 1
        if not _check_one(check):
            break
    return count


def _check_one(check: GhlLook) -> bool:
    message = check.message
    try:
        with contacts.check_before_each_call(phase.check_not_halted):
            contact = contacts.find_contact(message.to_address) if message.to_address else None
            found = read_findings(contact.id, message.lead) if contact else Findings()
    except http.HttpError as failure:
        _retry_later(check, failure.detail, failure.retry_after)
        return not isinstance(failure, http.ServiceUnavailable)
    except Exception as error:
        log.exception("email %s could not be looked for at GoHighLevel", message.pk)
        _retry_later(check, f"{type(error).__name__}: {error}", None)
        return True
    with transaction.atomic():
        locks.lock_lead(message.lead_id)
        if store_check(message, contact, found, lease=check.lease_until):
            _apply_check(message, contact)
    return True


def _retry_later(check: GhlLook, text: str, retry_after: float | None) -> None:
    wait = max(claims.retry_delay(check.attempts, base=5), timedelta(seconds=retry_after or 0))
    mine = GhlLook.objects.filter(pk=check.pk, lease_until=check.lease_until)
    mine.update(lease_until=None, due_at=timezone.now() + min(wait, LONGEST_WAIT), error=text[:300])


def read_findings(contact_id: str, lead: Lead) -> Findings:
    """What GoHighLevel shows about a contact, without our own emails and automatic replies.

    Raises lib.http's errors.
    """
    found = _read_messages(conversation_api.find_conversations(contact_id), lead)
    return _with_deals(found, conversation_api.open_deals(contact_id))


def read_findings_since(check: GhlLook | None, contact_id: str, known: Recipient) -> Findings:
    """As `read_findings`, with fewer calls: what `check` has read is not read again where nothing
    came since, and deals are asked for where our own rows do not say that there is none.

    `check` is None where none can be relied on. Raises lib.http's errors.
    """
    conversations = conversation_api.find_conversations(contact_id)
    if check is not None and _are_quiet_since(check, conversations):
        found = replace(ghl_check.findings_of_check(check), deals=())
    else:
        found = _read_messages(conversations, known.lead)
    is_without = not known.has_open_deal and _are_deals_known(contact_id)
    return _with_deals(found, [] if is_without else conversation_api.open_deals(contact_id))


def _are_deals_known(contact_id: str) -> bool:
    """Whether this location's deals were read lately, and none is an open one of the contact."""
    mine = Opportunity.objects.filter(ghl_contact_id=contact_id, status=Opportunity.OPEN)
    since = timezone.now() - DEALS_KNOWN_FOR
    read = SyncCursor.objects.filter(name=DEALS_CURSOR, polled_at__gt=since)
    position = read.filter(~Exists(mine)).values_list("position", flat=True).first()
    if position is None:
        return False
    here = vendor_value("GHL_LOCATION_ID")
    return bool(json.loads(position or "{}").get("location", here) == here)


def _are_quiet_since(check: GhlLook, conversations: Iterable[Conversation]) -> bool:
    """Whether each conversation says that its newest message is older than the check by far."""
    if check.looked_at is None:
        return False
    since = check.looked_at - LATE_MESSAGES
    return all(one.newest_at is not None and one.newest_at < since for one in conversations)


def _read_messages(conversations: Iterable[Conversation], lead: Lead) -> Findings:
    rows = conversation_api.read_messages(conversations)
    others = _without_ours(rows, lead) if rows else []
    return Findings(
        outbound_at=_newest_time([one.at for one in others if one.is_email and not one.inbound]),
        inbound_at=_newest_time([one.at for one in others if one.inbound]),
    )


def _with_deals(found: Findings, deals: Iterable[conversation_api.OpenDeal]) -> Findings:
    named = tuple(FoundDeal(deal.id, deal.name) for deal in deals)
    return ghl_findings.without_old_emails(replace(found, deals=named), timezone.now())


def _without_ours(
    rows: list[conversation_api.ConversationRow], lead: Lead
) -> list[conversation_api.ConversationRow | conversation_api.ReadEmail]:
    person = suppression.rows_of(lead)
    ours, automatic = _our_ids(person), _auto_reply_ids(person)
    found: list[conversation_api.ConversationRow | conversation_api.ReadEmail] = []
    for row in rows:
        if len(row.email_ids) > 1:
            found += _read_unknown(row.email_ids, ours | automatic)
        elif not {row.id, *row.email_ids} & (automatic if row.inbound else ours):
            found.append(row)
    return found


def _read_unknown(
    email_ids: tuple[str, ...], known: frozenset[str]
) -> Iterator[conversation_api.ReadEmail]:
    for email_id in [one for one in email_ids if one not in known][-MAX_READ_EMAILS:]:
        yield conversation_api.read_email(email_id)


def _our_ids(person: list[Lead]) -> frozenset[str]:
    emails = Message.objects.filter(lead__in=person)
    pairs = emails.values_list("ghl_message_id", "ghl_email_message_id")
    return frozenset(one for pair in pairs for one in pair if one)


def _auto_reply_ids(person: list[Lead]) -> frozenset[str]:
    answers = Reply.objects.of_kind(ReplyKind.OUT_OF_OFFICE).filter(lead__in=person)
    return frozenset(answers.values_list("ghl_message_id", flat=True))


def _newest_time(times: list[datetime | None]) -> datetime | None:
    return max((at or timezone.now() for at in times), default=None)


def store_check(
    message: Message,
    contact: ghl_contact_data.Contact | None,
    found: Findings,
    lease: datetime | None = None,
) -> bool:
    """With `lease` only as its holder: False where another was first."""
    looked = {
        "looked_at": timezone.now(),
        "address_hash": suppression.erased_hash(message.to_address),
        "contact_id": contact.id if contact else "",
        "assigned_to": contact.assigned_to if contact else "",
        "outbound_at": found.outbound_at,
        "inbound_at": found.inbound_at,
        "deals": [{"id": deal.id, "name": deal.name} for deal in found.deals],
    }
    done: dict[str, Any] = {"due_at": None, "lease_until": None, "attempts": 0, "error": ""}
    if lease is None:
        GhlLook.objects.update_or_create(message=message, defaults={**looked, **done})
        return True
    return claims.claim_row(
        GhlLook.objects.filter(message=message, lease_until=lease), **looked, **done
    )


def _apply_check(message: Message, contact: ghl_contact_data.Contact | None) -> None:
    if contact:
        owner_assignment.assign_from_ghl(message.lead, contact.assigned_to)
    if contact and (stopped := contact_stop_reason(contact)):
        suppression.suppress(message.to_address, stopped, "GoHighLevel", message.lead)
        review_actions.withdraw_open_emails(message.lead, MoveCode.SUPPRESSED)
        return
    known = recipients.load_recipient(message.lead, message.to_address)
    reason = critical_reasons.critical_reason(known, message)
    if reason != message.critical_reason:
        columns = message_text.reason_columns(message.band, reason)
        Message.objects.filter(pk=message.pk, status=Status.HELD).update(**columns)
