"""What the guardrails count: events that came back, send errors and the health of the domain."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from caio_project.lib.db.kept_queries import kept_query
from leads.models import Kind
from outreach.choices import EventKind, Guardrail, Record, Status, Transport
from outreach.control import phase
from outreach.guardrails import guardrail_rules
from outreach.guardrails.guardrail_rules import (
    DAY,
    UNCERTAIN_TOO_LONG,
    WEEK,
    EventCounts,
    HealthState,
    MissingRecord,
)
from outreach.limits import sending_domains
from outreach.models import Control, EmailEvent, HealthVerdict, Move, SendIntent

SEND_ERRORS = guardrail_rules.COUNT_RULES[Guardrail.SEND_ERRORS]
LONGEST_DELAY = WEEK  # events that we learn of later than this are not counted
GUARDRAIL_BY_EVENT = {
    EventKind.COMPLAINED: Guardrail.COMPLAINTS,
    EventKind.BLOCKED: Guardrail.BLOCKED,
    EventKind.BOUNCED: Guardrail.HARD_BOUNCES,
}
COUNTED_KINDS = (*GUARDRAIL_BY_EVENT, EventKind.SEND_FAILED)
EXPLAINED = (EventKind.BOUNCED, EventKind.BLOCKED, EventKind.DEFERRED, EventKind.DELIVERED)
Event = tuple[str, datetime]  # its id, and the moment that counts


def count_events(now: datetime, row: Control, *, for_halt: bool = False) -> EventCounts:
    """Count the events within every window. Only emails to live leads count.

    `for_halt` counts the emails sent only where bounces could be a share of them.
    """
    events = _events_by_guardrail(now)

    def within(guardrail: Guardrail, window: timedelta) -> tuple[str, ...]:
        return tuple(dict.fromkeys(event for event, at in events[guardrail] if at > now - window))

    bounces = within(Guardrail.HARD_BOUNCES, WEEK)
    return EventCounts(
        alert={
            guardrail: within(guardrail, rule.alert_window)
            for guardrail, rule in guardrail_rules.COUNT_RULES.items()
        },
        halt={
            guardrail: within(guardrail, rule.halt_window)
            for guardrail, rule in guardrail_rules.COUNT_RULES.items()
        },
        blocks_day=within(Guardrail.BLOCKED, DAY),
        bounces_week=bounces,
        sends_week=_sent_this_week(now) if bounces or not for_halt else 0,
        health=_current_health(now),
        daily=phase.phase_limits(row).daily,
    )


# The database is asked by the columns of its indexes alone: the rest is judged here, on few rows.


@dataclass(frozen=True)
class _Row:
    pk: int
    what: str  # the kind of an event, or the status of a move
    why: str
    message: int
    at: datetime
    noted_at: datetime


OF_EMAIL = ("message__kind", "message__lead__kind", "message__transport")


@kept_query
def _events_since(at: datetime, noted_at: datetime) -> QuerySet[Any]:
    events = EmailEvent.objects.filter(kind__in=COUNTED_KINDS, at__gt=at, noted_at__gt=noted_at)
    columns = ("pk", "kind", "code", "message_id", "at", "noted_at")
    return events.order_by("message_id", "pk").values_list(*columns, *OF_EMAIL)


@kept_query
def _moves_since(at: datetime) -> QuerySet[Any]:
    moves = Move.objects.filter(to_status__in=[Status.FAILED, Status.UNCERTAIN], at__gt=at)
    columns = ("pk", "to_status", "why", "message_id", "at", "at")
    return moves.order_by("message_id", "pk").values_list(*columns, *OF_EMAIL)


def _live_rows(found: list[Any]) -> list[_Row]:
    """Rows of emails to live leads that did not go to the sandbox."""
    return [
        _Row(*row)
        for *row, kind, lead_kind, transport in found
        if kind == lead_kind == Kind.LIVE and transport != Transport.SANDBOX
    ]


def _events_by_guardrail(now: datetime) -> dict[Guardrail, list[Event]]:
    """Complaints, blocks and hard bounces, dated by when we learned of them, and send failures.

    All complaints about one email are one event, and so are all its blocks and all its bounces.
    """
    week_ago = now - WEEK
    rows = _live_rows(_events_since(at=week_ago - LONGEST_DELAY, noted_at=week_ago))
    found: dict[Guardrail, list[Event]] = {
        guardrail: [
            (f"{row.what}:{row.message}", row.noted_at)
            for row in rows
            if row.what == kind and row.at > row.noted_at - LONGEST_DELAY
        ]
        for kind, guardrail in GUARDRAIL_BY_EVENT.items()
    }
    failures = _send_failures(rows, now - SEND_ERRORS.alert_window, now)
    found[Guardrail.SEND_ERRORS] = [*failures.refused, *failures.uncertain, *failures.undelivered]
    return found


@dataclass(frozen=True)
class SendFailures:
    """Failures that are ours, dated by the moment that counts.

    `uncertain` are those for more than 15 minutes, from the moment these were over, also where they
    were settled later; `uncertain_emails` are their messages.
    """

    refused: list[Event]
    undelivered: list[Event]
    uncertain: list[Event]
    uncertain_emails: set[int]


def send_failures(since: datetime, now: datetime) -> SendFailures:
    """What counts after `since`, for the guardrail and for the gate into assisted alike."""
    rows = _live_rows(_events_since(at=since - LONGEST_DELAY, noted_at=since))
    return _send_failures(rows, since, now)


def _send_failures(events: list[_Row], since: datetime, now: datetime) -> SendFailures:
    refused, uncertain = _failed_moves(since, now)
    return SendFailures(
        refused=[(f"move:{row.pk}", row.at) for row in refused],
        undelivered=_undelivered(events, since),
        uncertain=[(f"move:{row.pk}", row.at + UNCERTAIN_TOO_LONG) for row in uncertain],
        uncertain_emails={row.message for row in uncertain},
    )


def _undelivered(rows: list[_Row], since: datetime) -> list[Event]:
    """Emails that did not arrive, and for which no receiver gave a reason."""
    failed = [
        row
        for row in rows
        if row.what == EventKind.SEND_FAILED
        and row.noted_at > since
        and row.at > since - LONGEST_DELAY
    ]
    explained = _explained_emails(failed)
    return [(f"event:{row.pk}", row.noted_at) for row in failed if row.message not in explained]


def _explained_emails(failed: list[_Row]) -> set[int]:
    if not failed:
        return set()
    events = EmailEvent.objects.filter(message__in={row.message for row in failed})
    return set(events.filter(kind__in=EXPLAINED).values_list("message_id", flat=True))


def _failed_moves(since: datetime, now: datetime) -> tuple[list[_Row], list[_Row]]:
    """Refusals that are our fault, and emails that were uncertain for more than 15 minutes."""
    rows = _live_rows(_moves_since(at=since - UNCERTAIN_TOO_LONG))
    latest = now - UNCERTAIN_TOO_LONG
    uncertain = [row for row in rows if row.what == Status.UNCERTAIN and row.at < latest]
    settled = _settled_soon(uncertain, UNCERTAIN_TOO_LONG)
    refused = [
        row
        for row in rows
        if row.what == Status.FAILED
        and row.at > since
        and row.why not in guardrail_rules.NOT_OUR_FAULT
    ]
    return refused, [row for row in uncertain if row.pk not in settled]


def _settled_soon(uncertain: list[_Row], long: timedelta) -> set[int]:
    """The moves to uncertain that another one followed within that time."""
    if not uncertain:
        return set()
    later = Move.objects.filter(message__in={row.message for row in uncertain})
    moves = list(later.values_list("message_id", "pk", "at"))
    return {
        row.pk
        for row in uncertain
        for message, pk, at in moves
        if message == row.message and pk > row.pk and at <= row.at + long
    }


def _sent_this_week(now: datetime) -> int:
    sent = SendIntent.objects.filter(claimed_at__gt=now - WEEK, outcome=SendIntent.Outcome.SENT)
    return sent.filter(transport=Transport.GHL).count()


def newest_verdict() -> HealthVerdict | None:
    return next(iter(_newest_of(domain=sending_domains.our_domain())), None)


@kept_query
def _newest_of(domain: str) -> QuerySet[HealthVerdict]:
    return HealthVerdict.objects.filter(domain=domain)[:1]


def _current_health(now: datetime) -> HealthState | None:
    newest = newest_verdict()
    if newest is None:
        return None
    lost = tuple(
        lost for record in guardrail_rules.DNS_RECORDS if (lost := _missing_record(newest, record))
    )
    return HealthState(
        f"verdict:{newest.pk}",
        now - newest.evaluated_at,
        newest.score,
        _fall_event(newest, guardrail_rules.HEALTH_ALERT),
        _fall_event(newest, guardrail_rules.HEALTH_HALT),
        lost,
        _unknown_records(newest, lost),
    )


def _unknown_records(newest: HealthVerdict, lost: tuple[MissingRecord, ...]) -> tuple[str, ...]:
    missing = {one.record for one in lost}
    unanswered = [r for r in guardrail_rules.DNS_RECORDS if getattr(newest, r) == Record.UNKNOWN]
    return tuple(record for record in unanswered if record not in missing)


def _fall_event(newest: HealthVerdict, limit: int) -> str:
    """The verdict with which the score fell under `limit`; "" where it is not under it."""
    if newest.score is None or newest.score >= limit:
        return ""
    first = _first_since(newest.domain, Q(score=None) | Q(score__gte=limit), Q(score__lt=limit))
    return f"verdict:{first.pk if first else newest.pk}"


def _missing_record(newest: HealthVerdict, record: str) -> MissingRecord | None:
    """`record`, where its newest answer is that it is missing; verdicts without one are skipped."""
    if getattr(newest, record) == Record.PRESENT:
        return None
    missing = Q(**{record: Record.MISSING})
    first = _first_since(newest.domain, Q(**{record: Record.PRESENT}), missing)
    if first is None:
        return None
    last = HealthVerdict.objects.filter(missing, domain=newest.domain).latest("evaluated_at")
    return MissingRecord(record, last.evaluated_at - first.evaluated_at, f"{record}:{first.pk}")


def _first_since(domain: str, other: Q, this: Q) -> HealthVerdict | None:
    rows = HealthVerdict.objects.filter(domain=domain)
    if before := rows.filter(other).first():
        rows = rows.filter(evaluated_at__gt=before.evaluated_at)
    return rows.filter(this).last()
