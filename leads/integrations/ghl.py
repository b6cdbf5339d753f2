"""GoHighLevel API v2: contacts, and the rate that all workers share. Sending lives in outreach.

Sources: GHL API v2, "Contacts" (Version 2021-07-28) and "Rate limits" (100 requests in 10 s per location).
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from caio_project.lib import http
from leads import rates

CONTACTS_VERSION = "2021-07-28"
WINDOW_SECONDS = 5
# Ten seconds touch three windows of five at most, so 33 in each is never more than 99.
CALLS_PER_WINDOW = 33
DEADLINE = 10.0
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

    Raises lib.http's failures; Unavailable also where the rate is used up for now.
    """
    take_a_call()
    headers = {
        "Authorization": f"Bearer {settings.GHL_API_TOKEN}",
        "Version": version,
        "Accept": "application/json",
    }
    answer = http.call(
        method, settings.GHL_BASE_URL + path, headers=headers, deadline=deadline, repeatable=repeatable, **parts
    )
    try:
        return answer.json()
    except ValueError as error:
        kind = http.Unavailable if method == "GET" or repeatable else http.Uncertain
        raise kind("GoHighLevel answered something that is not JSON", answer.status, answer.body) from error


def take_a_call(now: float | None = None) -> None:
    """Claim one call of the shared rate or raise Unavailable with the seconds until the next window."""
    rates.take("ghl", CALLS_PER_WINDOW, WINDOW_SECONDS, now)


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
