"""A local Slack Web API with the Block Kit limits, incoming webhooks, and builders of signed
interactions.

Slack Web API: chat.postMessage, chat.postEphemeral, chat.update, views.open, auth.test; always HTTP
200 with `ok`, but 429 when limited. Run alone: python -m tests.fakes.slack --port 0
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import time
from typing import Any
from urllib.parse import parse_qs, urlencode

from .exchange import Reply, Request
from .loopback import post
from .remote import serve_forever
from .server import FakeServer

MAX_TEXT = 40_000
MAX_BLOCKS = 50
MAX_VIEW_BLOCKS = 100
MAX_BLOCK_CHARACTERS = 13_000
TRIGGER_SECONDS = 3.0
ACKNOWLEDGE_SECONDS = 3.0  # then Slack shows an error to whoever pressed, or sends it again
BLOCK_TYPES = {
    "actions",
    "context",
    "divider",
    "file",
    "header",
    "image",
    "input",
    "markdown",
    "rich_text",
    "section",
    "table",
    "video",
}
_numbers = itertools.count(1)


class FakeSlack(FakeServer):
    """One workspace. posts() is the ledger of messages posted, with their later updates."""

    name = "slack"
    routes = (
        ("POST", "/api/chat.postMessage", "post_message"),
        ("POST", "/api/chat.postEphemeral", "post_ephemeral"),
        ("POST", "/api/chat.update", "update_message"),
        ("POST", "/api/views.open", "open_view"),
        ("POST", "/api/auth.test", "test_auth"),
        ("GET", "/api/auth.test", "test_auth"),
        ("POST", "/services/{team}/{bot}/{secret}", "incoming_webhook"),
        ("POST", "/actions/{team}/{number}/{secret}", "answer_interaction"),
    )
    settings = ("token", "channels", "members", "people", "known_triggers", "seconds_per_message")
    remote_calls = (
        "posts",
        "updates",
        "ephemerals",
        "views",
        "responses",
        "rate_limited",
        "fail",
        "deliver",
        "new_trigger",
    )

    def __init__(
        self, token: str = "xoxb-test", channels: tuple[str, ...] | None = None, port: int = 0
    ):
        self.token = token
        # None: every channel exists and the bot is in it.
        self.channels = channels
        self.known_triggers: tuple[str, ...] | None = None
        # None: everybody is in every channel.
        self.members: tuple[str, ...] | None = None
        # None: every user id (U…) is a person whom the bot may write to.
        self.people: tuple[str, ...] | None = None
        # 1.0 would be Slack's limit per channel; 0 switches it off.
        self.seconds_per_message = 0.0
        super().__init__(port)

    def clear(self) -> None:
        self._posts: list[dict] = []
        self._updates: list[dict] = []
        self._views: list[dict] = []
        self._responses: list[dict] = []
        self._ephemerals: list[dict] = []
        self._used_triggers: set[str] = set()
        self._triggers: dict[str, float] = {}
        self._last_post: dict[str, float] = {}

    @property
    def api_url(self) -> str:
        """The base_url for slack_sdk.WebClient."""
        return f"{self.url}/api/"

    @property
    def response_url(self) -> str:
        return f"{self.url}/actions/T01/{next(_numbers)}/xyz"

    def state(self) -> dict:
        return {
            "posts": self._posts,
            "updates": self._updates,
            "ephemerals": self._ephemerals,
            "views": self._views,
            "responses": self._responses,
        }

    def posts(self, channel: str | None = None) -> list[dict]:
        """Messages posted: channel, ts, text, blocks (as last updated), updates, via ("api" or
        "webhook").
        """
        with self.lock:
            return [dict(p) for p in self._posts if channel in (None, p["channel"])]

    def updates(self) -> list[dict]:
        """Every accepted chat.update: channel, ts, text, blocks."""
        with self.lock:
            return list(self._updates)

    def ephemerals(self, user: str | None = None) -> list[dict]:
        """Messages that only one user sees: channel, user, text, blocks."""
        with self.lock:
            return [dict(e) for e in self._ephemerals if user in (None, e["user"])]

    def new_trigger(self) -> str:
        """The trigger_id of a press at this moment; it opens one view, for three seconds."""
        with self.lock:
            trigger = f"{next(_numbers)}.789.timed"
            self._triggers[trigger] = time.time()
            return trigger

    def views(self) -> list[dict]:
        """Every view opened, with its trigger_id."""
        with self.lock:
            return list(self._views)

    def responses(self) -> list[dict]:
        """Every body POSTed to a response_url of this fake, with its path."""
        with self.lock:
            return list(self._responses)

    def rate_limited(
        self, seconds: int = 1, times: int | None = 1, route: str = "POST /api/chat.postMessage"
    ) -> None:
        """HTTP 429 with Retry-After for the next calls."""
        body = {"ok": False, "error": "ratelimited"}
        self.on(route).status(429, body, {"Retry-After": str(seconds)}, times=times)

    def fail(
        self, code: str, times: int | None = 1, route: str = "POST /api/chat.postMessage"
    ) -> None:
        """HTTP 200 with ok false for the next calls: not_in_channel, token_revoked, …"""
        self.on(route).status(200, {"ok": False, "error": code}, times=times)

    def deliver(
        self, url: str, body: str, secret: str, ts: int | None = None, retries: int = 0
    ) -> dict:
        """POSTs a signed interaction to this machine; returns {"status", "response", "seconds"}.

        With `retries` it comes again so often, as Slack does for what was not acknowledged in three
        seconds: the same body under a new signature, with X-Slack-Retry-Num.
        """
        for number in range(retries + 1):
            headers = signed_headers(body, secret, ts)
            if number:
                headers |= {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": "timeout"}
            began = time.monotonic()
            status, response = post(url, body.encode(), headers)
        return {"status": status, "response": response, "seconds": time.monotonic() - began}

    # Web API

    def check(self, request: Request) -> Reply | None:
        if not request.path.startswith("/api/"):
            return None
        header = request.headers.get("authorization", "")
        token = header.removeprefix("Bearer ") if header else arguments(request).get("token")
        if not token:
            return refused("not_authed")
        return None if token == self.token else refused("invalid_auth")

    def not_found(self, request: Request) -> Reply:
        if request.path.startswith("/api/"):
            return refused("unknown_method", req_method=request.path.removeprefix("/api/"))
        return Reply(404, "no_service")

    def test_auth(self, request: Request) -> Reply:
        """auth.test"""
        names = {
            "team": "Acme",
            "user": "caio",
            "team_id": "T01",
            "user_id": "U0BOT",
            "bot_id": "B01",
        }
        return Reply(
            200,
            {"ok": True, "url": "https://acme.slack.com/", **names, "is_enterprise_install": False},
        )

    def post_message(self, request: Request) -> Reply:
        """chat.postMessage"""
        values = arguments(request)
        refusal = (
            self._channel_refusal(values)
            or self._thread_refusal(values)
            or message_refusal(values)
            or self._too_fast(values["channel"])
        )
        if refusal:
            return refusal
        message = self._add_post(values["channel"], values, "api")
        return Reply(
            200,
            {
                "ok": True,
                "channel": message["channel_id"],
                "ts": message["ts"],
                "message": shown(message),
            },
        )

    def post_ephemeral(self, request: Request) -> Reply:
        """chat.postEphemeral: to one user, who has to be in the channel."""
        values = arguments(request)
        refusal = self._channel_refusal(values) or message_refusal(values)
        if refusal:
            return refusal
        user = values.get("user")
        if not user or (self.members is not None and user not in self.members):
            return refused("user_not_in_channel")
        kept = {name: values.get(name) for name in ("channel", "user", "text", "blocks")}
        self._ephemerals.append(kept)
        return Reply(200, {"ok": True, "message_ts": f"{int(time.time())}.{next(_numbers):06d}"})

    def update_message(self, request: Request) -> Reply:
        """chat.update: by the channel's id, which chat.postMessage has answered."""
        values = arguments(request)
        if str(values.get("channel", "")).startswith("#"):
            return refused("channel_not_found")
        refusal = message_refusal(values)
        if refusal:
            return refusal
        key = (values.get("channel"), values.get("ts"))
        message = next((p for p in self._posts if (p["channel_id"], p["ts"]) == key), None)
        if message is None:
            return refused("message_not_found")
        message["text"] = values.get("text") or message["text"]
        # Without blocks in the call, chat.update removes them when text is given.
        message["blocks"] = values.get("blocks") or []
        message["updates"] += 1
        self._updates.append(
            {"channel": key[0], "ts": key[1], "text": message["text"], "blocks": message["blocks"]}
        )
        return Reply(200, {"ok": True, "channel": key[0], "ts": key[1], "text": message["text"]})

    def open_view(self, request: Request) -> Reply:
        """views.open: a trigger_id can be used once."""
        values = arguments(request)
        trigger, view = values.get("trigger_id"), values.get("view")
        if not trigger or not isinstance(view, dict):
            return refused("invalid_arguments")
        if trigger in self._used_triggers:
            return refused("exchanged_trigger_id")
        if self.known_triggers is not None and trigger not in self.known_triggers:
            return refused("invalid_trigger_id")
        if time.time() - self._triggers.get(trigger, time.time()) > TRIGGER_SECONDS:
            return refused("expired_trigger_id")
        problems = view_problems(view)
        if problems:
            return refused(
                "invalid_arguments",
                response_metadata={"messages": [f"[ERROR] {p}" for p in problems]},
            )
        self._used_triggers.add(trigger)
        opened = {
            **view,
            "id": f"V{len(self._views) + 1:08d}",
            "team_id": "T01",
            "hash": "156772938.1827394",
        }
        self._views.append({"trigger_id": trigger, **opened})
        return Reply(200, {"ok": True, "view": opened})

    def _channel_refusal(self, values: dict) -> Reply | None:
        channel = values.get("channel")
        if is_user(channel):
            is_here = self.people is None or channel in self.people
            return None if is_here else refused("channel_not_found")
        if not channel or (self.channels is not None and channel not in self.channels):
            return refused("channel_not_found")
        return None

    def _thread_refusal(self, values: dict) -> Reply | None:
        thread = values.get("thread_ts")
        above = (channel_id(values["channel"]), thread)
        if not thread or above in [(post["channel_id"], post["ts"]) for post in self._posts]:
            return None
        return refused("thread_not_found")

    def _too_fast(self, channel: str) -> Reply | None:
        now = time.monotonic()
        if (
            self.seconds_per_message
            and now - self._last_post.get(channel, -1e9) < self.seconds_per_message
        ):
            return Reply(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "1"})
        self._last_post[channel] = now
        return None

    def _add_post(self, channel: str, values: dict, via: str) -> dict:
        message = {
            "channel": channel,
            "channel_id": channel_id(channel),
            "ts": f"{int(time.time())}.{next(_numbers):06d}",
            "text": values.get("text") or "",
            "blocks": values.get("blocks") or [],
            "thread_ts": values.get("thread_ts"),
            "metadata": values.get("metadata"),
            "updates": 0,
            "via": via,
            "time": time.time(),
        }
        self._posts.append(message)
        return message

    # Incoming webhooks and response_url: plain text answers

    def incoming_webhook(self, request: Request) -> Reply:
        """Incoming webhook: "ok", or a plain-text error with a 4xx status."""
        values = arguments(request)
        if not values:
            return Reply(400, "invalid_payload")
        refusal = message_refusal(values)
        if refusal:
            return Reply(400, refusal.body["error"])
        self._add_post("webhook:" + request.params["bot"], values, "webhook")
        return Reply(200, "ok")

    def answer_interaction(self, request: Request) -> Reply:
        """response_url: at most 5 uses."""
        if sum(r["path"] == request.path for r in self._responses) >= 5:
            return Reply(404, {"ok": False, "error": "used_url"})
        self._responses.append({"path": request.path, **arguments(request)})
        return Reply(200, {"ok": True})


