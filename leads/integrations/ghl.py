"""GoHighLevel API v2: contacts, and the rate that all workers share. Sending is in outreach.

Sources: GHL API v2, "Contacts" (Version 2021-07-28) and "Rate limits" (100 requests in 10 s for
each location).
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings

from caio_project.lib import http
from caio_project.lib.vendor_access.access import vendor_value
from leads.integrations import alarms, ghl_tokens, rates, vendor_clocks
from leads.integrations import ghl_refusals as refusals
from leads.integrations.ghl_contact_data import (
    Contact,
    ContactDetails,
    ContactTaken,
    details_as_json,
    missing_details,
    parse_contact,
)

VENDOR = "ghl"
CONTACTS_VERSION = "2021-07-28"
# At most 5 + 10.3 / 0.109 = 99 calls in 10.3 seconds: of 100 in ten, with 0.3 s for calls that take
# different times to get there. On average 91.7 in ten.
PACE = rates.Pace(burst=5, every=0.109)
LONGEST_TURN_WAIT = 5.0  # seconds that a call waits for its turn
DEFAULT_INTERVAL = 10.0  # seconds, where GHL does not say
PAUSE_WITHOUT_ACCESS = 60.0  # seconds after a token was refused
CALL_DEADLINE = 10.0
DAILY_ALARM = "ghl:daily"
_call_check: ContextVar[Callable[[], None] | None] = ContextVar("ghl_allowed", default=None)


@contextmanager
def check_before_each_call(allowed: Callable[[], None]) -> Iterator[None]:
    """Call `allowed` before each call inside, at once and when rate, token and connection are
    ready.

    `allowed` raises where no call may begin any more. Calls that reach out are refused outside of
    this.
    """
    mine = _call_check.set(allowed)
    try:
        yield
    finally:
        _call_check.reset(mine)


def call_ghl(
    method: str,
    path: str,
    *,
    version: str,
    deadline: float = CALL_DEADLINE,
    repeatable: bool | None = None,
    reaches_out: bool = False,
    **parts: Any,
) -> Any:
    """One call to GHL with token and version, under the shared rate; returns the parsed JSON.

    Raises lib.http's errors: ServiceUnavailable also where the rate is used up, Misconfigured where
    token, scope or location are wrong (then an alarm says what to fix); and what `allowed` of
    `check_before_each_call` raises.
    """
    allowed = _call_check.get()
    if allowed:
        allowed()
    elif reaches_out:
        raise RuntimeError(
            f"{method} {path} must not begin without asking whether sending is halted."
        )
    patient = method == "GET" or bool(repeatable)
    try:
        answer = _call_with_token(
            method, path, version, patient, deadline=deadline, repeatable=repeatable, **parts
        )
    except refusals.Misconfigured as trouble:
        alarms.raise_alarm(trouble.key, trouble.text)
        if trouble.key == refusals.TOKEN_ALARM:
            rates.pause_vendor(VENDOR, PAUSE_WITHOUT_ACCESS, trouble.detail)
        raise
    alarms.clear_when_due(
        refusals.TOKEN_ALARM, refusals.scope_alarm_key(refusals.required_scope(method, path))
    )
    try:
        return answer.json()
    except ValueError as error:
        kind = http.ServiceUnavailable if patient else http.OutcomeUncertain
        raise kind(
            "GoHighLevel answered something that is not JSON", answer.status, answer.body
        ) from error


def _call_with_token(
    method: str, path: str, version: str, patient: bool, **parts: Any
) -> http.HttpAnswer:
    """Repeat a patient call with the next token where the access token has expired.

    A 401 certainly did not act; but a call that acts may not wait for the next token: it is made
    later.
    """
    for last in (False, True):
        _await_turn()
        token = ghl_tokens.current_token(patient=patient)
        try:
            return _call_once(method, path, version, token.text, **parts)
        except http.RequestRefused as failure:
            if last or not refusals.is_expired_token(failure) or not ghl_tokens.expire_token(token):
                raise refusals.as_misconfigured(failure, method, path) or failure from failure
            if not patient:
                raise http.ServiceUnavailable(
                    failure.detail, failure.status, failure.body, retry_after=1.0
                ) from failure
    raise AssertionError("the second try returns or raises")


def _call_once(method: str, path: str, version: str, token: str, **parts: Any) -> http.HttpAnswer:
    headers = {"Authorization": f"Bearer {token}", "Version": version, "Accept": "application/json"}
    content = http.RequestContent(headers, parts.pop("params", None), parts.pop("json", None))
    asked_at = time.time()
    try:
        answer = http.send_request(
            method, settings.GHL_BASE_URL + path, content, before=_call_check.get(), **parts
        )
    except http.HttpError as failure:
        if failure.status == 429:
            rates.pause_vendor(
                VENDOR, failure.retry_after or _rate_interval(failure.headers), "too many requests"
            )
        _respect_limits(failure.headers)
        raise
    vendor_clocks.note_date(VENDOR, answer.headers.get("Date", ""), asked_at, time.time())
    _respect_limits(answer.headers)
    return answer


def _respect_limits(headers: Mapping[str, str]) -> None:
    # Pause all workers where GHL says that nothing is left of its limits.
    if headers.get("X-RateLimit-Daily-Remaining") == "0":
        rates.pause_vendor(VENDOR, rates.LONGEST_PAUSE, "its limit for the day is used up")
        alarms.raise_alarm(
            DAILY_ALARM,
            "GoHighLevel's limit of calls for the day is used up; we ask it once an hour.",
        )
    elif headers.get("X-RateLimit-Daily-Remaining"):
        alarms.clear_when_due(DAILY_ALARM)
    if headers.get("X-RateLimit-Remaining") == "0":
        rates.pause_vendor(VENDOR, _rate_interval(headers), "its limit is used up for a moment")


def _rate_interval(headers: Mapping[str, str]) -> float:
    # GHL's rate interval in seconds, plus a random bit so that not all callers return at once.
    told = headers.get("X-RateLimit-Interval-Milliseconds", "")
    is_number = told.isascii() and told.isdecimal() and len(told) < 9
    seconds = int(told) / 1000 if is_number else DEFAULT_INTERVAL
    return seconds + random.uniform(0.0, 2.0)  # noqa: S311


def claim_call(now: float | None = None) -> None:
    """Raises ServiceUnavailable with the seconds until the next turn."""
    rates.claim_turn(VENDOR, PACE, now)


def _await_turn() -> None:
    """Claim a call, after a short wait where others come first.

    An email that were given back in the middle would make its first calls again.
    """
    give_up = time.monotonic() + LONGEST_TURN_WAIT
    while True:
        try:
            return claim_call()
        except http.ServiceUnavailable as busy:
            wait = busy.retry_after or 0.0
            if time.monotonic() + wait > give_up:
                raise
        time.sleep(wait)


def create_contact(
    person: ContactDetails, tags: list[str], source: str = "RB2B"
) -> Contact | ContactTaken:
    """Create a contact with tags; where there is one by its address, only say which.

    Ask `find_contact` before: a location may allow two contacts with one address. For the same
    reason asking again does no harm after that. Source: POST /contacts/.
    """
    body = {
        "locationId": vendor_value("GHL_LOCATION_ID"),
        **details_as_json(person),
        "tags": tags,
        "source": source,
    }
    try:
        found = call_ghl(
            "POST",
            "/contacts/",
            version=CONTACTS_VERSION,
            json=body,
            repeatable=True,
            reaches_out=True,
        )
    except http.RequestRefused as refusal:
        if taken_by := refusals.duplicate_of(refusal):
            return ContactTaken(taken_by)
        raise
    return parse_contact(found.get("contact") or {})


def upsert_contact(person: ContactDetails, source: str = "RB2B") -> Contact:
    """Create a contact; repeatable. Source: POST /contacts/upsert.

    A contact that is there already is overwritten: ask `find_contact` before. The contact that
    comes back may be another one, with another address: compare.
    """
    body = {
        "locationId": vendor_value("GHL_LOCATION_ID"),
        **details_as_json(person),
        **({"source": source} if source else {}),
    }
    found = call_ghl(
        "POST",
        "/contacts/upsert",
        version=CONTACTS_VERSION,
        json=body,
        repeatable=True,
        reaches_out=True,
    )
    return parse_contact(found.get("contact") or {})


def add_missing_details(contact: Contact, person: ContactDetails) -> None:
    """Fill what the contact lacks, and change nothing else; repeatable.

    Source: PUT /contacts/{contactId}, which takes no company.
    """
    if body := details_as_json(missing_details(contact.person, person)):
        path = f"/contacts/{contact.id}"
        call_ghl(
            "PUT", path, version=CONTACTS_VERSION, json=body, repeatable=True, reaches_out=True
        )


def get_contact(contact_id: str) -> Contact:
    """The contact as it is now, with its DND. Source: GET /contacts/{contactId}."""
    found = call_ghl("GET", f"/contacts/{contact_id}", version=CONTACTS_VERSION)
    return parse_contact(found.get("contact") or {})


def find_contact(email: str) -> Contact | None:
    """The contact known by this address, or None. Source: GET /contacts/search/duplicate."""
    query = {"locationId": vendor_value("GHL_LOCATION_ID"), "email": email}
    found = call_ghl("GET", "/contacts/search/duplicate", version=CONTACTS_VERSION, params=query)
    if not isinstance(found, dict) or "contact" not in found:
        raise http.ServiceUnavailable(
            "GoHighLevel answered without saying whether there is a contact"
        )
    contact = parse_contact(found["contact"] or {})
    return contact if contact.id else None


def add_tags(contact_id: str, tags: list[str]) -> None:
    """Add tags to those a contact has; repeatable. Source: POST /contacts/{id}/tags."""
    path, body = f"/contacts/{contact_id}/tags", {"tags": tags}
    call_ghl("POST", path, version=CONTACTS_VERSION, json=body, repeatable=True, reaches_out=True)


def add_to_workflow(contact_id: str, workflow_id: str) -> None:
    """Add a contact to a workflow. Twice may start it twice: never repeat on OutcomeUncertain.

    Source: POST /contacts/{contactId}/workflow/{workflowId}.
    """
    path = f"/contacts/{contact_id}/workflow/{workflow_id}"
    call_ghl("POST", path, version=CONTACTS_VERSION, json={}, repeatable=False, reaches_out=True)
