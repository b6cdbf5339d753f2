"""The only door through which anything leaves: at most once, inside every limit, judged again at the last second.

A message is taken (`cleared -> sending`, under a lease), looked at, and given a slot. The slot and the intent to send
are committed before the call. Found in `sending` after its lease, it goes back where no intent was committed, and
becomes `uncertain` where one was: it is never sent again by itself.
"""

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from caio_project.lib import calendar, claims, http
from leads import suppression
from leads.integrations import ghl as contacts
from leads.models import Kind
from outreach import compliance, drafting, limits, phase, states
from outreach.integrations import ghl
from outreach.models import DailySlots, Message, SandboxEmail, SendIntent, Transport
from outreach.moves import move
from outreach.policy import RANK, Band
from outreach.states import IllegalMove, Status

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=180)  # longer than every deadline on the way through the door together
LONGEST_CALL = timedelta(seconds=30)  # of a lease that must be left when the call begins: its deadline, and some more
LONGEST_WAIT = 3600  # seconds, whatever Retry-After says
SLOT_IS_FRESH = 1.5  # seconds from the claim of a slot to the call; a halt must not be overtaken by more than 2
LOOK_AGAIN = (30, 60, 120, 240, 480)  # seconds; then every half hour
CLOCKS_DIFFER = timedelta(minutes=5)
Outcome = SendIntent.Outcome
CODES_THAT_SUPPRESS = {
    "dnd": suppression.Reason.UNSUBSCRIBED,
    "unsubscribed": suppression.Reason.UNSUBSCRIBED,
    "invalid": suppression.Reason.INVALID,
}


class Stopped(Exception):
    """The email must not leave, and where it goes instead."""

    def __init__(self, to: Status, why: str, text: str = "", **changes: Any):
        super().__init__(text or why)
        self.to, self.why, self.text, self.changes = to, why, text, changes


class NotNow(Exception):
    """The email may leave later; it certainly has not left."""

    def __init__(self, until: datetime, waiting_for: str, text: str = ""):
        super().__init__(text or waiting_for)
        self.until, self.waiting_for, self.text = until, waiting_for, text


def send_due(most: int = 50) -> int:
    """Let leave what may leave now, most urgent first; returns how many went through the door."""
    sent = 0
    for _ in range(most):
        now = timezone.now()
        if limits.for_everything(limits.standing(phase.control(), now)):
            break
        message = _take(now)
        if message is None:
            break
        sent += _leave(message)
    return sent


def _take(now: datetime) -> Message | None:
    """The most urgent email that nothing of its own holds back, taken; those held back are deferred on the way."""
    due = Message.objects.filter(status=Status.CLEARED, not_before__lte=now).order_by("rank", "not_before", "pk")
    for message in due.select_related("lead")[:50]:
        if wait := limits.for_message(message, now):
            _defer(message, wait.until or now + timedelta(minutes=1), wait.limit)
            continue
        try:
            return move(message, Status.SENDING, "door", attempts=message.attempts + 1, lease_until=now + LEASE)
        except states.Stale:
            continue
    return None


def _defer(message: Message, until: datetime, limit: str) -> None:
    Message.objects.filter(pk=message.pk, status=Status.CLEARED, not_before=message.not_before).update(
        not_before=until, waiting_for=limit
    )


def _leave(message: Message) -> bool:
    """Take one message through the door. True where it left (or may have)."""
    try:
        return _try(message)
    except states.Stale as stale:
        log.warning("email %s was taken over: %s", message.pk, stale)
    except Exception as error:
        log.exception("email %s: a fault at the door", message.pk)
        _after_a_fault(message, f"{type(error).__name__}: {error}"[:500])
    return False


def _try(message: Message) -> bool:
    try:
        return _keep(message) if message.transport == Transport.SANDBOX else _send(message)
    except Stopped as stop:
        _stop(message, stop)
    except NotNow as later:
        move(
            message, Status.CLEARED, "later", lease=message.lease_until,
            not_before=later.until, waiting_for=later.waiting_for, error=later.text[:500],
        )  # fmt: skip
    return False


def _stop(message: Message, stop: Stopped) -> None:
    changes = {"lease": message.lease_until, "error": stop.text[:500], **stop.changes}
    if stop.to == Status.HELD:  # into the queue with a new due time and end, or it would expire unseen
        drafting.to_held(message, stop.why, **changes)
    else:
        move(message, stop.to, stop.why, **changes)


