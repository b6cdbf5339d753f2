"""Whether GoHighLevel's mail service sets List-Unsubscribe, which its API cannot be asked to do."""

from caio_project.lib import http
from caio_project.lib.vendor_access.access import is_sandboxed
from caio_project.operations.diagnosis_parts.finding import NOT_KNOWN, StageFinding, not_set_up
from outreach.choices import Status, Transport
from outreach.integrations.ghl import polling_api
from outreach.models import Message

NAME = "List-Unsubscribe"
OWN_SERVICES = ("leadconnector", "mailgun")  # what GoHighLevel calls its own, LC Email
LOOK = "Open one received email's source and look for the header List-Unsubscribe"
OUR_LINK = "every email has our own link whatever the service does"


def mail_service_finding() -> StageFinding:
    if is_sandboxed("ghl"):
        return not_set_up(NAME, "in the sandbox nothing is sent")
    left = Message.objects.filter(status=Status.SENT, transport=Transport.GHL)
    newest = left.exclude(ghl_email_message_id="").order_by("-sent_at").first()
    if newest is None:
        return _not_known("no email has left yet")
    try:
        service = polling_api.fetch_mail_service(newest.ghl_email_message_id)
    except http.HttpError as failure:
        return _not_known(f"GoHighLevel could not be asked: {failure.detail}")
    if not service:
        return _not_known("GoHighLevel does not say which service sent the newest email")
    if service.lower() in OWN_SERVICES:
        return _not_known(f"“{service}” sends, which is said to set it, and reports differ")
    return _not_known(f"“{service}” sends, which sets it only where that service is told to")


def _not_known(why: str) -> StageFinding:
    return StageFinding(NAME, True, None, f"{why}. {LOOK}; {OUR_LINK}.", unproven=NOT_KNOWN)
