"""Whether the machine may approve an email now, from our own rows. Reads only."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from django.db.models import Q

from leads.models import Kind
from outreach.auto_approval import template_rejections, template_runs
from outreach.choices import MoveCode
from outreach.contact_history import ghl_check, previous_emails, recipients
from outreach.contact_history.recipients import Recipient
from outreach.content import check_results, merge_fields
from outreach.control import phase, policy, segment_rules
from outreach.control.policy import AutoApproval
from outreach.drafting import compose, critical_reasons, recheck
from outreach.guardrails import guardrail_counts, guardrail_display, guardrails
from outreach.guardrails.guardrail_rules import Breach
from outreach.models import Control, Message, ModelDraft

NO_SCORE = "Too little was sent lately to say how healthy the sending domain is."


def machine_hold_reasons(row: Control, now: datetime) -> tuple[str, ...]:
    return policy.why_machine_waits(phase.phase_limits(row), machine_state(row, now))


def machine_state(
    row: Control, now: datetime, breaches: Iterable[Breach] | None = None
) -> AutoApproval:
    breaches = guardrails.current_breaches(now, row) if breaches is None else breaches
    held_up = [guardrail_display.describe_breach(breach) for breach in breaches]
    health = guardrail_counts.newest_verdict()
    if health is not None and health.score is None:
        held_up.append(NO_SCORE)
    if phase.is_halted(row):
        held_up.insert(0, "Sending is halted.")
    return AutoApproval(
        row.auto_approve, row.auto_max_intent, row.auto_no_warm_connections, tuple(held_up)
    )


def why_person_decides(message: Message, row: Control, now: datetime) -> tuple[str, ...]:
    """Why a person must decide about a held email; () where the machine may approve it.

    Call it under the lock of the control row.
    """
    not_checked = ghl_check.why_not_auto_approvable(message, now)
    unread = template_runs.why_must_be_read(message)
    return (
        *_person_involvement(message),
        *filter(None, [not_checked, unread]),
        *why_approval_lapsed(message, row, now),
    )


def why_approval_lapsed(
    message: Message,
    row: Control,
    now: datetime,
    known: Recipient | None = None,
    breaches: Iterable[Breach] | None = None,
) -> tuple[str, ...]:
    """Why the machine may not approve the email now; () where it may.

    Goes by the current phase, also for an email that the machine approved in another one. `known`
    and `breaches` are what the caller has read.
    """
    message = Message.objects.select_related("lead__company", "sender", "template").get(
        pk=message.pk
    )
    known = known or recipients.load_recipient(message.lead, message.to_address, now)
    lead, text, assessment = known.lead, message.text, known.lead.assessments.first()
    if message.kind != Kind.LIVE or lead.kind != Kind.LIVE:
        return ("it is to nobody real",)
    if text is None or assessment is None:
        return ("it has no text, or no score",)
    if lead.email != message.to_address:
        return ("the person has another address by now",)
    before = previous_emails.load_history(known, message.pk)
    results = recheck.check_stored_text(message, text, before)
    facts = compose.policy_facts(
        lead,
        assessment,
        [merge_fields.Phrase(**phrase) for phrase in text.phrases],
        was_delivered=before.was_delivered,
        critical_reason=message.critical_reason or critical_reasons.critical_reason(known, message),
        passed=check_results.first_failure(results) is None,
    )
    rules, key = segment_rules.load_rules(), _template_key(message)
    facts = replace(
        facts,
        by_model=bool(text.language_model),
        template_flagged=template_rejections.rejections_of(message.template).is_flagged,
        rules=segment_rules.fitting_names(rules, lead, assessment, key),
    )
    return policy.machine_verdict_now(
        phase.phase_limits(row), facts, machine_state(row, now, breaches)
    ).reasons


def _template_key(message: Message) -> str:
    return message.template.key if message.template else ""


def _person_involvement(message: Message) -> tuple[str, ...]:
    """What makes the email a person's to decide: somebody worked on it, or sending gave it back."""
    if message.opened_at is not None:
        return ("a person has opened it",)
    if message.moves.filter(Q(by__isnull=False) | Q(why=MoveCode.APPROVED)).exists():
        return ("a person has decided about it before",)
    if message.texts.filter(author__isnull=False).exists():
        return ("a person has written in it",)
    if message.model_drafts.filter(state=ModelDraft.State.DUE).exists():
        return ("the language model is being asked",)
    return (message.error,) if message.error else ()