# Arguments and refusals


def is_user(channel: Any) -> bool:
    """Whether a message to `channel` goes to one person: chat.postMessage takes a user id, too."""
    return isinstance(channel, str) and channel.startswith("U0")


def channel_id(name: str) -> str:
    """The id of a channel that was named "#sales-bot", and of the talk with a user; an id is its
    own.
    """
    if is_user(name):
        return "D" + name[1:]
    is_name = name.startswith("#")
    return "C0" + "".join(filter(str.isalnum, name)).upper() if is_name else name


def arguments(request: Request) -> dict:
    """A call's arguments: a JSON body, or a form in which nested values are JSON texts."""
    if "json" in request.headers.get("content-type", ""):
        return request.json if isinstance(request.json, dict) else {}
    values = {
        name: items[0] for name, items in parse_qs(request.body.decode("utf-8", "replace")).items()
    }
    for name in ("blocks", "view", "metadata", "attachments"):
        if name in values:
            values[name] = json.loads(values[name])
    return {**request.query, **values}


def refused(code: str, **more: Any) -> Reply:
    return Reply(200, {"ok": False, "error": code, **more})


def message_refusal(values: dict) -> Reply | None:
    text, blocks = values.get("text") or "", values.get("blocks") or []
    if not text and not blocks and not values.get("attachments"):
        return refused("no_text")
    if len(text) > MAX_TEXT:
        return refused("msg_too_long")
    problems = blocks_problems(blocks, MAX_BLOCKS)
    if problems:
        messages = {"messages": [f"[ERROR] {problem}" for problem in problems]}
        return refused("invalid_blocks", errors=problems, response_metadata=messages)
    if sum(text_length(block) for block in blocks) > MAX_BLOCK_CHARACTERS:
        return refused("msg_blocks_too_long")
    return None


