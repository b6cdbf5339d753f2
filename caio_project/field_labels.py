"""Words for the fields of leads and companies."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from leads.models import Company, Lead, OwnerHow, OwnerRule, TeamMember

FIELD_LABELS = {
    "company_id": "company",
    "owner_id": "owner",
    "linkedin_key": "LinkedIn",
    "employees_from": "employees, at least",
    "email": "address",
    "email_verified": "address verified",
    "email_invalid": "address found not to exist",
    "personal_email": "personal address",
    "name_key": "",
    "owner_how": "how the owner came about",
    "owner_rule_id": "rule of the owner",
    "owner_facts": "",
    "ghl_assigned_to": "GoHighLevel's user",
}
ROW_FIELDS = {
    "company_id": Company,
    "owner_id": TeamMember,
    "owner_rule_id": OwnerRule,
}  # fields that hold the id of a row
ROW_LABELS = {
    "visit": "visit",
    "enrichment": "question to Clay",
    "assessment": "score",
    "suppression": "stop",
    "lead": "lead merged earlier",
}


def field_label(field: str) -> str:
    """The name of a field on a page; "" for one that is not shown."""
    return FIELD_LABELS.get(field, field.replace("_", " "))


def value_text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(
            str(one["name"]) if isinstance(one, dict) and "name" in one else str(one)
            for one in value
        )
    return str(value or "")


class RowNames:
    """Names of rows by id; each table is read once."""

    def __init__(self, values: Iterable[tuple[str, Any]]):
        """`values` are (field, value); fields that hold no id are left alone."""
        wanted: dict[str, set[Any]] = {field: set() for field in ROW_FIELDS}
        for field, value in values:
            if field in wanted and value is not None:
                wanted[field].add(value)
        self._rows = {
            field: ROW_FIELDS[field]._default_manager.in_bulk(pks)
            for field, pks in wanted.items()
            if pks
        }

    def text_of(self, field: str, value: Any) -> str:
        if field in ROW_FIELDS:
            row = self._rows.get(field, {}).get(value)
            return str(row) if row else ("" if value is None else f"one that is gone ({value})")
        return str(OwnerHow(value).label) if field == "owner_how" and value else value_text(value)


def count_rows(rows: dict[str, int]) -> str:
    """{"visit": 3, "enrichment": 1} as "3 visits, 1 question to Clay"."""
    named = [(ROW_LABELS.get(name, name), count) for name, count in rows.items() if count]
    return ", ".join(f"{count} {_plural_label(name, count)}" for name, count in named)


def _plural_label(name: str, count: int) -> str:
    head, _, rest = name.partition(" ")
    return name if count == 1 else f"{head}s {rest}".strip()


def distinct_names(one: Lead, other: Lead) -> tuple[str, str]:
    """Names of two leads on one page, with an address where the names are the same."""
    if str(one) != str(other):
        return str(one), str(other)
    by = [
        lead.email or lead.linkedin_key or lead.personal_email or f"lead {lead.pk}"
        for lead in (one, other)
    ]
    return f"{one} ({by[0]})", f"{other} ({by[1]})"


def known_facts(lead: Lead) -> list[dict[str, Any]]:
    found = []
    for row, whose in ((lead, ""), (lead.company, "company ")):
        for name, source in (row.sources if row else {}).items():
            value = getattr(row, name, None)
            if field_label(name) and value not in (None, "", []):
                at = datetime.fromisoformat(source["at"])
                found.append(
                    {
                        "name": whose + field_label(name),
                        "value": value_text(value),
                        "source": source["source"],
                        "at": at,
                    }
                )
    return found
