"""How many emails of one template the machine approves before a person has to read one."""

from django.db.models import F
from django.utils import timezone

from outreach.models import Message, TemplateRun

MOST_IN_A_ROW = 20


def why_must_be_read(message: Message) -> str:
    """Why a person has to read an email of its template first; "" where none has to."""
    full = TemplateRun.objects.filter(
        template_key=_template_key(message), approved__gte=MOST_IN_A_ROW
    )
    if not full.exists():
        return ""
    return f"{MOST_IN_A_ROW} emails of this template in a row were approved and none of them read"


def count_approval(message: Message) -> None:
    """Count an automatic approval. Call it under the lock of the control row."""
    key = _template_key(message)
    TemplateRun.objects.get_or_create(template_key=key)
    TemplateRun.objects.filter(template_key=key).update(approved=F("approved") + 1)


def note_reading(message: Message) -> None:
    """A person has read an email of this template: the run begins anew."""
    TemplateRun.objects.filter(template_key=_template_key(message)).update(
        approved=0, read_at=timezone.now()
    )


def full_runs() -> list[TemplateRun]:
    return list(TemplateRun.objects.filter(approved__gte=MOST_IN_A_ROW).order_by("template_key"))


def _template_key(message: Message) -> str:
    return message.template.key if message.template else ""
