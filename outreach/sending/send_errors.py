"""What a failure of GoHighLevel means for an email at the door: later, or never. What is refused for good is failed
where a person sees it; what is refused in the same words time after time is something that nobody knew of yet.
"""

import re

from django.utils import timezone

from caio_project.lib import http
from caio_project.lib.db import claims
from leads.integrations import alarms
from leads.integrations import ghl_refusals as said
from leads.suppression import suppression
from outreach.choices import Status
from outreach.control import phase
from outreach.models import Message, Move, Transport
from outreach.sending.final_checks import Away, Bound, NotNow, Stopped

AFTER_CONFIGURATION = 300.0  # seconds
TRIES_WITHOUT_A_CONTACT = 5
IN_A_ROW = 3
ALARM = "ghl:refusing"
SUPPRESSES = {
    "dnd": suppression.Reason.UNSUBSCRIBED,
    "unsubscribed": suppression.Reason.UNSUBSCRIBED,
    "invalid": suppression.Reason.INVALID,
}
DIFFERS = re.compile(
    r"\S+@\S+|\w*\d\w*"
)  # addresses and ids: what differs between two emails refused for one reason


def what_follows(message: Message, failure: http.Failure) -> NotNow | Bound | Stopped:
    """For a failure that certainly did not send. A contact that is gone is made anew the next time, some times."""
    if isinstance(failure, phase.Halted):
        return Bound("halted", failure.detail)
    if isinstance(failure, said.Misconfigured):
        return Away("ghl_config", failure.detail, AFTER_CONFIGURATION)
    if not isinstance(failure, http.Refused):
        return Away("ghl_unavailable", failure.detail, failure.retry_after)
    code = said.why(failure)
    if code == said.CONTACT_GONE and message.attempts < TRIES_WITHOUT_A_CONTACT:
        return NotNow(
            timezone.now() + claims.backoff(message.attempts, base=5), code, failure.detail
        )
    suppress(message, code)
    if code not in SUPPRESSES:
        _count(failure.detail)
    return Stopped(Status.FAILED, code, failure.detail)


def suppress(message: Message, code: str) -> None:
    """Stop the address, and the person where it is their own wish, if `code` says so."""
    if reason := SUPPRESSES.get(code):
        suppression.stop(message.to_address, reason, f"GoHighLevel: {code}", message.lead)


def none_in_a_row() -> None:
    """An email has left: whatever was refused before was not refused to everybody."""
    alarms.clear_open(ALARM)


def _count(detail: str) -> None:
    """Raise the alarm where this refusal is the third of its kind, with nothing sent in between."""
    ends = Move.objects.filter(
        to_status__in=[Status.FAILED, Status.SENT], message__transport=Transport.GHL
    )
    before = list(ends.order_by("-pk").values_list("to_status", "message__error")[: IN_A_ROW - 1])
    alike = [
        text
        for status, text in before
        if status == Status.FAILED and _plain(text) == _plain(detail)
    ]
    if len(alike) == IN_A_ROW - 1:
        alarms.raise_alarm(
            ALARM,
            f"GoHighLevel refused {IN_A_ROW} emails in a row in the same words: {detail[:200]}",
        )


def _plain(text: str) -> str:
    return DIFFERS.sub("…", text)
