"""Past employers, as vendors list them: names, sentences, or rows with dates. Current ones are left
out.
"""

import re
from dataclasses import dataclass
from typing import Any

from leads.field_values import shared_hosts
from leads.field_values.texts import listed_values, repaired_text
from leads.json_reader import fullest_values

MOST_JOBS = 30
NAME_KEYS = ("companyname", "company", "name", "organization", "organisation", "employer")
DOMAIN_KEYS = ("companydomain", "domain", "companywebsite", "website", "companyurl")
FROM_KEYS = ("fromyear", "startyear", "startdate", "start", "startsat", "from", "startedat")
TO_KEYS = ("toyear", "endyear", "enddate", "end", "endsat", "to", "until", "endedat")
SPAN_KEYS = ("dates", "period", "duration", "daterange", "years")
CURRENT_KEYS = ("iscurrent", "current", "present")
_NOW = re.compile(r"\b(?:present|now|today|current|heute|aujourd'hui|actualidad)\b", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)(?:19[4-9]\d|20\d\d)(?!\d)")
_SPAN = re.compile(
    r"\s*[(\[,]?\s*((?:\w+\.? )?(?:19|20)\d\d\s*(?:[-–—]|to)\s*"
    r"[^()\[\]]*)[)\]]?\s*$"
)
_AT = re.compile(r".*\s(?:at|@|bei|chez)\s+(.+)")
_NOBODY = {"", "null", "none", "n/a", "na", "unknown", "undefined", "-"}


@dataclass(frozen=True)
class PastJob:
    name: str
    domain: str = ""
    from_year: int | None = None
    to_year: int | None = None


def read_work_history(value: Any) -> tuple[PastJob, ...]:
    if isinstance(value, str):
        listed = listed_values(value)
        value = re.split(r"[;|\r\n]+", value) if listed is None else listed
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list):
        return ()
    jobs = (_read_job(item) for item in value[:MOST_JOBS])
    return tuple(dict.fromkeys(job for job in jobs if job is not None))


def _read_job(item: Any) -> PastJob | None:
    if isinstance(item, str):
        return _job_of_sentence(item)
    if not isinstance(item, dict):
        return None
    row = _by_plain_keys(item)
    company = row.get("company")
    if isinstance(company, dict):
        del row["company"]
        row = fullest_values([*row.items(), *_by_plain_keys(company).items()])
    name = repaired_text(_first_text(row, NAME_KEYS))[:200]
    if name.lower() in _NOBODY or any(str(row.get(key)).lower() == "true" for key in CURRENT_KEYS):
        return None
    start, end, span = (_first_text(row, keys) for keys in (FROM_KEYS, TO_KEYS, SPAN_KEYS))
    if _NOW.search(end) or _NOW.search(span):
        return None
    years = [*map(int, _YEAR.findall(span))]
    return PastJob(
        name,
        shared_hosts.own_domain(_first_text(row, DOMAIN_KEYS)),
        _year_in(start) or (years[0] if years else None),
        _year_in(end) or (years[1] if len(years) > 1 else None),
    )


def _by_plain_keys(item: dict[str, Any]) -> dict[str, Any]:
    return fullest_values(
        (re.sub(r"[^a-z0-9]", "", str(key).lower()), one) for key, one in item.items()
    )


def _job_of_sentence(text: str) -> PastJob | None:
    """ "VP Sales at Acme (2015 - 2019)" or "Acme"."""
    plain = repaired_text(text[:500])
    span = _SPAN.search(plain)
    dates = span[1] if span else ""
    plain = plain[: span.start()] if span else plain
    found = _AT.fullmatch(plain)
    name = (found[1] if found else plain).strip(" ,.-")[:200]
    if name.lower() in _NOBODY or _NOW.search(dates):
        return None
    years = [*map(int, _YEAR.findall(dates)), None, None]
    return PastJob(name, "", years[0], years[1])


def _first_text(row: dict[str, Any], keys: tuple[str, ...]) -> str:
    for key in keys:
        value = row.get(key)
        if isinstance(value, dict):
            value = value.get("year")
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return str(value)[:500]
    return ""


def _year_in(text: str) -> int | None:
    found = _YEAR.search(text)
    return int(found[0]) if found else None
