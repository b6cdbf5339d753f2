"""GoHighLevel's OAuth 2.0: an access token for about a day, and a refresh token for one use.

Source: GHL API v2, "OAuth 2.0" (POST /oauth/token and /oauth/locationToken, form-encoded). The
token of a company (agency) gives one of the location, which has no refresh token of its own.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings

from caio_project.lib import http
from caio_project.lib.vendor_access.access import vendor_value

OAUTH_VERSION = "2021-07-28"
OAUTH_DEADLINE = 15.0
LONGEST_ACCESS = 30 * 86_400  # seconds; theirs live a day
CHOOSE_LOCATION_URL = "https://marketplace.gohighlevel.com/v2/oauth/chooselocation"
LOCATION, COMPANY = "Location", "Company"
SCOPES = (
    "contacts.readonly contacts.write conversations.readonly conversations/message.readonly "
    "conversations/message.write opportunities.readonly calendars.readonly "
    "calendars/events.readonly "
    "workflows.readonly oauth.write"
)


@dataclass(frozen=True)
class AccessToken:
    """`seconds` is how long it is valid."""

    token: str
    seconds: int


@dataclass(frozen=True)
class TokenPair:
    access: AccessToken
    refresh: str
    user_type: str  # Location or Company
    company_id: str
    location_id: str


def authorization_page(redirect_uri: str) -> str:
    """The page where a person grants access; it leads to `redirect_uri?code=…`."""
    query = {
        "response_type": "code",
        "client_id": vendor_value("GHL_CLIENT_ID"),
        "redirect_uri": redirect_uri,
    }
    return f"{CHOOSE_LOCATION_URL}?{urlencode({**query, 'scope': SCOPES})}"


def pair_by_code(code: str, redirect_uri: str, user_type: str) -> TokenPair:
    given = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    return _request_pair(given, user_type)


def pair_by_refresh(refresh: str, user_type: str) -> TokenPair:
    """Uses `refresh` up; if the answer is lost, access may be lost."""
    return _request_pair({"grant_type": "refresh_token", "refresh_token": refresh}, user_type)


def location_access(company_access: str, company_id: str) -> AccessToken:
    found = _post_form(
        "/oauth/locationToken",
        {"companyId": company_id, "locationId": vendor_value("GHL_LOCATION_ID")},
        {"Authorization": f"Bearer {company_access}", "Version": OAUTH_VERSION},
        repeatable=True,
    )
    return _parse_access(found)


def _request_pair(given: dict[str, str], user_type: str) -> TokenPair:
    ours = {
        "client_id": vendor_value("GHL_CLIENT_ID"),
        "client_secret": vendor_value("GHL_CLIENT_SECRET"),
        "user_type": user_type,
    }
    found = _post_form("/oauth/token", {**ours, **given})
    if not found.get("refresh_token"):
        raise http.OutcomeUncertain("GoHighLevel answered without a refresh token")
    return TokenPair(
        access=_parse_access(found),
        refresh=str(found["refresh_token"]),
        user_type=str(found.get("userType") or user_type),
        company_id=str(found.get("companyId") or ""),
        location_id=str(found.get("locationId") or ""),
    )


def _post_form(
    path: str, form: dict[str, str], headers: dict[str, str] | None = None, repeatable: bool = False
) -> Any:
    accept = {"Accept": "application/json", **(headers or {})}
    answer = http.send_request(
        "POST",
        settings.GHL_BASE_URL + path,
        http.RequestContent(headers=accept, form=form),
        deadline=OAUTH_DEADLINE,
        repeatable=repeatable,
    )
    try:
        found = answer.json()
    except ValueError as error:
        raise http.OutcomeUncertain(
            "GoHighLevel answered something that is not JSON", answer.status
        ) from error
    return found if isinstance(found, dict) else {}


def _parse_access(found: Any) -> AccessToken:
    try:
        seconds = min(int(found.get("expires_in") or 0), LONGEST_ACCESS)
        return AccessToken(str(found["access_token"]), max(0, seconds))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise http.OutcomeUncertain("GoHighLevel answered without an access token") from error
