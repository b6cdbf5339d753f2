"""Slack's Web API by slack-sdk. Source: docs.slack.dev, "chat.postMessage" and "Rate limits"."""

import re
from typing import Any

from django.conf import settings
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from caio_project.lib import http
from leads.integrations import rates

VENDOR = "slack"
MAX_TEXT_LENGTH = 3000  # of a block, as escaped
TIMEOUT_SECONDS = 10
# Slack takes one message a second and channel, and short bursts.
BURST, BURST_SECONDS = 20, 20.0
DEFAULT_WAIT = 30.0  # seconds, for a 429 that names none
LONGEST_WAIT = 3600.0
# What no later try can mend.
REFUSALS = ("invalid_blocks", "msg_too_long", "msg_blocks_too_long", "no_text", "invalid_arguments")


class SlackBusy(Exception):
    """Slack takes nothing for so many `seconds`."""

    def __init__(self, text: str, seconds: float):
        super().__init__(text)
        self.seconds = seconds


class NoticeRefused(Exception):
    """Slack will not take this notice, however often it is posted."""


def post_notice(text: str, link: str, mention: str = "") -> None:
    """Post one notice with a button that opens it.

    `text` may hold visitors' data: none of its characters is markup. `mention` is a Slack user id
    of ours. Raises SlackBusy, NoticeRefused and slack_sdk's errors.
    """
    try:
        rates.claim_call(VENDOR, BURST, BURST_SECONDS)
    except http.ServiceUnavailable as wait:
        raise SlackBusy(wait.detail, wait.retry_after or DEFAULT_WAIT) from wait
    client = WebClient(
        token=settings.SLACK_BOT_TOKEN, base_url=settings.SLACK_BASE_URL, timeout=TIMEOUT_SECONDS
    )
    shown = escape_text(text)
    try:
        client.chat_postMessage(
            channel=settings.SLACK_CHANNEL,
            text=shown,
            mrkdwn=False,
            unfurl_links=False,
            unfurl_media=False,
            blocks=_notice_blocks(shown, link, mention),
        )
    except SlackApiError as error:
        raise _meaning_of(error) from error


def _notice_blocks(shown: str, link: str, mention: str) -> list[dict[str, Any]]:
    button = {
        "type": "button",
        "action_id": "open",
        "url": link,
        "text": {"type": "plain_text", "text": "Open"},
    }
    blocks: list[dict[str, Any]] = [
        # Plain: Slack has no way to escape *, _, ~, ` and :smile: in mrkdwn.
        {"type": "section", "text": {"type": "plain_text", "text": shown, "emoji": False}},
        {"type": "actions", "elements": [button]},
    ]
    if mention.isalnum():
        told = {"type": "mrkdwn", "text": f"<@{mention}>"}
        blocks.append({"type": "context", "elements": [told]})
    return blocks


def escape_text(text: str) -> str:
    """Slack's three control characters escaped, and the whole cut to what a block takes."""
    shown = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if len(shown) <= MAX_TEXT_LENGTH:
        return shown
    return re.sub(r"&[a-z]{0,3}$", "", shown[: MAX_TEXT_LENGTH - 1]) + "…"


def _meaning_of(error: SlackApiError) -> Exception:
    answer = error.response
    if answer.status_code == 429 or answer.get("error") == "ratelimited":
        seconds = _retry_after(answer.headers)
        rates.pause_vendor(VENDOR, seconds, "too many messages")
        return SlackBusy(f"Slack takes nothing for {seconds:.0f} s", seconds)
    if answer.get("error") in REFUSALS:
        return NoticeRefused(str(error))
    return error


def _retry_after(headers: Any) -> float:
    named = {str(name).lower(): value for name, value in headers.items()}
    said = str(named.get("retry-after", ""))
    seconds = int(said) if said.isdecimal() and len(said) < 9 else DEFAULT_WAIT
    return float(min(seconds, LONGEST_WAIT))
