"""Bodies of RB2B's visitor webhook, for invented people.

RB2B webhook integration: one flat object per visit, Title Case keys with spaces, no id and no
signature. Every call gives another person; keyword arguments or a dict override keys:
person({"First Name": None}, Title="CEO").
"""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from typing import Any

_numbers = itertools.count(1)
_FIRST_NAMES = ("Dana", "Priya", "Tomas", "Ines", "Kofi", "Mara", "Jonas", "Leila")
_LAST_NAMES = ("Okafor", "Raman", "Novak", "Duarte", "Mensah", "Lindqvist", "Bauer", "Haddad")
_TITLES = (
    "VP Revenue Operations",
    "Head of Sales",
    "Chief Operating Officer",
    "Director of Marketing",
)
_COMPANIES = ("Northline Freight", "Harbor Analytics", "Cinder Robotics", "Maple Ledger")


def _seen_at() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def person(overrides: dict[str, Any] | None = None, **more: Any) -> dict:
    """A person-level identification (RB2B webhook payload, person profile)."""
    n = next(_numbers)
    first, last = _FIRST_NAMES[n % 8], _LAST_NAMES[n // 8 % 8]
    company, domain = f"{_COMPANIES[n % 4]} {n}", f"company-{n}.test"
    payload = {
        "LinkedIn URL": f"https://www.linkedin.com/in/{first}-{last}-{n}".lower(),
        "First Name": first,
        "Last Name": last,
        "Title": _TITLES[n % 4],
        "Company Name": company,
        "Business Email": f"{first}.{last}.{n}@{domain}".lower(),
        "Website": f"https://{domain}",
        "Industry": "Logistics & Supply Chain",
        "Employee Count": "200-500",
        "Estimate Revenue": "$48M rev",
        "City": "Columbus",
        "State": "OH",
        "Zipcode": "04321",
        "Seen At": _seen_at(),
        "Referrer": "https://www.google.com/",
        "Captured URL": "https://oursite.test/pricing?utm_source=g",
        "Tags": "Hot Pages, Hot Leads",
    }
    return {**payload, **(overrides or {}), **more}


def company_only(overrides: dict[str, Any] | None = None, **more: Any) -> dict:
    """A company profile ("Sync company-only profiles"): the person's keys are null."""
    n = next(_numbers)
    payload = person()
    payload |= {
        "LinkedIn URL": f"https://www.linkedin.com/company/company-{n}",
        "First Name": None,
        "Last Name": None,
        "Title": None,
        "Business Email": None,
        "Referrer": None,
        "Captured URL": "https://oursite.test/",
        "Tags": None,
    }
    return {**payload, **(overrides or {}), **more}


def repeat_visit(first_visit: dict | None = None, **overrides: Any) -> dict:
    """A later visit ("Send repeat visitor data"); give the first visit's payload to repeat that
    person.
    """
    payload = {**(first_visit or person()), "is_repeat_visit": True, "Seen At": _seen_at()}
    return {**payload, "Captured URL": f"https://oursite.test/page-{next(_numbers)}", **overrides}


def test_event(**overrides: Any) -> dict:
    """What RB2B's "Send a Test Event" button posts: a sample person of Retention.com, not a
    visitor.
    """
    n = next(_numbers)
    payload = {
        "LinkedIn URL": "https://www.linkedin.com/in/sample-founder",
        "First Name": "Sample",
        "Last Name": "Founder",
        "Title": "Founder & CEO",
        "Company Name": "Retention.com",
        "Business Email": f"sample.founder.{n}@retention.example.com",
        "Website": "https://retention.com",
        "Captured URL": "https://retention.com/test",
        "Tags": "Test",
    }
    return person({**payload, **overrides})


# Its name starts with test_, and pytest must not collect it where it is imported.
test_event.__test__ = False


def relay_envelope(payload: dict | None = None) -> dict:
    """RB2B behind a relay such as Hookdeck: the payload one level down."""
    n = next(_numbers)
    return {
        "event_id": f"evt_{n}",
        "timestamp": _seen_at(),
        "connection": "rb2b",
        "payload": payload or person(),
    }


def queue_wrapper(payload: dict | None = None, as_text: bool = False) -> dict:
    """RB2B read from a queue: {raw, headers, received_at}; `raw` may be the JSON text."""
    raw = payload or person()
    return {
        "raw": json.dumps(raw) if as_text else raw,
        "headers": {"content-type": "application/json", "user-agent": "rb2b"},
        "received_at": _seen_at(),
    }


def snake_case(**overrides: Any) -> dict:
    """The flat snake_case form which automation tools make of an RB2B payload."""
    source = person()
    payload = {
        "email": source["Business Email"],
        "first_name": source["First Name"],
        "last_name": source["Last Name"],
        "title": source["Title"],
        "company_name": source["Company Name"],
        "linkedin_url": source["LinkedIn URL"],
        "page_url": source["Captured URL"],
        "timestamp": source["Seen At"],
        "ip_address": "192.0.2.7",
        "user_agent": "Mozilla/5.0",
        "referrer": source["Referrer"],
        "employee_count": 312,
    }
    return {**payload, **overrides}


def nested_legacy(**overrides: Any) -> dict:
    """The nested shape older receivers were written for; RB2B itself does not send it."""
    n = next(_numbers)
    source = person()
    payload = {
        "visitor_id": f"vis_{n}",
        "session_id": f"ses_{n}",
        "timestamp": source["Seen At"],
        "leading_profile": {
            "work_email": source["Business Email"],
            "linkedinUrl": source["LinkedIn URL"],
            "firstName": source["First Name"],
            "lastName": source["Last Name"],
            "job_title": source["Title"],
        },
        "company": {
            "name": source["Company Name"],
            "domain": source["Website"].removeprefix("https://"),
            "industry": source["Industry"],
            "employee_count": 312,
            "revenue": source["Estimate Revenue"],
            "location": "Columbus, OH",
        },
        "geo": {"country": "US", "city": "Columbus"},
        "ip_address": "192.0.2.7",
        "pages": [
            {"url": source["Captured URL"], "title": "Pricing"},
            {"url": "https://oursite.test/"},
        ],
        "referrer": source["Referrer"],
    }
    return {**payload, **overrides}


def malformed_seen_at(value: str = "2026-11-02T15:56:00.00+00.00", **overrides: Any) -> dict:
    """The time as in RB2B's own sample: a dot in the offset."""
    return person({"Seen At": value, **overrides})


def to_body(payload: Any) -> bytes:
    return json.dumps(payload).encode()
