"""A slot of the daily limit, and the intent to send that is committed before the sending call."""

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from caio_project.lib.db import claims
from outreach.auto_approval import eligibility
from outreach.choices import MoveCode, Status
from outreach.control import phase
from outreach.guardrails import guardrails
from outreach.guardrails.guardrail_rules import Breach
from outreach.lifecycle import transitions
from outreach.limits import current_limits, limit_rules, send_order, sending_domains
from outreach.limits.limit_rules import CurrentLimits
from outreach.limits.limit_texts import LimitCode
from outreach.models import DailySlots, Message, SendIntent
from outreach.sending import final_checks
from outreach.sending.final_checks import LONGEST_CALL
from outreach.sending.stops import SendMustWait, SendStopped

Outcome = SendIntent.Outcome


def claim_slot(message: Message, contact_id: str = "") -> SendIntent:
    """Claim a slot and store the intent to send. Call it inside a transaction.

    Raises SendMustWait where a limit binds or a more urgent email goes first, SendStopped where a
    check fails, StaleMessage where the lease is lost or nearly over. The lock of the control row
    makes workers claim one after the other. The checks are repeated here, because a person can
    unsubscribe during the calls to GoHighLevel.
    """
    row = phase.lock_control()
    now = timezone.now()
    at = current_limits.read_limits(row, now)
    breaches = guardrails.breaches_at_claim(now, row)
    _check_limits(message, at, breaches)
    known = final_checks.load_recipient(message)
    final_checks.check_before_sending(message, known)
    if message.by_machine and (
        reasons := eligibility.why_approval_lapsed(message, row, now, known, breaches)
    ):
        raise SendStopped(Status.HELD, MoveCode.MACHINE_RETURNED, reason=reasons[0])
    _renew_claim(message, contact_id, now)
    _take_slot(at)
    return SendIntent.objects.create(
        message=message,
        transport=message.transport,
        phase=row.phase,
        day=at.day,
        domain=message.domain,
        from_domain=sending_domains.record_from_domain(message.transport, at.warm_up),
        claimed_at=now,
    )


def _check_limits(message: Message, at: CurrentLimits, breaches: tuple[Breach, ...]) -> None:
    limit = (
        limit_rules.limit_on_everything(at)
        or current_limits.limit_on_message(message, at)
        or send_order.limit_by_reserve(message.rank, at)
    )
    if limit:
        raise SendMustWait(limit.limit, **limit.arguments)
    if breach := guardrails.unhandled_halt(breaches):
        raise SendMustWait(LimitCode.GUARDRAIL, breach=breach)
    if send_order.would_overtake(message, at):
        raise SendMustWait(LimitCode.TURN)


def _renew_claim(message: Message, contact_id: str, now: datetime) -> None:
    """Store the contact, if this process holds a lease that outlasts the sending call."""
    rows = Message.objects.filter(
        pk=message.pk, status=Status.SENDING, lease_until=message.lease_until
    )
    if not claims.claim_row(
        rows.filter(lease_until__gt=now + LONGEST_CALL), ghl_contact_id=contact_id
    ):
        raise transitions.StaleMessage("taken over", message.version)


def _take_slot(at: CurrentLimits) -> None:
    free = DailySlots.objects.filter(day=at.day, used__lt=at.daily)
    if claims.claim_row(free, used=F("used") + 1):
        return
    DailySlots.objects.get_or_create(day=at.day)  # the first email of the day
    if not claims.claim_row(free, used=F("used") + 1):
        raise SendMustWait(LimitCode.DAILY)


def settle_intent(intent: SendIntent, outcome: str, was: str = Outcome.OPEN) -> None:
    """Store what came of an intent. An email that was certainly not sent gives its slot back.

    Raises StaleMessage where another process settled it first.
    """
    with transaction.atomic(savepoint=False):  # nothing is undone here: it raises outside of it
        rows = SendIntent.objects.filter(pk=intent.pk, outcome=was)
        is_mine = claims.claim_row(rows, outcome=outcome, settled_at=timezone.now())
        if is_mine and was == Outcome.OPEN and outcome in SendIntent.NOTHING_LEFT:
            DailySlots.objects.filter(day=intent.day, used__gt=0).update(used=F("used") - 1)
    if not is_mine:
        raise transitions.StaleMessage("settled by another process", intent.message.version)
