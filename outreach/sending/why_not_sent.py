"""Why an email in any state has not been sent, until when, and what would change that."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from caio_project.lib.words.clock_words import day_clock_words, moment_words
from outreach.auto_approval import eligibility
from outreach.choices import MoveCode, Status
from outreach.control import phase
from outreach.guardrails.guardrail_rules import UNCERTAIN_TOO_LONG
from outreach.limits import current_limits
from outreach.models import Message, Move

NEVER_SENT = "Nothing: it is never sent."


@dataclass(frozen=True)
class NotSentReason:
    """`limit` is the code of the limit that holds an approved email, else the email's state."""

    limit: str
    until: datetime | None
    text: str
    change: str  # what would let it leave


def explain(message: Message, now: datetime) -> NotSentReason | None:
    """Explain why `message` was not sent; None where it was, or may leave now and is next."""
    if message.status == Status.SENT:
        return None
    if message.status == Status.CLEARED:
        return _explain_cleared(message, now)
    text, change = EXPLANATIONS[Status(message.status)](message, now)
    return NotSentReason(message.status, None, text, change)


def _explain_cleared(message: Message, now: datetime) -> NotSentReason | None:
    limit = current_limits.binding_limit(message, phase.current_control(), now)
    if limit is None:
        return None
    change = "A person: time does not end it."
    if limit.until:
        change = "It leaves then if nothing changes."
    return NotSentReason(limit.limit, limit.until, limit.text, change)


def _explain_draft(message: Message, now: datetime) -> tuple[str, str]:
    return (
        f"It is being written.{_error_sentence(message.error)}",
        "Nothing to do: it is tried again until it is written.",
    )


def _explain_blocked(message: Message, now: datetime) -> tuple[str, str]:
    failed: dict[str, str] = next((one for one in message.guards if not one.get("passed")), {})
    reason = failed.get("text") or message.error or message.blocked_by.replace("_", " ")
    clear = failed.get("clear") or "An edit at the desk that mends it, or a rejection."
    return f"Blocked: {reason}", clear


def _explain_held(message: Message, now: datetime) -> tuple[str, str]:
    since = f" since {day_clock_words(message.held_at)}" if message.held_at else ""
    reasons = eligibility.why_person_decides(message, phase.current_control(), now)
    who = f"a person's: {reasons[0].rstrip('.')}" if reasons else "the machine's, or a person's"
    end = f", until {day_clock_words(message.expires_at)}" if message.expires_at else ""
    return (
        f"It waits for a decision{since}. The decision is {who}.",
        f"An approval at the desk{end}.",
    )


def _explain_sending(message: Message, now: datetime) -> tuple[str, str]:
    return (
        "It is leaving this moment.",
        "Nothing to do: within three minutes it has left, waits again or is uncertain.",
    )


def _explain_uncertain(message: Message, now: datetime) -> tuple[str, str]:
    minutes = int(UNCERTAIN_TOO_LONG.total_seconds() // 60)
    since = f" since {day_clock_words(message.uncertain_at)}" if message.uncertain_at else ""
    text = f"It may have left: GoHighLevel did not say{since}. It is never sent again by itself."
    change = (
        f"GoHighLevel's conversation is read again; after {minutes} minutes a person may say what "
        "happened."
    )
    return text + _error_sentence(message.error), change


def _explain_failed(message: Message, now: datetime) -> tuple[str, str]:
    return f"GoHighLevel refused it{_on_date(message)}.{_error_sentence(message.error)}", NEVER_SENT


def _explain_rejected(message: Message, now: datetime) -> tuple[str, str]:
    end = _last_move(message)
    tag = f": {end.tag.replace('_', ' ')}" if end and end.tag else ""
    return f"Rejected{_by_whom(end)}{_on_date(message)}{tag}.", NEVER_SENT


def _explain_withdrawn(message: Message, now: datetime) -> tuple[str, str]:
    end = _last_move(message)
    why = (
        f": {end.why.replace('_', ' ')}" if end and end.why not in ("", MoveCode.WITHDRAWN) else ""
    )
    return (
        f"Withdrawn{_by_whom(end)}{_on_date(message)}{why}.{_error_sentence(message.error)}",
        NEVER_SENT,
    )


def _explain_expired(message: Message, now: datetime) -> tuple[str, str]:
    return f"Nobody decided in time; it expired{_on_date(message)}.", NEVER_SENT


EXPLANATIONS: dict[Status, Callable[[Message, datetime], tuple[str, str]]] = {
    Status.DRAFT: _explain_draft,
    Status.BLOCKED: _explain_blocked,
    Status.HELD: _explain_held,
    Status.SENDING: _explain_sending,
    Status.UNCERTAIN: _explain_uncertain,
    Status.FAILED: _explain_failed,
    Status.REJECTED: _explain_rejected,
    Status.WITHDRAWN: _explain_withdrawn,
    Status.EXPIRED: _explain_expired,
}


def _last_move(message: Message) -> Move | None:
    return (
        message.moves.filter(to_status=message.status).select_related("by").order_by("-pk").first()
    )


def _by_whom(move: Move | None) -> str:
    return f" by {phase.actor_name(move.by)}" if move and move.by else ""


def _on_date(message: Message) -> str:
    end = _last_move(message)
    return f" {moment_words(end.at)}" if end else ""


def _error_sentence(error: str) -> str:
    return f" {error.rstrip('.')}." if error else ""
