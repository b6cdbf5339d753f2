"""Slack's Web API by slack-sdk. Source: docs.slack.dev, "chat.postMessage" and "Rate limits"."""

from django.conf import settings
from slack_sdk import WebClient

MAX_SECTION_LENGTH = 3000
TIMEOUT_SECONDS = 10


def post_notice(text: str, link: str, mention: str = "") -> None:
    """Post one notice with a button that opens it. Raises slack_sdk's errors, 429 among them.

    `text` may hold visitors' data and is escaped. `mention` is a Slack user id of ours.
    """
    shown = escape_text(text)[:MAX_SECTION_LENGTH]
    section = f"<@{mention}> {shown}" if mention.isalnum() else shown
    client = WebClient(
        token=settings.SLACK_BOT_TOKEN, base_url=settings.SLACK_BASE_URL, timeout=TIMEOUT_SECONDS
    )
    client.chat_postMessage(
        channel=settings.SLACK_CHANNEL,
        text=shown,
        unfurl_links=False,
        blocks=[
            {"type": "section", "text": {"type": "mrkdwn", "text": section}},
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "action_id": "open",
                        "url": link,
                        "text": {"type": "plain_text", "text": "Open"},
                    }
                ],
            },
        ],
    )


def escape_text(text: str) -> str:
    """Slack's three control characters; with them escaped, <!channel> and <@U…> are text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
