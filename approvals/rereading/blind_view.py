"""What a re-reader sees of an email: the email and its recipient, nothing of what became of it."""

from dataclasses import dataclass
from typing import Any

from approvals.desk import email_sheet
from approvals.models import RereadingItem
from approvals.rereading import shown_text
from leads.models import Lead
from outreach.models import MessageText

MAX_VISITS = 12


@dataclass(frozen=True)
class BlindEmail:
    sheet: dict[str, Any]
    thread: list[MessageText]  # a follow-up cannot be judged without what it follows
    facts: list[dict[str, str]]
    lead: Lead
    visits: list[Any]  # until the email was written: later ones would tell that it was sent


def blind_email(item: RereadingItem) -> BlindEmail | None:
    """None where the text was erased meanwhile."""
    text = shown_text.text_of(item)
    if text is None:
        return None
    message = item.message
    written_at = message.texts.get(version=item.version).created_at
    visits = message.lead.visits.filter(seen_at__lte=written_at).order_by("-seen_at")
    return BlindEmail(
        sheet=email_sheet.email_sheet(message, text),
        thread=email_sheet.thread_before(message),
        facts=email_sheet.sourced_facts(text),
        lead=message.lead,
        visits=list(visits[:MAX_VISITS]),
    )
