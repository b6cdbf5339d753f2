"""Any endpoint of OpenAI's chat completions. The caller checks every answer against facts.

Source: platform.openai.com/docs/api-reference/chat/create. Newer models there refuse `max_tokens`
and ask for `max_completion_tokens`; most others know the first alone. Error bodies are not
repeated: they may quote the question.
"""

import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from caio_project.lib import http

TOKEN_LIMIT_FIELDS = ("max_tokens", "max_completion_tokens")


class UnreadableAnswer(http.HttpError):
    """The answer has not the form of chat completions."""


@dataclass(frozen=True)
class Completion:
    """`tokens` is None where the endpoint does not count."""

    text: str
    tokens: int | None


def request_completion(messages: list[dict[str, str]], most_tokens: int) -> Completion:
    """Ask for one JSON object within LLM_TIMEOUT_SECONDS in total.

    Asking twice costs tokens and nothing else. Raises lib.http's errors, or UnreadableAnswer; the
    text of each is safe to store and to show.
    """
    until = time.monotonic() + settings.LLM_TIMEOUT_SECONDS
    body = {
        "model": settings.LLM_MODEL,
        "messages": messages,
        "response_format": {"type": "json_object"},
    }
    try:
        answer = _post_chat({**body, TOKEN_LIMIT_FIELDS[0]: most_tokens}, until)
    except http.RequestRefused as refused:
        if refused.status != 400 or TOKEN_LIMIT_FIELDS[1].encode() not in refused.body:
            raise _without_body(refused) from None
        try:
            answer = _post_chat({**body, TOKEN_LIMIT_FIELDS[1]: most_tokens}, until)
        except http.HttpError as again:
            raise _without_body(again) from None
    except http.HttpError as failure:
        raise _without_body(failure) from None
    return _parse_completion(answer)


def _post_chat(body: dict[str, Any], until: float) -> http.HttpAnswer:
    headers = {"Authorization": f"Bearer {settings.LLM_API_KEY}"} if settings.LLM_API_KEY else {}
    left = max(0.1, until - time.monotonic())
    return http.send_request(
        "POST",
        f"{settings.LLM_BASE_URL}/chat/completions",
        http.RequestContent(headers=headers, json=body),
        deadline=left,
        repeatable=True,
    )


def _without_body(failure: http.HttpError) -> http.HttpError:
    if not failure.status:
        return failure
    words = {
        401: "LLM_API_KEY is not accepted",
        403: "LLM_API_KEY is not accepted",
        429: "too many requests",
    }
    cause = words.get(failure.status, "")
    text = f"it answered {failure.status}" + (f": {cause}" if cause else "")
    return type(failure)(text, failure.status, b"", failure.retry_after)


def _parse_completion(answer: http.HttpAnswer) -> Completion:
    try:
        document = answer.json()
        choice = document["choices"][0]
        text, cut = choice["message"]["content"], choice.get("finish_reason") == "length"
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        raise UnreadableAnswer("it answered what is no chat completion", answer.status) from None
    if not isinstance(text, str):
        raise UnreadableAnswer("it answered without a text", answer.status)
    return Completion("" if cut else text, _token_count(document))


def _token_count(document: dict[str, Any]) -> int | None:
    usage = document.get("usage")
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    return (
        total
        if isinstance(total, int) and not isinstance(total, bool) and 0 < total < 1_000_000_000
        else None
    )
