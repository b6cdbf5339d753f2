"""Check a stored text again: a blocked draft may be free by now, an approval may have lapsed."""

from datetime import datetime, timedelta

from django.utils import timezone

from outreach import choices
from outreach.choices import MoveCode, Status
from outreach.contact_history import previous_emails
from outreach.content import check_results, merge_fields
from outreach.drafting import compose, deadlines, drafts
from outreach.lifecycle.transitions import StaleMessage
from outreach.models import Message, MessageText

RECHECK_AFTER = timedelta(minutes=2)  # whether the email that goes first is decided


def free_blocked(batch: int = 100) -> int:
    """Hold drafts blocked only by a colleague's email that is decided or a week old."""
    now, count = timezone.now(), 0
    waiting = Message.objects.filter(
        status=Status.BLOCKED, blocked_by=check_results.ONE_PER_COMPANY, not_before__lte=now
    )
    for message in waiting.select_related("lead__company").order_by("rank", "not_before")[:batch]:
        try:
            count += check_blocked_again(message, now).status == Status.HELD
        except StaleMessage:
            continue  # somebody edited or rejected it meanwhile
    return count


def check_blocked_again(message: Message, now: datetime) -> Message:
    """Hold a blocked draft whose checks pass now, or store what blocks it now."""
    text, before = message.text, previous_emails.load_history(message.lead, now, message.pk)
    if text is None:
        return message
    results = check_stored_text(message, text, before)
    failed, rows = check_results.first_failure(results), check_results.results_as_rows(results)
    if failed is None:
        return drafts.hold_for_review(message, MoveCode.FREED, guards=rows)
    until = before.in_the_way.until if before.in_the_way else None
    mine = Message.objects.filter(pk=message.pk, status=Status.BLOCKED, version=message.version)
    mine.update(
        guards=rows,
        blocked_by=failed.guard,
        error=failed.text[:500],
        not_before=until or now + RECHECK_AFTER,
        expires_at=deadlines.expires_at(choices.Band(message.band), until or now),
    )
    return message


def check_stored_text(
    message: Message, text: MessageText, before: previous_emails.EmailHistory
) -> list[check_results.CheckResult]:
    stored = compose.TextToCheck(
        text.subject,
        text.body,
        text.footer,
        tuple(merge_fields.Phrase(**phrase) for phrase in text.phrases),
        typed=text.author_id is not None,
        template=message.template.key if message.template else "",
        tier=message.tier,
    )
    return compose.check_email(message.lead, message.sender, stored, before)
