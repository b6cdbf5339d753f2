"""The recipient's contact at GoHighLevel: found or created, read and checked.

A contact that is there already belongs to the people who keep it: what it lacks is added by its id,
and nothing is overwritten.
"""

import logging

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
from outreach.control import phase
from outreach.drafting import critical_reasons, message_text
from outreach.models import Message
from outreach.review import ghl_lookup
from outreach.sending import send_errors
from outreach.sending.stops import SendStopped

log = logging.getLogger(__name__)


def prepare_contact(message: Message) -> str:
    """Return the id of the contact to send to. Raises SendStopped, SendPostponed or SendMustWait.

    Another address, do-not-disturb and newer findings stop the email: a message from the recipient,
    an email to them that is not ours, an open deal. What was known on approval does not stop it.
    """
    try:
        with contacts.check_before_each_call(phase.check_not_halted):
            contact, is_new = _find_or_create(message)
            found = ghl_lookup.read_findings(contact.id, message.lead)
    except http.HttpError as failure:
        raise send_errors.exception_for_failure(message, failure) from failure
    _check_may_be_contacted(message, contact)
    check = ghl_check.ghl_check_of(message)
    if news := ghl_findings.newer_than_seen(found, check.seen if check else {}):
        ghl_lookup.store_check(message, contact, found)
        raise _stop_for_news(message, news)
    if contact.assigned_to != message.lead.ghl_assigned_to:
        # The new owner gets the answer; the text stays as it was approved.
        owner_assignment.assign_from_ghl(message.lead, contact.assigned_to)
    if not is_new:
        _add_missing_details(message, contact)
    return contact.id


def _find_or_create(message: Message) -> tuple[ghl_contact_data.Contact, bool]:
    """Return the contact as it is now, and whether it was created here.

    A contact that is found only by another of its addresses is not touched.
    """
    contact = _contact_of_check(message)
    if contact is not None:
        _check_address(message, contact)
        return contact, False
    known = contacts.find_contact(message.to_address)
    made = known or contacts.upsert_contact(_recipient_details(message))
    _check_address(message, made)
    _check_address(message, contact := contacts.get_contact(made.id))
    return contact, known is None


def _contact_of_check(message: Message) -> ghl_contact_data.Contact | None:
    """Return the contact that the check before the decision saw, unless it is gone."""
    check = ghl_check.ghl_check_of(message)
    asked = suppression.erased_hash(message.to_address)
    if check is None or not check.contact_id or check.address_hash != asked:
        return None
    try:
        return contacts.get_contact(check.contact_id)
    except http.RequestRefused as failure:
        if failure.status != 404 and refusal_code(failure) != CONTACT_GONE:
            raise
        return None


def _add_missing_details(message: Message, contact: ghl_contact_data.Contact) -> None:
    """Add what the contact lacks. Where GoHighLevel refuses a value, the email goes without it."""
    try:
        with contacts.check_before_each_call(phase.check_not_halted):
            contacts.add_missing_details(contact, _recipient_details(message))
    except http.RequestRefused as refusal:
        log.warning("contact %s keeps its gaps: %s", contact.id, refusal.detail)
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


def _recipient_details(message: Message) -> ghl_contact_data.ContactDetails:
    lead, company = message.lead, message.lead.company
    return ghl_contact_data.ContactDetails(
        email=message.to_address,
        first_name=lead.first_name,
        last_name=lead.last_name,
        company_name=company.name if company else "",
        website=f"https://{company.domain}" if company and company.domain else "",
        city=lead.city,
        state=lead.state,
        country=lead.country,
    )