def _after_a_fault(message: Message, text: str) -> None:
    """As after a crash, but at once: our own fault on one email must not hold up the others."""
    mine = Message.objects.filter(pk=message.pk, status=Status.SENDING, lease_until=message.lease_until).first()
    if mine is not None:
        _recover(mine, text, timezone.now() + claims.backoff(mine.attempts, base=5))


def _judge(message: Message) -> None:
    """What must still be true at the last second, from our own rows. Raises Stopped."""
    lead = message.lead
    if not message.to_address:
        raise Stopped(Status.WITHDRAWN, "no_address", "There is no address to write to.")
    if stop := suppression.verdict(message.to_address, lead):
        raise Stopped(Status.WITHDRAWN, "suppressed", f"{stop.text} ({stop.source})")
    twins = Message.objects.filter(to_address=message.to_address, status__in=[Status.SENT, Status.UNCERTAIN])
    if twins.exclude(lead=lead).exists():
        raise Stopped(Status.WITHDRAWN, "same_address", "This address was written to, as somebody else's.")
    if message.transport == Transport.GHL and (lead.kind != Kind.LIVE or message.kind != Kind.LIVE):
        raise Stopped(Status.WITHDRAWN, "undeliverable", f"{lead.get_kind_display()}s cannot be written to.")
    if message.transport == Transport.GHL and "ghl" in settings.SANDBOXED:
        raise Stopped(Status.HELD, "transport_gone", "It was approved for GoHighLevel, which is in the sandbox now.")
    if message.transport == Transport.GHL and not settings.POSTAL_ADDRESS:
        raise Stopped(Status.HELD, "postal_address", "POSTAL_ADDRESS is not set.")
    if message.transport not in Transport.values:
        raise Stopped(Status.HELD, "no_transport", "It was approved without a transport.")


def _keep(message: Message) -> bool:
    """The sandbox: keep what would have been sent. One transaction, for nothing leaves."""
    with transaction.atomic():
        intent = _claim_slot(message)
        text = message.text
        assert text is not None
        SandboxEmail.objects.create(
            message=message,
            from_address=settings.GHL_FROM_EMAIL,
            to_address=message.to_address,
            subject=text.subject,
            html=compliance.as_html(text.body, text.footer),
        )
        _record_sent(message, intent, ghl.Sent("", "", ""))
    return True


def _send(message: Message) -> bool:
    _judge(message)
    contact_id = _ready_at_ghl(message)
    text = message.text
    assert text is not None
    html = compliance.as_html(text.body, text.footer)
    started = time.monotonic()
    with transaction.atomic():
        intent = _claim_slot(message, contact_id=contact_id)
    if time.monotonic() - started > SLOT_IS_FRESH:
        _settle(intent, Outcome.NOT_SENT)
        raise NotNow(timezone.now(), "slow", "The claim took too long; a halt may have come in between.")
    try:
        sent = ghl.send_email(contact_id=contact_id, to=message.to_address, subject=text.subject, html=html)
    except http.Failure as failure:
        return _not_sent(message, intent, failure)
    with transaction.atomic():
        if sent.message_id or sent.email_message_id:
            _record_sent(message, intent, sent)
        else:
            _become_uncertain(message, intent, "GoHighLevel answered without the id of a message.")
    return True


def _ready_at_ghl(message: Message) -> str:
    """Upsert the contact and read what GHL knows: another address, DND or any inbound message stops the email."""
    try:
        contact = _open_to(message, contacts.upsert_contact(_person(message)))
        blocked = _open_to(message, contacts.get_contact(contact.id)).email_blocked
        said = ghl.conversation(contact.id)
    except http.Refused as failure:
        code = ghl.why_refused(failure)
        if code == "config":
            raise NotNow(timezone.now() + timedelta(minutes=5), "ghl_config", failure.detail) from failure
        _suppress(message, code)
        raise Stopped(Status.FAILED, code, failure.detail) from failure
    except http.Failure as failure:
        raise NotNow(_after(failure, message), "ghl_unavailable", failure.detail) from failure
    if blocked:
        _suppress(message, "dnd")
        raise Stopped(Status.FAILED, "dnd", "Do-not-disturb is set at GoHighLevel.")
    if any(one.inbound for one in said):
        text = "There is a message from this person at GoHighLevel."
        raise Stopped(Status.HELD, "answered", text, critical_reason=text, rank=RANK[Band.CRITICAL])
    return contact.id


