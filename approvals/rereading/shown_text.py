"""The text that a re-reader sees: the stored one, or one with a fault put into it."""

from datetime import timedelta

from approvals.models import RereadingItem
from approvals.rereading import faults
from approvals.rereading.faults import ShownText
from outreach.drafting import known_fields
from outreach.models import Message, MessageText

AGE = timedelta(days=30)  # what nobody has read by then stays unread


def stored_text(message: Message, version: int) -> ShownText | None:
    """None where it was erased."""
    text = message.texts.filter(version=version).first()
    if text is None or not text.body:
        return None
    return ShownText(text.subject, text.body, text.footer, tuple(text.phrases))


def recipient_words(message: Message) -> faults.Recipient:
    said = known_fields.spoken_facts(message.lead)
    return faults.Recipient(said["first_name"].text, said["company"].text)


def text_of(item: RereadingItem) -> MessageText | None:
    """An unsaved text to show; None where there is nothing to show any more."""
    text = stored_text(item.message, item.version)
    if text is None:
        return None
    if item.fault:
        known = recipient_words(item.message)
        changed = faults.put_fault(faults.Fault(item.fault), text, known, item.pk)
        if changed == text:
            return None  # the recipient has another name by now, so the fault would not show
        text = changed
    return MessageText(
        subject=text.subject, body=text.body, footer=text.footer, phrases=list(text.phrases)
    )
