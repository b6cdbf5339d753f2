"""What Slack posts when somebody presses a button or sends a form. Pure.

Source: docs.slack.dev, "block_actions payload" and "view_submission payload".
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

APPROVE, REJECT, UNDO, OPEN = "approve", "reject", "undo", "open"
FORM_ID = "reject_email"
TAG, REASON = "tag", "reason"
MAX_VERSION = 2_000_000_000
MAX_TYPED = 3000


class MalformedPayload(Exception):
    """The text names what is wrong, and never shows a secret."""


@dataclass(frozen=True)
class EmailShown:
    """The email and the version that a button or a form is about."""

    public_id: UUID
    version: int


@dataclass(frozen=True)
class Pressed:
    key: str
    action: str  # approve, reject or undo
    user: str
    email: EmailShown
    channel: str
    ts: str
    response_url: str
    trigger_id: str


@dataclass(frozen=True)
class FormSent:
    key: str
    user: str
    email: EmailShown
    channel: str
    ts: str
    tag: str
    reason: str


def read_body(body: bytes) -> Pressed | FormSent | None:
    """The click in the body of a request; None for what needs no answer but 200.

    Raises MalformedPayload.
    """
    payload = _payload(body)
    kind = _text(payload, "type", 40)
    if kind == "block_actions":
        return _pressed(payload)
    if kind == "view_submission":
        return _form_sent(payload)
    return None


def _payload(body: bytes) -> dict[str, Any]:
    try:
        fields = parse_qs(body.decode("utf-8"), strict_parsing=True, max_num_fields=20)
    except ValueError as error:
        raise MalformedPayload("body: it is not a form in UTF-8.") from error
    given = fields.get("payload", [])
    if len(given) != 1:
        raise MalformedPayload(f"payload: it is there {len(given)} times, not once.")
    try:
        payload = json.loads(given[0])
    except (ValueError, RecursionError) as error:
        raise MalformedPayload("payload: it is not JSON.") from error
    if not isinstance(payload, dict):
        raise MalformedPayload("payload: it is not a JSON object.")
    return payload


def _pressed(payload: dict[str, Any]) -> Pressed | None:
    action = _first_action(payload)
    name = _text(action, "action_id", 255, "actions[0].action_id")
    if name not in (APPROVE, REJECT, UNDO):
        return None  # Open leads to a page; what is not ours means nothing here
    user = _text(_object(payload, "user"), "id", 40, "user.id")
    value = _text(action, "value", 2000, "actions[0].value")
    at = _text(action, "action_ts", 40, "actions[0].action_ts")
    container = _object(payload, "container", is_needed=False)
    channel = _object(payload, "channel", is_needed=False)
    ts = _optional(container, "message_ts", 40)
    return Pressed(
        key=_hash("pressed", user, name, value, at, ts),
        action=name,
        user=user,
        email=_email_shown(value, "actions[0].value"),
        channel=_optional(channel, "id", 40) or _optional(container, "channel_id", 40),
        ts=ts,
        response_url=_optional(payload, "response_url", 500),
        trigger_id=_optional(payload, "trigger_id", 255),
    )


def _first_action(payload: dict[str, Any]) -> dict[str, Any]:
    actions = payload.get("actions")
    if not isinstance(actions, list) or not actions or not isinstance(actions[0], dict):
        raise MalformedPayload("actions: there is no action in it.")
    return dict(actions[0])


def _form_sent(payload: dict[str, Any]) -> FormSent | None:
    view = _object(payload, "view")
    if _text(view, "callback_id", 255, "view.callback_id") != FORM_ID:
        return None
    user = _text(_object(payload, "user"), "id", 40, "user.id")
    about = _private_metadata(view)
    values = _object(_object(view, "state"), "values")
    return FormSent(
        key=_hash("form", user, _text(view, "id", 60, "view.id")),
        user=user,
        email=_email_shown(_text(about, "email", 80, "view.private_metadata.email"), "email"),
        channel=_optional(about, "channel", 40),
        ts=_optional(about, "ts", 40),
        tag=_chosen(values),
        reason=_typed(values),
    )


def _private_metadata(view: dict[str, Any]) -> dict[str, Any]:
    try:
        found = json.loads(_text(view, "private_metadata", MAX_TYPED, "view.private_metadata"))
    except (ValueError, RecursionError) as error:
        raise MalformedPayload("view.private_metadata: it is not JSON.") from error
    if not isinstance(found, dict):
        raise MalformedPayload("view.private_metadata: it is not a JSON object.")
    return found


def _chosen(values: dict[str, Any]) -> str:
    element = _element(values, TAG)
    option = element.get("selected_option")
    return _optional(option, "value", 40) if isinstance(option, dict) else ""


def _typed(values: dict[str, Any]) -> str:
    given = _element(values, REASON).get("value")
    if given is None:
        return ""
    if not isinstance(given, str) or len(given) > MAX_TYPED:
        raise MalformedPayload(f"reason: it is not a text of at most {MAX_TYPED} characters.")
    return _storable(given)


def _element(values: dict[str, Any], name: str) -> dict[str, Any]:
    block = values.get(name)
    element = block.get(name) if isinstance(block, dict) else None
    if not isinstance(element, dict):
        raise MalformedPayload(f"view.state.values.{name}: it is missing.")
    return element


def _email_shown(value: str, name: str) -> EmailShown:
    public_id, _, version = value.partition(".")
    is_version = version.isascii() and version.isdecimal() and len(version) < 11
    if not is_version or int(version) > MAX_VERSION:
        raise MalformedPayload(f"{name}: it names no version of an email.")
    try:
        return EmailShown(UUID(public_id), int(version))
    except ValueError as error:
        raise MalformedPayload(f"{name}: it names no email.") from error


def _object(holder: dict[str, Any], name: str, is_needed: bool = True) -> dict[str, Any]:
    found = holder.get(name)
    if isinstance(found, dict):
        return found
    if is_needed:
        raise MalformedPayload(f"{name}: it is missing, or no object.")
    return {}


def _text(holder: dict[str, Any], name: str, most: int, path: str = "") -> str:
    given = _optional(holder, name, most)
    if not given:
        raise MalformedPayload(f"{path or name}: it is missing, or no text.")
    return given


def _optional(holder: dict[str, Any], name: str, most: int) -> str:
    given = holder.get(name)
    if given is None:
        return ""
    if not isinstance(given, str) or len(given) > most:
        raise MalformedPayload(f"{name}: it is not a text of at most {most} characters.")
    return _storable(given)


def _storable(text: str) -> str:
    """Without NUL and lone surrogates, which PostgreSQL cannot store."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "")


def _hash(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
