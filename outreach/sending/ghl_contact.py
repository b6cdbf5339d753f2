"""The recipient at GoHighLevel, at the last second: their contact, made and read, and what it says against writing."""

from caio_project.lib import http
from leads.imports.ghl_contacts import contact_stop_reason
from leads.integrations import ghl as contacts
from leads.integrations import ghl_contact_data
from leads.ownership import owner_assignment
from leads.suppression import suppression
from outreach.choices import Status
from outreach.contact_history import ghl_check, ghl_findings
from outreach.contact_history.ghl_findings import Findings
from outreach.control import phase
from outreach.drafting import compose, message_text
from outreach.models import Message
from outreach.review import ghl_lookup
from outreach.sending import send_errors
from outreach.sending.final_checks import SendStopped


def prepare_contact(message: Message) -> str:
    """The id of the contact to send to; raises Stopped, NotNow or Bound.

    Another address, DND, and anything that was not before the person who approved stop the email: a message from the
    recipient, an email to them that is not ours, an open deal. What they had before them when they approved does not.
    """
    try:
        with contacts.check_before_each_call(phase.check_not_halted):
            _check_address(message, contact := contacts.upsert_contact(_recipient_details(message)))
            _check_address(message, contact := contacts.get_contact(contact.id))
            found = ghl_lookup.read_findings(contact.id, message.lead)
    except http.HttpError as failure:
        raise send_errors.exception_for_failure(message, failure) from failure
    if contact.email_blocked:
        send_errors.suppress_recipient(message, "dnd")
        raise SendStopped(Status.FAILED, "dnd", "Do-not-disturb is set at GoHighLevel.")
    if stopped := contact_stop_reason(contact):
        suppression.suppress(message.to_address, stopped, "GoHighLevel", message.lead)
        label = suppression.Reason(stopped).label
        raise SendStopped(Status.WITHDRAWN, "suppressed", f"{label} (GoHighLevel)")
    look = ghl_check.ghl_check_of(message)
    if news := ghl_findings.newer_than_seen(found, look.seen if look else {}):
        ghl_lookup.store_check(message, contact, found)
        raise _stop_for_news(message, news)
    if contact.assigned_to != message.lead.ghl_assigned_to:
        owner_assignment.assign_from_ghl(
            message.lead, contact.assigned_to
        )  # the answer is theirs; what was approved stays as it is
    return contact.id


def _stop_for_news(message: Message, news: Findings) -> SendStopped:
    """Back to the queue as CRITICAL, with the reason beside it."""
    reason = compose.critical_reason(message.lead, message)
    why = "answered" if news.inbound_at else "known_at_ghl"
    return SendStopped(
        Status.HELD,
        why,
        ghl_check.describe_for_team(news),
        **message_text.reason_columns(message.band, reason),
    )


def _check_address(message: Message, contact: ghl_contact_data.Contact) -> None:
    """Raise where GHL answered with somebody else's contact."""
    if not contact.id:
        raise http.ServiceUnavailable("GoHighLevel answered without a contact")
    if contact.email != message.to_address:
        raise SendStopped(
            Status.FAILED,
            "contact_mismatch",
            "GoHighLevel returned a contact with another address.",
        )


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
