"""Slack's Web API by slack-sdk. Source: docs.slack.dev, "chat.postMessage" and "Rate limits"."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from approvals.integrations import slack_errors
from approvals.integrations.slack_errors import REFUSALS as REFUSALS
from caio_project.lib import http
from caio_project.lib.vendor_access.access import vendor_value
from leads.integrations import alarms, rates

VENDOR = "slack"
UPDATES, ANSWERS = "slack updates", "slack answers"  # Slack counts each method for itself
MAX_TEXT_LENGTH = 3000  # of a block, as escaped
TIMEOUT_SECONDS = 10
FORM_SECONDS = 1.5  # to open a form while Slack waits three seconds for our answer
ANSWER_SECONDS = 5.0
# Slack takes one message a second and channel, and short bursts.
BURST, BURST_SECONDS = 20, 20.0
UPDATES_A_MINUTE, ANSWERS_A_MINUTE = 50, 100
WINDOWS = {"chat.update": UPDATES, "chat.postEphemeral": ANSWERS}
DEFAULT_WAIT = 30.0  # seconds, for a 429 that names none
LONGEST_WAIT = 3600.0
RESPONSE_HOST = "hooks.slack.com"
ALARM = "slack"
ALARM_OF_ONE = "slack:person:"  # and the Slack user id
Blocks = list[dict[str, Any]]


@dataclass(frozen=True)
class Place:
    """Where a message goes: SLACK_CHANNEL, or to one person; below another one, or by itself."""

    channel: str = ""  # Slack's id; "" for SLACK_CHANNEL
    person: str = ""  # whose user id `channel` is, by name
    thread: str = ""  # ts of the message above


TEAM_CHANNEL = Place()


class SlackBusy(Exception):
    """Slack takes nothing for so many `seconds`."""

    def __init__(self, text: str, seconds: float):
        super().__init__(text)
        self.seconds = seconds


class NoticeRefused(Exception):
    """Slack will not take this notice, however often it is posted."""


class SlackNotReady(Exception):
    """Slack takes nothing until a person does what the text says."""


class PersonNotReached(SlackNotReady):
    """Slack takes nothing for this person; the text says what to do. Others can be reached."""


class MessageGone(Exception):
    """The message is not there any more."""


class FormExpired(Exception):
    """The form came too late to be opened, or is open already."""


def post_notice(text: str, link: str, mention: str = "") -> tuple[str, str]:
    """Post one notice with a button that opens it; returns as `post_message`.

    `text` may hold visitors' data: none of its characters is markup. `mention` is a Slack user id
    of ours. Raises as `post_message`.
    """
    shown = escape_text(text)
    return post_message(shown, _notice_blocks(shown, link, mention))


def post_message(shown: str, blocks: Blocks, place: Place = TEAM_CHANNEL) -> tuple[str, str]:
    """Post; returns Slack's channel id and name of the message (ts).

    `shown` is escaped. Raises SlackBusy, NoticeRefused, SlackNotReady and slack_sdk's errors; to a
    person PersonNotReached, and in a thread MessageGone.
    """
    _claim_call(VENDOR, BURST, BURST_SECONDS)
    below: dict[str, Any] = {"thread_ts": place.thread} if place.thread else {}
    answer = _ask(
        "chat.postMessage",
        person=place.person,
        channel=place.channel or settings.SLACK_CHANNEL,
        **below,
        **_text(shown),
        unfurl_links=False,
        unfurl_media=False,
        blocks=blocks,
    )
    return str(answer.get("channel") or ""), str(answer.get("ts") or "")


def update_message(channel: str, ts: str, shown: str, blocks: Blocks) -> None:
    """Write a message anew. Raises as `post_message`, and MessageGone."""
    _claim_call(UPDATES, UPDATES_A_MINUTE, 60.0)
    _ask("chat.update", channel=channel, ts=ts, **_text(shown), blocks=blocks)


def open_view(trigger_id: str, view: dict[str, Any]) -> None:
    """Open a form for whoever pressed. Raises as `post_message`, and FormExpired."""
    _ask("views.open", seconds=FORM_SECONDS, trigger_id=trigger_id, view=view)


def post_ephemeral(channel: str, user: str, shown: str, blocks: Blocks) -> None:
    """Say something that only `user` sees. Raises as `post_message`."""
    _claim_call(ANSWERS, ANSWERS_A_MINUTE, 60.0)
    _ask("chat.postEphemeral", channel=channel, user=user, **_text(shown), blocks=blocks)


def answer_click(response_url: str, shown: str, blocks: Blocks) -> None:
    """Answer whoever clicked, and nobody else, at the address that came with the click.

    Raises ValueError for an address that is not Slack's, and caio_project.lib.http's errors.
    """
    if not is_slack_address(response_url):
        raise ValueError("the address is not Slack's")
    said = {"response_type": "ephemeral", "replace_original": False, "text": shown}
    http.send_request(
        "POST",
        response_url,
        http.RequestContent(json={**said, "mrkdwn": False, "blocks": blocks}),
        deadline=ANSWER_SECONDS,
    )


def is_slack_address(url: str) -> bool:
    """Whether `url` is on Slack's own host for answers, or on SLACK_BASE_URL's."""
    try:
        given, ours = urlsplit(url), urlsplit(settings.SLACK_BASE_URL)
        is_answers = (given.scheme, given.hostname, given.port) == ("https", RESPONSE_HOST, None)
    except ValueError:
        return False
    if given.username or given.password:
        return False
    return is_answers or (given.scheme, given.netloc) == (ours.scheme, ours.netloc)


def _text(shown: str) -> dict[str, Any]:
    """The words of the notification, in which Slack is to find neither markup nor names."""
    return {"text": shown, "mrkdwn": False, "parse": "none", "link_names": False}


def _claim_call(window: str, calls: int, seconds: float) -> None:
    try:
        rates.claim_call(window, calls, seconds)
    except http.ServiceUnavailable as wait:
        raise SlackBusy(wait.detail, wait.retry_after or DEFAULT_WAIT) from wait


def _ask(method: str, seconds: float = TIMEOUT_SECONDS, person: str = "", **values: Any) -> Any:
    """`person` is the name of whom alone the call is for."""
    client = WebClient(
        token=vendor_value("SLACK_BOT_TOKEN"),
        base_url=settings.SLACK_BASE_URL,
        timeout=seconds,  # type: ignore[arg-type]  # its urllib takes parts of a second, too
        retry_handlers=[],  # it would post once more what may have arrived
    )
    try:
        answer = client.api_call(method, json=values)
    except SlackApiError as error:
        if person and (not_reached := _why_not_reached(error, values["channel"], person)):
            raise not_reached from error
        raise _meaning_of(error, WINDOWS.get(method, VENDOR)) from error
    alarms.clear_when_due(ALARM, *([ALARM_OF_ONE + values["channel"]] if person else []))
    return answer


def _why_not_reached(error: SlackApiError, user: str, name: str) -> PersonNotReached | None:
    code, needed = (str(error.response.get(key) or "") for key in ("error", "needed"))
    words = slack_errors.what_to_do_for_one(code, user, name, needed)
    if not words:
        return None
    alarms.raise_alarm(ALARM_OF_ONE + user, words)
    return PersonNotReached(words)


def _notice_blocks(shown: str, link: str, mention: str) -> Blocks:
    button = {
        "type": "button",
        "action_id": "open",
        "url": link,
        "text": {"type": "plain_text", "text": "Open"},
    }
    blocks: Blocks = [
        # Plain: Slack has no way to escape *, _, ~, ` and :smile: in mrkdwn.
        {"type": "section", "text": {"type": "plain_text", "text": shown, "emoji": False}},
        {"type": "actions", "elements": [button]},
    ]
    if mention.isalnum():
        told = {"type": "mrkdwn", "text": f"<@{mention}>"}
        blocks.append({"type": "context", "elements": [told]})
    return blocks


def escape_text(text: str, most: int = MAX_TEXT_LENGTH) -> str:
    """Slack's three control characters escaped, and the whole cut to `most` characters."""
    shown = escape(text)
    if len(shown) <= most:
        return shown
    return without_half_escape(shown[: most - 1]) + "…"


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def without_half_escape(shown: str) -> str:
    """An escaped text that was cut anywhere, without the rest of an escaped character."""
    return re.sub(r"&[a-z]{0,3}$", "", shown)


def _meaning_of(error: SlackApiError, window: str) -> Exception:
    answer = error.response
    code = str(answer.get("error") or "")
    if answer.status_code == 429 or code == "ratelimited":
        seconds = _retry_after(answer.headers)
        rates.pause_vendor(window, seconds, "too many messages")
        return SlackBusy(
            f"Slack takes nothing for {seconds:.0f} s. Nothing to do: it is tried again then",
            seconds,
        )
    if code in REFUSALS:
        return NoticeRefused(str(error))
    if code in slack_errors.GONE:
        return MessageGone(code)
    if code in slack_errors.TRIGGER_OVER:
        return FormExpired(code)
    needed = str(answer.get("needed") or "")
    if words := slack_errors.what_to_do(code, settings.SLACK_CHANNEL, needed):
        alarms.raise_alarm(ALARM, words)
        return SlackNotReady(words)
    return error


def _retry_after(headers: Any) -> float:
    named = {str(name).lower(): value for name, value in headers.items()}
    said = str(named.get("retry-after", ""))
    seconds = int(said) if said.isdecimal() and len(said) < 9 else DEFAULT_WAIT
    return float(min(seconds, LONGEST_WAIT))
