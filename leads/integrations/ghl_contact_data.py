"""GoHighLevel's contacts as its JSON gives them. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from caio_project.lib.times import parse_time
from leads.field_values import countries
from leads.normal import storable_text

BLOCKED_STATUSES = ("active", "permanent")


@dataclass(frozen=True)
class ContactDetails:
    """What we tell GHL. Never DND (it would lift it)."""

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
    person: ContactDetails
    tags: frozenset[str]
    is_customer: bool
    added_at: datetime | None


@dataclass(frozen=True)
class ContactTaken:
    """There is a contact with the address of one that was to be created."""

    id: str


@dataclass(frozen=True)
class ListedContact:
    """A contact in a list, without reliable DND; `position` is where to read on after it."""

    id: str
    email: str
    position: list[Any]


def parse_contact(raw: dict[str, Any]) -> Contact:
    settings_ = raw.get("dndSettings") or {}
    email = (settings_.get("Email") or settings_.get("email") or {}).get("status", "")
    return Contact(
        id=str(raw.get("id") or ""),
        email=contact_email(raw),
        email_blocked=bool(raw.get("dnd")) or email in BLOCKED_STATUSES,
        assigned_to=str(raw.get("assignedTo") or ""),
        person=_contact_details(raw),
        tags=frozenset(str(tag).strip().lower() for tag in raw.get("tags") or []),
        is_customer=str(raw.get("type") or "").lower() == "customer",
        added_at=parse_time(raw.get("dateAdded")),
    )


_JSON_NAMES = {
    "first_name": "firstName",
    "last_name": "lastName",
    "email": "email",
    "company_name": "companyName",
    "website": "website",
    "city": "city",
    "state": "state",
    "country": "country",
}


def details_as_json(person: ContactDetails) -> dict[str, str]:
    found = {theirs: getattr(person, ours) for ours, theirs in _JSON_NAMES.items()}
    return {name: value for name, value in found.items() if value}


def missing_details(stored: ContactDetails, ours: ContactDetails) -> ContactDetails:
    """Return what of `ours` the stored contact lacks, without address and company.

    A first name is one whole with its last name, a city with its state and country.
    """
    named = bool(stored.first_name or stored.last_name)
    same = stored.first_name.casefold() == ours.first_name.casefold()
    last = ours.last_name if not stored.last_name and (same or not named) else ""
    placed = bool(stored.city or stored.state)
    return replace(
        ours,
        email="",
        company_name="",
        first_name="" if named else ours.first_name,
        last_name=last,
        website="" if stored.website else ours.website,
        city="" if placed else ours.city,
        state="" if placed else ours.state,
        country="" if placed or stored.country else ours.country,
    )


def contact_email(raw: dict[str, Any]) -> str:
    return str(raw.get("emailLowerCase") or raw.get("email") or "").lower()


def _contact_details(raw: dict[str, Any]) -> ContactDetails:
    texts = {
        name: storable_text(str(raw.get(name) or "")).strip()
        for name in ("firstName", "lastName", "companyName", "website", "city", "state", "country")
    }
    if not texts["firstName"] and not texts["lastName"]:
        whole = storable_text(str(raw.get("name") or raw.get("contactName") or "")).strip()
        texts["firstName"], _, texts["lastName"] = whole.partition(" ")
    return ContactDetails(
        email=contact_email(raw),
        first_name=_capitalised_name(texts["firstName"])[:100],
        last_name=_capitalised_name(texts["lastName"])[:100],
        company_name=texts["companyName"][:200],
        website=texts["website"][:500],
        city=texts["city"][:100],
        state=texts["state"][:100],
        country=countries.country_code(texts["country"]),
    )


def _capitalised_name(text: str) -> str:
    # Some calls answer names in lower case only.
    return text.title() if text.islower() else text
