"""Words for the changes of a replay: row and field names, before and after."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from caio_project import field_labels
from caio_project.lib.db.row_changes import RowChange
from caio_project.lib.words.clock_words import date_words, day_clock_words
from leads.inbound.replay import ReplayOutcome

# Bookkeeping, and fields that repeat what another field shows.
HIDDEN_FIELDS = {
    "sources", "name_key", "company_key", "lease_until", "attempts", "not_before", "event_key",
    "request_id", "kind", "public_id", "created_at", "unsubscribe_token", "event", "is_test",
}  # fmt: skip
FIELD_LABELS = {
    "needs_assessment_at": "waits to be scored since",
    "people_due_at": "its people wait to be scored since",
    "company": "company",
    "owner": "owner",
    "merged_into": "part of",
}
ROW_LABELS = {
    "enrichment": "question to Clay",
    "suppression": "stop",
    "move": "move of an email",
    "message": "email",
}
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d[\d:.]*([+-]\d\d:\d\d|Z)?")
MAX_TEXT = 300


@dataclass(frozen=True)
class FieldChange:
    """One field; `before` is empty in a new row, `after` in a deleted one."""

    field: str
    before: str
    after: str


@dataclass(frozen=True)
class RowDescription:
    kind: str  # new, changed or gone
    what: str
    name: str
    lines: list[FieldChange]

    @property
    def title(self) -> str:
        return (
            f"{self.kind.capitalize()} {self.what}"
            if self.kind == "new"
            else f"{self.what.capitalize()} {self.kind}"
        )


def row_changes(outcome: ReplayOutcome) -> list[RowDescription]:
    """Every row that changes; a row in which only hidden fields change has no lines."""
    return [
        RowDescription(one.kind, _row_label(one), one.name, list(_field_changes(one)))
        for one in outcome.changes
    ]


def as_json(outcome: ReplayOutcome) -> dict[str, Any]:
    """The changes for scripts.

    {event, ok, text, changes: [{kind, what, name, fields: {name: [before, after]}}]}
    """
    changes = [
        {
            "kind": row.kind,
            "what": row.what,
            "name": row.name,
            "fields": {line.field: [line.before, line.after] for line in row.lines},
        }
        for row in row_changes(outcome)
    ]
    return {"event": outcome.event, "ok": outcome.ok, "text": outcome.text, "changes": changes}


def outcomes_mark(outcomes: Iterable[ReplayOutcome]) -> str:
    """Identify what a replay would do, without current times and new ids."""
    shown = [
        (one.event, one.ok, one.text, [_stable_form(change) for change in one.changes])
        for one in outcomes
    ]
    return hashlib.sha256(
        TIMESTAMP.sub("a time", json.dumps(shown, default=str)).encode()
    ).hexdigest()


def _stable_form(change: RowChange) -> tuple[str, str, list[tuple[str, str, str]]]:
    pk = str(change.pk) if change.kind != "new" else ""
    names = sorted({*change.before, *change.after} - HIDDEN_FIELDS)
    return (
        change.model._meta.label,
        pk,
        [(n, _stable_value(change.before, n), _stable_value(change.after, n)) for n in names],
    )


def _stable_value(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    return (
        value.isoformat()
        if isinstance(value, datetime)
        else json.dumps(value, default=str, sort_keys=True)
    )


def _row_label(change: RowChange) -> str:
    return ROW_LABELS.get(change.model._meta.model_name or "", str(change.model._meta.verbose_name))


def _field_changes(change: RowChange) -> Iterator[FieldChange]:
    for name in change.after or change.before:
        before, after = value_text(change.before.get(name)), value_text(change.after.get(name))
        no_news = change.kind == "new" and change.after[name] is False
        if name not in HIDDEN_FIELDS and before != after and not no_news:
            yield FieldChange(
                FIELD_LABELS.get(name) or field_labels.field_label(name) or name, before, after
            )


def value_text(value: Any) -> str:
    if isinstance(value, datetime):
        return day_clock_words(value)
    if isinstance(value, date):
        return date_words(value)
    if isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(one, dict) for one in value)
    ):
        return json.dumps(value, ensure_ascii=False, default=str)[:MAX_TEXT] if value else ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return field_labels.value_text(value)[:MAX_TEXT]
