"""The fields of a visitor under all their names, and notes on what could not be read."""

import math
import re
from dataclasses import dataclass, field
from typing import Any

from leads.field_values.texts import listed_values, repaired_text
from leads.json_reader import fullest_values, weigh_value
from leads.normal import storable_text

ALIASES = {
    "linkedin_url": ("linkedinurl", "linkedin", "linkedinprofile", "linkedinprofileurl"),
    "first_name": ("firstname", "givenname", "fname"),
    "last_name": ("lastname", "surname", "familyname", "lname"),
    "full_name": ("fullname", "name", "contactname"),
    "title": ("title", "jobtitle", "position"),
    "company_name": ("companyname", "company", "organization", "organisation", "employer"),
    "email": ("businessemail", "workemail", "email", "emailaddress", "companyemail", "emails"),
    "website": ("website", "companydomain", "companywebsite", "companyurl", "websiteurl", "domain"),
    "industry": ("industry", "companyindustry"),
    "employees": (
        "employeecount", "estimatedemployeecount", "companysize", "employeerange", "employees",
        "companyemployeecount", "companyemployees", "headcount", "numberofemployees",
    ),
    "revenue": (
        "estimaterevenue", "estimatedrevenue", "revenue", "annualrevenue", "companyrevenue",
    ),
    "city": ("city",),
    "state": ("state", "stateregion", "region", "province"),
    "country": ("country", "countrycode", "countryname"),
    "location": ("location", "locationname", "personlocation"),
    "zipcode": ("zipcode", "zip", "postalcode", "postcode"),
    "seen_at": ("seenat", "lastseenat", "lastseen", "visitedat", "timestamp", "occurredat"),
    "referrer": ("referrer", "mostrecentreferrer", "referrerurl", "referer"),
    "tags": ("tags",),
    "visitor_id": ("visitorid", "rb2bvisitorid"),
}  # fmt: skip
PAGE_KEYS = (
    "capturedurl", "pageurl", "url", "page", "recentpageurls", "pagesviewed", "pagesvisited",
    "visitedpages", "pageurls", "pages", "events", "pageviews",
)  # fmt: skip
HISTORY_KEYS = (
    "workhistory", "pastemployers", "previousemployers", "employmenthistory", "experience",
    "experiences", "previouscompanies", "positions",
)  # fmt: skip
# Known, and nothing that is used
UNUSED_KEYS = {
    "alltimepageviews", "firstseenat", "newprofile", "recentpagecount", "filtermatches",
    "profiletype", "twitterurl", "facebookurl", "customerid", "isrepeatvisit", "ipaddress", "ip",
    "useragent", "sessionid", "eventid", "id", "connection", "headers", "receivedat",
    "type", "eventtype", "companylinkedinurl", "companylocation", "companycountry", "companyid",
}  # fmt: skip
READ_KEYS = {*PAGE_KEYS, *HISTORY_KEYS}.union(*ALIASES.values())
IDENTIFYING_FIELDS = ("linkedin_url", "email", "company_name", "website")
MAY_BE_NUMBERS = {"employees", "zipcode", "revenue", "seen_at", "visitor_id"}
LIMITS = {
    "url": 1000,
    "referrer": 1000,
    "linkedin_url": 500,
    "title": 200,
    "company_name": 200,
    "email": 2000,
    "website": 500,
    "industry": 300,
    "location": 200,
    "tags": 300,
}
EMPTY_WORDS = {
    "", "null", "none", "n/a", "na", "undefined", "-", "--", "—", "unknown", "nan", "(null)",
    "<null>", "#n/a", "#value!", "#ref!", "#name?", "[object object]", "not available",
    "not applicable", "not found", "no data", "no data found", "[]", "{}",
}  # fmt: skip
# Surnames of people. In small or capital letters these are words for nothing.
SURNAMES = {"Null", "None", "Na", "Nan"}
PERSON_KEYS = ("person", "leadingprofile", "profile", "contact", "visitor", "lead")
MOST_PAGES = 20
MOST_NOTES = 50
LONGEST_READ = 5000  # characters of one value
NOTE_TEXTS = {
    "two_values": "{field}: it is there twice, with different values; the first counts.",
    "unknown_field": "{field}: no field of this name is read.",
    "field_not_text": "{field}: it holds {json_type}, not text.",
    "masked_address": "{field}: the address is masked.",
    "more_addresses": "{field}: it holds several addresses; the first is used.",
    "no_address": "{field}: it is no email address.",
    "no_profile": "{field}: it is no LinkedIn address of a person or a company.",
    "no_count": "{field}: no number of employees can be read from it.",
    "no_time": "{field}: no time can be read from it; the time of receipt counts.",
    "no_country": "{field}: no country can be read from it.",
    "no_page": "{field}: no address of a page can be read from it.",
    "no_employer": "{field}: no past employer can be read from it.",
    "visitors_split": "It held {field} visitors; each is an event of its own, with its body.",
    "only_initials": "{field}: initials are no name to greet by.",
}


