"""Clay: a webhook table that we push one flat row to, and an HTTP API column that calls us back.

Sources: university.clay.com, "Webhook integration" and "HTTP API integration". Clay acknowledges at
once and enriches later; nothing in its answer can be relied on. It signs nothing: the secret in the
header and the unguessable `request_id` are the proof.
"""

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from caio_project.lib import http
from leads import vendor_words
from leads.integrations.body_errors import UnreadableBody
from leads.normal import storable_text

UNUSABLE_MAILBOX = {
    "invalid",
    "undeliverable",
    "bounced",
    "does_not_exist",
    "not_found",
}  # what verifiers call a dead mailbox
VERIFIED = {"true", "valid", "1", "deliverable", "verified"}
# A server that takes every address says nothing about this one.
NOT_VERIFIED = {
    "false", "0", "no", "catch_all", "catchall", "accept_all", "ok_for_all", "risky", "unverified",
}  # fmt: skip
LONGEST_TEXT = 200


@dataclass(frozen=True)
class ClayRow:
    """What we ask about; every value is a top-level column.

    `ask_person` and `ask_company` are "yes" or "no", for Clay's "Only run if": recent answers are
    not paid for again.
    """

    request_id: str
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


def push_row(row: ClayRow) -> None:
    """Submit one row to the workbook's webhook, within CLAY_TIMEOUT_SECONDS in total.

    Raises lib.http's errors. A second push of one request only adds a second row in Clay, because
    the callback is idempotent.
    """
    headers = {"Content-Type": "application/json"}
    if settings.CLAY_WEBHOOK_AUTH_TOKEN:
        headers["x-clay-webhook-auth"] = settings.CLAY_WEBHOOK_AUTH_TOKEN
    body = {**row.__dict__, "full_name": f"{row.first_name} {row.last_name}".strip()}
    http.send_request(
        "POST",
        settings.CLAY_WORKBOOK_WEBHOOK_URL,
        http.RequestContent(headers=headers, json=body),
        deadline=float(settings.CLAY_TIMEOUT_SECONDS),
    )


def parse_callback(body: bytes) -> dict[str, Any]:
    """The callback as an object whose `request_id` is a text or None. Raises UnreadableBody."""
    try:
        data = json.loads(body)
    except RecursionError as error:
        raise UnreadableBody("body_too_deep") from error
    except ValueError as error:
        raise UnreadableBody("body_not_json", error=str(error)[:120]) from error
    if not isinstance(data, dict):
        raise UnreadableBody("request_id_missing")
    if data.get("request_id") is None:
        return {**data, "request_id": None}  # matched by address or profile
    if not isinstance(data["request_id"], str):
        raise UnreadableBody("request_id_missing")
    return data


def parse_answer(data: dict[str, Any]) -> ClayAnswer:
    """Read a callback. "", null, "N/A" and the text of a failed column count as missing."""
    email = _first_readable(_email_address, data, "work_email", "email") or ""
    verdicts = {
        str(data.get(name)).strip().lower().replace(" ", "_")
        for name in ("email_verified", "email_status")
    }
    invalid = not UNUSABLE_MAILBOX.isdisjoint(verdicts)
    return ClayAnswer(
        email=email,
        email_verified=not invalid and _is_verified(data),
        email_invalid=invalid,
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
        country=_first_readable(_country_code, data, "country", "country_code")
        or _text_field(data, "country", "country_code"),
        technologies=_first_readable(_word_list, data, "technologies", "tech_stack") or [],
        open_roles=_first_readable(_whole_number, data, "open_roles", "hiring"),
        past_employers=_first_readable(_past_employers, data, "past_employers", "work_history")
        or [],
    )


def _is_verified(data: dict[str, Any]) -> bool:
    verdicts = {
        re.sub(r"[\W_]+", "_", str(data.get(name)).strip().lower())
        for name in ("email_verified", "email_status")
    }
    return not verdicts.isdisjoint(VERIFIED) and verdicts.isdisjoint(NOT_VERIFIED)


def _first_readable(read: Callable[[Any], Any], data: dict[str, Any], *names: str) -> Any:
    found = (read(data.get(name)) for name in names)
    return next((value for value in found if value not in (None, "", [])), None)


def _email_address(value: Any) -> str:
    """The first address of a text, or of a list of them."""
    if isinstance(value, list):
        value = next((one for one in value if isinstance(one, str)), "")
    if isinstance(value, str):
        parts = re.split(r"[,;<>\s]+", value)
        value = next((part for part in parts if "@" in part), value)
    text = _text_field({"": value}, "", longest=320).lower()
    return text if "@" in text else ""


def _country_code(value: Any) -> str:
    text = _text_field({"": value}, "")
    return text if len(text) == 2 else ""


def _text_field(data: dict[str, Any], *names: str, longest: int = LONGEST_TEXT) -> str:
    for name in names:
        value = data.get(name)
        if isinstance(value, float) and math.isfinite(value):
            value = str(int(value) if value.is_integer() else value)
        elif isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and not is_junk(value):
            return vendor_words.plain_value(storable_text(value))[:longest]
    return ""


def is_junk(value: str) -> bool:
    return vendor_words.is_unknown(storable_text(value))


def _word_list(value: Any) -> list[str]:
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    return [
        storable_text(part).strip()[:80]
        for part in parts
        if isinstance(part, str) and not is_junk(part)
    ][:50]


def _whole_number(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = value.strip().removesuffix("+")
        return int(value) if value.isdecimal() and len(value) < 7 else None
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
