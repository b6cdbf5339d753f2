"""Erases a person: marks first, so that nothing new is stored, then every table, the vault, the
spool. Each step can be repeated, and is repeated while work begun before the marks may still end.
"""

import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from approvals.models import SlackCard, SlackPost
from caio_project.lib.models import AccessEvent
from caio_project.lib.nudge import nudge
from caio_project.lib.webhooks_out import endpoints
from caio_project.privacy import erasure_file, open_emails, raw_bodies, subject, table_rows
from caio_project.privacy.marks import marks_of
from caio_project.privacy.open_emails import EmailEndings
from caio_project.privacy.subject import Subject
from caio_project.team_access.access_log import record_access
from leads import locks
from leads.models import Erasure, ErasureRun, Lead, Suppression
from leads.suppression import suppression

log = logging.getLogger(__name__)

SOURCE = "erase_person"
REPEATED_FOR = timedelta(hours=1)  # no visit, call or answer begun before is under way after that
# Leads of lower numbers that may still be uncommitted, or were committed since we looked for some.
UNDER_WAY = 10_000
OVERLAP = timedelta(minutes=10)  # of clocks and long transactions, when only new bodies are read
Scope, Reason = Suppression.Scope, Suppression.Reason


@dataclass
class ErasureReport:
    """What one pass changed; `rows` by table."""

    erasure: Erasure
    rows: Counter[str] = field(default_factory=Counter)
    emails: EmailEndings = field(default_factory=EmailEndings)
    slack_waiting: int = 0
    file_error: str = ""


def erase_subject(found: Subject, source: Erasure.Source, by: Any = None) -> ErasureReport:
    """Erase everything about `found`; of somebody unknown only marks are kept.

    From a page only the rows of the person go at once; the sweep looks through the rest.
    """
    erasure = place_marks(found, source, by)
    report = finish_erasure(erasure, by=by, thorough=source != Erasure.Source.PAGE)
    report.file_error = erasure_file.write_missing()
    about = f"erasure {erasure.public_id}"
    record_access(AccessEvent.Kind.PERSON_ERASED, by=by, about=about)
    nudge("caio_project.repeat_erasures")
    nudge("approvals.tell")  # blanks what Slack shows
    log.info("erasure %s: %s rows", erasure.public_id, sum(report.rows.values()))
    return report


def place_marks(found: Subject, source: Erasure.Source, by: Any = None) -> Erasure:
    """From the commit on, every door refuses this person."""
    if not found.rows:
        return _place_marks([], set(found.marks), source, by)
    return locks.retry_until_unchanged(lambda: _mark_locked(found, source, by))


def _mark_locked(found: Subject, source: Erasure.Source, by: Any) -> Erasure:
    survivor = locks.lock_leads_once(*found.pks)[0]
    locked = subject.subject_of(survivor)
    locks.lock_rows(locked.pks)
    marks = {*locked.marks, *marks_of(found.identifiers)}
    return _place_marks(locked.rows, marks, source, by)


def _place_marks(rows: list[Lead], marks: set[str], source: Erasure.Source, by: Any) -> Erasure:
    with transaction.atomic():
        _add_stops(rows, marks)
        return Erasure.objects.create(
            source=source,
            by=by,
            marks=sorted(marks),
            leads=[str(row.public_id) for row in rows],
            newest_lead=max(0, (Lead.rows.aggregate(newest=Max("pk"))["newest"] or 0) - UNDER_WAY),
        )


def _add_stops(rows: list[Lead], marks: set[str]) -> None:
    survivor = next((row for row in rows if row.merged_into_id is None), None)
    stops = [(Scope.ADDRESS_HASH, mark) for mark in sorted(marks)]
    stops += [(Scope.PERSON, str(row.pk)) for row in rows]
    for scope, value in stops:
        Suppression.objects.get_or_create(
            scope=scope,
            value=value,
            reason=Reason.ERASED,
            defaults={"source": SOURCE, "lead": survivor},
        )