def note_text(note: dict[str, str]) -> str:
    text = NOTE_TEXTS.get(note.get("code", ""), "{field}: not understood.")
    return text.format(**{"field": "?", "json_type": "value", **note})


@dataclass
class FlatFields:
    """Values by key without case and punctuation; `shown` has each key as it was written."""

    values: dict[str, Any] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)
    notes: list[dict[str, str]] = field(default_factory=list)

    def note(self, code: str, key: str, **more: str) -> None:
        one = {"code": code, "field": self.shown.get(key, key)[:60], **more}
        if len(self.notes) < MOST_NOTES and one not in self.notes:
            self.notes.append(one)

    def keep(self, key: str, name: str, value: Any) -> None:
        """Of several spellings the first that says something counts."""
        self.shown.setdefault(key, storable_text(name))
        known = self.values.setdefault(key, value)
        if weigh_field(value) > weigh_field(known):
            self.values[key] = value
        elif key in READ_KEYS and _differ(known, value):
            self.note("two_values", key)

    def key_of(self, name: str) -> str:
        """The key under which a field of `ALIASES` was sent."""
        return next((key for key in ALIASES[name] if self.values.get(key) not in (None, "")), "")


def flat_fields(loaded: dict[str, Any]) -> FlatFields:
    """`person` and `company` are folded in, outer values first; an empty value hides no other."""
    flat = FlatFields()
    people: list[tuple[str, Any]] = []
    places: list[tuple[str, Any]] = []
    for name, value in loaded.items():
        key = plain_key(name)
        if isinstance(value, dict) and key in PERSON_KEYS:
            people = [*_inner_values(value, flat).items(), *people]
        elif isinstance(value, dict) and key in ("company", "geo", "location"):
            inner = _inner_values(value, flat)
            places += (_company_keys(inner, flat) if key == "company" else inner).items()
        else:
            flat.keep(key, str(name), value)
    flat.values = fullest_values([*flat.values.items(), *people, *places], weigh_field)
    return flat


def plain_key(name: object) -> str:
    """A name without case and punctuation, so that its spellings are one."""
    return re.sub(r"[^a-z0-9]", "", str(name).lower())


def weigh_field(value: Any) -> int:
    """0 for an empty value, 1 for a word for nothing, else 2."""
    is_word = isinstance(value, str) and value.strip().lower() in EMPTY_WORDS
    return weigh_value(value) * (1 if is_word else 2)


def _differ(one: Any, other: Any) -> bool:
    if min(weigh_field(one), weigh_field(other)) < weigh_field("x"):
        return False
    return str(one).strip().casefold() != str(other).strip().casefold()


def _inner_values(value: dict[str, Any], outer: FlatFields) -> dict[str, Any]:
    inner = flat_fields(value)
    for key, name in inner.shown.items():
        outer.shown.setdefault(key, name)
    outer.notes += [note for note in inner.notes if note not in outer.notes]
    return inner.values


