"""GoHighLevel's tokens by OAuth 2: an access token for about a day, and a refresh token that can be used once.

Source: GHL API v2, "OAuth 2.0" (POST /oauth/token and /oauth/locationToken, form-encoded). The token of a company
(agency) gives one of the location, which has no refresh token of its own.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings

from caio_project.lib import http

VERSION = "2021-07-28"
DEADLINE = 15.0
CHOOSE = "https://marketplace.gohighlevel.com/v2/oauth/chooselocation"
LOCATION, COMPANY = "Location", "Company"
SCOPES = (
    "contacts.readonly contacts.write conversations.readonly conversations/message.readonly "
    "conversations/message.write opportunities.readonly calendars.readonly calendars/events.readonly "
    "workflows.readonly oauth.write"
)


@dataclass(frozen=True)
class Access:
    """A token that calls carry, and for how many seconds."""

    token: str
    seconds: int


@dataclass(frozen=True)
class Pair:
    access: Access
    refresh: str
    user_type: str  # Location or Company
    company_id: str
    location_id: str


def page_to_open(redirect_uri: str) -> str:
    """Where a person lets us in; the page leads to `redirect_uri?code=…`."""
    query = {
        "response_type": "code",
        "client_id": settings.GHL_CLIENT_ID,
        "redirect_uri": redirect_uri,
    }
    return f"{CHOOSE}?{urlencode({**query, 'scope': SCOPES})}"


def by_code(code: str, redirect_uri: str, user_type: str) -> Pair:
    """The first pair, for a code that can be used once."""
    given = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    return _pair(given, user_type)


def by_refresh(refresh: str, user_type: str) -> Pair:
    """The next pair. `refresh` is used up by this; when the answer is lost, so may be the way in."""
    return _pair({"grant_type": "refresh_token", "refresh_token": refresh}, user_type)


def for_location(company_access: str, company_id: str) -> Access:
    """A token of our location by the company's. It may be asked for again and again."""
    found = _post(
        "/oauth/locationToken",
        {"companyId": company_id, "locationId": settings.GHL_LOCATION_ID},
        {"Authorization": f"Bearer {company_access}", "Version": VERSION},
        repeatable=True,
    )
    return _access(found)


def _pair(given: dict[str, str], user_type: str) -> Pair:
    ours = {
        "client_id": settings.GHL_CLIENT_ID,
        "client_secret": settings.GHL_CLIENT_SECRET,
        "user_type": user_type,
    }
    found = _post("/oauth/token", {**ours, **given})
    if not found.get("refresh_token"):
        raise http.Uncertain("GoHighLevel answered without a refresh token")
    return Pair(
        access=_access(found),
        refresh=str(found["refresh_token"]),
        user_type=str(found.get("userType") or user_type),
        company_id=str(found.get("companyId") or ""),
        location_id=str(found.get("locationId") or ""),
    )


def _post(
    path: str, form: dict[str, str], headers: dict[str, str] | None = None, repeatable: bool = False
) -> Any:
    accept = {"Accept": "application/json", **(headers or {})}
    answer = http.call(
        "POST",
        settings.GHL_BASE_URL + path,
        headers=accept,
        form=form,
        deadline=DEADLINE,
        repeatable=repeatable,
    )
    try:
        found = answer.json()
    except ValueError as error:
        raise http.Uncertain(
            "GoHighLevel answered something that is not JSON", answer.status
        ) from error
    return found if isinstance(found, dict) else {}


def _access(found: Any) -> Access:
    try:
        return Access(str(found["access_token"]), int(found.get("expires_in") or 0))
    except (KeyError, TypeError, ValueError) as error:
        raise http.Uncertain("GoHighLevel answered without an access token") from error
