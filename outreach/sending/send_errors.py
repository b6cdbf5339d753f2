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
from outreach.sending.final_checks import GhlUnavailable, SendMustWait, SendPostponed, SendStopped

CONFIGURATION_RETRY_SECONDS = 300.0  # seconds
TRIES_WITHOUT_A_CONTACT = 5
ALIKE_REFUSALS = 3
ALARM = "ghl:refusing"
SUPPRESSION_REASONS = {
    "dnd": suppression.Reason.UNSUBSCRIBED,
    "unsubscribed": suppression.Reason.UNSUBSCRIBED,
    "invalid": suppression.Reason.INVALID,
}
ADDRESSES_AND_IDS = re.compile(
    r"\S+@\S+|\w*\d\w*"
)  # addresses and ids: what differs between two emails refused for one reason


def exception_for_failure(
    message: Message, failure: http.HttpError
) -> SendPostponed | SendMustWait | SendStopped:
    """For a failure that certainly did not send. A contact that is gone is made anew the next time, some times."""
    if isinstance(failure, phase.SendingHalted):
        return SendMustWait("halted", failure.detail)
    if isinstance(failure, said.Misconfigured):
        return GhlUnavailable("ghl_config", failure.detail, CONFIGURATION_RETRY_SECONDS)
    if not isinstance(failure, http.RequestRefused):
        return GhlUnavailable("ghl_unavailable", failure.detail, failure.retry_after)
    code = said.refusal_code(failure)
    if code == said.CONTACT_GONE and message.attempts < TRIES_WITHOUT_A_CONTACT:
        return SendPostponed(
            timezone.now() + claims.retry_delay(message.attempts, base=5), code, failure.detail
        )
    suppress_recipient(message, code)
    if code not in SUPPRESSION_REASONS:
        _alert_on_repeats(failure.detail)
    return SendStopped(Status.FAILED, code, failure.detail)


def suppress_recipient(message: Message, code: str) -> None:
    """Stop the address, and the person where it is their own wish, if `code` says so."""
    if reason := SUPPRESSION_REASONS.get(code):
        suppression.suppress(message.to_address, reason, f"GoHighLevel: {code}", message.lead)


def clear_refusal_alarm() -> None:
    """An email has left: whatever was refused before was not refused to everybody."""
    alarms.clear_open(ALARM)


def _alert_on_repeats(detail: str) -> None:
    """Raise the alarm where this refusal is the third of its kind, with nothing sent in between."""
    ends = Move.objects.filter(
        to_status__in=[Status.FAILED, Status.SENT], message__transport=Transport.GHL
    )
    before = list(
        ends.order_by("-pk").values_list("to_status", "message__error")[: ALIKE_REFUSALS - 1]
    )
    alike = [
        text
        for status, text in before
        if status == Status.FAILED and _without_ids(text) == _without_ids(detail)
    ]
    if len(alike) == ALIKE_REFUSALS - 1:
        alarms.raise_alarm(
            ALARM,
            f"GoHighLevel refused {ALIKE_REFUSALS} emails in a row in the same words: {detail[:200]}",
        )


def _without_ids(text: str) -> str:
    return ADDRESSES_AND_IDS.sub("…", text)
