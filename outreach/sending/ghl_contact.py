"""The recipient's contact at GoHighLevel: found or created, read and checked.

A contact that is there already belongs to the people who keep it: what it lacks is added by its id,
and nothing is overwritten.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from caio_project.lib import http
from leads.imports.ghl_contacts import contact_stop_reason
from leads.integrations import ghl as contacts
from leads.integrations import ghl_contact_data
from leads.integrations.ghl_refusals import CONTACT_GONE, refusal_code
from leads.ownership import owner_assignment
from leads.suppression import suppression
from outreach.choices import MoveCode, Status
from outreach.contact_history import ghl_check, ghl_findings, recipients
from outreach.contact_history.ghl_findings import Findings
from outreach.contact_history.recipients import Recipient
from outreach.control.phase import HaltWatch
from outreach.drafting import critical_reasons, message_text
from outreach.models import GhlLook, Message
from outreach.review import ghl_lookup
from outreach.sending import after_send, send_errors
from outreach.sending.stops import SendStopped

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PreparedContact:
    """The contact that an email may go to."""

    id: str
    has_tags: bool  # those that it gets with an email


def prepare_contact(message: Message, known: Recipient, halt: HaltWatch) -> PreparedContact:
    """Find or create the contact to send to. Raises SendStopped, SendPostponed or SendMustWait.

    Another address, do-not-disturb and newer findings stop the email: a message from the recipient,
    an email to them that is not ours, an open deal. What was known on approval does not stop it.
    A contact that is created here has nothing of that. ADR 31 says which calls are made, and why.
    """
    try:
        with contacts.check_before_each_call(halt.check):
            contact, is_new = _find_or_create(message, known)
            found = (
                Findings()
                if is_new
                else ghl_lookup.read_findings_since(
                    _fresh_check(message, contact.id), contact.id, known
                )
            )
    except http.HttpError as failure:
        raise send_errors.exception_for_failure(message, failure) from failure
    _check_may_be_contacted(message, contact)
    if news := ghl_findings.newer_than_seen(found, _seen_on_approval(message)):
        ghl_lookup.store_check(message, contact, found)
        raise _stop_for_news(message, news)
    if contact.assigned_to != message.lead.ghl_assigned_to:
        # The new owner gets the answer; the text stays as it was approved.
        owner_assignment.assign_from_ghl(message.lead, contact.assigned_to)
    if not is_new:
        _add_missing_details(message, known, contact, halt)
    return PreparedContact(contact.id, contact.tags.issuperset(after_send.contact_tags(message)))


def _check_of(message: Message) -> GhlLook | None:
    return getattr(message, "look", None)  # read with the email


def _seen_on_approval(message: Message) -> Mapping[str, Any]:
    check = _check_of(message)
    return check.seen if check else {}


def _usable_check(message: Message) -> GhlLook | None:
    """The check before the decision, where it found a contact by the address of the email."""
    check, asked = _check_of(message), suppression.erased_hash(message.to_address)
    return check if check and check.contact_id and check.address_hash == asked else None


def _fresh_check(message: Message, contact_id: str) -> GhlLook | None:
    check = _usable_check(message)
    is_of_contact = check is not None and check.contact_id == contact_id
    return check if is_of_contact and ghl_check.is_fresh_check(message, check) else None


def _find_or_create(message: Message, known: Recipient) -> tuple[ghl_contact_data.Contact, bool]:
    """Return the contact as it is now, and whether it was created here.

    A contact that is found only by another of its addresses is not touched.
    """
    check = _usable_check(message)
    contact = _read_checked_contact(check) if check else None
    if contact is not None:
        _check_address(message, contact)
        return contact, False
    found = contacts.find_contact(message.to_address)
    made = found or contacts.create_contact(
        _recipient_details(known), after_send.contact_tags(message)
    )
    if isinstance(made, ghl_contact_data.Contact):
        _check_address(message, made)
        if found is None:
            return made, True
    _check_address(message, contact := contacts.get_contact(made.id))
    return contact, False


def _read_checked_contact(check: GhlLook) -> ghl_contact_data.Contact | None:
    try:
        return contacts.get_contact(check.contact_id)
    except http.RequestRefused as failure:
        if failure.status != 404 and refusal_code(failure) != CONTACT_GONE:
            raise
        return None


def _add_missing_details(
    message: Message, known: Recipient, contact: ghl_contact_data.Contact, halt: HaltWatch
) -> None:
    """Add what the contact lacks. Where GoHighLevel refuses a value, the email goes without it."""
    try:
        with contacts.check_before_each_call(halt.check):
            contacts.add_missing_details(contact, _recipient_details(known))
    except http.RequestRefused as refusal:
        log.warning("email %s: its contact keeps its gaps, by %s", message.pk, refusal.status)
    except http.HttpError as failure:
        raise send_errors.exception_for_failure(message, failure) from failure


def _check_may_be_contacted(message: Message, contact: ghl_contact_data.Contact) -> None:
    if contact.email_blocked:
        send_errors.suppress_recipient(message, MoveCode.DND)
        raise SendStopped(Status.FAILED, MoveCode.DND)
    if reason := contact_stop_reason(contact):
        suppression.suppress(message.to_address, reason, "GoHighLevel", message.lead)
        label = suppression.Reason(reason).label
        raise SendStopped(Status.WITHDRAWN, MoveCode.SUPPRESSED, reason=label, source="GoHighLevel")


def _stop_for_news(message: Message, news: Findings) -> SendStopped:
    code = MoveCode.ANSWERED if news.inbound_at else MoveCode.KNOWN_AT_GHL
    known = recipients.load_recipient(message.lead, message.to_address)
    reason = critical_reasons.critical_reason(known, message)
    changes = message_text.reason_columns(message.band, reason)
    return SendStopped(Status.HELD, code, changes, findings=news)


def _check_address(message: Message, contact: ghl_contact_data.Contact) -> None:
    if not contact.id:
        raise http.ServiceUnavailable("GoHighLevel answered without a contact")
    if contact.email != message.to_address:
        raise SendStopped(Status.FAILED, MoveCode.CONTACT_MISMATCH)


def _recipient_details(known: Recipient) -> ghl_contact_data.ContactDetails:
    lead, company = known.lead, known.lead.company
    return ghl_contact_data.ContactDetails(
        email=known.address,
        first_name=lead.first_name,
        last_name=lead.last_name,
        company_name=company.name if company else "",
        website=f"https://{company.domain}" if company and company.domain else "",
        city=lead.city,
        state=lead.state,
        country=lead.country,
    )
