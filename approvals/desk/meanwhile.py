"""What others did about an email while this person has it on the screen."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from approvals.decisions import claims, outcomes, refusal_words
from approvals.models import Verdict
from caio_project.lib.words.clock_words import moment_words
from outreach.choices import Status
from outreach.control import phase
from outreach.models import Message

YOUR_TIME_ENDS = "Yours for 1 more minute."
DONE = {
    Verdict.APPROVED: "approved",
    Verdict.WOULD_APPROVE: "approved",
    Verdict.REJECTED: "rejected",
    Verdict.WOULD_REJECT: "rejected",
}


def what_happened(message: Message, version: int, user: Any) -> str:
    """One sentence about what differs from the text of `version` that waits; "" where nothing."""
    if message.status not in (Status.HELD, Status.BLOCKED):
        return _who_ended(message)
    if message.version != version and message.text:
        author = message.text.author
        who = phase.actor_name(author) if author else "The machine"
        return f"{who} changed this email {minutes_ago(message.text.created_at)}."
    if claims.ends_soon(message, user):
        return YOUR_TIME_ENDS
    claim = claims.colleague_claim(message, user)
    return refusal_words.claim_sentence(claim) if claim else ""


def _who_ended(message: Message) -> str:
    last = outcomes.decision_in_force(message)
    if last is None or outcomes.is_approved_by_machine(message):
        return refusal_words.decided_sentence(message)
    return f"{last.by_name} {DONE[Verdict(last.verdict)]} this {minutes_ago(last.at)}."


def minutes_ago(at: datetime) -> str:
    minutes = int((timezone.now() - at).total_seconds() // 60)
    if minutes < 1:
        return "just now"
    return f"{minutes} min ago" if minutes < 60 else moment_words(at)
