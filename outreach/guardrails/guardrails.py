"""The guardrails counted on our own rows, and what a breach does: alert, or halt sending and drop one phase.

`check` is called after everything that came back, by a sweep, and at the door; `unanswered` inside the claim of a slot,
where a count that fails lets nothing leave. The table is `thresholds`; when a breach acts again is ADR 9.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from caio_project.lib.nudge import nudge
from leads.integrations.alarms import clear_alarm, raise_alarm
from leads.models import Alarm, Kind
from outreach.choices import EventKind, Guardrail, Level, Phase, Record, Status
from outreach.control import phase
from outreach.control.policy import PHASE_ORDER
from outreach.guardrails import guardrail_rules
from outreach.guardrails.guardrail_rules import (
    WEEK,
    Breach,
    DomainHealth,
    EventCounts,
    HealthState,
    MissingRecord,
)
from outreach.limits import sending_domains
from outreach.models import (
    Control,
    EmailEvent,
    GuardrailBreach,
    HealthVerdict,
    Move,
    SendIntent,
    Transport,
)
from outreach.review import review_actions

GUARDRAIL_ACTOR = "guardrail"
LONGEST_DELAY = WEEK  # what happened longer ago than this when we learn of it is history, not news
CLOCK_TOLERANCE = timedelta(minutes=5)
BREACHES_REMEMBERED = 200  # breaches of one guardrail, newest first; windows are a week at most
GUARDRAIL_BY_EVENT = {
    EventKind.COMPLAINED: Guardrail.COMPLAINTS,
    EventKind.BOUNCED: Guardrail.HARD_BOUNCES,
}
Action = GuardrailBreach.Action
Event = tuple[str, datetime]  # its id, and the moment that counts


def check_guardrails(now: datetime | None = None) -> list[GuardrailBreach]:
    """Count, judge, and act upon what was not acted upon before; returns what was written down.

    Call it where no transaction is open or the caller holds the control row already: it takes that row's lock.
    """
    now = now or timezone.now()
    counts = count_events(now)
    found = guardrail_rules.find_breaches(counts)
    _close_alarms(found)
    if not _due_breaches(found, phase.current_control()):
        return []
    with transaction.atomic():
        row, counts = phase.lock_control(), count_events(now)
        made = [
            _handle_breach(row, breach, counts)
            for breach in _due_breaches(guardrail_rules.find_breaches(counts), row)
        ]
    if made:
        review_actions.return_machine_approved()
        nudge("approvals.tell")
    return made


def current_breaches(now: datetime | None = None) -> tuple[Breach, ...]:
    """Every guardrail that stands breached now, acted upon or not."""
    return guardrail_rules.find_breaches(count_events(now or timezone.now()))


def unhandled_halt(now: datetime) -> Breach | None:
    """A breach that must stop sending and has not yet; read inside the claim of a slot."""
    return next(
        iter(
            _new_breaches(breach for breach in current_breaches(now) if breach.level == Level.HALT)
        ),
        None,
    )


def store_health_verdict(verdict: DomainHealth) -> None:
    """Store a verdict on the sending domain from above, once for each moment, and act upon it.

    Raises ValueError for a score that is not 0-100, an unknown state, or a date in the future, which would stay fresh.
    """
    if verdict.score is not None and not 0 <= verdict.score <= 100:
        raise ValueError(f"score: {verdict.score} is not 0 to 100.")
    for record in guardrail_rules.DNS_RECORDS:
        if getattr(verdict, record) not in Record.values:
            raise ValueError(
                f"{record}: {getattr(verdict, record)!r} is not one of {', '.join(Record.values)}."
            )
    if verdict.evaluated_at > timezone.now() + CLOCK_TOLERANCE:
        raise ValueError(f"evaluated_at: {verdict.evaluated_at} is in the future.")
    HealthVerdict.objects.get_or_create(
        domain=verdict.domain.lower(),
        evaluated_at=verdict.evaluated_at,
        defaults={
            "score": verdict.score,
            "reasons": list(verdict.reasons),
            **{record: getattr(verdict, record) for record in guardrail_rules.DNS_RECORDS},
        },
    )
    check_guardrails()


# --- Counting ---------------------------------------------------------------------------------------------------------


def count_events(now: datetime) -> EventCounts:
    """What stands in every window at `now`. Sandbox, training, test and example emails are never in it."""
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
    """Complaints and hard bounces by when we learned of them; each email's have one id, however often it was said."""
    rows = EmailEvent.objects.filter(
        kind__in=GUARDRAIL_BY_EVENT, at__gt=now - WEEK - LONGEST_DELAY
    )  # by an index
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
    """Of an email to a live person that the sandbox did not keep."""
    live = Q(message__kind=Kind.LIVE, message__lead__kind=Kind.LIVE)
    return live & ~Q(message__transport=Transport.SANDBOX)


