"""Write drafts and hold them for review; rewrite those that nobody has opened."""

import logging
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from caio_project.lib.db import claims
from caio_project.lib.nudge import nudge
from leads.models import Assessment
from leads.scoring import assess
from outreach import choices
from outreach.choices import MoveCode, Status
from outreach.contact_history import ghl_check
from outreach.content import check_results, subject_choice
from outreach.control import policy
from outreach.drafting import ab_assignment, compose, drafting_facts, message_text
from outreach.drafting.drafting_facts import DraftingBatch, DraftingFacts
from outreach.drafting.language_model import rewrite_requests
from outreach.lifecycle import block_causes, colleagues_wait
from outreach.lifecycle.moves import move_message
from outreach.lifecycle.transitions import StaleMessage
from outreach.limits import deadlines, office_hours
from outreach.models import Assignment, Message

log = logging.getLogger(__name__)

LAST_TRY = 5
LEASE_SECONDS = 60
# Whose text may be replaced: nobody has it before their eyes, or nobody can approve it.
UNOPENED = Q(status=Status.HELD, opened_at=None)
NOT_READ_BY_ANYBODY = UNOPENED | Q(status=Status.BLOCKED)
# Held with a text fresh from its template.
TEMPLATES_WORDS = (MoveCode.DRAFTED, MoveCode.FREED, MoveCode.CHOSEN)


def write_drafts(batch: int = 100) -> int:
    """Write every open draft: held, or blocked; after the last try blocked with the error."""
    if not assess.is_on():
        return 0
    due = Message.objects.filter(status=Status.DRAFT, not_before__lte=timezone.now()).order_by(
        "not_before"
    )
    count, shared = 0, None
    for message in claims.lease_rows(due, LEASE_SECONDS, batch):
        shared = shared or drafting_facts.load_batch()
        count += 1
        _write_or_retry(message, shared)
    return count


def _write_or_retry(message: Message, batch: DraftingBatch) -> None:
    lease = message.lease_until
    try:
        with transaction.atomic():
            facts = drafting_facts.load_facts_for_slot(message.lead, batch)
            write_draft(message, facts, lease=lease)
    except Exception as error:
        log.exception("email %s could not be drafted", message.pk)
        _retry_later(Message.objects.get(pk=message.pk), lease, error_text(error))


def error_text(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]


def _retry_later(message: Message, lease: datetime | None, text: str) -> None:
    now = timezone.now()
    if message.attempts < LAST_TRY:
        mine = Message.objects.filter(pk=message.pk, status=Status.DRAFT, lease_until=lease)
        mine.update(
            lease_until=None, not_before=now + claims.retry_delay(message.attempts), error=text
        )
        return
    try:
        move_message(
            message,
            Status.BLOCKED,
            MoveCode.DRAFT_FAILED,
            lease=lease,
            error=text,
            blocked_by=block_causes.DRAFT_FAILED,
            expires_at=deadlines.expires_at(choices.Band(message.band), now),
        )
    except StaleMessage:
        log.warning("email %s was taken over", message.pk)


def write_draft(
    message: Message, facts: DraftingFacts | None = None, lease: datetime | None = None
) -> Message:
    facts = facts or drafting_facts.load_facts(message.lead)
    return store_draft(message, compose.compose_email(facts, message), facts, lease)


def store_draft(
    message: Message,
    written: compose.ComposedEmail,
    facts: DraftingFacts,
    lease: datetime | None = None,
) -> Message:
    if (
        written.blocked is None
        and ab_assignment.assign_side(message, written.template, facts.batch.tested) == Assignment.B
    ):
        written = compose.compose_email(facts, message)
    address = facts.lead.email or ""
    changes = _composed_columns(written) | {
        "version": 1,
        "to_address": address,
        "domain": address.rpartition("@")[2],
    }
    message = _enter_queue(message, written, lease, **changes)
    _put_colleagues_behind(message, facts)
    _store_text(message, written, 1)
    if message.status == Status.HELD:
        pattern = subject_choice.subject_pattern(written.subject, written.phrases)
        facts.batch.held.add(subject_choice.HeldSubject(pattern, written.facts.intent, message.pk))
    return message


def rewrite_draft(
    message: Message, assessment: Assessment, facts: DraftingFacts | None = None
) -> None:
    """Bring a draft up to date with what is known now: a held one only while nobody has opened it.

    A blocked one can be approved by nobody, so it is written anew also after somebody opened it.
    """
    facts = facts or drafting_facts.load_facts(message.lead)
    message.assessment = assessment
    written = compose.compose_email(facts, message)
    written = rewrite_requests.kept_rewrite(message, facts.recipient, written) or written
    address = facts.lead.email or message.to_address
    same = address == message.to_address and _reads_the_same(message, written)
    changes = _composed_columns(written) | {
        "assessment": assessment,
        "to_address": address,
        "domain": address.rpartition("@")[2],
    }
    changes |= _times_of_new_band(message, choices.Band(changes["band"]))
    if written.blocked:
        changes["error"] = written.blocked.text[:500]
    rows = Message.objects.filter(NOT_READ_BY_ANYBODY, pk=message.pk)
    rows = rows.filter(status=message.status, version=message.version)
    if not claims.claim_row(rows, version=message.version + (not same), **changes):
        return  # somebody opened or decided it meanwhile
    message.refresh_from_db()
    if not same:
        _store_text(message, written, message.version)
    if (written.blocked is None) != (message.status == Status.HELD):
        message = _enter_queue(message, written, **facts.held_as)
    elif message.status == Status.HELD and not same and not written.language_model:
        rewrite_requests.request_rewrite(message)
    _put_colleagues_behind(message, facts)