def text_length(value: Any) -> int:
    if isinstance(value, dict):
        own = len(value["text"]) if isinstance(value.get("text"), str) else 0
        return own + sum(
            text_length(item) for item in value.values() if isinstance(item, dict | list)
        )
    return sum(text_length(item) for item in value) if isinstance(value, list) else 0


def shown(message: dict) -> dict:
    kept = {name: message[name] for name in ("text", "blocks", "ts")}
    return {"type": "message", "bot_id": "B01", "user": "U0BOT", "team": "T01", **kept}


# Block Kit limits (Slack reference: blocks, block elements, composition objects)


def blocks_problems(blocks: Any, most: int) -> list[str]:
    if not isinstance(blocks, list):
        return ["blocks must be an array"]
    problems = (
        [f"no more than {most} items allowed [json-pointer:/blocks]"] if len(blocks) > most else []
    )
    seen: set[str] = set()
    for number, block in enumerate(blocks):
        found = block_problems(block)
        block_id = block.get("block_id") if isinstance(block, dict) else None
        if block_id and block_id in seen:
            found.append(f"block_id {block_id} already exists")
        seen.add(block_id or "")
        problems += [f"{problem} [json-pointer:/blocks/{number}]" for problem in found]
    return problems


def block_problems(block: Any) -> list[str]:
    if not isinstance(block, dict) or block.get("type") not in BLOCK_TYPES:
        return ["unsupported type"]
    problems = too_long("block_id", block.get("block_id"), 255)
    check = BLOCK_CHECKS.get(block["type"])
    return problems + (check(block) if check else [])


