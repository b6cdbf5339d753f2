"""What the desk says about the state of an email: button labels and the line above it."""

from dataclasses import dataclass

from django.utils import timezone

from approvals.decisions import judgement, refusal_words
from approvals.decisions.judgement import ApprovalEffect
from caio_project.lib.words.clock_words import moment_words
from leads.models import Kind
from outreach.choices import Status
from outreach.control import phase
from outreach.models import Message, MessageText
from outreach.review import snooze

APPROVE_LABELS = {
    ApprovalEffect.RECORDED_ONLY: "Would approve (shadow)",
    ApprovalEffect.TRAINING: "Approve (training)",
    ApprovalEffect.HELD_WHILE_HALTED: "Approve, hold while halted",
}


REJECT_LABELS = {
    ApprovalEffect.RECORDED_ONLY: "Would reject (shadow)",
    ApprovalEffect.TRAINING: "Reject (training)",
}


@dataclass(frozen=True)
class ButtonLabels:
    approve: str
    reject: str
    blocked: str = ""
    how_to_clear: str = ""


@dataclass(frozen=True)
class StatusLine:
    kind: str
    text: str


def button_labels(message: Message, edited: bool) -> ButtonLabels:
    """The words of the two decision buttons, from the rows that decide what will happen."""
    control = phase.current_control()
    effect = judgement.approval_effect(
        control.phase, halted=phase.is_halted(control), training=message.kind == Kind.TRAINING
    )
    shadow = effect == ApprovalEffect.RECORDED_ONLY
    reject = REJECT_LABELS.get(effect, "Reject")
    if message.status == Status.BLOCKED:
        blocked = f"Can't be approved: {message.error or 'a check did not pass.'}"
        return ButtonLabels(
            "Approve",
            "Would reject (shadow)" if shadow else "Reject",
            blocked,
            _how_to_clear(message),
        )
    if effect == ApprovalEffect.SENDS:
        return ButtonLabels("Approve (edited)" if edited else "Approve", reject)
    return ButtonLabels(APPROVE_LABELS[effect], reject)


def _how_to_clear(message: Message) -> str:
    failed = (one for one in message.guards if not one["passed"] and one.get("clear"))
    return next((str(one["clear"]) for one in failed), "Edit it, or reject it.")


def current_status_line(message: Message) -> StatusLine | None:
    """The state of an email that waits for no decision, or that came back from the final checks."""
    if snooze.is_snoozed(message):
        back = f"{timezone.localtime(message.snoozed_until):%A, %B %-d}"  # type: ignore[arg-type]
        return StatusLine("quiet", f"Snoozed: it comes back into the queue on {back}.")
    if message.status == Status.HELD and message.error:
        return StatusLine("warn", f"It came back before it was sent: {message.error}")
    if message.status in (Status.HELD, Status.BLOCKED):
        return None
    if message.status == Status.EXPIRED:
        at = message.moves.latest("pk").at
        when = moment_words(at)
        return StatusLine(
            "quiet",
            f"Expired {when} without a decision. It was never sent, and this is no rejection.",
        )
    return StatusLine(
        "quiet",
        refusal_words.describe_current_state(message).removesuffix(refusal_words.NOT_RECORDED),
    )


def saved_meanwhile_line(text: MessageText) -> StatusLine:
    who = phase.actor_name(text.author) if text.author else "The machine"
    at = moment_words(text.created_at)
    return StatusLine(
        "warn", f"{who} saved another text {at}. Yours is still below and is not saved."
    )


def approved_sentence(message: Message, was_shadow: bool) -> str:
    if was_shadow:
        return "Recorded: you would approve. Nothing is sent."
    return f"Approved: {message.lead}."
