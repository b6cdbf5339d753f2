"""Other texts for an email that waits for a decision: by other templates of its tier."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from outreach.choices import Status
from outreach.control import phase
from outreach.drafting import compose, drafting_facts, drafts
from outreach.lifecycle.transitions import IllegalMove, StaleMessage
from outreach.models import EmailTemplate, Message

UNDECIDED = (Status.HELD, Status.BLOCKED)


class TextGone(Exception):
    """The template does not fit any more, or a check would stop its text; nothing was changed."""


@dataclass(frozen=True)
class OtherText:
    template: EmailTemplate
    subject: str
    body: str
    is_same_template: bool  # with new times, or words that have changed since


def list_other_texts(message: Message) -> list[OtherText]:
    """The texts of the templates that fit, the email's own only where it would differ now."""
    current = message.text
    now = (current.subject, current.body) if current else ("", "")
    return [
        OtherText(one.template, one.subject, one.body, one.template.pk == message.template_id)
        for one in compose.compose_alternatives(drafting_facts.load_facts(message.lead), message)
        if one.template is not None and (one.subject, one.body) != now
    ]


def use_template(message: Message, version: int, template: int, *, by: Any) -> Message:
    """Replace the text by what `template` says now. Raises StaleMessage, IllegalMove, TextGone."""
    if message.version != version:
        raise StaleMessage(message.status, message.version)
    if message.status not in UNDECIDED:
        raise IllegalMove(message.status, Status.HELD)
    with transaction.atomic():
        facts = drafting_facts.load_facts(message.lead)
        fitting = compose.compose_alternatives(facts, message)
        written = next((one for one in fitting if _is_of(one, template)), None)
        if written is None:
            raise TextGone
        written.why = f"chosen by {phase.actor_name(by)}"
        drafts.take_other_text(message, written)
    return Message.objects.get(pk=message.pk)


def _is_of(written: compose.ComposedEmail, template: int) -> bool:
    return written.template is not None and written.template.pk == template