def header_problems(block: dict) -> list[str]:
    return text_problems("text", block.get("text"), 150, plain=True)


def section_problems(block: dict) -> list[str]:
    problems = []
    if not block.get("text") and not block.get("fields"):
        problems.append("missing required field: text")
    if block.get("text"):
        problems += text_problems("text", block["text"], 3000)
    if len(block.get("fields") or []) > 10:
        problems.append("no more than 10 items allowed in fields")
    for item in block.get("fields") or []:
        problems += text_problems("fields", item, 2000)
    return problems + (element_problems(block["accessory"]) if block.get("accessory") else [])


def actions_problems(block: dict) -> list[str]:
    elements = block.get("elements") or []
    problems = [] if 1 <= len(elements) <= 25 else ["elements must have 1 to 25 items"]
    ids = [element.get("action_id") for element in elements if element.get("action_id")]
    if len(ids) != len(set(ids)):
        problems.append("action_id already exists in this block")
    return problems + [problem for element in elements for problem in element_problems(element)]


def context_problems(block: dict) -> list[str]:
    elements = block.get("elements") or []
    problems = [] if 1 <= len(elements) <= 10 else ["elements must have 1 to 10 items"]
    for element in elements:
        if element.get("type") != "image":
            problems += text_problems("elements", element, 3000)
    return problems


def input_problems(block: dict) -> list[str]:
    problems = text_problems("label", block.get("label"), 2000, plain=True)
    return problems + (
        element_problems(block["element"])
        if block.get("element")
        else ["missing required field: element"]
    )


def element_problems(element: dict) -> list[str]:
    problems = too_long("action_id", element.get("action_id"), 255)
    if element.get("type") == "button":
        problems += text_problems("button text", element.get("text"), 75, plain=True)
        problems += too_long("value", element.get("value"), 2000) + too_long(
            "url", element.get("url"), 3000
        )
        if element.get("style") not in (None, "primary", "danger"):
            problems.append("style must be primary or danger")
    return problems + (confirm_problems(element["confirm"]) if element.get("confirm") else [])


def confirm_problems(confirm: dict) -> list[str]:
    problems = text_problems("confirm title", confirm.get("title"), 100, plain=True)
    problems += text_problems("confirm text", confirm.get("text"), 300)
    for name in ("confirm", "deny"):
        problems += text_problems(f"confirm {name}", confirm.get(name), 30, plain=True)
    return problems


def view_problems(view: dict) -> list[str]:
    """Limits of a modal view."""
    problems = [] if view.get("type") in ("modal", "home") else ["type must be modal or home"]
    problems += text_problems("title", view.get("title"), 24, plain=True)
    for name in ("submit", "close"):
        if view.get(name):
            problems += text_problems(name, view[name], 24, plain=True)
    problems += too_long("private_metadata", view.get("private_metadata"), 3000)
    problems += too_long("callback_id", view.get("callback_id"), 255)
    return problems + blocks_problems(view.get("blocks"), MAX_VIEW_BLOCKS)


