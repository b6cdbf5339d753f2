"""Reads what a digest says, section by section, as codes and numbers without personal data.

A section that cannot be read is named, so that "nothing to report" is said only after looking.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Min

from approvals.models import Decision, Rereading, RereadingItem, Verdict
from approvals.queue import review_queue, what_waits
from approvals.sent import answers
from leads.models import Kind
from metrics.gates import gate_evaluation
from metrics.gates.gate import PASS
from metrics.incident_codes import Cause
from metrics.models import GateEvaluation, Incident
from outreach.choices import BlockedBy, EventKind, MoveCode, Status, Transport
from outreach.control import phase
from outreach.models import ControlChange, EmailEvent, Meeting, Message, Move, Reply, ReplyKind

log = logging.getLogger(__name__)

COUNTED_EVENTS = (
    EventKind.BOUNCED,
    EventKind.BLOCKED,
    EventKind.COMPLAINED,
    EventKind.UNSUBSCRIBED,
)
DEAD_SOURCES = (
    Cause.SILENT_SOURCE, Cause.ENRICHMENT_STALLED, Cause.GHL_DOWN, Cause.GHL_ACCESS,
    Cause.GHL_READING, Cause.GHL_LIMIT,
)  # fmt: skip
MOST_CHANGES = 8
Numbers = dict[str, Any]


def read_digest(kind: str, since: datetime, now: datetime) -> Numbers:
    content: Numbers = {
        "kind": kind,
        "since": since.isoformat(),
        "until": now.isoformat(),
        "unread": [],
    }
    for name, read in SECTIONS.items():
        try:
            with transaction.atomic():
                content[name] = read(since, now)
        except Exception:
            # Whatever it was, the other sections are still worth reading.
            log.exception("the section %s of the digest cannot be read", name)
            content["unread"].append(name)
    return content


def _read_waiting(since: datetime, now: datetime) -> Numbers:
    rows = review_queue.waiting_messages().order_by()
    by_band = rows.values("band").annotate(n=Count("pk"), oldest=Min("held_at"))
    found = {row["band"]: row for row in by_band}
    waits = what_waits.what_waits()
    oldest = min((row["oldest"] for row in found.values() if row["oldest"]), default=None)
    return {
        "by_band": {band: row["n"] for band, row in found.items()},
        "critical": rows.exclude(critical_reason="").count(),
        "overdue": review_queue.count_overdue(),
        "oldest": oldest.isoformat() if oldest else "",
        "answers": answers.count_needing_someone(),
        "uncertain": waits.uncertain,
        "parked": waits.parked,
        "blocked": {who.value: waits.blocked_by(who) for who in BlockedBy if waits.blocked_by(who)},
        "snoozed": waits.snoozed,
        "halted": phase.is_halted(phase.current_control()),
    }


def _read_sources(since: datetime, now: datetime) -> list[Numbers]:
    rows = Incident.objects.filter(closed_at=None, cause__in=DEAD_SOURCES, parent=None)
    return [
        {"cause": row.cause, "subject": row.subject, "since": row.opened_at.isoformat()}
        for row in rows.order_by("opened_at")
    ]


def _read_sent(since: datetime, now: datetime) -> Numbers:
    sent = Message.objects.filter(sent_at__gte=since, sent_at__lt=now, status=Status.SENT)
    real = sent.filter(kind=Kind.LIVE)
    events = EmailEvent.objects.filter(
        kind__in=COUNTED_EVENTS, at__gte=since, at__lt=now, message__kind=Kind.LIVE
    )
    by_kind = events.order_by().values("kind").annotate(n=Count("message", distinct=True))
    replies = Reply.objects.by_people().filter(received_at__gte=since, received_at__lt=now)
    meetings = Meeting.objects.filter(booked_at__gte=since, booked_at__lt=now)
    return {
        "sent": real.filter(transport=Transport.GHL).count(),
        "sandbox": real.filter(transport=Transport.SANDBOX).count(),
        "replies": replies.count(),
        "positive": replies.of_kind(ReplyKind.POSITIVE).count(),
        "meetings": meetings.exclude(status__in=Meeting.OFF).count(),
        **{row["kind"]: row["n"] for row in by_kind},
    }


def read_decisions(since: datetime, now: datetime) -> Numbers:
    moves = Move.objects.filter(at__gte=since, at__lt=now).exclude(message__kind=Kind.TRAINING)
    made = Decision.objects.standing().filter(at__gte=since, at__lt=now)
    made = made.exclude(message__kind=Kind.TRAINING)
    rejected = made.filter(verdict__in=[Verdict.REJECTED, Verdict.WOULD_REJECT]).count()
    drawn = RereadingItem.objects.filter(draw__isnull=False, machine=True, fault="")
    read = drawn.filter(rereading__at__gte=since, rereading__at__lt=now)
    overridden = read.exclude(rereading__judgement=Rereading.Judgement.APPROVE)
    return {
        "machine": moves.filter(why=MoveCode.MACHINE).count(),
        "returned": moves.filter(why=MoveCode.MACHINE_RETURNED).count(),
        "people": made.count(),
        "rejected": rejected,
        "edited": made.filter(edited=True).count(),
        "reread": read.count(),
        "overridden": overridden.count(),
        "unread": drawn.filter(rereading=None).count(),
    }


def _read_changes(since: datetime, now: datetime) -> list[Numbers]:
    rows = ControlChange.objects.filter(at__gte=since, at__lt=now).order_by("-pk")[:MOST_CHANGES]
    return [
        {"what": row.what, "before": row.before, "after": row.after, "at": row.at.isoformat()}
        for row in reversed(rows)
    ]


def _read_gates(since: datetime, now: datetime) -> Numbers:
    """The newest recorded evaluation into the next phase, beside the one before the period."""
    target = gate_evaluation.next_target()
    rows = GateEvaluation.objects.filter(target=target).order_by("-pk")
    newest, before = rows.first(), rows.filter(at__lt=since).first()
    here = phase.current_control().phase
    if newest is None:
        return {"phase": here, "target": target or "", "passed": None}
    verdicts = {gate["name"]: gate["verdict"] for gate in newest.gates}
    earlier = {gate["name"]: gate["verdict"] for gate in before.gates} if before else verdicts
    changed = [
        [name, earlier[name], verdict]
        for name, verdict in verdicts.items()
        if name in earlier and earlier[name] != verdict
    ]
    return {
        "phase": here,
        "target": target,
        "passed": sum(verdict == PASS for verdict in verdicts.values()),
        "of": len(verdicts),
        "changed": changed,
    }


def _read_incidents(since: datetime, now: datetime) -> Numbers:
    on_top = Incident.objects.filter(parent=None)
    open_rows = on_top.filter(closed_at=None).exclude(cause__in=DEAD_SOURCES)
    return {
        "open": [[row.cause, row.subject] for row in open_rows.order_by("opened_at")],
        "opened": on_top.filter(opened_at__gte=since, opened_at__lt=now).count(),
        "closed": on_top.filter(closed_at__gte=since, closed_at__lt=now).count(),
    }


SECTIONS: Mapping[str, Callable[[datetime, datetime], Any]] = {
    "waiting": _read_waiting,
    "sources": _read_sources,
    "sent": _read_sent,
    "decisions": read_decisions,
    "changes": _read_changes,
    "gates": _read_gates,
    "incidents": _read_incidents,
}
