"""Everything that is kept about a person, as one JSON document that people can read."""

import base64
import json
from dataclasses import asdict
from typing import Any

from django.utils import timezone

from caio_project.privacy import consent, field_places, table_rows
from caio_project.privacy.field_places import TablePlaces
from caio_project.privacy.subject import Subject
from leads import normal
from leads.models import KnownContact, Lead

ABOUT = (
    "What this installation keeps about one person. “sources_and_consent” says where we have it "
    "from and who decided what about writing to them; “records” has every stored row about them, "
    "by table."
)
NOT_HERE = [
    "What GoHighLevel, Clay, RB2B and Slack keep themselves is exported there.",
    "Backups hold what was kept on their day.",
]


def export_person(found: Subject) -> dict[str, Any]:
    """The document; `found` has leads."""
    survivor = next(row for row in found.rows if row.merged_into_id is None)
    return {
        "about": ABOUT,
        "made_at": timezone.now().isoformat(),
        "person": _person(survivor, found),
        "sources_and_consent": [
            {name: _value(value) for name, value in asdict(one).items()}
            for one in consent.consent_records(survivor)
        ],
        "records": _records(found),
        "elsewhere": NOT_HERE,
    }


def as_json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _person(lead: Lead, found: Subject) -> dict[str, Any]:
    return {
        "id": str(lead.public_id),
        "name": lead.name,
        "title": lead.title,
        "company": str(lead.company or ""),
        "known_as": sorted(found.identifiers - {""}),
        "linkedin": normal.linkedin_url(lead.linkedin_key or ""),
        "also_stored_as": [str(row.public_id) for row in found.rows if row.pk != lead.pk],
    }


def _records(found: Subject) -> dict[str, list[dict[str, Any]]]:
    records = {}
    for places in field_places.tables_about_people():
        if rows := [_row(places, row) for row in table_rows.rows_about(places, found.pks)]:
            records[_title(places)] = rows
    contacts = KnownContact.objects.filter(table_rows.contacts_who_are(found.rows)).select_related(
        "member"
    )
    if contacts:
        places = field_places.all_places()["leads.KnownContact"]
        records["contacts of the team"] = [_row(places, row) for row in contacts]
    return records


def _title(places: TablePlaces) -> str:
    return f"{places.model._meta.app_label}: {places.model._meta.verbose_name_plural}"


def _row(places: TablePlaces, row: Any) -> dict[str, Any]:
    found = {}
    for field in places.model._meta.concrete_fields:
        if places.fields[field.name] == "secret":
            continue
        value = getattr(row, field.attname)
        label = getattr(row, f"get_{field.name}_display", None)
        found[field.name] = str(label()) if label and value else _value(value)
    return found


def _value(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return _body(bytes(value))
    if value is None or isinstance(value, bool | int | float | str | list | dict):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _body(raw: bytes) -> Any:
    """JSON as it says, other text as text, and the rest in base64."""
    try:
        text = raw.decode("utf-8-sig")
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(raw).decode()}
