"""Where we have a person from, and what they or we decided about writing to them."""

from dataclasses import dataclass
from datetime import datetime

from caio_project import field_labels
from caio_project.lib.words.source_names import SOURCE_NAMES
from leads.models import Erasure, Lead, Suppression
from leads.models.people import PERSON_FIELDS
from leads.suppression import suppression

OTHER_NAMES = {"clay": "Clay", "ghl": "GoHighLevel", "history": "the previous system"}


@dataclass(frozen=True)
class ConsentRecord:
    """One line: `what` was told or decided, by whom or what, and when."""

    at: datetime | None
    what: str
    source: str
    until: datetime | None = None


def consent_records(lead: Lead) -> list[ConsentRecord]:
    """Oldest first: the source of each personal field, then stops and erasures."""
    found = [*_sources(lead), *_stops(lead)]
    return sorted(found, key=lambda one: (one.at is None, one.at))


def erasure_of(lead: Lead) -> Erasure | None:
    if not suppression.is_erased(lead):
        return None
    mine = {str(row.public_id) for row in suppression.rows_of(lead)}
    return next((one for one in Erasure.objects.all() if not mine.isdisjoint(one.leads)), None)


def _sources(lead: Lead) -> list[ConsentRecord]:
    """Fields that one source told within a minute are one line."""
    told: dict[tuple[str, datetime], list[str]] = {}
    for name in PERSON_FIELDS:
        if entry := lead.sources.get(name):
            minute = datetime.fromisoformat(entry["at"]).replace(second=0, microsecond=0)
            told.setdefault((entry["source"], minute), []).append(field_labels.field_label(name))
    return [
        ConsentRecord(at, f"Gave us {', '.join(names)}", source_name(source))
        for (source, at), names in told.items()
    ]


def _stops(lead: Lead) -> list[ConsentRecord]:
    """One line for each reason and source, though each row of the person has a stop of its own."""
    rows = suppression.suppressions_of(lead).order_by("pk")
    first: dict[tuple[str, str], Suppression] = {}
    for row in rows:
        first.setdefault((row.reason, row.source), row)
    return [
        ConsentRecord(
            row.created_at, f"Stop: {row.get_reason_display()}", row.source, row.expires_at
        )
        for row in first.values()
    ]


def source_name(code: str) -> str:
    return OTHER_NAMES.get(code) or SOURCE_NAMES.get(code, code)
