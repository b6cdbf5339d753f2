"""Why an email has its band, as the queue and the desk say it."""

from django.utils import timezone

from leads.scoring import reason_words
from outreach.models import Message


def why_band(message: Message) -> str:
    company, reasons = (
        message.lead.company,
        message.assessment.reasons if message.assessment else [],
    )
    return reason_words.why_band(
        message.intent,
        message.tier,
        company.employees if company else "",
        company.employees_from if company else None,
        pages=reason_words.main_pages(reasons, timezone.now(), timezone.get_current_timezone()),
    )
