"""HighLevel's OAuth 2.0: codes and refresh tokens that can be used once, access tokens that end.

POST /oauth/token and POST /oauth/locationToken, both form-encoded; a company's token opens only the
latter.
"""

from __future__ import annotations

import secrets
import time
from urllib.parse import parse_qsl

from tests.fakes.exchange import Reply, Request

FIELDS = {
    "client_id",
    "client_secret",
    "grant_type",
    "code",
    "refresh_token",
    "user_type",
    "redirect_uri",
}
GRANTS = {"authorization_code": "code", "refresh_token": "refresh_token"}
SCOPE = "contacts.readonly contacts.write conversations.readonly conversations/message.write"
NO_TOKEN, MISMATCH = "Invalid token: access token is invalid", "Token's user type mismatch!"


class Tokens:
    """What has been given out and is still good."""

    def __init__(self) -> None:
        self.once: dict[str, str] = {}  # codes and refresh tokens: whose
        self.access: dict[str, tuple[str, float]] = {}  # access tokens: whose, until when
        self.refreshes = 0

    def give_once(self, user_type: str) -> str:
        token = "-" + secrets.token_urlsafe(
            24
        )  # some of theirs begin so, and a command line stumbles over it
        self.once[token] = user_type
        return token

    def give_access(self, user_type: str, seconds: float) -> str:
        token = secrets.token_urlsafe(24)
        self.access[token] = (user_type, time.time() + seconds)
        return token

    def end_access(self) -> None:
        self.access.clear()

    def why_not(self, token: str, path: str) -> str:
        """What a 401 says to this token on this path; "" where it is let in."""
        whose, until = self.access.get(token, ("", 0.0))
        if not whose or until <= time.time():
            return NO_TOKEN
        return "" if (whose == "Company") == (path == "/oauth/locationToken") else MISMATCH


def form_of(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def form_problems(request: Request, allowed: set[str], required: tuple[str, ...]) -> list[str]:
    if request.headers.get("content-type") != "application/x-www-form-urlencoded":
        return ["the body must be form-encoded"]
    form = form_of(request)
    problems = [f"property {name} should not exist" for name in form if name not in allowed]
    return problems + [f"{name} should not be empty" for name in required if not form.get(name)]


def grant_problems(request: Request) -> list[str]:
    grant = form_of(request).get("grant_type", "")
    problems = form_problems(
        request, FIELDS, ("client_id", "client_secret", "grant_type", GRANTS.get(grant, "code"))
    )
    if grant and grant not in GRANTS:
        problems.append("grant_type must be a valid enum value")
    if form_of(request).get("user_type") not in ("Company", "Location"):
        problems.append("user_type must be a valid enum value")
    return problems


def oauth_error(status: int, code: str, text: str) -> Reply:
    return Reply(status, {"error": code, "error_description": text})