def _open_to(message: Message, contact: contacts.Contact) -> contacts.Contact:
    """The contact that GHL answered with, if it is this person's; between two calls sending may have been halted."""
    if not contact.id:
        raise http.Unavailable("GoHighLevel answered without a contact")
    if contact.email != message.to_address:
        raise Stopped(Status.FAILED, "contact_mismatch", "GoHighLevel returned a contact with another address.")
    if phase.is_halted(phase.control()):
        raise NotNow(timezone.now(), "halted", "Sending is halted.")
    return contact


def _after(failure: http.Failure, message: Message) -> datetime:
    wait = failure.retry_after or claims.backoff(message.attempts, base=5).total_seconds()
    return timezone.now() + timedelta(seconds=min(wait, LONGEST_WAIT))


def _person(message: Message) -> contacts.Person:
    lead, company = message.lead, message.lead.company
    return contacts.Person(
        email=message.to_address,
        first_name=lead.first_name,
        last_name=lead.last_name,
        company_name=company.name if company else "",
        website=f"https://{company.domain}" if company and company.domain else "",
        city=lead.city,
        state=lead.state,
        country=lead.country,
    )


def _claim_slot(message: Message, contact_id: str = "") -> SendIntent:
    """Claim one send and write down the intent, atomically; raises NotNow with the strictest limit that binds.

    Everything is read under the lock of the control row, so ten workers claim one after the other. What was judged
    before the calls to GHL is judged again: they take seconds, in which a person can unsubscribe.
    """
    row = phase.locked()
    now = timezone.now()
    standing = limits.standing(row, now)
    if wait := limits.for_everything(standing) or limits.for_message(message, now):
        raise NotNow(wait.until or now, wait.limit, wait.text)
    _judge(message)
    mine = Message.objects.filter(pk=message.pk, status=Status.SENDING, lease_until=message.lease_until)
    mine = mine.filter(lease_until__gt=now + LONGEST_CALL)
    if not claims.claim(mine, ghl_contact_id=contact_id):
        raise states.Stale("taken over", message.version)
    day = calendar.team_day(now, settings.TEAM_TIME_ZONE)
    DailySlots.objects.get_or_create(day=day)
    if not claims.claim(DailySlots.objects.filter(day=day, used__lt=standing.daily), used=F("used") + 1):
        raise NotNow(calendar.next_day(now, settings.TEAM_TIME_ZONE), "daily")
    row.last_claim_at = now
    row.save(update_fields=["last_claim_at"])
    return SendIntent.objects.create(
        message=message, transport=message.transport, phase=row.phase, day=day, domain=message.domain, claimed_at=now
    )


def _record_sent(message: Message, intent: SendIntent, sent: ghl.Sent) -> None:
    _settle(intent, Outcome.SENT)
    move(
        message, Status.SENT, "sent", lease=message.lease_until, sent_at=timezone.now(), error="", waiting_for="",
        ghl_conversation_id=sent.conversation_id, ghl_message_id=sent.message_id,
        ghl_email_message_id=sent.email_message_id,
    )  # fmt: skip


def _not_sent(message: Message, intent: SendIntent, failure: http.Failure) -> bool:
    """Sort what the sending call said: refused, certainly not sent, or perhaps sent."""
    # 408 is also what a gateway says that gave up waiting for work under way.
    if isinstance(failure, http.Uncertain) or failure.status == 408:
        with transaction.atomic():
            _become_uncertain(message, intent, failure.detail)
        return True
    if isinstance(failure, http.Unavailable):
        _settle(intent, Outcome.NOT_SENT)
        raise NotNow(_after(failure, message), "ghl_unavailable", failure.detail)
    code = ghl.why_refused(failure)
    _settle(intent, Outcome.REFUSED)
    if code == "config":
        raise NotNow(timezone.now() + timedelta(minutes=5), "ghl_config", failure.detail)
    _suppress(message, code)
    raise Stopped(Status.FAILED, code, failure.detail)


def _become_uncertain(message: Message, intent: SendIntent, text: str) -> None:
    claims.claim(SendIntent.objects.filter(pk=intent.pk, outcome=Outcome.OPEN), outcome=Outcome.UNCERTAIN)
    move(
        message, Status.UNCERTAIN, "uncertain", lease=message.lease_until,
        uncertain_at=intent.claimed_at, error=text[:500], not_before=timezone.now() + timedelta(seconds=5),
    )  # fmt: skip