def _times_of_new_band(message: Message, band: choices.Band) -> dict[str, Any]:
    """With another band the wait for a decision begins anew."""
    if message.status != Status.HELD or band == message.band:
        return {}
    return {"snoozed_until": None, **deadlines.times_of_wait(band, timezone.now())}


def _reads_the_same(message: Message, written: compose.ComposedEmail) -> bool:
    """Whether the stored text stays. A blocked one goes by its sources too: they may have come."""
    current = message.text
    if current is None:
        return False
    stored = (current.subject, current.body, current.footer)
    sourced = message.status == Status.HELD or current.phrases == written.phrases
    return sourced and stored == (written.subject, written.body, written.footer)


def _put_colleagues_behind(message: Message, facts: DraftingFacts) -> None:
    if message.status == Status.HELD:
        colleagues_wait.put_behind(facts.recipient.giving_way, facts.lead)


def replace_text(
    message: Message, written: compose.ComposedEmail, is_asked_for: bool = False
) -> None:
    """Replace a held text by a language model's. Raises StaleMessage."""
    checked = _composed_columns(written)
    columns = {name: checked[name] for name in ("guards", "verdicts", "fingerprint")}
    _replace_text(message, written, Q(status=Status.HELD) if is_asked_for else UNOPENED, columns)


def take_other_text(message: Message, written: compose.ComposedEmail) -> None:
    """Replace the text by another template's that a person has chosen. Raises StaleMessage."""
    columns = _composed_columns(written) | {"opened_at": message.opened_at or timezone.now()}
    columns |= _times_of_new_band(message, choices.Band(columns["band"]))
    _replace_text(message, written, Q(status=message.status), columns)
    message.refresh_from_db()
    if message.status == Status.BLOCKED:
        _enter_queue(message, written, why=MoveCode.EDITED)


def _replace_text(
    message: Message, written: compose.ComposedEmail, where: Q, columns: dict[str, Any]
) -> None:
    rows = Message.objects.filter(where, pk=message.pk, version=message.version)
    if not claims.claim_row(rows, version=message.version + 1, **columns):
        found = Message.objects.get(pk=message.pk)
        raise StaleMessage(found.status, found.version)
    _store_text(message, written, message.version + 1)


def _composed_columns(written: compose.ComposedEmail) -> dict[str, Any]:
    facts = written.facts
    own = policy.band_of(facts.intent, facts.tier, facts.employees_from, facts.warm)
    blocked = written.blocked
    return {
        **message_text.priority_columns(own, facts.critical_reason),
        **message_text.fingerprint_columns(written.body, written.phrases),
        "tier": facts.tier,
        "intent": facts.intent,
        "queue_turn": message_text.queue_turn(facts.intent),
        "verdicts": policy.verdicts_by_phase(facts),
        "guards": check_results.results_as_rows(written.results),
        "blocked_by": blocked.guard if blocked else "",
        "template": written.template,
        "template_why": written.why,
        "sender": written.sender,
        "offer_ends_at": written.offer.first if written.offer else None,
    }


def _store_text(message: Message, written: compose.ComposedEmail, version: int) -> None:
    new = message_text.NewText(
        subject=written.subject,
        body=written.body,
        footer=written.footer,
        phrases=written.phrases,
        language_model=written.language_model,
        prompt_version=written.prompt_version,
    )
    message_text.store_text(message, version, new)


def _enter_queue(
    message: Message,
    written: compose.ComposedEmail,
    lease: datetime | None = None,
    why: MoveCode = MoveCode.DRAFTED,
    **columns: Any,
) -> Message:
    now, band = timezone.now(), columns.get("band", message.band)
    if blocked := written.blocked:
        return move_message(
            message,
            Status.BLOCKED,
            MoveCode.GUARD,
            lease=lease,
            **columns,
            error=blocked.text[:500],
            expires_at=deadlines.expires_at(choices.Band(band), now),
            not_before=now,
        )
    return hold_for_review(message, why, lease=lease, now=now, **columns)


def hold_for_review(
    message: Message,
    why: str,
    *,
    lease: datetime | None = None,
    now: datetime | None = None,
    error: str = "",
    **more: Any,
) -> Message:
    """Put `message` into the review queue with its deadlines; any approval is void."""
    now = now or timezone.now()
    band, is_first_time = choices.Band(more.get("band", message.band)), message.held_at is None
    times = {"held_at": now, **deadlines.times_of_wait(band, now)}
    reset = {
        "error": error,
        "blocked_by": "",
        "queue_turn": message_text.queue_turn(more.get("intent", message.intent)),
        "waiting_for": "",
        "transport": "",
        "by_machine": False,
        "place": office_hours.place_of_lead(message.lead),
    }
    changes = {**reset, **times, **more}
    held = move_message(message, Status.HELD, why, lease=lease, now=now, **changes)
    ghl_check.request_check(held, is_new=is_first_time)
    if why in TEMPLATES_WORDS:
        rewrite_requests.request_rewrite(held)
    nudge("outreach.look_due")
    nudge("approvals.tell")
    return held
