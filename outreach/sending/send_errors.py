"""What a failed call to GoHighLevel means for the email: tried again later, or refused for good.

Three refusals in a row with the same words raise an alarm: they may concern every email.
"""

import re

from django.utils import timezone

from caio_project.lib import http
from caio_project.lib.db import claims
from leads.integrations import alarms, ghl_refusals
from leads.suppression import suppression
from outreach.choices import MoveCode, Status, Transport
from outreach.control import phase
from outreach.limits.limit_texts import LimitCode
from outreach.models import Message, Move
from outreach.sending.stops import GhlUnavailable, SendMustWait, SendPostponed, SendStopped

CONFIGURATION_RETRY_SECONDS = 300.0
TRIES_WITHOUT_A_CONTACT = 5
ALIKE_REFUSALS = 3
ALARM, UNPROVEN_ALARM = "ghl:refusing", "ghl:unproven"
SUPPRESSION_REASONS = {
    MoveCode.DND: suppression.Reason.UNSUBSCRIBED,
    MoveCode.UNSUBSCRIBED: suppression.Reason.UNSUBSCRIBED,
    MoveCode.INVALID: suppression.Reason.INVALID,
}
# what differs between two emails that GoHighLevel refuses for one reason
ADDRESSES_AND_IDS = re.compile(r"\S+@\S+|\w*\d\w*")


def exception_for_failure(message: Message, failure: http.HttpError) -> SendMustWait | SendStopped:
    """Choose what to raise after a failure that certainly sent nothing.

    A contact that is gone is created again on the next try, up to TRIES_WITHOUT_A_CONTACT times.
    """
    if isinstance(failure, phase.SendingHalted):
        return SendMustWait(LimitCode.HALTED, answer=failure.detail)
    if isinstance(failure, ghl_refusals.Misconfigured):
        return GhlUnavailable(
            LimitCode.GHL_CONFIG, CONFIGURATION_RETRY_SECONDS, answer=failure.detail
        )
    if not isinstance(failure, http.RequestRefused):
        return GhlUnavailable(LimitCode.GHL_UNAVAILABLE, failure.retry_after, answer=failure.detail)
    code = MoveCode(ghl_refusals.refusal_code(failure))
    if code == MoveCode.CONTACT_GONE and message.attempts < TRIES_WITHOUT_A_CONTACT:
        until = timezone.now() + claims.retry_delay(message.attempts, base=5)
        return SendPostponed(LimitCode.CONTACT_GONE, until, answer=failure.detail)
    suppress_recipient(message, code)
    if code not in SUPPRESSION_REASONS:
        _alert_on_repeats(failure.detail)
    return SendStopped(Status.FAILED, code, answer=failure.detail)


def suppress_recipient(message: Message, code: MoveCode) -> None:
    if reason := SUPPRESSION_REASONS.get(code):
        source = f"GoHighLevel: {code.value}"
        suppression.suppress(message.to_address, reason, source, message.lead)


def clear_alarms() -> None:
    alarms.clear_when_due(ALARM, UNPROVEN_ALARM)


def _alert_on_repeats(detail: str) -> None:
    ends = Move.objects.filter(
        to_status__in=[Status.FAILED, Status.SENT], message__transport=Transport.GHL
    )
    newest = ends.order_by("-pk").values_list("to_status", "message__error")
    alike = [
        answer
        for status, answer in newest[: ALIKE_REFUSALS - 1]
        if status == Status.FAILED and _without_ids(answer) == _without_ids(detail)
    ]
    if len(alike) == ALIKE_REFUSALS - 1:
        text = f"GoHighLevel refused {ALIKE_REFUSALS} emails in a row in the same words: "
        alarms.raise_alarm(ALARM, text + detail[:200])


def _without_ids(text: str) -> str:
    return ADDRESSES_AND_IDS.sub("…", text)