def _send_errors(now: datetime) -> list[Event]:
    """Refusals that are our fault, and moves into an uncertainty of over 15 minutes, from its sixteenth minute.

    It stays an error where it was settled later.
    """
    rule, long = (
        guardrail_rules.COUNT_RULES[Guardrail.SEND_ERRORS],
        guardrail_rules.UNCERTAIN_TOO_LONG,
    )
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
    return [
        (f"move:{pk}", at + long if status == Status.UNCERTAIN else at) for pk, status, at in rows
    ]


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
    """The event of the fall: the first of the verdicts in a row under `limit` that `newest` ends."""
    if newest.score is None or newest.score >= limit:
        return ""
    first = _first_since(newest.domain, Q(score=None) | Q(score__gte=limit), Q(score__lt=limit))
    return f"verdict:{first.pk if first else newest.pk}"


def _missing_record(newest: HealthVerdict, record: str) -> MissingRecord | None:
    """Whether the newest answer about `record` is that it is missing. A verdict without an answer says nothing."""
    if getattr(newest, record) == Record.PRESENT:
        return None
    missing = Q(**{record: Record.MISSING})
    first = _first_since(newest.domain, Q(**{record: Record.PRESENT}), missing)
    if first is None:
        return None
    last = HealthVerdict.objects.filter(missing, domain=newest.domain).latest("evaluated_at")
    return MissingRecord(record, last.evaluated_at - first.evaluated_at, f"{record}:{first.pk}")


def _first_since(domain: str, other: Q, this: Q) -> HealthVerdict | None:
    """The first verdict of `this` after the newest of `other`."""
    rows = HealthVerdict.objects.filter(domain=domain)
    if before := rows.filter(other).first():
        rows = rows.filter(evaluated_at__gt=before.evaluated_at)
    return rows.filter(this).last()


# --- Acting -----------------------------------------------------------------------------------------------------------


def _new_breaches(found: Iterable[Breach]) -> list[Breach]:
    """Those in which an event counts that has not acted at this level, or a stronger one, before."""
    return [breach for breach in found if not set(breach.events) <= _handled_events(breach)]


def _handled_events(breach: Breach) -> set[str]:
    levels = [Level.HALT] if breach.level == Level.HALT else Level.values
    rows = GuardrailBreach.objects.filter(guardrail=breach.guardrail, level__in=levels)
    return {
        event
        for events in rows.values_list("events", flat=True)[:BREACHES_REMEMBERED]
        for event in events
    }


def _due_breaches(found: Iterable[Breach], row: Control) -> list[Breach]:
    """The news, but for one: that no verdict was ever given concerns nobody before the machine may approve."""
    never = (guardrail_rules.NO_VERDICT,)
    return [breach for breach in _new_breaches(found) if breach.events != never or row.auto_approve]


def _handle_breach(row: Control, breach: Breach, counts: EventCounts) -> GuardrailBreach:
    """Do what a breach asks for and write it down, in the transaction that holds `row`."""
    before = row.phase
    action = _halt_and_demote(row, breach) if breach.level == Level.HALT else Action.ALERTED
    row.refresh_from_db()
    _raise_breach_alarm(breach, action, Phase(before), Phase(row.phase))
    return GuardrailBreach.objects.create(
        guardrail=breach.guardrail,
        level=breach.level,
        action=action,
        events=list(breach.events),
        sends=counts.sends_week,
        score=counts.health.score if counts.health else None,
        phase_before=before,
        phase_after=row.phase,
    )


def _halt_and_demote(row: Control, breach: Breach) -> GuardrailBreach.Action:
    """Halt, and drop one phase; where a breach has done so since the last resume, its late echoes drop no further."""
    if (
        row.halted
        and GuardrailBreach.objects.filter(level=Level.HALT, at__gte=row.halted_at).exists()
    ):
        return Action.NOTED
    phase.halt_sending(by=GUARDRAIL_ACTOR, reason=breach.text)
    if row.phase == Phase.SHADOW:
        return Action.HALTED
    phase.change_phase(
        PHASE_ORDER[PHASE_ORDER.index(Phase(row.phase)) - 1], by=GUARDRAIL_ACTOR, reason=breach.text
    )
    return Action.DROPPED


def _raise_breach_alarm(breach: Breach, action: str, before: Phase, after: Phase) -> None:
    """Told anew for each breach that acts, also where the alarm of the one before is open still."""
    done = {
        Action.ALERTED: "The machine approves nothing until it is over.",
        Action.HALTED: "Sending is halted.",
        Action.DROPPED: f"Sending is halted, and the phase dropped from {before.label} to {after.label}.",
        Action.NOTED: "Sending was halted before.",
    }
    key = _alarm_key(breach.guardrail)
    clear_alarm(key)
    raise_alarm(key, f"Guardrail: {breach.text} {done[Action(action)]}")


def _close_alarms(found: Iterable[Breach]) -> None:
    stands = {_alarm_key(breach.guardrail) for breach in found}
    over = [key for key in map(_alarm_key, Guardrail.values) if key not in stands]
    for key in Alarm.objects.filter(closed_at=None, key__in=over).values_list("key", flat=True):
        clear_alarm(key)


def _alarm_key(guardrail: str) -> str:
    return f"guardrail:{guardrail}"
