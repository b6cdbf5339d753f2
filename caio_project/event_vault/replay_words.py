"""How the changes of a replay are said: rows by what a salesperson calls them, fields by name, before and after."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from caio_project import field_labels
from caio_project.lib.db.row_changes import Change
from leads.inbound.replay import Outcome

# Bookkeeping that tells a person nothing, or says again what another field says.
HIDDEN = {
    "sources", "name_key", "company_key", "lease_until", "attempts", "not_before", "event_key", "request_id", "seq",
    "kind", "public_id", "created_at", "unsubscribe_token", "event", "is_test",
}  # fmt: skip
FIELDS = {
    "needs_assessment_at": "waits to be scored since", "people_due_at": "its people wait to be scored since",
    "company": "company", "owner": "owner", "merged_into": "part of",
}  # fmt: skip
ROWS = {
    "enrichment": "question to Clay",
    "suppression": "stop",
    "move": "move of an email",
    "message": "email",
}
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d[\d:.]*([+-]\d\d:\d\d|Z)?")
LONGEST = 300


@dataclass(frozen=True)
class Line:
    """One field; `before` is empty in a new row, `after` in one that is gone."""

    field: str
    before: str
    after: str


@dataclass(frozen=True)
class Told:
    """One row and what becomes of it."""

    kind: str  # new, changed or gone
    what: str
    name: str
    lines: list[Line]

    @property
    def title(self) -> str:
        return (
            f"{self.kind.capitalize()} {self.what}"
            if self.kind == "new"
            else f"{self.what.capitalize()} {self.kind}"
        )


def told(outcome: Outcome) -> list[Told]:
    """Every row that is, or would be, different; one of which only bookkeeping differs has no lines."""
    return [Told(one.kind, _what(one), one.name, list(_lines(one))) for one in outcome.changes]


def as_json(outcome: Outcome) -> dict[str, Any]:
    """As `told`, for scripts: {event, ok, text, changes: [{kind, what, name, fields: {name: [before, after]}}]}."""
    changes = [
        {
            "kind": row.kind,
            "what": row.what,
            "name": row.name,
            "fields": {line.field: [line.before, line.after] for line in row.lines},
        }
        for row in told(outcome)
    ]
    return {"event": outcome.event, "ok": outcome.ok, "text": outcome.text, "changes": changes}


def mark(outcomes: Iterable[Outcome]) -> str:
    """A mark of what was shown: the same while replaying would do the same. Times of now and ids are none of it."""
    shown = [
        (one.event, one.ok, one.text, [_stable(change) for change in one.changes])
        for one in outcomes
    ]
    return hashlib.sha256(MOMENT.sub("a time", json.dumps(shown, default=str)).encode()).hexdigest()


def _stable(change: Change) -> tuple[str, str, list[tuple[str, str, str]]]:
    pk = str(change.pk) if change.kind != "new" else ""
    names = sorted({*change.before, *change.after} - HIDDEN)
    return (
        change.model._meta.label,
        pk,
        [(n, _of(change.before, n), _of(change.after, n)) for n in names],
    )


def _of(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    return (
        value.isoformat()
        if isinstance(value, datetime)
        else json.dumps(value, default=str, sort_keys=True)
    )


def _what(change: Change) -> str:
    return ROWS.get(change.model._meta.model_name or "", str(change.model._meta.verbose_name))


def _lines(change: Change) -> Iterator[Line]:
    for name in change.after or change.before:
        before, after = said(change.before.get(name)), said(change.after.get(name))
        no_news = change.kind == "new" and change.after[name] is False
        if name not in HIDDEN and before != after and not no_news:
            yield Line(FIELDS.get(name) or field_labels.label(name) or name, before, after)


def said(value: Any) -> str:
    """A value as people read it, in the team's zone."""
    if isinstance(value, datetime):
        return f"{value.astimezone(ZoneInfo(settings.TEAM_TIME_ZONE)):%-d %b %Y %H:%M:%S}"
    if isinstance(value, date):
        return f"{value:%-d %b %Y}"
    if isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(one, dict) for one in value)
    ):
        return json.dumps(value, ensure_ascii=False, default=str)[:LONGEST] if value else ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return field_labels.said(value)[:LONGEST]
