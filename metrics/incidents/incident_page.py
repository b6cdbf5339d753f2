"""What the pages and the API show of incidents: the list, and the story of one with its times."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from caio_project.lib.words.check_states import CheckState
from caio_project.lib.words.clock_words import span_words
from metrics.incident_codes import SIGNALS, Cause, MoveKind
from metrics.incidents import incident_notices, incident_words
from metrics.incidents.incident_words import IncidentText
from metrics.models import Incident, IncidentMove

STATES = ("open", "closed")
MOST_ON_OVERVIEW = 5


@dataclass(frozen=True)
class ShownIncident:
    row: Incident

    @property
    def text(self) -> IncidentText:
        row = self.row
        return incident_words.incident_text(row.cause, row.subject, row.action, row.evidence)

    @property
    def state(self) -> CheckState:
        if not self.row.is_open:
            return CheckState.PASS
        return CheckState.ALERT if self.row.acknowledged_at else CheckState.FAIL

    @property
    def state_words(self) -> str:
        if not self.row.is_open:
            return str(self.row.get_closed_as_display())
        return "Acknowledged" if self.row.acknowledged_at else "Open"

    @property
    def lasted(self) -> str:
        return span_words((self.row.closed_at or timezone.now()) - self.row.opened_at)

    @property
    def holds_promotion(self) -> bool:
        return self.row.is_open and self.row.cause in SIGNALS


@dataclass(frozen=True)
class StoryLine:
    """One move in words; `note` is what a person wrote with it."""

    at: datetime
    words: str
    detail: str = ""
    by: str = ""
    note: str = ""
    after: timedelta = timedelta(0)

    @property
    def after_words(self) -> str:
        return span_words(self.after) if self.after else ""


def newest_incidents(state: str = "", cause: str = "") -> QuerySet[Incident]:
    rows = Incident.objects.select_related("parent", "acknowledged_by")
    if state:
        rows = rows.filter(closed_at__isnull=state == "open")
    return rows.filter(cause=cause) if cause else rows


def open_on_top() -> list[ShownIncident]:
    """Those that stand for themselves, the oldest first."""
    rows = Incident.objects.filter(Q(parent=None) | Q(parent__closed_at__isnull=False))
    open_rows = rows.filter(closed_at=None).select_related("acknowledged_by", "parent")
    return [ShownIncident(row) for row in open_rows.order_by("opened_at")]


def overview_context() -> dict[str, Any]:
    found = open_on_top()
    return {
        "incidents": found[:MOST_ON_OVERVIEW],
        "more_incidents": max(0, len(found) - MOST_ON_OVERVIEW),
    }


def story_context(row: Incident) -> dict[str, Any]:
    children = row.children.order_by("pk")
    return {
        "incident": ShownIncident(row),
        "parent": ShownIncident(row.parent) if row.parent else None,
        "alarms": incident_notices.alarm_texts(row),
        "children": [ShownIncident(child) for child in children],
        "story": story_of(row),
        "proposed": _proposed_template(row),
    }


def story_of(row: Incident) -> list[StoryLine]:
    """Its own moves and the beginning and end of what it explains, in their order."""
    moves = IncidentMove.objects.filter(
        Q(incident=row) | Q(incident__parent=row, kind__in=[MoveKind.FOLDED, MoveKind.RECOVERED])
    )
    rows = moves.select_related("incident", "note").order_by("at", "pk")
    return [_line_of(move, row) for move in rows]


def _line_of(move: IncidentMove, row: Incident) -> StoryLine:
    of = move.incident
    note = move.note.text if hasattr(move, "note") else ""
    after = move.at - row.opened_at
    if of.pk != row.pk:
        title = incident_words.title_words(of.cause, of.subject)
        word = "is part of this" if move.kind == MoveKind.FOLDED else "is over"
        return StoryLine(move.at, f"{title} {word}", after=after)
    words = str(MoveKind(move.kind).label)
    return StoryLine(move.at, words, _detail_of(move, of), move.by_name, note, after)


def _detail_of(move: IncidentMove, row: Incident) -> str:
    match move.kind:
        case MoveKind.ACTED:
            return incident_words.acted_words(move.numbers)
        case MoveKind.RECOVERED:
            lasted = span_words(timedelta(minutes=move.numbers.get("minutes", 0)))
            return f"{incident_words.recovered_words(row.cause)} It lasted {lasted}."
        case MoveKind.FOLDED if row.parent and row.parent_id == move.numbers.get("into"):
            return f"{row.parent}."
        case _:
            return incident_words.evidence_words(row.cause, move.numbers)


def _proposed_template(row: Incident) -> str:
    move = row.moves.filter(kind=MoveKind.ACTED).order_by("-pk").first()
    return str(move.numbers.get("proposed", "")) if move and row.is_open else ""


def incident_json(row: Incident) -> dict[str, Any]:
    shown = ShownIncident(row)
    return {
        "id": str(row.public_id),
        "cause": row.cause,
        "subject": row.subject,
        "title": shown.text.title,
        "text": shown.text.evidence,
        "evidence": row.evidence,
        "action": row.action,
        "done": shown.text.done,
        "opened_at": row.opened_at,
        "closed_at": row.closed_at,
        "closed_as": row.closed_as,
        "acknowledged_at": row.acknowledged_at,
        "acknowledged_by": row.acknowledged_by.get_username() if row.acknowledged_by else None,
        "part_of": str(row.parent.public_id) if row.parent else None,
        "holds_promotion": shown.holds_promotion,
    }


def story_json(row: Incident) -> list[dict[str, Any]]:
    """Without what people wrote: notes stay on the page."""
    return [
        {"at": move.at, "kind": move.kind, "numbers": move.numbers, "by": move.by_name}
        for move in row.moves.order_by("pk")
    ]


def cause_choices() -> list[tuple[str, str]]:
    seen = set(Incident.objects.order_by().values_list("cause", flat=True).distinct())
    return [(cause.value, str(cause.label)) for cause in Cause if cause in seen]
