"""Takes in what was pressed in Slack: stored before it is answered, worked off afterwards."""

import logging
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from approvals.decisions import decisions
from approvals.decisions.judgement import Action
from approvals.integrations import slack
from approvals.models import SlackClick
from approvals.slack_decisions import reject_form, slack_deciders
from approvals.slack_decisions.click_payloads import REASON, REJECT, FormSent, Pressed
from caio_project.lib.nudge import nudge
from outreach.models import Message

log = logging.getLogger(__name__)

TASK = "approvals.work_off_clicks"
What = SlackClick.What
FORM_OPENED, FORM_FAILED, REFUSED = "form_opened", "form_failed", "refused"
MAX_ANSWER = 500  # characters
GONE = "This email is not here any more. Nothing was decided."
FORM_FAILED_WORDS = "The form did not open, and nothing was decided. Press Reject again."
FORM_TIME = timedelta(seconds=10)  # in which nobody else works the click off


def take_pressed(pressed: Pressed) -> None:
    """Store the click, once however often it comes; a press of Reject opens the form at once."""
    message = find_message(pressed.email.public_id)
    is_reject = pressed.action == REJECT
    what = What.REJECT_FORM if is_reject else What(pressed.action)
    click, is_new = SlackClick.objects.get_or_create(
        key=pressed.key,
        defaults={
            "what": what,
            "slack_user_id": pressed.user,
            "message": message,
            "version": pressed.email.version,
            "channel": pressed.channel,
            "ts": pressed.ts,
            "response_url": pressed.response_url,
            "not_before": timezone.now() + (FORM_TIME if is_reject else timedelta()),
        },
    )
    if not is_new:
        SlackClick.objects.filter(pk=click.pk).update(retries=F("retries") + 1)
        return
    if is_reject and message is not None:
        _open_form(click, message, pressed)
    elif is_reject:
        _set_outcome(click, REFUSED, GONE)
    nudge(TASK)


def _open_form(click: SlackClick, message: Message, pressed: Pressed) -> None:
    if why_not := find_reject_refusal(message, pressed.email.version, pressed.user):
        _set_outcome(click, REFUSED, why_not)
        return
    try:
        slack.open_view(pressed.trigger_id, reject_form.form_view(message, pressed))
    except Exception as error:
        log.warning("the form of click %s: %s", click.pk, type(error).__name__)
        _set_outcome(click, FORM_FAILED, FORM_FAILED_WORDS, str(error)[:300])
    else:
        _set_outcome(click, FORM_OPENED, "")


def _set_outcome(click: SlackClick, outcome: str, answer: str, error: str = "") -> None:
    SlackClick.objects.filter(pk=click.pk).update(
        outcome=outcome, answer=answer[:MAX_ANSWER], error=error, not_before=timezone.now()
    )


def take_form(sent: FormSent) -> dict[str, Any]:
    """Store a filled-in form; returns what Slack is answered: nothing, or errors by field."""
    if errors := reject_form.form_errors(sent):
        return _form_errors(errors)
    if SlackClick.objects.filter(key=sent.key).update(retries=F("retries") + 1):
        return {}
    message = find_message(sent.email.public_id)
    if message is None:
        return _form_errors({REASON: GONE})
    if why_not := find_reject_refusal(message, sent.email.version, sent.user):
        return _form_errors({REASON: why_not})
    SlackClick.objects.get_or_create(
        key=sent.key,
        defaults={
            "what": What.REJECT,
            "slack_user_id": sent.user,
            "message": message,
            "version": sent.email.version,
            "channel": sent.channel,
            "ts": sent.ts,
            "tag": sent.tag,
            "reason": sent.reason.strip(),
        },
    )
    nudge(TASK)
    return {}


def _form_errors(errors: dict[str, str]) -> dict[str, Any]:
    return {"response_action": "errors", "errors": errors}


def find_reject_refusal(message: Message, version: int, slack_user_id: str) -> str:
    """Why this person may not reject this text now; "" where they may."""
    try:
        decider = slack_deciders.find_decider(slack_user_id)
    except slack_deciders.UnknownDecider as unknown:
        return unknown.text
    refusal = decisions.find_refusal(Action.REJECT, message, version, decider)
    return decisions.refused_as(refusal, message, decider).text if refusal else ""


def find_message(public_id: Any) -> Message | None:
    rows = Message.objects.select_related("lead__company", "assessment", "sender")
    return rows.filter(public_id=public_id).first()
