"""The sentence for each refusal of a decision, the same for desk, batch, admin and API."""

from typing import Any

from approvals.decisions import outcomes
from approvals.decisions.judgement import Refusal
from approvals.models import Verdict
from caio_project.lib.models import PersonalSettings
from caio_project.lib.words.clock_words import day_clock_words, moment_words
from caio_project.lib.words.role_words import ask_a_lead
from outreach.choices import MoveCode, Status, move_words
from outreach.control import phase
from outreach.models import Message
from outreach.review.undo_actions import TAKES_BACK

NOT_RECORDED = " Your decision was not recorded."
WHERE = {"slack": " in Slack", "admin": " in the admin", "api": " by the API"}  # else at the desk
FIXED = {
    Refusal.NO_PERMISSION: "You can read. Ask a Lead for the reviewer role to decide.",
    Refusal.NEEDS_NAMED_PERSON: "Only a named person can approve a CRITICAL email.",
    Refusal.CRITICAL_IN_BULK: "is CRITICAL and needs its own look",
    Refusal.NOT_READ: "read this version to the end first",
}


def refusal_sentence(refusal: Refusal, message: Message, claim: Any = None) -> str:
    """Why nothing was decided about `message`; `claim` is the colleague's, if one has it."""
    if refusal in FIXED:
        return FIXED[refusal]
    if refusal == Refusal.CLAIMED:
        who = claim_sentence(claim) if claim else "A colleague had this email a moment ago."
        return who + NOT_RECORDED
    if refusal == Refusal.NO_SUCH_VERSION:
        return f"There is no such version; it is version {message.version}. Nothing was decided."
    return describe_current_state(message)


UNDO_CONFLICTS = (
    Refusal.NOTHING_TO_UNDO,
    Refusal.NOT_YOURS,
    Refusal.UNDO_OVER,
    Refusal.REPLACED,
    Refusal.STOPPED,
)


def undo_refusal_sentence(refusal: Refusal, message: Message) -> str:
    """Why nothing was taken back."""
    if refusal == Refusal.NO_PERMISSION:
        return FIXED[refusal]
    if refusal == Refusal.NOTHING_TO_UNDO:
        return undo_too_late(message)
    if refusal == Refusal.CHANGED:
        return f"It is version {message.version} by now. Nothing was undone."
    return f"Not undone. {_against_undo(refusal, message)}"


def withdraw_refusal_sentence(refusal: Refusal, message: Message, claim: Any = None) -> str:
    """Why an approved email was not withdrawn."""
    if refusal in FIXED:
        return FIXED[refusal]
    if refusal == Refusal.CLAIMED and claim:
        return claim_sentence(claim)
    if message.status in (Status.HELD, Status.BLOCKED):
        return "It waits for a decision again: reject it on its page."
    if message.status == Status.CLEARED:
        return f"It is version {message.version} by now."
    return undo_too_late(message, "withdraw it")


REOPEN_CONFLICTS = (
    Refusal.SEND_BEGAN,
    Refusal.WAITS_ALREADY,
    Refusal.UNDO_OPEN,
    Refusal.NOTHING_TO_UNDO,
    Refusal.REPLACED,
    Refusal.STOPPED,
    Refusal.CHANGED,
)


def reopen_refusal_sentence(refusal: Refusal, message: Message) -> str:
    """Why an email was not reopened."""
    if refusal == Refusal.NOT_A_LEAD:
        return ask_a_lead("reopen an email")
    if refusal == Refusal.FOR_PRACTICE:
        return "An email for practice is decided once. Nothing was changed."
    if refusal == Refusal.WAITS_ALREADY:
        return "It waits for a decision already. Nothing was changed."
    if refusal == Refusal.UNDO_OPEN:
        return (
            f"Not reopened. {decided_sentence(message)} Until the time to undo is over, they can."
        )
    if refusal == Refusal.SEND_BEGAN:
        return f"Not reopened. {_where_the_send_is(message)}"
    if refusal == Refusal.CHANGED:
        return f"It is version {message.version} by now. Nothing was changed."
    if refusal == Refusal.NOTHING_TO_UNDO:
        state = message.get_status_display().lower()
        return f"Not reopened: it is {state}. Approved, rejected and expired emails can be."
    return f"Not reopened. {_against_undo(refusal, message)}"