def text_problems(name: str, value: Any, most: int, plain: bool = False) -> list[str]:
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        return [f"missing required field: {name}"]
    kinds = ("plain_text",) if plain else ("plain_text", "mrkdwn")
    if value.get("type") not in kinds:
        return [f"{name} must be {' or '.join(kinds)}"]
    if not value["text"]:
        return [f"{name} must be more than 0 characters"]
    return too_long(name, value["text"], most)


def too_long(name: str, value: str | None, most: int) -> list[str]:
    return (
        [f"{name} must be less than {most + 1} characters"] if value and len(value) > most else []
    )


BLOCK_CHECKS = {
    "header": header_problems,
    "section": section_problems,
    "actions": actions_problems,
    "context": context_problems,
    "input": input_problems,
}


# What Slack sends to us


def sign(body: str | bytes, secret: str, ts: int | str) -> str:
    """X-Slack-Signature (Slack: verifying requests, version v0)."""
    body = body.encode() if isinstance(body, str) else body
    base = f"v0:{ts}:".encode() + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def signed_headers(body: str | bytes, secret: str, ts: int | None = None) -> dict[str, str]:
    """The headers of an interaction request."""
    ts = int(time.time()) if ts is None else ts
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": str(ts),
        "X-Slack-Signature": sign(body, secret, ts),
    }


def form(payload: dict) -> str:
    """An interaction's body: one form field `payload` holding JSON."""
    return urlencode({"payload": json.dumps(payload)})


def block_actions(
    action_id: str = "approve",
    value: str = "4711:v3",
    *,
    user: str = "U0ALEX",
    channel: str | None = "C09APPROVE",
    ts: str = "1762160999.000200",
    block_id: str = "appr:4711",
    response_url: str = "https://hooks.slack.com/actions/T01/99/xyz",
    **overrides: Any,
) -> str:
    """A clicked button (block_actions payload), form-encoded; channel=None leaves channel and
    message out.
    """
    now = f"{time.time():.6f}"
    action = {
        "type": "button",
        "action_id": action_id,
        "block_id": block_id,
        "value": value,
        "action_ts": now,
    }
    payload = {
        **_interaction("block_actions", user),
        "container": {
            "type": "message",
            "message_ts": ts,
            "channel_id": channel,
            "is_ephemeral": False,
        },
        "trigger_id": f"{next(_numbers)}.456.abc",
        "channel": {"id": channel, "name": "approvals"},
        "message": {
            "type": "message",
            "ts": ts,
            "bot_id": "B01",
            "text": "Approval needed",
            "blocks": [],
        },
        "state": {"values": {}},
        "response_url": response_url,
        "actions": [{**action, "text": {"type": "plain_text", "text": action_id.title()}}],
    }
    if channel is None:
        payload.pop("channel")
        payload.pop("message")
    return form({**payload, **overrides})


def view_submission(
    values: dict[str, dict[str, Any]] | None = None,
    *,
    callback_id: str = "reject_reason",
    private_metadata: str = "",
    user: str = "U0ALEX",
    **overrides: Any,
) -> str:
    """A submitted modal (view_submission payload), form-encoded; values is {block_id: {action_id:
    text or state}}.
    """
    state = {
        block_id: {
            action_id: given
            if isinstance(given, dict)
            else {"type": "plain_text_input", "value": given}
            for action_id, given in actions.items()
        }
        for block_id, actions in (values or {}).items()
    }
    view = {
        "id": f"V{next(_numbers):08d}",
        "type": "modal",
        "callback_id": callback_id,
        "private_metadata": private_metadata,
        "state": {"values": state},
        "hash": "156772938.1827394",
        "blocks": [],
    }
    trigger = f"{next(_numbers)}.456.abc"
    payload = {
        **_interaction("view_submission", user),
        "trigger_id": trigger,
        "view": view,
        "response_urls": [],
    }
    return form({**payload, **overrides})


def _interaction(kind: str, user: str) -> dict:
    name = user.removeprefix("U0").lower()
    return {
        "type": kind,
        "user": {"id": user, "username": name, "name": name, "team_id": "T01"},
        "api_app_id": "A01",
        "token": "deprecated",
        "team": {"id": "T01", "domain": "acme"},
        "enterprise": None,
        "is_enterprise_install": False,
    }


if __name__ == "__main__":
    serve_forever(FakeSlack, __doc__, token=str)
