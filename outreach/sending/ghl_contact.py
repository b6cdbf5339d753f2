"""The recipient at GoHighLevel, at the last second: their contact, made and read, and what it says against writing."""

from caio_project.lib import http
from leads.imports.ghl_contacts import why_stopped
from leads.integrations import ghl as contacts
from leads.ownership import owner_assignment
from leads.suppression import suppression
from outreach.choices import Band, Status
from outreach.contact_history import ghl_check, ghl_findings
from outreach.contact_history.ghl_findings import Findings
from outreach.control import phase
from outreach.control.policy import RANK
from outreach.drafting import compose
from outreach.models import Message
from outreach.review import ghl_lookup
from outreach.sending import send_errors
from outreach.sending.final_checks import Stopped


def ready(message: Message) -> str:
    """The id of the contact to send to; raises Stopped, NotNow or Bound.

    Another address, DND, and anything that was not before the person who approved stop the email: a message from the
    recipient, an email to them that is not ours, an open deal. What they had before them when they approved does not.
    """
    try:
        with contacts.only_while(phase.ask):
            _must_be(message, contact := contacts.upsert_contact(_person(message)))
            _must_be(message, contact := contacts.get_contact(contact.id))
            found = ghl_lookup.read(contact.id, message.lead)
    except http.Failure as failure:
        raise send_errors.what_follows(message, failure) from failure
    if contact.email_blocked:
        send_errors.suppress(message, "dnd")
        raise Stopped(Status.FAILED, "dnd", "Do-not-disturb is set at GoHighLevel.")
    if stopped := why_stopped(contact):
        suppression.stop(message.to_address, stopped, "GoHighLevel", message.lead)
        label = suppression.Reason(stopped).label
        raise Stopped(Status.WITHDRAWN, "suppressed", f"{label} (GoHighLevel)")
    look = ghl_check.of(message)
    if news := ghl_findings.news(found, look.seen if look else {}):
        ghl_lookup.store(message, contact, found)
        raise _held(message, news)
    if contact.assigned_to != message.lead.ghl_assigned_to:
        owner_assignment.from_ghl(
            message.lead, contact.assigned_to
        )  # the answer is theirs; what was approved stays as it is
    return contact.id


def _held(message: Message, news: Findings) -> Stopped:
    """Back to the queue as CRITICAL, with the reason beside it."""
    reason = compose.critical_reason(message.lead, message)
    why = "answered" if news.inbound_at else "known_at_ghl"
    return Stopped(
        Status.HELD, why, ghl_check.say(news), critical_reason=reason, rank=RANK[Band.CRITICAL]
    )


def _must_be(message: Message, contact: contacts.Contact) -> None:
    """Raise where GHL answered with somebody else's contact."""
    if not contact.id:
        raise http.Unavailable("GoHighLevel answered without a contact")
    if contact.email != message.to_address:
        raise Stopped(
            Status.FAILED,
            "contact_mismatch",
            "GoHighLevel returned a contact with another address.",
        )


def _person(message: Message) -> contacts.Person:
    lead, company = message.lead, message.lead.company
    return contacts.Person(
        email=message.to_address,
        first_name=lead.first_name,
        last_name=lead.last_name,
        company_name=company.name if company else "",
        website=f"https://{company.domain}" if company and company.domain else "",
        city=lead.city,
        state=lead.state,
        country=lead.country,
    )
