"""The location itself: what it holds, and what every request to it is checked for."""

from __future__ import annotations

import secrets
import time
from collections import Counter

from tests.fakes.exchange import Reply, Request
from tests.fakes.server import FakeServer

from . import fields, oauth, webhooks
from .errors import body_of, error, unprocessable

DEFAULT_PIPELINE = {
    "id": "pl_1",
    "name": "Sales",
    "stages": [
        {"id": "st_1", "name": "New", "position": 0},
        {"id": "st_2", "name": "Meeting booked", "position": 1},
        {"id": "st_3", "name": "Proposal", "position": 2},
    ],
    "showInFunnel": True,
    "showInPieChart": True,
}


class Location(FakeServer):
    """The rows and settings that all parts of the API share."""

    def __init__(
        self,
        token: str = "pit-test",
        location_id: str = "loc-test",
        rate_limit: int | None = 100,
        match_order: tuple[str, ...] = ("email", "phone"),
        opportunity_params: str = "camel",
        port: int = 0,
    ):
        self.token = token  # a private integration token; "" where only OAuth lets in
        self.client_id, self.client_secret, self.access_seconds = "app-test", "app-secret", 86399
        self.location_id = location_id
        self.rate_limit = rate_limit
        self.rate_window = 10.0
        self.daily_limit = 200_000
        self.retry_after: int | None = None
        # The location's "Allow Duplicate Contact" setting and its identifier order.
        self.match_order = match_order
        self.allow_duplicates = False
        self.keep_matched_email = True
        self.opportunity_params = opportunity_params
        self.conversation_lag = 0.0
        self.thread_rows = False
        self.search_lag = 0.0
        self.sent_status = "sent"
        self.default_sender = "location@mail.oursite.test"
        self._signer = webhooks.WebhookSigner()
        super().__init__(port)

    def clear(self) -> None:
        # Part of every id, so that two fakes (or one after a reset) never give the same id.
        self._prefix = secrets.token_hex(3)
        self._counts: Counter[str] = Counter()
        self._contacts: dict[str, dict] = {}
        self._searchable_at: dict[str, float] = {}
        self._messages: dict[str, dict] = {}
        self._visible_at: dict[str, float] = {}
        self._lags: list[float] = []
        self._conversations: dict[str, str] = {}
        self._sent: list[dict] = []
        self._unsubscribed: set[str] = set()
        self._invalid_emails: set[str] = set()
        self._opportunities: dict[str, dict] = {}
        self._appointments: dict[str, dict] = {}
        self._pipelines: list[dict] = [{**DEFAULT_PIPELINE, "locationId": self.location_id}]
        self._workflows: dict[str, dict] = {}
        self._enrolled: dict[str, list[str]] = {}
        self._window_start = 0.0
        self._window_count = 0
        self._day_count = 0
        self._rate_headers: dict[str, str] = {}
        self.tokens = oauth.Tokens()

    def state(self) -> dict:
        return {
            "url": self.url,
            "settings": {name: getattr(self, name) for name in self.settings},
            "contacts": list(self._contacts.values()),
            "sent_emails": self._sent,
            "messages": list(self._messages.values()),
            "opportunities": list(self._opportunities.values()),
            "appointments": list(self._appointments.values()),
            "workflow_contacts": self._enrolled,
            "unsubscribed": sorted(self._unsubscribed),
        }

    def check(self, request: Request) -> Reply | None:
        self._rate_headers = {}
        if request.path == "/oauth/token":
            return None
        if refused := self._check_token(request):
            return refused
        version = request.headers.get("version")
        if not version:
            return error(401, "version header was not found.")
        if version not in fields.VERSIONS.get(request.path.split("/")[1], {version}):
            return error(400, f"Invalid API version segment {version}")
        limited = self._count_request()
        if limited:
            return limited
        if (
            request.body
            and request.json is None
            and "json" in request.headers.get("content-type", "")
        ):
            return error(400, "Unexpected token in JSON")
        return self._check_location(request)

    def _check_token(self, request: Request) -> Reply | None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self.token and token == self.token:
            return None
        said = self.tokens.why_not(token, request.path)
        return error(401, said) if said else None

    def _check_location(self, request: Request) -> Reply | None:
        body = body_of(request)
        named = [
            request.query.get("locationId"),
            request.query.get("location_id"),
            body.get("locationId"),
        ]
        if any(value not in (None, self.location_id) for value in named):
            return error(403, "The token does not have access to this location.")
        return None

    def _count_request(self) -> Reply | None:
        """Rate limits of docs/Authorization: 100 requests per 10 s and 200,000 per day, per
        location.
        """
        if self.rate_limit is None:
            return None
        now = time.monotonic()
        if now - self._window_start >= self.rate_window:
            self._window_start, self._window_count = now, 0
        refused = self._window_count >= self.rate_limit or self._day_count >= self.daily_limit
        if not refused:
            self._window_count += 1
            self._day_count += 1
        self._rate_headers = {
            "X-RateLimit-Limit-Daily": str(self.daily_limit),
            "X-RateLimit-Daily-Remaining": str(self.daily_limit - self._day_count),
            "X-RateLimit-Interval-Milliseconds": str(round(self.rate_window * 1000)),
            "X-RateLimit-Max": str(self.rate_limit),
            "X-RateLimit-Remaining": str(self.rate_limit - self._window_count),
        }
        if not refused:
            return None
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return Reply(429, {"statusCode": 429, "message": "Too Many Requests"}, headers)

    def finish(self, request: Request, reply: Reply) -> None:
        reply.headers = {**self._rate_headers, **reply.headers}

    def not_found(self, request: Request) -> Reply:
        return error(404, f"Cannot {request.method} {request.path}")

    def _new_id(self, kind: str) -> str:
        self._counts[kind] += 1
        return f"{kind}_{self._prefix}{self._counts[kind]:06d}"

    def give_tokens(self, request: Request) -> Reply:
        """Get Access Token: a code and a refresh token can be used once, and a new refresh token
        comes with each.
        """
        if problems := oauth.grant_problems(request):
            return unprocessable(problems)
        form = oauth.form_of(request)
        if (form["client_id"], form["client_secret"]) != (self.client_id, self.client_secret):
            return oauth.oauth_error(401, "invalid_client", "Invalid client credentials!")
        user_type = self.tokens.once.pop(form[oauth.GRANTS[form["grant_type"]]], None)
        if user_type is None or user_type != form["user_type"]:
            return oauth.oauth_error(400, "invalid_grant", "This token or code is invalid.")
        self.tokens.refreshes += form["grant_type"] == "refresh_token"
        place = {"locationId": self.location_id} if user_type == "Location" else {}
        given = {
            **self._access_answer(user_type),
            "refresh_token": self.tokens.give_once(user_type),
            "userType": user_type,
            "companyId": "cmp_1",
            "userId": "usr_1",
        }
        return Reply(200, {**given, **place})

    def give_location_token(self, request: Request) -> Reply:
        """Get Location Access Token from Agency Token: without a refresh token."""
        problems = oauth.form_problems(
            request, {"companyId", "locationId"}, ("companyId", "locationId")
        )
        if problems:
            return unprocessable(problems)
        if oauth.form_of(request) != {"companyId": "cmp_1", "locationId": self.location_id}:
            return error(400, "Location not found")
        return Reply(
            201,
            {**self._access_answer("Location"), "locationId": self.location_id, "userId": "usr_1"},
        )

    def _access_answer(self, user_type: str) -> dict:
        token = self.tokens.give_access(user_type, self.access_seconds)
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": self.access_seconds,
            "scope": oauth.SCOPE,
        }

    def add_code(self, user_type: str = "Location") -> str:
        """A code, as the page at which a person lets an app in hands it over."""
        with self.lock:
            return self.tokens.give_once(user_type)

    def end_access(self) -> None:
        """No access token is accepted any more; refresh tokens are."""
        with self.lock:
            self.tokens.end_access()