def _company_keys(fields: dict[str, Any], flat: FlatFields) -> dict[str, Any]:
    """The company's own name, site and place are not the person's."""
    own = ("name", "domain", "linkedinurl", "url", "website", "size", "location", "country")
    for key in own:
        if key in fields and key in flat.shown:
            flat.shown.setdefault(f"company{key}", flat.shown[key])
    return {f"company{key}" if key in own else key: fields[key] for key in fields}


def names_visitor(loaded: dict[str, Any]) -> bool:
    values = flat_fields(loaded).values
    return any(values.get(alias) for name in IDENTIFYING_FIELDS for alias in ALIASES[name])


def text_field(name: str, fields: FlatFields) -> str:
    """The first value that says something; one of another type is noted."""
    for alias in ALIASES[name]:
        value = fields.values.get(alias)
        if value is None:
            continue
        text = _as_text(name, value)
        if text is None:
            fields.note("field_not_text", alias, json_type=_type_name(value))
            continue
        text = text[:LONGEST_READ]
        text = repaired_text(text) if name not in ("linkedin_url", "referrer") else _line(text)
        if text.lower() not in EMPTY_WORDS or (name == "last_name" and text in SURNAMES):
            return text[: LIMITS.get(name, 100)].strip()
    return ""


def _line(text: str) -> str:
    return storable_text(text).strip()


def _as_text(name: str, value: Any) -> str | None:
    if isinstance(value, str):
        listed = listed_values(value) if name == "tags" else None
        return value if listed is None else _as_text(name, listed)
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float) and name in MAY_BE_NUMBERS:
        whole = isinstance(value, float) and math.isfinite(value) and value.is_integer()
        return str(int(value) if whole and abs(value) < 1e17 else value)[:40]
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    if isinstance(value, list) and name == "email":
        found = [one.get("email") or one.get("address") for one in value if isinstance(one, dict)]
        texts = [one for one in found if isinstance(one, str)]
        return ", ".join(texts) if texts else None
    return None


def _type_name(value: Any) -> str:
    names = {dict: "an object", list: "a list", bool: "true or false", int: "a number"}
    return names.get(type(value), "a number")


def page_urls(fields: FlatFields) -> list[str]:
    """The pages of this visit, the captured one first: texts, lists, lists in a text, or rows."""
    for key in PAGE_KEYS:
        value = fields.values.get(key)
        if value is None or (isinstance(value, int | float) and key in ("pageviews", "page")):
            continue
        found = [url for url in _pages_in(value) if url.lower() not in EMPTY_WORDS]
        if found:
            return list(dict.fromkeys(found))[:MOST_PAGES]
        if value not in ("", []) and str(value).strip().lower() not in EMPTY_WORDS:
            code = "no_page" if isinstance(value, str | list) else "field_not_text"
            fields.note(code, key, json_type=_type_name(value))
    return []


def _pages_in(value: Any) -> list[str]:
    if isinstance(value, str):
        listed = listed_values(value)
        if listed is not None:
            return _pages_in(listed)
        parts = re.split(r"[\s,;|]+(?=https?://|/)", storable_text(value).strip())
        return [part.strip(" ,;|")[: LIMITS["url"]] for part in parts if part.strip(" ,;|")]
    if isinstance(value, dict):
        value = fullest_values((str(key).lower(), one) for key, one in value.items())
        told = (value.get(key) for key in ("url", "page_url", "pageurl", "page", "path"))
        return next(([one.strip()] for one in told if isinstance(one, str) and one.strip()), [])
    if isinstance(value, list):
        return [url for one in value if isinstance(one, str | dict) for url in _pages_in(one)]
    return []


def note_unknown_fields(fields: FlatFields) -> None:
    known = READ_KEYS | UNUSED_KEYS
    for key, value in fields.values.items():
        if key not in known and value not in (None, "", [], {}):
            fields.note("unknown_field", key)
