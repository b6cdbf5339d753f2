"""Opens, changes and closes incidents: each step is a row of the story, in one transaction.

Two workers may find the same: the open one of a cause is unique, and every change is claimed by its
version, so that the second changes and tells nothing.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from caio_project.lib.db import claims
from caio_project.lib.webhooks_out import outbox
from caio_project.lib.webhooks_out.event_types import EventType
from metrics.incident_codes import Action, ClosedAs, MoveKind
from metrics.incidents.findings import MOST_MARKS, Finding, Key
from metrics.incidents.plan import REOPENS_WITHIN
from metrics.models import Incident, IncidentMove, IncidentNote
from outreach.control import phase

ACKNOWLEDGE_PERMISSION = phase.HALT_PERMISSION  # who may stop everything may say "I have it"
CLEAR_PERMISSION = "metrics.clear_incident"
LEAST_WHY, MOST_TEXT = 10, 1000


class IncidentRefused(Exception):
    """Why nothing was changed; the text names the field."""

    def __init__(self, text: str, field: str = ""):
        super().__init__(text)
        self.field = field


def open_incident(
    finding: Finding, parent: Incident | None, now: datetime
) -> tuple[Incident, bool] | None:
    """The incident, and whether it is new: what came back soon after it ended is opened again.

    None where another worker was first.
    """
    try:
        with transaction.atomic():
            if (row := _reopened(finding, parent, now)) is not None:
                return row, False
            row = Incident.objects.create(
                cause=finding.cause,
                subject=finding.subject,
                parent=parent,
                opened_at=now,
                action=finding.action,
                evidence=dict(finding.evidence),
                marks=list(finding.marks)[:MOST_MARKS],
            )
            _add_move(row, MoveKind.OPENED, finding.evidence, now)
            if parent is not None:
                _add_move(row, MoveKind.FOLDED, {"into": parent.pk}, now)
            _tell_other_systems(row)
            return row, True
    except IntegrityError:
        return None


def _tell_other_systems(row: Incident) -> None:
    outbox.emit(
        EventType.INCIDENT_OPENED,
        lambda: {
            "incident": str(row.public_id),
            "cause": str(row.cause),
            "subject": row.subject,
            "action": str(row.action),
        },
    )


def _reopened(finding: Finding, parent: Incident | None, now: datetime) -> Incident | None:
    ended = Incident.objects.filter(
        cause=finding.cause,
        subject=finding.subject,
        closed_as=ClosedAs.RECOVERED,
        closed_at__gt=now - REOPENS_WITHIN,
    )
    row = ended.order_by("-closed_at").first()
    if row is None or not _change(row, closed_at=None, closed_as="", parent=parent):
        return None
    _store_finding(row, finding)
    _add_move(row, MoveKind.REOPENED, finding.evidence, now)
    return row


def update_evidence(row: Incident, finding: Finding, now: datetime, *, is_news: bool) -> bool:
    """Store the newest evidence; what is new about it becomes part of the story."""
    if not is_news and row.evidence == dict(finding.evidence):
        return False
    with transaction.atomic():
        if not _store_finding(row, finding):
            return False
        if is_news:
            _add_move(row, MoveKind.EVIDENCE, finding.evidence, now)
    return True


def _store_finding(row: Incident, finding: Finding) -> bool:
    marks = list(dict.fromkeys([*row.marks, *finding.marks]))[-MOST_MARKS:]
    return _change(row, evidence=dict(finding.evidence), marks=marks, action=str(finding.action))


def fold_incident(row: Incident, parent: Incident, now: datetime) -> bool:
    with transaction.atomic():
        folded = _change(row, parent=parent)
        if folded:
            _add_move(row, MoveKind.FOLDED, {"into": parent.pk}, now)
    return folded


def unfold_incident(row: Incident, now: datetime) -> bool:
    with transaction.atomic():
        unfolded = _change(row, parent=None)
        if unfolded:
            _add_move(row, MoveKind.UNFOLDED, row.evidence, now)
    return unfolded


def close_recovered(row: Incident, now: datetime) -> bool:
    with transaction.atomic():
        closed = _change(row, closed_at=now, closed_as=ClosedAs.RECOVERED)
        if closed:
            minutes = int((now - row.opened_at).total_seconds() // 60)
            _add_move(row, MoveKind.RECOVERED, {"minutes": minutes}, now)
    return closed


def note_action(row: Incident, action: Action, numbers: Mapping[str, Any], now: datetime) -> None:
    _add_move(row, MoveKind.ACTED, {"action": str(action), **numbers}, now)


# --- What people do


def acknowledge(row: Incident, by: Any, by_name: str, text: str = "") -> Incident:
    """Say that somebody has it. Twice is no error; the first stands."""
    text = _clean(text)
    _require_open(row)
    with transaction.atomic():
        first = Incident.objects.filter(pk=row.pk, acknowledged_at=None, closed_at=None)
        if claims.claim_row(first, acknowledged_at=timezone.now(), acknowledged_by=by):
            _write(row, MoveKind.ACKNOWLEDGED, by, by_name, text)
        elif text:
            _write(row, MoveKind.NOTED, by, by_name, text)
    row.refresh_from_db()
    return row


def add_note(row: Incident, by: Any, text: str) -> None:
    """Also to one that is closed: what was learned of it often comes later."""
    text = _clean(text)
    if not text:
        raise IncidentRefused("Write the note. Nothing was changed.", "text")
    with transaction.atomic():
        _write(row, MoveKind.NOTED, by, phase.actor_name(by), text)


def clear_incident(row: Incident, by: Any, text: str) -> Incident:
    """Close it and what it explains; the same evidence opens none of them again."""
    text = _clean(text)
    if len(text) < LEAST_WHY:
        raise IncidentRefused(
            f"Say why, in {LEAST_WHY} characters or more. Nothing was changed.", "text"
        )
    _require_open(row)
    now = timezone.now()
    with transaction.atomic():
        for one in [row, *row.children.filter(closed_at=None)]:
            rows = Incident.objects.filter(pk=one.pk, closed_at=None)
            closed = claims.claim_row(
                rows, closed_at=now, closed_as=ClosedAs.CLEARED, version=F("version") + 1
            )
            if not closed and one is row:
                raise IncidentRefused("It was closed meanwhile. Nothing was changed.")
            if closed:
                _write(one, MoveKind.CLEARED, by, phase.actor_name(by), text)
    row.refresh_from_db()
    return row


def _require_open(row: Incident) -> None:
    if not row.is_open:
        raise IncidentRefused("It is closed already. Nothing was changed.")


def _clean(text: str) -> str:
    text = text.replace("\x00", "").strip()
    if len(text) > MOST_TEXT:
        raise IncidentRefused(
            f"At most {MOST_TEXT} characters; these are {len(text)}. Nothing was changed.", "text"
        )
    return text


def _write(row: Incident, kind: MoveKind, by: Any, by_name: str, text: str) -> None:
    move = IncidentMove.objects.create(incident=row, kind=kind, by=by, by_name=by_name)
    if text:
        IncidentNote.objects.create(move=move, text=text)


# --- Rows


def cleared_marks(keys: set[Key]) -> dict[Key, set[str]]:
    """The marks that people have cleared, by cause and subject."""
    found: dict[Key, set[str]] = {}
    rows = Incident.objects.filter(
        closed_as=ClosedAs.CLEARED, cause__in={cause for cause, _ in keys}
    )
    for cause, subject, marks in rows.values_list("cause", "subject", "marks"):
        if (cause, subject) in keys:
            found.setdefault((cause, subject), set()).update(marks)
    return found


def _change(row: Incident, **changes: Any) -> bool:
    mine = Incident.objects.filter(pk=row.pk, version=row.version)
    if not claims.claim_row(mine, version=row.version + 1, **changes):
        return False
    row.version += 1
    for name, value in changes.items():
        setattr(row, name, value)
    return True


def _add_move(row: Incident, kind: MoveKind, numbers: Mapping[str, Any], now: datetime) -> None:
    IncidentMove.objects.create(incident=row, kind=kind, numbers=dict(numbers), at=now)
