"""GoHighLevel API v2: the one call that sends an email. Only outreach.sending.send may import it.

Source: GHL API v2, "Conversations" (Version 2021-04-15). There is no idempotency key: an answer
that may have acted is `OutcomeUncertain`, and is settled by reading the conversation.
"""

from dataclasses import dataclass

from caio_project.lib import http
from caio_project.lib.vendor_access.access import vendor_value
from leads.integrations.ghl import call_ghl

VERSION = "2021-04-15"
SEND_DEADLINE = 20.0


@dataclass(frozen=True)
class SentEmail:
    conversation_id: str
    message_id: str
    email_message_id: str


@dataclass(frozen=True)
class EmailThread:
    """GoHighLevel's ids of a follow-up's thread (that of its first message) and newest message."""

    id: str
    newest: str


def send_email(
    *, contact_id: str, to: str, subject: str, html: str, thread: EmailThread | None = None
) -> SentEmail:
    """Send one email. Success means that GoHighLevel queued it. Never repeat on OutcomeUncertain.

    `emailFrom` is a bare address: GoHighLevel refuses "Name <a@b>". Raises lib.http's failures.
    """
    sender = vendor_value("GHL_FROM_EMAIL")
    if not sender:  # GoHighLevel would take an address of its own
        raise http.ServiceUnavailable("GHL_FROM_EMAIL is missing, or cannot be opened.")
    body = {
        "type": "Email",
        "contactId": contact_id,
        "emailFrom": sender,
        "emailTo": to,
        "subject": subject,
        "html": html,
    }
    if thread:
        body |= {"threadId": thread.id, "replyMessageId": thread.newest, "emailReplyMode": "reply"}
    found = call_ghl(
        "POST",
        "/conversations/messages",
        version=VERSION,
        json=body,
        deadline=SEND_DEADLINE,
        reaches_out=True,
    )
    return SentEmail(
        *(str(found.get(name) or "") for name in ("conversationId", "messageId", "emailMessageId"))
    )
