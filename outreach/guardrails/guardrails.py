"""What a breached guardrail does: it alerts, or halts sending and drops one phase.

`check_guardrails` runs after every event that came back, in a sweep, while emails are sent, and
where the claim of a slot was refused. `unhandled_halt` runs inside that claim, where a failed count
lets nothing leave. The rules are in `guardrail_rules`; ADR 9 says when a breach acts again.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from caio_project.lib import calendar
from caio_project.lib.db.caches import process_cache as cache
from caio_project.lib.nudge import nudge
from leads.integrations.alarms import clear_alarm, raise_alarm
from leads.models import Alarm
from outreach.choices import Guardrail, Level, Phase, Record
from outreach.control import phase
from outreach.control.policy import PHASE_ORDER
from outreach.guardrails import guardrail_counts, guardrail_display, guardrail_rules
from outreach.guardrails.guardrail_rules import Breach, DomainHealth, EventCounts
from outreach.models import Control, GuardrailBreach, HealthVerdict
from outreach.review import review_actions

GUARDRAIL_ACTOR = "guardrail"
CLOCK_TOLERANCE = timedelta(minutes=5)
CHECKED_AGAIN_AFTER = 5.0  # seconds, while emails are sent
BREACHES_REMEMBERED = 200  # breaches of one guardrail, newest first; windows are a week at most
Action = GuardrailBreach.Action


def check_guardrails(now: datetime | None = None) -> list[GuardrailBreach]:
    """Count, and act upon each breach that is new; returns the rows of those that acted.

    Takes the lock of the control row: call it without a transaction, or while holding that lock.
    """
    now = now or timezone.now()
    control = phase.current_control()
    counts = guardrail_counts.count_events(now, control)
    found = guardrail_rules.find_breaches(counts)
    _close_alarms(found)
    if not _due_breaches(found, control):
        return []
    with transaction.atomic():
        row = phase.lock_control()
        counts = guardrail_counts.count_events(now, row)
        made = [
            _handle_breach(row, breach, counts)
            for breach in _due_breaches(guardrail_rules.find_breaches(counts), row)
        ]
    if made:
        review_actions.return_machine_approved()
        nudge("approvals.tell")
    return made


def check_when_due() -> None:
    """As `check_guardrails`, for each email: every five seconds at most in one process."""
    if cache.add("guardrails:checked", True, CHECKED_AGAIN_AFTER):
        check_guardrails()


def current_breaches(now: datetime | None = None, row: Control | None = None) -> tuple[Breach, ...]:
    row = row or phase.current_control()
    return guardrail_rules.find_breaches(guardrail_counts.count_events(now or timezone.now(), row))


def standing_halts() -> list[str]:
    """A sentence for each guardrail whose breach halts sending and is not over."""
    stands = [breach for breach in current_breaches() if breach.level == Level.HALT]
    return [guardrail_display.describe_breach(breach) for breach in stands]


def breaches_at_claim(now: datetime, row: Control) -> tuple[Breach, ...]:
    counts = guardrail_counts.count_events(now, row, for_halt=True)
    return guardrail_rules.find_breaches(counts)


def unhandled_halt(breaches: Iterable[Breach]) -> Breach | None:
    """A breach that stops sending, for good or for the day, and has not done so yet."""
    stopping = [breach for breach in breaches if breach.level == Level.HALT or breach.defers]
    return next(iter(_new_breaches(stopping)), None)


def store_health_verdict(verdict: DomainHealth) -> None:
    """Store a verdict on the sending domain, once for each moment, and check the guardrails.

    Raises ValueError for a score that is not 0-100, an unknown record state, or a date in the
    future, with which the verdict would never grow old.
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


def _new_breaches(found: Iterable[Breach]) -> list[Breach]:
    """The breaches with an event that has not acted before at this or a stronger level."""
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
    """The new breaches. A missing first verdict matters only once the machine may approve."""
    never = (guardrail_rules.NO_VERDICT,)
    return [breach for breach in _new_breaches(found) if breach.events != never or row.auto_approve]


def _handle_breach(row: Control, breach: Breach, counts: EventCounts) -> GuardrailBreach:
    before = row.phase
    action = Action.ALERTED
    if breach.level == Level.HALT:
        action = _halt_and_demote(row, breach)
    elif breach.defers:
        action = _rest_today(row, breach)
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


def _rest_today(row: Control, breach: Breach) -> GuardrailBreach.Action:
    until = calendar.next_day(timezone.now(), settings.TEAM_TIME_ZONE)
    phase.rest_sending(until, guardrail_display.describe_breach(breach))
    return Action.DEFERRED


def _halt_and_demote(row: Control, breach: Breach) -> GuardrailBreach.Action:
    """Halt and drop one phase, once until sending is resumed: late events drop no further."""
    if (
        row.halted
        and GuardrailBreach.objects.filter(level=Level.HALT, at__gte=row.halted_at).exists()
    ):
        return Action.NOTED
    reason = guardrail_display.describe_breach(breach)
    phase.halt_sending(by=GUARDRAIL_ACTOR, reason=reason)
    if row.phase == Phase.SHADOW:
        return Action.HALTED
    below = PHASE_ORDER[PHASE_ORDER.index(Phase(row.phase)) - 1]
    phase.change_phase(below, by=GUARDRAIL_ACTOR, reason=reason)
    return Action.DROPPED


def _raise_breach_alarm(breach: Breach, action: str, before: Phase, after: Phase) -> None:
    """Raise the alarm again for each breach that acts, even if an earlier one is still open."""
    done = {
        Action.ALERTED: "The machine approves nothing until it is over.",
        Action.DEFERRED: "Nothing more is sent today, and the machine approves nothing until it "
        "is over.",
        Action.HALTED: "Sending is halted.",
        Action.DROPPED: f"Sending is halted, and the phase dropped from {before.label} to "
        f"{after.label}.",
        Action.NOTED: "Sending was halted before.",
    }
    key = _alarm_key(breach.guardrail)
    clear_alarm(key)
    raise_alarm(
        key, f"Guardrail: {guardrail_display.describe_breach(breach)} {done[Action(action)]}"
    )


def _close_alarms(found: Iterable[Breach]) -> None:
    breached = {_alarm_key(breach.guardrail) for breach in found}
    over = [key for key in map(_alarm_key, Guardrail.values) if key not in breached]
    for key in Alarm.objects.filter(closed_at=None, key__in=over).values_list("key", flat=True):
        clear_alarm(key)


def _alarm_key(guardrail: str) -> str:
    return f"guardrail:{guardrail}"
