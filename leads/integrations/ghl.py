"""GoHighLevel API v2: contacts, and the rate that all workers share. Sending lives in outreach.

Sources: GHL API v2, "Contacts" (Version 2021-07-28) and "Rate limits" (100 requests in 10 s per location).
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from caio_project.lib import http
from leads import alarms, rates, tokens
from leads.integrations import ghl_refusals as refusals

VENDOR = "ghl"
CONTACTS_VERSION = "2021-07-28"
WINDOW_SECONDS = 5
# Ten seconds touch three windows of five at most, so 33 in each is never more than 99.
CALLS_PER_WINDOW = 33
INTERVAL = 10.0  # seconds, where GHL does not say
REST_WITHOUT_ACCESS = 60.0  # seconds after a token was refused
DEADLINE = 10.0
DAILY_ALARM = "ghl:daily"
BLOCKED = ("active", "permanent")


@dataclass(frozen=True)
class Contact:
    id: str
    email: str
    email_blocked: bool  # DND for all channels or for Email
    assigned_to: str


@dataclass(frozen=True)
class Person:
    """What we tell GHL about a contact. Never tags (an upsert replaces them all) and never DND (it would lift it)."""

    email: str
    first_name: str
    last_name: str
    company_name: str
    website: str
    city: str
    state: str
    country: str


def request(
    method: str, path: str, *, version: str, deadline: float = DEADLINE, repeatable: bool | None = None, **parts: Any
) -> Any:
    """One call to GHL with token and version, under the shared rate; returns the parsed JSON.

    Raises lib.http's failures. Unavailable also where the rate is used up for now, and as Misconfigured where token,
    scope or location are not right: then an alarm says what to mend.
    """
    patient = method == "GET" or bool(repeatable)
    try:
        answer = _asked(method, path, version, patient, deadline=deadline, repeatable=repeatable, **parts)
    except refusals.Misconfigured as trouble:
        alarms.raise_alarm(trouble.key, trouble.text)
        if trouble.key == refusals.TOKEN_ALARM:
            rates.pause(VENDOR, REST_WITHOUT_ACCESS, trouble.detail)
        raise
    alarms.clear_open(refusals.TOKEN_ALARM, refusals.alarm_of(refusals.scope_of(method, path)))
    try:
        return answer.json()
    except ValueError as error:
        kind = http.Unavailable if patient else http.Uncertain
        raise kind("GoHighLevel answered something that is not JSON", answer.status, answer.body) from error


def _asked(method: str, path: str, version: str, patient: bool, **parts: Any) -> http.Answer:
    """The answer; where the access token has ended, a patient call is made again with the next one.

    A 401 certainly did not act; but a call that acts may not wait for the next token: it is made later.
    """
    for last in (False, True):
        take_a_call()
        token = tokens.current(patient=patient)
        try:
            return _call(method, path, version, token.text, **parts)
        except http.Refused as failure:
            if last or not refusals.is_dead_token(failure) or not tokens.expire(token):
                raise refusals.misconfigured(failure, method, path) or failure from failure
            if not patient:
                raise http.Unavailable(failure.detail, failure.status, failure.body, retry_after=1.0) from failure
    raise AssertionError("the second try returns or raises")


def _call(method: str, path: str, version: str, token: str, **parts: Any) -> http.Answer:
    headers = {"Authorization": f"Bearer {token}", "Version": version, "Accept": "application/json"}
    try:
        answer = http.call(method, settings.GHL_BASE_URL + path, headers=headers, **parts)
    except http.Failure as failure:
        if failure.status == 429:
            rates.pause(VENDOR, failure.retry_after or _interval(failure.headers), "too many requests")
        _heed(failure.headers)
        raise
    _heed(answer.headers)
    return answer


def _heed(headers: Mapping[str, str]) -> None:
    """Rest where GHL says that nothing is left of its limits: for all workers, and whoever else used them up."""
    if headers.get("X-RateLimit-Daily-Remaining") == "0":
        rates.pause(VENDOR, rates.LONGEST_PAUSE, "its limit for the day is used up")
        alarms.raise_alarm(DAILY_ALARM, "GoHighLevel's limit of calls for the day is used up; we ask it once an hour.")
    elif headers.get("X-RateLimit-Daily-Remaining"):
        alarms.clear_open(DAILY_ALARM)
    if headers.get("X-RateLimit-Remaining") == "0":
        rates.pause(VENDOR, _interval(headers), "its limit is used up for a moment")


def _interval(headers: Mapping[str, str]) -> float:
    """Seconds of GHL's rate interval, and a little more, differing, so that not all come back at once."""
    milliseconds = headers.get("X-RateLimit-Interval-Milliseconds", "")
    seconds = int(milliseconds) / 1000 if milliseconds.isdigit() else INTERVAL
    return seconds + random.uniform(0.0, 2.0)  # noqa: S311


def take_a_call(now: float | None = None) -> None:
    """Claim one call of the shared rate or raise Unavailable with the seconds until the next window."""
    rates.take(VENDOR, CALLS_PER_WINDOW, WINDOW_SECONDS, now)


def upsert_contact(person: Person) -> Contact:
    """Create or update a contact. The contact that comes back may be another one, with another address: compare.

    Repeating it is harmless. Source: POST /contacts/upsert.
    """
    fields = {
        "firstName": person.first_name,
        "lastName": person.last_name,
        "email": person.email,
        "companyName": person.company_name,
        "website": person.website,
        "city": person.city,
        "state": person.state,
        "country": person.country,
        "source": "RB2B",
    }
    body = {"locationId": settings.GHL_LOCATION_ID, **{name: value for name, value in fields.items() if value}}
    found = request("POST", "/contacts/upsert", version=CONTACTS_VERSION, json=body, repeatable=True)
    return _contact(found.get("contact") or {})


def get_contact(contact_id: str) -> Contact:
    """The contact as it is now, with its DND. Source: GET /contacts/{contactId}."""
    found = request("GET", f"/contacts/{contact_id}", version=CONTACTS_VERSION)
    return _contact(found.get("contact") or {})


def _contact(raw: dict[str, Any]) -> Contact:
    settings_ = raw.get("dndSettings") or {}
    email = (settings_.get("Email") or settings_.get("email") or {}).get("status", "")
    return Contact(
        id=str(raw.get("id") or ""),
        email=str(raw.get("emailLowerCase") or raw.get("email") or "").lower(),
        email_blocked=bool(raw.get("dnd")) or email in BLOCKED,
        assigned_to=str(raw.get("assignedTo") or ""),
    )
