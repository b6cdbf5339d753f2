"""Why a person must always decide about an email. Reads only."""

from outreach.contact_history import ghl_check, previous_emails
from outreach.contact_history.recipients import Recipient
from outreach.drafting import message_text
from outreach.models import Message

HAS_ANSWERED = "This person has answered before."
OPEN_DEAL = "There is an open opportunity with this person at GoHighLevel."
QUEUED_BY_HAND = "Queued by hand, with others."
SANDBOX_SEGMENT = "sandbox"  # what the segment of people who come back from there is called
IMPORTED_WITH_OTHERS = "Brought from the system before this one, with others."
FROM_SANDBOX = "Approved in the sandbox before; nothing was sent to this person then."


def _queued_reason(message: Message) -> str:
    if message.segment is None:
        return ""
    return FROM_SANDBOX if message.segment.what == SANDBOX_SEGMENT else QUEUED_BY_HAND


def critical_reason(known: Recipient, message: Message) -> str:
    shown = ghl_check.current_findings(message)
    deal = message.step == 1 and not shown.deals and known.has_open_deal
    reasons = (
        _queued_reason(message),
        IMPORTED_WITH_OTHERS if message.template_why.startswith(IMPORTED_WITH_OTHERS) else "",
        HAS_ANSWERED if previous_emails.has_answered(known) else "",
        OPEN_DEAL if deal else "",
        ghl_check.describe_for_team(shown),
    )
    return " ".join(filter(None, reasons))[: message_text.LONGEST_REASON]
