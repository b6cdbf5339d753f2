"""The claim of one send and what came of it: what is counted, and the intent that is committed before the call."""

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from caio_project.lib.db import claims
from outreach.auto_approval import eligibility
from outreach.choices import Status
from outreach.control import phase
from outreach.guardrails import guardrails
from outreach.lifecycle import transitions
from outreach.limits import current_limits, limit_rules, send_order, sending_domains
from outreach.models import DailySlots, Message, SendIntent
from outreach.sending import final_checks
from outreach.sending.final_checks import LONGEST_CALL, SendMustWait, SendStopped

Outcome = SendIntent.Outcome


def claim_slot(message: Message, contact_id: str = "") -> SendIntent:
    """Claim one send and write down the intent, atomically; raises Bound where a limit binds or it is not its turn.

    Everything is read under the lock of the control row, so ten workers claim one after the other. What was judged
    before the calls to GHL is judged again: they take seconds, in which a person can unsubscribe.
    """
    row = phase.lock_control()
    now = timezone.now()
    at = current_limits.read_limits(row, now)
    if (
        wait := limit_rules.limit_on_everything(at)
        or current_limits.limit_on_message(message, at)
        or send_order.limit_by_reserve(message.rank, at)
    ):
        raise SendMustWait(wait.limit, wait.text)
    if breach := guardrails.unhandled_halt(now):
        raise SendMustWait("guardrail", breach.text)
    if send_order.would_overtake(message, at):
        raise SendMustWait("turn", "A more urgent email goes first.")
    final_checks.check_before_sending(message)
    if message.by_machine and (reasons := eligibility.why_approval_lapsed(message, row, now)):
        raise SendStopped(
            Status.HELD,
            "machine_returned",
            f"The machine may not approve it any more: {reasons[0]}",
        )
    mine = Message.objects.filter(
        pk=message.pk, status=Status.SENDING, lease_until=message.lease_until
    )
    mine = mine.filter(lease_until__gt=now + LONGEST_CALL)
    if not claims.claim_row(mine, ghl_contact_id=contact_id):
        raise transitions.StaleMessage("taken over", message.version)
    DailySlots.objects.get_or_create(day=at.day)
    if not claims.claim_row(
        DailySlots.objects.filter(day=at.day, used__lt=at.daily), used=F("used") + 1
    ):
        raise SendMustWait("daily", "The slots of the day are used up.")
    row.last_claim_at = now
    row.save(update_fields=["last_claim_at"])
    return SendIntent.objects.create(
        message=message, transport=message.transport, phase=row.phase, day=at.day, domain=message.domain,
        from_domain=sending_domains.record_from_domain(message.transport, at.warm_up), claimed_at=now,
    )  # fmt: skip


def settle_intent(intent: SendIntent, outcome: str, was: str = Outcome.OPEN) -> None:
    """Write down what came of an intent; Stale where another process did. What certainly did not leave used no slot."""
    with transaction.atomic():
        rows = SendIntent.objects.filter(pk=intent.pk, outcome=was)
        if not claims.claim_row(rows, outcome=outcome, settled_at=timezone.now()):
            raise transitions.StaleMessage("settled by another process", intent.message.version)
        if was == Outcome.OPEN and outcome in SendIntent.NOTHING_LEFT:
            DailySlots.objects.filter(day=intent.day, used__gt=0).update(used=F("used") - 1)
