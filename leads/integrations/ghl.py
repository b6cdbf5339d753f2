"""GoHighLevel API v2: contacts, and the rate that all workers share. Sending lives in outreach.

Sources: GHL API v2, "Contacts" (Version 2021-07-28) and "Rate limits" (100 requests in 10 s per location).
"""

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from caio_project.lib import http
from leads.integrations import alarms, ghl_tokens, rates
from leads.integrations import ghl_refusals as refusals
from leads.normal import storable

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
_allowed: ContextVar[Callable[[], None] | None] = ContextVar("ghl_allowed", default=None)
PAGE = 100  # the most that one search answers


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


@dataclass(frozen=True)
class Contact:
    id: str
    email: str
    email_blocked: bool  # DND for all channels or for Email
    assigned_to: str
    person: Person
    tags: frozenset[str]
    is_customer: bool
    added_at: datetime | None


@dataclass(frozen=True)
class Listed:
    """A contact in a list, which says nothing reliable about DND; `position` is where to read on after it."""

    id: str
    email: str
    position: list[Any]


@contextmanager
def only_while(allowed: Callable[[], None]) -> Iterator[None]:
    """Ask `allowed` before each call inside: at once, and when rate, token and connection are there.

    It raises where a call must not begin any more. What reaches out to people is refused outside of this.
    """
    mine = _allowed.set(allowed)
    try:
        yield
    finally:
        _allowed.reset(mine)


def request(
    method: str,
    path: str,
    *,
    version: str,
    deadline: float = DEADLINE,
    repeatable: bool | None = None,
    reaches_out: bool = False,
    **parts: Any,
) -> Any:
    """One call to GHL with token and version, under the shared rate; returns the parsed JSON.

    Raises lib.http's failures. Unavailable also where the rate is used up for now, and as Misconfigured where token,
    scope or location are not right: then an alarm says what to mend. Raises what `only_while` was given to ask.
    """
    allowed = _allowed.get()
    if allowed:
        allowed()
    elif reaches_out:
        raise RuntimeError(
            f"{method} {path} must not begin without asking whether sending is halted."
        )
    patient = method == "GET" or bool(repeatable)
    try:
        answer = _asked(
            method, path, version, patient, deadline=deadline, repeatable=repeatable, **parts
        )
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
        raise kind(
            "GoHighLevel answered something that is not JSON", answer.status, answer.body
        ) from error


def _asked(method: str, path: str, version: str, patient: bool, **parts: Any) -> http.Answer:
    """The answer; where the access token has ended, a patient call is made again with the next one.

    A 401 certainly did not act; but a call that acts may not wait for the next token: it is made later.
    """
    for last in (False, True):
        take_a_call()
        token = ghl_tokens.current(patient=patient)
        try:
            return _call(method, path, version, token.text, **parts)
        except http.Refused as failure:
            if last or not refusals.is_dead_token(failure) or not ghl_tokens.expire(token):
                raise refusals.misconfigured(failure, method, path) or failure from failure
            if not patient:
                raise http.Unavailable(
                    failure.detail, failure.status, failure.body, retry_after=1.0
                ) from failure
    raise AssertionError("the second try returns or raises")


def _call(method: str, path: str, version: str, token: str, **parts: Any) -> http.Answer:
    headers = {"Authorization": f"Bearer {token}", "Version": version, "Accept": "application/json"}
    try:
        answer = http.call(
            method, settings.GHL_BASE_URL + path, headers=headers, before=_allowed.get(), **parts
        )
    except http.Failure as failure:
        if failure.status == 429:
            rates.pause(
                VENDOR, failure.retry_after or _interval(failure.headers), "too many requests"
            )
        _heed(failure.headers)
        raise
    _heed(answer.headers)
    return answer


def _heed(headers: Mapping[str, str]) -> None:
    """Rest where GHL says that nothing is left of its limits: for all workers, and whoever else used them up."""
    if headers.get("X-RateLimit-Daily-Remaining") == "0":
        rates.pause(VENDOR, rates.LONGEST_PAUSE, "its limit for the day is used up")
        alarms.raise_alarm(
            DAILY_ALARM,
            "GoHighLevel's limit of calls for the day is used up; we ask it once an hour.",
        )
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
    body = {
        "locationId": settings.GHL_LOCATION_ID,
        **{name: value for name, value in fields.items() if value},
    }
    found = request(
        "POST",
        "/contacts/upsert",
        version=CONTACTS_VERSION,
        json=body,
        repeatable=True,
        reaches_out=True,
    )
    return _contact(found.get("contact") or {})


def get_contact(contact_id: str) -> Contact:
    """The contact as it is now, with its DND. Source: GET /contacts/{contactId}."""
    found = request("GET", f"/contacts/{contact_id}", version=CONTACTS_VERSION)
    return _contact(found.get("contact") or {})


