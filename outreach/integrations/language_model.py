"""Any endpoint that speaks OpenAI's chat completions. What it says is nobody's word: the caller holds it against facts.

Source: platform.openai.com/docs/api-reference/chat/create. Newer models there refuse `max_tokens` and ask for
`max_completion_tokens`; most others know the first alone. Error bodies are not repeated: they may quote the question.
"""

import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from caio_project.lib import http

LIMITS = ("max_tokens", "max_completion_tokens")


class Unreadable(http.Failure):
    """It answered, and not in the form of chat completions."""


@dataclass(frozen=True)
class Completion:
    """What was said, and the tokens it cost; `tokens` is None where the endpoint does not count."""

    text: str
    tokens: int | None


def complete(messages: list[dict[str, str]], most_tokens: int) -> Completion:
    """Ask for one JSON object within LLM_TIMEOUT_SECONDS in total. Asking twice costs tokens and nothing else.

    Raises lib.http's Refused or Unavailable, or Unreadable; the text of each is safe to store and to show.
    """
    until = time.monotonic() + settings.LLM_TIMEOUT_SECONDS
    body = {
        "model": settings.LLM_MODEL,
        "messages": messages,
        "response_format": {"type": "json_object"},
    }
    try:
        answer = _ask({**body, LIMITS[0]: most_tokens}, until)
    except http.Refused as refused:
        if refused.status != 400 or LIMITS[1].encode() not in refused.body:
            raise _without_body(refused) from None
        try:
            answer = _ask({**body, LIMITS[1]: most_tokens}, until)
        except http.Failure as again:
            raise _without_body(again) from None
    except http.Failure as failure:
        raise _without_body(failure) from None
    return _read(answer)


def _ask(body: dict[str, Any], until: float) -> http.Answer:
    headers = {"Authorization": f"Bearer {settings.LLM_API_KEY}"} if settings.LLM_API_KEY else {}
    left = max(0.1, until - time.monotonic())
    return http.call(
        "POST",
        f"{settings.LLM_BASE_URL}/chat/completions",
        headers=headers,
        json=body,
        deadline=left,
        repeatable=True,
    )


def _without_body(failure: http.Failure) -> http.Failure:
    """The same kind of failure in words of our own, where the other side said anything."""
    if not failure.status:
        return failure
    words = {
        401: "LLM_API_KEY is not accepted",
        403: "LLM_API_KEY is not accepted",
        429: "too many requests",
    }
    said = words.get(failure.status, "")
    text = f"it answered {failure.status}" + (f": {said}" if said else "")
    return type(failure)(text, failure.status, b"", failure.retry_after)


def _read(answer: http.Answer) -> Completion:
    try:
        document = answer.json()
        choice = document["choices"][0]
        text, cut = choice["message"]["content"], choice.get("finish_reason") == "length"
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        raise Unreadable("it answered what is no chat completion", answer.status) from None
    if not isinstance(text, str):
        raise Unreadable("it answered without a text", answer.status)
    return Completion("" if cut else text, _counted(document))


def _counted(document: dict[str, Any]) -> int | None:
    usage = document.get("usage")
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    return (
        total
        if isinstance(total, int) and not isinstance(total, bool) and 0 < total < 1_000_000_000
        else None
    )