def _where_the_send_is(message: Message) -> str:
    if message.sent_at:
        return f"It was sent {moment_words(message.sent_at)}."
    if message.status == Status.UNCERTAIN:
        return "We don't know whether it was sent. See Sent & replies."
    if message.status == Status.SENDING:
        return "It is being sent at this moment."
    return "It was refused when it was sent. See Sent & replies."


def _against_undo(refusal: Refusal, message: Message) -> str:
    if refusal == Refusal.NOT_YOURS:
        return f"{decided_sentence(message)} Only whoever decided can undo it."
    if refusal == Refusal.UNDO_OVER:
        decided = message.decisions.last_standing()
        wait = PersonalSettings.undo_wait_of(decided.by if decided else None)
        return f"A decision can be undone for {_wait_words(int(wait.total_seconds()))}."
    if refusal == Refusal.STOPPED:
        return "This person is on a do-not-contact list by now."
    return "Another email to this person was opened or sent meanwhile."


def _wait_words(seconds: int) -> str:
    is_minutes = seconds >= 120 and not seconds % 60
    return f"{seconds // 60} minutes" if is_minutes else f"{seconds} seconds"


def undo_too_late(message: Message, action: str = "undo") -> str:
    if message.sent_at:
        return f"Too late to {action}: it was sent {moment_words(message.sent_at)}."
    if message.status in (Status.HELD, Status.BLOCKED):
        return "It was undone already and waits for a decision."
    if message.status == Status.UNCERTAIN:
        return f"Too late to {action}: we don't know whether it was sent. See Sent & replies."
    return f"Too late to {action}. It is {message.get_status_display().lower()} by now."


def claim_sentence(claim: Any) -> str:
    return f"{phase.actor_name(claim.user)} has this email until {day_clock_words(claim.until)}."


def describe_current_state(message: Message) -> str:
    if message.status == Status.BLOCKED:
        return f"It can't be approved: {message.error}"
    if message.status == Status.HELD:
        return _who_changed(message) + NOT_RECORDED
    return decided_sentence(message) + NOT_RECORDED


def _who_changed(message: Message) -> str:
    last = message.moves.order_by("-pk").first()
    if last is not None and last.why in TAKES_BACK and last.version == message.version:
        return f"{phase.actor_name(last.by)} put it back into the queue {moment_words(last.at)}."
    text = message.text
    who = phase.actor_name(text.author) if text and text.author else "The machine"
    when = f" {moment_words(text.created_at)}" if text else ""
    return f"{who} changed this email{when}."


def decided_sentence(message: Message) -> str:
    """Who decided about an email that waits no longer, or what else ended its wait."""
    if outcomes.is_approved_by_machine(message):
        cleared = message.moves.filter(why=MoveCode.MACHINE).latest("pk").at
        return f"The machine approved this email {moment_words(cleared)}."
    last = outcomes.decision_in_force(message)
    if last is None:
        return _why_not_waiting(message)
    done = {Verdict.APPROVED: "approved", Verdict.REJECTED: "rejected"}
    word = done.get(Verdict(last.verdict), "decided")
    where = WHERE.get(last.channel, "")
    return f"{last.by_name} {word} this email{where} {moment_words(last.at)}."


def _why_not_waiting(message: Message) -> str:
    ended = message.status in (Status.EXPIRED, Status.WITHDRAWN, Status.FAILED)
    ending = message.moves.order_by("-pk").first() if ended else None
    if ending is not None and ending.to_status == message.status:
        return f"It is no longer waiting. {move_words(ending.why)}."
    return f"It is no longer waiting: {message.get_status_display().lower()}."