def find_contact(email: str) -> Contact | None:
    """The contact known by this address, or None where there is none. Source: GET /contacts/search/duplicate."""
    query = {"locationId": settings.GHL_LOCATION_ID, "email": email}
    found = request("GET", "/contacts/search/duplicate", version=CONTACTS_VERSION, params=query)
    if not isinstance(found, dict) or "contact" not in found:
        raise http.Unavailable("GoHighLevel answered without saying whether there is a contact")
    contact = _contact(found["contact"] or {})
    return contact if contact.id else None


def add_tags(contact_id: str, tags: list[str]) -> None:
    """Give a contact tags besides those they have; repeating it is harmless. Source: POST /contacts/{id}/tags."""
    path, body = f"/contacts/{contact_id}/tags", {"tags": tags}
    request("POST", path, version=CONTACTS_VERSION, json=body, repeatable=True, reaches_out=True)


def add_to_workflow(contact_id: str, workflow_id: str) -> None:
    """Add a contact to a workflow. Twice may start it twice: never repeat on Uncertain.

    Source: POST /contacts/{contactId}/workflow/{workflowId}.
    """
    path = f"/contacts/{contact_id}/workflow/{workflow_id}"
    request("POST", path, version=CONTACTS_VERSION, json={}, repeatable=False, reaches_out=True)


def block_email(contact_id: str) -> None:
    """Set do-not-disturb for email, unless it is set; repeating it is harmless. Source: PUT /contacts/{contactId}.

    What is blocked on other channels is sent along, should a PUT replace all of them. What is allowed is never sent: it
    could lift what somebody has set in this moment.
    """
    found = request("GET", f"/contacts/{contact_id}", version=CONTACTS_VERSION).get("contact") or {}
    if _contact(found).email_blocked:
        return
    said = {"status": "active", "message": "Asked us to stop", "code": "103"}
    now = {
        name: one
        for name, one in (found.get("dndSettings") or {}).items()
        if one.get("status") in BLOCKED
    }
    body = {"dndSettings": {**now, "Email": said}}
    request("PUT", f"/contacts/{contact_id}", version=CONTACTS_VERSION, json=body, repeatable=True)


def list_contacts(after: list[Any] | None = None) -> list[Listed]:
    """The next PAGE contacts after a position, those added first before the others; fewer at the end.

    By position and not by page, for pages end at 10,000 contacts. A position holds for this order only, and a contact
    that was just added may be missing for some seconds. Source: POST /contacts/search.
    """
    body: dict[str, Any] = {
        "locationId": settings.GHL_LOCATION_ID,
        "pageLimit": PAGE,
        "sort": [{"field": "dateAdded", "direction": "asc"}],
    }
    if after:
        body["searchAfter"] = after
    found = request(
        "POST", "/contacts/search", version=CONTACTS_VERSION, json=body, repeatable=True
    )
    rows = found.get("contacts") if isinstance(found, dict) else None
    if not isinstance(rows, list) or not all(
        isinstance(row, dict) and row.get("searchAfter") for row in rows
    ):
        raise http.Unavailable("GoHighLevel answered a search without contacts and their positions")
    return [
        Listed(str(row.get("id") or ""), _address(row), list(row["searchAfter"])) for row in rows
    ]


def _contact(raw: dict[str, Any]) -> Contact:
    settings_ = raw.get("dndSettings") or {}
    email = (settings_.get("Email") or settings_.get("email") or {}).get("status", "")
    return Contact(
        id=str(raw.get("id") or ""),
        email=_address(raw),
        email_blocked=bool(raw.get("dnd")) or email in BLOCKED,
        assigned_to=str(raw.get("assignedTo") or ""),
        person=_person(raw),
        tags=frozenset(str(tag).strip().lower() for tag in raw.get("tags") or []),
        is_customer=str(raw.get("type") or "").lower() == "customer",
        added_at=_time(raw.get("dateAdded")),
    )


def _address(raw: dict[str, Any]) -> str:
    return str(raw.get("emailLowerCase") or raw.get("email") or "").lower()


def _person(raw: dict[str, Any]) -> Person:
    said = {name: storable(str(raw.get(name) or "")).strip() for name in
            ("firstName", "lastName", "companyName", "website", "city", "state", "country")}  # fmt: skip
    return Person(
        email=_address(raw),
        first_name=_name(said["firstName"])[:100],
        last_name=_name(said["lastName"])[:100],
        company_name=said["companyName"][:200],
        website=said["website"][:500],
        city=said["city"][:100],
        state=said["state"][:100],
        country=said["country"].upper() if len(said["country"]) == 2 else "",
    )


def _name(text: str) -> str:
    """Some calls answer names in lower case only."""
    return text.title() if text.islower() else text


def _time(value: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(value))
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None
