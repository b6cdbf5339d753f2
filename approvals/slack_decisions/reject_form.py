"""The form in Slack that asks for the tag and the reason of a rejection."""

import json
from typing import Any

from approvals import forms
from approvals.decisions.decisions import MIN_REASON_LENGTH
from approvals.integrations.slack import escape_text
from approvals.slack_decisions import email_cards
from approvals.slack_decisions.click_payloads import FORM_ID, REASON, TAG, FormSent, Pressed
from outreach.choices import Tag
from outreach.models import Message

MAX_REASON = 2000


def form_view(message: Message, pressed: Pressed) -> dict[str, Any]:
    """Slack's view; what it is about travels in it, for Slack sends no card along."""
    about = {
        "email": f"{pressed.email.public_id}.{pressed.email.version}",
        "channel": pressed.channel,
        "ts": pressed.ts,
    }
    who = escape_text(email_cards.lead_words(message.lead))
    return {
        "type": "modal",
        "callback_id": FORM_ID,
        "private_metadata": json.dumps(about),
        "title": _plain("Reject this email"),
        "submit": _plain("Reject"),
        "close": _plain("Cancel"),
        "blocks": [
            {"type": "section", "text": _plain(who)},
            _input(TAG, "Why?", {"type": "static_select", "options": _options()}),
            _input(
                REASON,
                f"What should be different? {MIN_REASON_LENGTH} characters or more.",
                {"type": "plain_text_input", "multiline": True, "max_length": MAX_REASON},
            ),
        ],
    }


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _input(name: str, label: str, element: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": name,
        "label": _plain(label),
        "element": {**element, "action_id": name},
    }


def _options() -> list[dict[str, Any]]:
    return [{"text": _plain(tag.label), "value": tag.value} for tag in Tag]


def form_errors(sent: FormSent) -> dict[str, str]:
    """By field, what is wrong with what was typed; the words are the desk's."""
    typed = forms.RejectManyForm({"tag": sent.tag, "reason": sent.reason})
    return {name: " ".join(map(str, texts)) for name, texts in typed.errors.items()}
