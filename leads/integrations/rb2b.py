"""RB2B's visitor webhook: one flat object with Title Case keys, unsigned, without an event id.

Source: support.rb2b.com, "Setup Guide: Webhook". Other shapes that are read: snake_case keys, a
relay envelope `{payload}`, a queue wrapper `{raw}`, and the nested `person`/`company` object of
older handlers.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from caio_project.lib import times
from leads.integrations.body_errors import UnreadableBody
from leads.normal import storable_text

ALIASES = {
    "linkedin_url": ("linkedinurl", "linkedin"),
    "first_name": ("firstname",),
    "last_name": ("lastname",),
    "title": ("title", "jobtitle"),
    "company_name": ("companyname",),
    "email": ("businessemail", "email", "workemail"),
    "website": ("website", "companydomain", "domain"),
    "industry": ("industry",),
    "employees": ("employeecount", "companysize"),
    "revenue": ("estimaterevenue", "estimatedrevenue", "revenue"),
    "city": ("city",),
    "state": ("state",),
    "zipcode": ("zipcode",),
    "seen_at": ("seenat", "timestamp", "lastseenat", "lastseen"),
    "referrer": ("referrer",),
    "url": ("capturedurl", "pageurl", "url", "page"),
    "tags": ("tags",),
}
MAY_BE_NUMBERS = {"employees", "zipcode", "revenue", "seen_at"}
LIMITS = {
    "url": 1000,
    "referrer": 1000,
    "linkedin_url": 500,
    "title": 200,
    "company_name": 200,
    "email": 320,
    "website": 500,
}
EMPTY_WORDS = {"", "null", "none", "n/a", "na", "undefined", "-", "unknown"}
IDENTIFYING_FIELDS = ("linkedin_url", "email", "company_name", "website")
SHOWN_NAMES = {"email": "Business Email", "url": "Captured URL", "seen_at": "Seen At"}


@dataclass(frozen=True)
class Visitor:
    """Missing values are empty strings."""

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
    zipcode: str
    referrer: str
    url: str
    tags: str
    seen_at: datetime | None  # None where RB2B's own malformed time could not be read
    seen_at_text: str
    is_repeat: bool
    is_test: bool

    @property
    def is_person(self) -> bool:
        """False for company-only profiles."""
        company_page = "/company/" in self.linkedin_url.lower()
        return (
            not company_page
            and bool(self.email or self.linkedin_url)
            and bool(self.first_name or self.email)
        )

    @property
    def key(self) -> str:
        """Equal for a resent body however it was wrapped; different for a later visit."""
        who = self.linkedin_url or self.email or self.website or self.company_name
        parts = (who, self.url, self.seen_at.isoformat() if self.seen_at else self.seen_at_text)
        return hashlib.sha256(
            "\n".join(part.strip().lower() for part in parts).encode()
        ).hexdigest()


def parse_visitor(body: bytes) -> Visitor:
    """Raises UnreadableBody."""
    try:
        fields = _flatten_keys(_unwrap_envelope(_load_object(body)))
    except RecursionError as error:
        raise UnreadableBody("body_too_deep") from error
    texts = {name: _text_field(name, fields) for name in ALIASES}
    if not any(texts[name] for name in IDENTIFYING_FIELDS):
        raise UnreadableBody("no_identifiers")
    seen_at = texts.pop("seen_at")
    return Visitor(
        **texts,
        seen_at=_parse_seen_at(seen_at),
        seen_at_text=seen_at,
        is_repeat=str(fields.get("isrepeatvisit", "")).lower() == "true",
        is_test=_is_test(texts),
    )


def _load_object(body: bytes) -> dict[str, Any]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = f"0x{body[error.start]:02x}"
        raise UnreadableBody("body_not_utf8", position=error.start, byte=byte) from error
    try:
        loaded = json.loads(text)
    except ValueError as error:
        raise UnreadableBody("body_not_json", error=str(error)[:120]) from error
    if not isinstance(loaded, dict):
        raise UnreadableBody("body_not_object", json_type=_json_type(loaded))
    return loaded


def _unwrap_envelope(loaded: dict[str, Any]) -> dict[str, Any]:
    if _names_somebody(loaded):
        return loaded
    for wrapper in ("payload", "raw", "data"):
        inner = loaded.get(wrapper)
        if isinstance(inner, str) and inner.lstrip().startswith("{"):
            inner = _load_object(inner.encode("utf-8", "replace"))
        if isinstance(inner, dict):
            return _unwrap_envelope(inner)
    return loaded


def _names_somebody(loaded: dict[str, Any]) -> bool:
    fields = _flatten_keys(loaded)
    return any(fields.get(alias) for name in IDENTIFYING_FIELDS for alias in ALIASES[name])


def _flatten_keys(loaded: dict[str, Any]) -> dict[str, Any]:
    """Keys without case and punctuation; `person` and `company` folded in, outer values first."""
    flat: dict[str, Any] = {}
    folded: dict[str, Any] = {}
    for name, value in loaded.items():
        key = re.sub(r"[^a-z0-9]", "", str(name).lower())
        if isinstance(value, dict) and key in ("person", "leadingprofile"):
            folded = {**folded, **_flatten_keys(value)}
        elif isinstance(value, dict) and key in ("company", "geo"):
            folded = {**_company_keys(_flatten_keys(value)), **folded}
        elif key == "company" and isinstance(value, str):
            flat["companyname"] = value
        elif (
            key in ("pages", "events")
            and isinstance(value, list)
            and value
            and isinstance(value[0], dict)
        ):
            folded.setdefault("pageurl", value[0].get("url"))
        elif value is not None or key not in flat:
            flat[key] = value
    return folded | {
        key: value for key, value in flat.items() if value is not None or key not in folded
    }


def _company_keys(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        f"company{key}" if key in ("name", "domain", "linkedinurl", "url") else key: fields[key]
        for key in fields
    }


def _text_field(name: str, fields: dict[str, Any]) -> str:
    for alias in ALIASES[name]:
        value = fields.get(alias)
        if value is None:
            continue
        if (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and name in MAY_BE_NUMBERS
        ):
            value = str(value)[:40]
        if not isinstance(value, str):
            shown = SHOWN_NAMES.get(
                name,
                name.replace("_", " ")
                .title()
                .replace("Url", "URL")
                .replace("Linkedin", "LinkedIn"),
            )
            raise UnreadableBody("field_not_text", field=shown, json_type=_json_type(value))
        value = storable_text(value).strip()
        if value.lower() not in EMPTY_WORDS:
            return value[: LIMITS.get(name, 100)]
    return ""


def _json_type(value: Any) -> str:
    names = {
        dict: "object",
        list: "list",
        bool: "true/false value",
        int: "number",
        float: "number",
        str: "text",
    }
    return names.get(type(value), "null")


def _parse_seen_at(text: str) -> datetime | None:
    """RB2B's own sample ends in "+00.00".

    None where unreadable; then the time of receipt counts.
    """
    repaired = re.sub(r"([+-]\d\d)\.(\d\d)$", r"\1:\2", text.strip())
    return times.parse_time(repaired)


def _is_test(texts: dict[str, str]) -> bool:
    # RB2B's "Send a Test Event" posts the founder of Retention.com, its parent company.
    try:
        host = (
            (urlsplit(texts["website"]).hostname or texts["website"]).lower().removeprefix("www.")
        )
    except ValueError:
        host = ""
    domain = texts["email"].rpartition("@")[2].lower()
    return "retention.com" in (host, domain) or "rb2b.com" in (host, domain)
