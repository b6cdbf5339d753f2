"""One visitor of a body, and what of the body was not understood."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from leads import normal
from leads.field_values import (
    addresses,
    company_names,
    countries,
    employee_counts,
    person_names,
    texts,
    times,
    work_history,
)
from leads.integrations.body_errors import UnreadableBody
from leads.integrations.rb2b import bodies, fields
from leads.integrations.rb2b.fields import ALIASES, FlatFields

CARRIED = (
    "linkedin_url", "title", "website", "employees", "revenue", "city", "state", "country",
    "location", "zipcode", "referrer", "tags", "visitor_id",
)  # fmt: skip


@dataclass(frozen=True)
class Visitor:
    """Missing values are empty strings. `notes` say what was not understood."""

    linkedin_url: str
    first_name: str
    last_name: str
    title: str
    company_name: str
    email: str
    website: str
    industry: str
    employees: str
    revenue: str
    city: str
    state: str
    country: str
    location: str
    zipcode: str
    referrer: str
    url: str
    tags: str
    seen_at: datetime | None  # None where RB2B's own malformed time could not be read
    seen_at_text: str
    is_repeat: bool
    is_test: bool
    other_emails: tuple[str, ...] = ()
    other_urls: tuple[str, ...] = ()
    past_jobs: tuple[work_history.PastJob, ...] = ()
    visitor_id: str = ""  # RB2B's older bodies have one, and so had what Clay was asked then
    is_named: bool = field(default=False, compare=False)  # it has a first name, if only initials
    who: str = field(default="", compare=False)  # the identifier as it was sent
    notes: tuple[dict[str, str], ...] = field(default=(), compare=False)

    @property
    def is_person(self) -> bool:
        company_page = "/company/" in self.linkedin_url.lower()
        return (
            not company_page
            and bool(self.email or self.linkedin_url)
            and bool(self.is_named or self.email)
        )

    @property
    def country_code(self) -> str:
        """RB2B names no country and identifies people in the US: there a state is enough."""
        if self.country:
            return countries.country_code(self.country)
        if told := countries.location_country(self.location):
            return told
        return "US" if normal.us_state(self.state) else countries.location_country(self.state)

    @property
    def key(self) -> str:
        """Equal for a resent body however it was wrapped; different for a later visit."""
        return self.key_of_page(self.url)

    def key_of_page(self, url: str) -> str:
        parts = (self.who, url, self.seen_at.isoformat() if self.seen_at else self.seen_at_text)
        return hashlib.sha256(
            "\n".join(part.strip().lower() for part in parts).encode()
        ).hexdigest()


def parse_visitor(body: bytes) -> Visitor:
    """Raises UnreadableBody."""
    try:
        flat = fields.flat_fields(bodies.load_visitor(body))
    except RecursionError as error:
        raise UnreadableBody("body_too_deep") from error
    told = {name: fields.text_field(name, flat) for name in ALIASES}
    emails = _read_emails(told["email"], flat)
    raw_email, told["email"] = told["email"], emails[0]
    if not _names_somebody(told):
        wrong = raw_email or told["linkedin_url"] or flat.notes
        raise UnreadableBody("no_readable_identifier" if wrong else "no_identifiers")
    first, last = _read_names(told, flat)
    urls = fields.page_urls(flat)
    seen_at = times.read_time(told["seen_at"])
    jobs = _read_history(flat)
    _note_unread(told, seen_at, flat)
    fields.note_unknown_fields(flat)
    return Visitor(
        **{name: told[name] for name in CARRIED},
        first_name=first[:100],
        last_name=last[:100],
        company_name=company_names.spoken_company(told["company_name"])[:200],
        email=told["email"],
        industry=texts.phrase_of_list(told["industry"])[:100],
        url=urls[0] if urls else "",
        other_emails=emails[1:],
        other_urls=tuple(urls[1:]),
        seen_at=seen_at,
        seen_at_text=told["seen_at"],
        is_repeat=str(flat.values.get("isrepeatvisit", "")).lower() == "true",
        is_test=_is_test(told),
        past_jobs=jobs,
        is_named=bool(told["first_name"] or told["full_name"]),
        who=next((told[name] for name in ("linkedin_url", "email", "website") if told[name]), "")
        or told["company_name"],
        notes=tuple(flat.notes),
    )


def _names_somebody(told: dict[str, str]) -> bool:
    profile = told["linkedin_url"]
    has_profile = "/company/" in profile.lower() or bool(normal.linkedin_key(profile))
    return has_profile or any(told[name] for name in ("email", "company_name", "website"))


def _read_emails(cell: str, flat: FlatFields) -> tuple[str, ...]:
    """The first address, "" where there is none, and the others."""
    found = addresses.read_address(cell)
    key = flat.key_of("email")
    if found.masked:
        flat.note("masked_address", key)
    elif found.others:
        flat.note("more_addresses", key)
    elif cell and not found.address:
        flat.note("no_address", key)
    return found.address, *found.others


def _read_names(told: dict[str, str], flat: FlatFields) -> tuple[str, str]:
    given = told["first_name"]
    first, last = person_names.spoken_names(given or told["full_name"], told["last_name"])
    if given and not first:
        flat.note("only_initials", flat.key_of("first_name"))
    is_nothing = told["last_name"] in fields.SURNAMES and not first
    return first, "" if is_nothing else last


def _read_history(flat: FlatFields) -> tuple[work_history.PastJob, ...]:
    for key in fields.HISTORY_KEYS:
        value: Any = flat.values.get(key)
        if value in (None, "", []):
            continue
        if jobs := work_history.read_work_history(value):
            return jobs
        flat.note("no_employer", key)
    return ()


def _note_unread(told: dict[str, str], seen_at: datetime | None, flat: FlatFields) -> None:
    profile = told["linkedin_url"]
    is_company = "/company/" in profile.lower()
    wrong = {
        "linkedin_url": ("no_profile", not is_company and not normal.linkedin_key(profile)),
        "employees": ("no_count", employee_counts.lower_end(told["employees"]) is None),
        "seen_at": ("no_time", seen_at is None),
        "country": ("no_country", not countries.country_code(told["country"])),
    }
    for name, (code, is_wrong) in wrong.items():
        if told[name] and is_wrong:
            flat.note(code, flat.key_of(name))


def _is_test(told: dict[str, str]) -> bool:
    # RB2B's "Send a Test Event" posts the founder of Retention.com, its parent company.
    try:
        host = (urlsplit(told["website"]).hostname or told["website"]).lower().removeprefix("www.")
    except ValueError:
        host = ""
    domain = told["email"].rpartition("@")[2].lower()
    return "retention.com" in (host, domain) or "rb2b.com" in (host, domain)
