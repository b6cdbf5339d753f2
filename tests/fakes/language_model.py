"""A local language model behind OpenAI's chat completions: it says what a test has it say.

platform.openai.com/docs/api-reference/chat. Run alone: python -m tests.fakes.language_model --port
0
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from .exchange import Reply, Request
from .remote import serve_forever
from .server import FakeServer

COMPLETIONS = "POST /v1/chat/completions"


def honest(question: dict[str, Any]) -> dict[str, Any]:
    """A rewording that says nothing but what it was given."""
    company = question["facts"].get("company", "")
    last = "If you could hand over one task at {company} tomorrow, which would it be?"
    paragraphs = (
        "Whoever reads about a change usually has one task in mind. I "
        "would rather hear about that task at {company} than guess at it from here.",
        "We bring a small team that finds the step that people still do by hand, and builds "
        "the fix with them.",
        last,
    )
    facts = [{"phrase": company, "field": "company"}] if company else []
    return {
        "subject": f"One task at {company}",
        "paragraphs": [
            {"text": text.format(company=company), "facts": facts if "{company}" in text else []}
            for text in paragraphs
        ],
    }


def shorter(question: dict[str, Any]) -> dict[str, Any]:
    """A shortening that says nothing but what the email said."""
    company = question["facts"].get("company", "")
    body = question["email"]["body"].split("\n\n")
    first = min(body[:-1], key=lambda text: len(text.split()))
    texts = (first, body[-1])
    facts = [{"phrase": company, "field": "company"}] if company else []
    return {
        "subject": "ignored",
        "paragraphs": [
            {"text": text, "facts": facts if company and company in text else []} for text in texts
        ],
    }


class FakeLanguageModel(FakeServer):
    """`answer` makes the JSON document of an answer, or a text in its place, from the question's
    document.
    """

    name = "language_model"
    routes = (("POST", "/v1/chat/completions", "complete"),)
    settings = ("key", "answer", "tokens", "finish_reason", "newer")
    remote_calls = ()

    def __init__(self, key: str = "llm-test-key", port: int = 0):
        self.key = key
        self.answer: Callable[[dict[str, Any]], Any] = honest
        self.tokens: int | None = 1700
        self.finish_reason = "stop"
        self.newer = False  # a model that refuses max_tokens
        super().__init__(port)

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    def questions(self) -> list[dict[str, Any]]:
        """The JSON documents of the user messages that came, in order."""
        return [
            json.loads(request.json["messages"][-1]["content"])
            for request in self.requests(COMPLETIONS)
        ]

    def check(self, request: Request) -> Reply | None:
        if request.headers.get("authorization") != f"Bearer {self.key}":
            return Reply(
                401, {"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}
            )
        return None

    def complete(self, request: Request) -> Reply:
        if self.newer and "max_tokens" in request.json:
            text = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
            return Reply(400, {"error": {"message": text, "code": "unsupported_parameter"}})
        said = self.answer(json.loads(request.json["messages"][-1]["content"]))
        text = said if isinstance(said, str) else json.dumps(said)
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": text},
            "finish_reason": self.finish_reason,
        }
        usage = {} if self.tokens is None else {"usage": {"total_tokens": self.tokens}}
        body = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "model": request.json["model"],
            "choices": [choice],
        }
        return Reply(200, {**body, **usage})


if __name__ == "__main__":
    serve_forever(FakeLanguageModel, __doc__, key=str)
