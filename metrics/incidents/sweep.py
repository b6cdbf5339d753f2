"""One round: reads what is due, opens, folds and closes incidents, acts and tells.

Idle it costs three statements: what detectors found last, open alarms, open incidents.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from caio_project.lib.db import claims
from metrics.incident_codes import Action, MoveKind
from metrics.incidents import actions, alarm_reading, incident_notices, incidents
from metrics.incidents.findings import Finding, Key, from_json, with_first_seen
from metrics.incidents.plan import OpenIncident, PlannedStep, Step, merged_findings, plan_steps
from metrics.incidents.readings import READINGS, NothingToSay, Reading
from metrics.models import DetectorState, Incident

log = logging.getLogger(__name__)


def watch_incidents(more: Mapping[str, Reading] | None = None, now: datetime | None = None) -> bool:
    """One round; True where something changed. `more` are readings that only the caller can make.

    Call it without a transaction: each incident is committed before it is told of.
    """
    now = now or timezone.now()
    readings = {**READINGS, **(more or {})}
    states = _look_where_due(readings, now)
    findings = [*alarm_reading.read_alarms(now), *_stored_findings(states, readings)]
    rows = {row.key: row for row in open_incidents()}
    if not findings and not rows:
        return False
    unseen = {
        cause
        for name, reading in readings.items()
        if (state := states.get(name)) is None or state.looked_at is None
        for cause in reading.causes
    }
    new = {one.key for one in findings} - set(rows)
    cleared = incidents.cleared_marks(new) if new else {}
    steps = plan_steps(findings, map(_as_open, rows.values()), cleared, unseen, now)
    _keep_rested(findings, now)
    changed = [_carry_out(step, rows, now) for step in steps]
    return any(changed)


def open_incidents() -> QuerySet[Incident]:
    return Incident.objects.filter(closed_at=None).select_related("parent").order_by("opened_at")


def _look_where_due(readings: Mapping[str, Reading], now: datetime) -> dict[str, DetectorState]:
    states = {row.name: row for row in DetectorState.objects.all()}
    if missing := [name for name in readings if name not in states]:
        rows = [DetectorState(name=name, not_before=now) for name in missing]
        DetectorState.objects.bulk_create(rows, ignore_conflicts=True)
        states |= {row.name: row for row in rows}
    for name, reading in readings.items():
        if states[name].not_before <= now:
            _look(states[name], reading, now)
    return states


def _look(state: DetectorState, reading: Reading, now: datetime) -> None:
    """Claimed by its time, so that two workers do not count the same."""
    mine = DetectorState.objects.filter(name=state.name, not_before=state.not_before)
    if not claims.claim_row(mine, not_before=now + reading.every):
        return
    rows = DetectorState.objects.filter(name=state.name)
    try:
        found = with_first_seen(reading.look(now), _findings_of(state), now)
    except NothingToSay:
        return
    except Exception as error:
        # One detector that fails must not blind the others; three times in a row are an incident.
        log.exception("the detector %s failed", state.name)
        rows.update(failures=F("failures") + 1, error=type(error).__name__[:80])
        return
    state.findings, state.looked_at = [one.as_json() for one in found], now
    rows.update(findings=state.findings, looked_at=now, failures=0, error="")


def _findings_of(state: DetectorState) -> list[Finding]:
    return [from_json(one) for one in state.findings]


def _stored_findings(
    states: Mapping[str, DetectorState], readings: Mapping[str, Reading]
) -> list[Finding]:
    """What is found now; a detector that is no more has no say."""
    return [one for name in readings if name in states for one in _findings_of(states[name])]


def _as_open(row: Incident) -> OpenIncident:
    parent = row.parent
    return OpenIncident(
        row.key,
        set(row.marks),
        row.action,
        parent.key if parent else None,
        parent.closed_at if parent else None,
    )


def _keep_rested(findings: list[Finding], now: datetime) -> None:
    if any(one.action == Action.RESTED for one in merged_findings(findings)):
        actions.renew_rest(now)


def _carry_out(step: PlannedStep, rows: dict[Key, Incident], now: datetime) -> bool:
    """What changed and the notice of it are committed together; what it does comes after."""
    before = rows[step.key].action if step.key in rows else ""
    with transaction.atomic():
        changed = CARRY_OUT[step.step](step, rows, now)
    if changed and step.finding is not None and step.step in (Step.OPEN, Step.UPDATE):
        _act(rows[step.key], step.finding, before, now)
    return changed


def _open(step: PlannedStep, rows: dict[Key, Incident], now: datetime) -> bool:
    finding = step.finding
    assert finding is not None
    parent = rows.get(step.parent) if step.parent else None
    opened = incidents.open_incident(finding, parent, now)
    if opened is None:  # another worker was first; its incident explains what follows here
        rows |= {row.key: row for row in open_incidents() if row.key == step.key}
        return False
    row, is_new = opened
    rows[row.key] = row
    was_told = incident_notices.take_up_alarms(finding.alarms)
    if is_new and parent is None and not was_told:
        incident_notices.tell_opened(row)
    return True


def _act(row: Incident, finding: Finding, before: str, now: datetime) -> None:
    """Once for an incident, unless it calls for another action meanwhile."""
    act = actions.ACTIONS.get(finding.action)
    done = row.moves.filter(kind=MoveKind.ACTED, numbers__action=str(finding.action))
    if act is not None and finding.action != before and not done.exists():
        incidents.note_action(row, finding.action, act(now), now)


def _update(step: PlannedStep, rows: dict[Key, Incident], now: datetime) -> bool:
    """New evidence; people are told again only where more was done than before."""
    finding, row = step.finding, rows[step.key]
    assert finding is not None
    before = row.action
    incident_notices.take_up_alarms(finding.alarms)
    if not incidents.update_evidence(row, finding, now, is_news=True):
        return False
    if finding.action != before and finding.action != Action.TOLD and row.parent_id is None:
        incident_notices.tell_changed(row)
    return True


def _refresh(step: PlannedStep, rows: dict[Key, Incident], now: datetime) -> bool:
    assert step.finding is not None
    return incidents.update_evidence(rows[step.key], step.finding, now, is_news=False)


def _fold(step: PlannedStep, rows: dict[Key, Incident], now: datetime) -> bool:
    parent = rows.get(step.parent) if step.parent else None
    return parent is not None and incidents.fold_incident(rows[step.key], parent, now)


def _unfold(step: PlannedStep, rows: dict[Key, Incident], now: datetime) -> bool:
    unfolded = incidents.unfold_incident(rows[step.key], now)
    if unfolded:
        incident_notices.tell_opened(rows[step.key])
    return unfolded


def _close(step: PlannedStep, rows: dict[Key, Incident], now: datetime) -> bool:
    row = rows[step.key]
    closed = incidents.close_recovered(row, now)
    if closed:
        incident_notices.tell_over(row)
    return closed


CARRY_OUT: Mapping[Step, Callable[[PlannedStep, dict[Key, Incident], datetime], Any]] = {
    Step.OPEN: _open,
    Step.UPDATE: _update,
    Step.REFRESH: _refresh,
    Step.FOLD: _fold,
    Step.UNFOLD: _unfold,
    Step.CLOSE: _close,
}
