"""What the guardrails count: events that came back, send errors and the health of the domain."""

from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from leads.models import Kind
from outreach.choices import EventKind, Guardrail, Record, Status
from outreach.guardrails import guardrail_rules
from outreach.guardrails.guardrail_rules import WEEK, EventCounts, HealthState, MissingRecord
from outreach.limits import sending_domains
from outreach.models import EmailEvent, HealthVerdict, Move, SendIntent, Transport

LONGEST_DELAY = WEEK  # events that we learn of later than this are not counted
GUARDRAIL_BY_EVENT = {
    EventKind.COMPLAINED: Guardrail.COMPLAINTS,
    EventKind.BOUNCED: Guardrail.HARD_BOUNCES,
}
EXPLAINED = (EventKind.BOUNCED, EventKind.BLOCKED, EventKind.DEFERRED, EventKind.DELIVERED)
Event = tuple[str, datetime]  # its id, and the moment that counts


def count_events(now: datetime) -> EventCounts:
    """Count the events within every window. Only emails to live leads count."""
    events = _complaints_and_bounces(now) | {Guardrail.SEND_ERRORS: _send_errors(now)}

    def within(guardrail: Guardrail, window: timedelta) -> tuple[str, ...]:
        return tuple(dict.fromkeys(event for event, at in events[guardrail] if at > now - window))

    return EventCounts(
        alert={
            guardrail: within(guardrail, rule.alert_window)
            for guardrail, rule in guardrail_rules.COUNT_RULES.items()
        },
        halt={
            guardrail: within(guardrail, rule.halt_window)
            for guardrail, rule in guardrail_rules.COUNT_RULES.items()
        },
        bounces_week=within(Guardrail.HARD_BOUNCES, WEEK),
        sends_week=_sent_this_week(now),
        health=_current_health(now),
    )


def _complaints_and_bounces(now: datetime) -> dict[Guardrail, list[Event]]:
    """Complaints and hard bounces, dated by when we learned of them.

    All complaints about one email are one event, and so are all its bounces.
    """
    # The filter on `at` is for the index.
    rows = EmailEvent.objects.filter(kind__in=GUARDRAIL_BY_EVENT, at__gt=now - WEEK - LONGEST_DELAY)
    rows = rows.filter(noted_at__gt=now - WEEK, at__gt=F("noted_at") - LONGEST_DELAY).filter(
        _live_only()
    )
    found: dict[Guardrail, list[Event]] = {
        guardrail: [] for guardrail in GUARDRAIL_BY_EVENT.values()
    }
    for kind, message, noted_at in rows.order_by("message_id").values_list(
        "kind", "message_id", "noted_at"
    ):
        found[GUARDRAIL_BY_EVENT[EventKind(kind)]].append((f"{kind}:{message}", noted_at))
    return found


def _live_only() -> Q:
    """Rows of emails to live leads that did not go to the sandbox."""
    live = Q(message__kind=Kind.LIVE, message__lead__kind=Kind.LIVE)
    return live & ~Q(message__transport=Transport.SANDBOX)


def _send_errors(now: datetime) -> list[Event]:
    """Refusals that are our fault, deliveries that failed without a reason, and emails that were
    uncertain for more than 15 minutes.

    The latter count from the moment the 15 minutes were over, also when they were settled later.
    """
    rule = guardrail_rules.COUNT_RULES[Guardrail.SEND_ERRORS]
    long = guardrail_rules.UNCERTAIN_TOO_LONG
    refused = Q(to_status=Status.FAILED) & ~Q(why__in=guardrail_rules.NOT_OUR_FAULT)
    soon = Q(message=OuterRef("message"), pk__gt=OuterRef("pk"), at__lte=OuterRef("at") + long)
    uncertain = Q(to_status=Status.UNCERTAIN, at__lt=now - long) & ~Exists(
        Move.objects.filter(soon)
    )
    moves = Move.objects.filter(
        to_status__in=[Status.FAILED, Status.UNCERTAIN], at__gt=now - rule.alert_window - long
    )
    rows = (
        moves.filter(_live_only())
        .filter(refused | uncertain)
        .order_by("pk")
        .values_list("pk", "to_status", "at")
    )
    found = [
        (f"move:{pk}", at + long if status == Status.UNCERTAIN else at) for pk, status, at in rows
    ]
    unexplained = unexplained_failures(now - rule.alert_window).filter(_live_only())
    return found + [
        (f"event:{pk}", at) for pk, at in unexplained.order_by("pk").values_list("pk", "noted_at")
    ]


def unexplained_failures(since: datetime) -> QuerySet[EmailEvent]:
    """Emails that were not delivered, and for which no receiver gave a reason."""
    explained = EmailEvent.objects.filter(message=OuterRef("message"), kind__in=EXPLAINED)
    rows = EmailEvent.objects.filter(
        kind=EventKind.SEND_FAILED, at__gt=since - LONGEST_DELAY, noted_at__gt=since
    )
    return rows.filter(~Exists(explained))


def _sent_this_week(now: datetime) -> int:
    sent = SendIntent.objects.filter(claimed_at__gt=now - WEEK, outcome=SendIntent.Outcome.SENT)
    return sent.filter(transport=Transport.GHL).count()


def newest_verdict() -> HealthVerdict | None:
    return HealthVerdict.objects.filter(domain=sending_domains.our_domain()).first()


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
    )


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
