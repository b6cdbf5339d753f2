"""Clay: a webhook table that we push one flat row to, and an HTTP API column that calls us back.

Sources: university.clay.com, "Webhook integration" and "HTTP API integration". Clay acknowledges at
once and enriches later; nothing in its answer can be relied on. It signs nothing: the secret in the
header and the unguessable `request_id` are the proof. `clay_callback` reads whom an answer is
about.
"""

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from caio_project.lib import http
from caio_project.lib.vendor_access.access import vendor_value
from leads.field_values import addresses, countries, texts, vendor_words
from leads.field_values.mailbox_verdicts import MailboxVerdict, join_verdicts
from leads.normal import storable_text

LONGEST_TEXT = 200
LONGEST_READ = 5000
MOST_LISTED = 50


@dataclass(frozen=True)
class ClayRow:
    """What we ask about; every value is a top-level column.

    `ask_person` and `ask_company` are "yes" or "no", for Clay's "Only run if": recent answers are
    not paid for again.
    """

    request_id: str
    visitor_id: str  # the same: older workbooks have this column, and send it back
    linkedin_url: str
    email: str
    first_name: str
    last_name: str
    company_name: str
    company_domain: str
    ask_person: str = "yes"
    ask_company: str = "yes"
    source: str = "rb2b"  # by which way we came to know them


@dataclass(frozen=True)
class ClayAnswer:
    """Clay's answer without junk. A missing value is "", None or an empty list."""

    email: str = ""
    email_verified: bool = False
    email_invalid: bool = (
        False  # the address given does not exist; without an address: the one we asked about
    )
    first_name: str = ""
    last_name: str = ""
    title: str = ""
    linkedin_url: str = ""
    company_name: str = ""
    company_domain: str = ""
    company_linkedin_url: str = ""
    industry: str = ""
    employees: str = ""
    revenue: str = ""
    location: str = ""
    country: str = ""
    technologies: list[str] = field(default_factory=list)
    open_roles: int | None = None
    past_employers: list[dict[str, Any]] = field(default_factory=list)


def push_row(row: ClayRow, deadline: float | None = None) -> None:
    """Submit one row to the workbook's webhook, within `deadline` or CLAY_TIMEOUT_SECONDS.

    Raises lib.http's errors. A second push of one request only adds a second row in Clay, because
    the callback is idempotent.
    """
    headers = {"Content-Type": "application/json"}
    if vendor_value("CLAY_WEBHOOK_AUTH_TOKEN"):
        headers["x-clay-webhook-auth"] = vendor_value("CLAY_WEBHOOK_AUTH_TOKEN")
    body = {**row.__dict__, "full_name": f"{row.first_name} {row.last_name}".strip()}
    http.send_request(
        "POST",
        vendor_value("CLAY_WORKBOOK_WEBHOOK_URL"),
        http.RequestContent(headers=headers, json=body),
        deadline=deadline or float(settings.CLAY_TIMEOUT_SECONDS),
    )


def parse_answer(data: dict[str, Any]) -> ClayAnswer:
    """Read a callback. "", null, "N/A" and the text of a failed column count as missing."""
    email = _first_readable(_email_address, data, "work_email", "email") or ""
    verdict = join_verdicts([data.get("email_verified"), data.get("email_status")])
    return ClayAnswer(
        email=email,
        email_verified=verdict is MailboxVerdict.GOOD,
        email_invalid=verdict is MailboxVerdict.DEAD,
        first_name=_text_field(data, "first_name"),
        last_name=_text_field(data, "last_name"),
        title=_text_field(data, "job_title", "title"),
        linkedin_url=_text_field(data, "linkedin_url"),
        company_name=_text_field(data, "company_name", "company"),
        company_domain=_text_field(data, "company_domain", "website"),
        company_linkedin_url=_text_field(data, "company_linkedin_url"),
        industry=_text_field(data, "industry"),
        employees=_text_field(data, "employee_count", "company_size"),
        revenue=_text_field(data, "revenue"),
        location=_text_field(data, "location"),
        country=_country_of(data),
        technologies=_first_readable(_word_list, data, "technologies", "tech_stack") or [],
        open_roles=_first_readable(_whole_number, data, "open_roles", "hiring"),
        past_employers=_first_readable(_past_employers, data, "past_employers", "work_history")
        or [],
    )


def _first_readable(read: Callable[[Any], Any], data: dict[str, Any], *names: str) -> Any:
    found = (read(data.get(name)) for name in names)
    return next((value for value in found if value not in (None, "", [])), None)


def _email_address(value: Any) -> str:
    if isinstance(value, list):
        value = json.dumps(value[:MOST_LISTED])
    if not isinstance(value, str):
        return ""
    found = addresses.read_address(value[:LONGEST_READ])
    is_one = "@" in value and not found.masked and not is_junk(value)
    return found.address or (storable_text(value).strip().lower()[:320] if is_one else "")


def _country_of(data: dict[str, Any]) -> str:
    """The ISO code of what is told as country, else of the location; "" where it is unclear."""
    for name in ("country", "country_code", "person_country"):
        if told := _text_field(data, name):
            return countries.country_code(told)
    return countries.location_country(_text_field(data, "location"))


def _text_field(data: dict[str, Any], *names: str, longest: int = LONGEST_TEXT) -> str:
    for name in names:
        value = data.get(name)
        if isinstance(value, float) and math.isfinite(value):
            value = str(int(value) if value.is_integer() else value)
        elif isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and (text := _told_text(value[:LONGEST_READ])):
            return text[:longest]
    return ""


def _told_text(value: str) -> str:
    """The text without pictures, out of JSON with one text; "" for a status or an AI's sentence."""
    if value.strip().startswith("{"):
        try:
            inner = json.loads(value)
        except (ValueError, RecursionError):
            return ""
        told = [one for one in inner.values() if isinstance(one, str)]
        value = told[0] if len(told) == 1 else ""
    return "" if is_junk(value) else vendor_words.without_pictures(texts.repaired_text(value))


def is_junk(value: str) -> bool:
    return vendor_words.is_unknown(storable_text(value))


def _word_list(value: Any) -> list[str]:
    if isinstance(value, str):
        listed = texts.listed_values(value)
        value = re.split(r"[,;|]", value) if listed is None else listed
    parts = value if isinstance(value, list) else []
    return [
        storable_text(part).strip()[:80]
        for part in parts
        if isinstance(part, str) and not is_junk(part)
    ][:50]


def _whole_number(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        found = re.fullmatch(
            r"(\d{1,6})\s*\+?(?:\s*(?:open\s)?(?:roles?|jobs?|positions?))?", value.strip()
        )
        return int(found[1]) if found else None
    return int(value) if isinstance(value, int | float) and 0 <= value < 1_000_000 else None


def _past_employers(value: Any) -> list[dict[str, Any]]:
    """A list of {name, domain?, from_year?, to_year?}, or of names."""
    found = []
    for item in value if isinstance(value, list) else []:
        item = {"name": item} if isinstance(item, str) else item
        if isinstance(item, dict) and (
            name := _text_field(item, "name", "company_name", "company")
        ):
            years = {year: _whole_number(item.get(year)) for year in ("from_year", "to_year")}
            found.append(
                {"name": name, "domain": _text_field(item, "domain", "company_domain"), **years}
            )
    return found[:30]