def replay_erasure(erasure: Erasure) -> ErasureReport:
    """Carry out an erasure in a database that is older than it."""
    known = Lead.rows.select_related("merged_into").filter(public_id__in=erasure.leads)
    people = {(row.merged_into or row).pk: row.merged_into or row for row in known}
    for person in people.values():
        found = subject.subject_of(person)
        _add_stops(found.rows, {*erasure.marks, *found.marks})
    _add_stops([], set(erasure.marks))
    return finish_erasure(erasure)


def finish_erasure(erasure: Erasure, *, by: Any = None, thorough: bool = True) -> ErasureReport:
    """One pass over everything. `thorough` reads all bodies and texts; otherwise only what came
    since the marks, and the rows of the person.
    """
    marks, report = set(erasure.marks), ErasureReport(erasure)
    leads = _leads_of(erasure, marks)
    marks |= _marks_placed_for(leads)
    report.emails = open_emails.end_open_emails(leads, by)
    report.rows["leads.InboundEvent"] += raw_bodies.forget_events_of(leads)
    if leads:
        events = endpoints.erase_person(lead.public_id for lead in leads)
        report.rows["lib.WebhookEvent"] += events
        report.rows += locks.retry_until_unchanged(lambda: _erase_locked(leads, marks))
    since = None if thorough else erasure.at - OVERLAP
    report.rows["leads.InboundEvent"] += raw_bodies.forget_events_naming(marks, since)
    report.rows["files in the spool"] += raw_bodies.forget_spooled(marks)
    if thorough:
        report.rows["leads.Suppression"] += table_rows.hash_suppressions([], marks)
        report.rows += table_rows.clean_other_texts(marks)
    report.rows = +report.rows
    report.slack_waiting = _slack_waiting(leads)
    if thorough or (report.rows and erasure.runs.exists()):
        ErasureRun.objects.create(erasure=erasure, rows=dict(report.rows))
    return report


def _erase_locked(leads: list[Lead], marks: set[str]) -> Counter[str]:
    locks.lock_rows([lead.pk for lead in leads])
    current = list(Lead.rows.select_related("company").filter(pk__in=[lead.pk for lead in leads]))
    counts: Counter[str] = Counter()
    counts["leads.Suppression"] = table_rows.hash_suppressions(current, marks)
    return counts + table_rows.erase_rows(current)


def _leads_of(erasure: Erasure, marks: set[str]) -> list[Lead]:
    """The leads that were marked, and those that a visit under way made meanwhile."""
    known = Lead.rows.filter(public_id__in=erasure.leads)
    rows = {row.pk: row for one in known for row in suppression.rows_of(one)}
    for late in subject.leads_by_marks(marks, after=erasure.newest_lead):
        found = subject.subject_of(late)
        _add_stops(found.rows, marks | set(found.marks))
        rows |= {row.pk: row for row in found.rows}
    return list(rows.values())


def _marks_placed_for(leads: list[Lead]) -> set[str]:
    """Also those of addresses that were not known yet when the erasure was recorded."""
    rows = Suppression.objects.filter(
        scope=Scope.ADDRESS_HASH, reason=Reason.ERASED, lead__in=leads
    )
    return set(rows.values_list("value", flat=True))


def _slack_waiting(leads: list[Lead]) -> int:
    cards = SlackCard.objects.filter(message__lead__in=leads, erased_at=None).count()
    return cards + SlackPost.objects.filter(lead__in=leads, erased_at=None).count()


def repeat_erasures(now: datetime | None = None) -> int:
    """Finish erasures whose process died, and look again at those of the last hour; returns how
    many passes changed something.
    """
    now = now or timezone.now()
    unfinished = Erasure.objects.filter(runs=None)
    changed = sum(bool(finish_erasure(one).rows) for one in unfinished)
    recent = Erasure.objects.filter(at__gt=now - REPEATED_FOR).exclude(
        pk__in=[one.pk for one in unfinished]
    )
    changed += sum(bool(finish_erasure(one, thorough=False).rows) for one in recent)
    erasure_file.write_missing()
    return changed