def _settle(intent: SendIntent, outcome: str, was: str = Outcome.OPEN) -> None:
    """Write down what came of an intent; Stale where another process did. What certainly did not leave used no slot."""
    with transaction.atomic():
        rows = SendIntent.objects.filter(pk=intent.pk, outcome=was)
        if not claims.claim(rows, outcome=outcome, settled_at=timezone.now()):
            raise states.Stale("settled by another process", intent.message.version)
        if was == Outcome.OPEN and outcome in SendIntent.NOTHING_LEFT:
            DailySlots.objects.filter(day=intent.day, used__gt=0).update(used=F("used") - 1)


def _suppress(message: Message, code: str) -> None:
    if reason := CODES_THAT_SUPPRESS.get(code):
        suppression.stop(message.to_address, reason, f"GoHighLevel: {code}", message.lead)


def recover(now: datetime | None = None) -> int:
    """Pick up what a dead process left in `sending`; returns how many."""
    now = now or timezone.now()
    count = 0
    for message in Message.objects.filter(status=Status.SENDING, lease_until__lt=now)[:200]:
        count += _recover(message)
    return count


def _recover(message: Message, text: str = "", not_before: datetime | None = None) -> int:
    intent = message.intents.filter(outcome=Outcome.OPEN).first()
    not_before = not_before or timezone.now()
    try:
        with transaction.atomic():
            if intent is None:
                move(
                    message, Status.CLEARED, "recovered", lease=message.lease_until,
                    not_before=not_before, waiting_for="recovery", error=text,
                )  # fmt: skip
            else:
                _become_uncertain(message, intent, text or "The process ended during the call to GoHighLevel.")
    except states.Stale:
        return 0
    return 1


def settle_uncertain(batch: int = 20) -> int:
    """Read the conversation of each uncertain email; its own unsubscribe link in a sent text is the proof.

    "Not found" proves nothing: GHL's conversations lag. It is looked for again, ever more rarely, and shown to people.
    """
    due = Message.objects.filter(status=Status.UNCERTAIN, not_before__lte=timezone.now()).order_by("not_before")
    count = 0
    for message in claims.leased(due, 60, batch):
        count += 1
        try:
            _look(message)
        except states.Stale:
            continue  # a person settled it meanwhile
        except Exception:
            log.exception("email %s could not be looked for at GoHighLevel", message.pk)
    return count


def _look(message: Message) -> None:
    intent = message.intents.filter(outcome=Outcome.UNCERTAIN).latest("claimed_at")
    found, detail = None, message.error
    try:
        found = _found_at_ghl(message, intent)
    except http.Failure as failure:
        detail = failure.detail
    now = timezone.now()
    wait = LOOK_AGAIN[intent.looks] if intent.looks < len(LOOK_AGAIN) else 1800
    SendIntent.objects.filter(pk=intent.pk).update(looked_at=now, looks=F("looks") + 1)
    if found is None:
        Message.objects.filter(pk=message.pk, status=Status.UNCERTAIN).update(
            not_before=now + timedelta(seconds=wait), lease_until=None, error=detail[:500]
        )
        return
    with transaction.atomic():
        _settle(intent, Outcome.SENT, was=Outcome.UNCERTAIN)
        move(
            message, Status.SENT, "found_at_ghl", sent_at=found.at or intent.claimed_at, error="",
            ghl_message_id=found.id, ghl_email_message_id=found.email_message_id,
        )  # fmt: skip


def _found_at_ghl(message: Message, intent: SendIntent) -> ghl.Seen | None:
    if not message.ghl_contact_id or "ghl" in settings.SANDBOXED:
        return None
    for one in ghl.conversation(message.ghl_contact_id):
        recent = one.at is None or one.at >= intent.claimed_at - CLOCKS_DIFFER
        if not one.inbound and one.is_email and one.email_message_id and recent:
            if message.unsubscribe_token in ghl.body_of(one.email_message_id):
                return one
    return None


def settle_by_person(message: Message, *, was_sent: bool, by: object, reason: str) -> Message:
    """A person has looked at GoHighLevel and says what happened. Not sent: it is held again, and decided anew.

    Raises IllegalMove for an email that is not uncertain, and Stale where another was first.
    """
    if message.status != Status.UNCERTAIN:
        raise IllegalMove(message.status, Status.SENT if was_sent else Status.HELD)
    with transaction.atomic():
        intent = message.intents.order_by("-claimed_at").first()
        assert intent is not None
        _settle(intent, Outcome.SENT if was_sent else Outcome.NOT_SENT, was=Outcome.UNCERTAIN)
        if was_sent:
            return move(
                message, Status.SENT, "person_says_sent", by=by, reason=reason, sent_at=intent.claimed_at, error=""
            )
        return drafting.to_held(message, "person_says_not_sent", by=by, reason=reason)
