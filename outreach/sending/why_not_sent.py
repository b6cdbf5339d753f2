"""Why an email has not been sent, whatever its state: what holds it, until when, and what would change it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from outreach.auto_approval import eligibility
from outreach.choices import Status
from outreach.control import phase
from outreach.guardrails.guardrail_rules import UNCERTAIN_TOO_LONG
from outreach.limits import current_limits
from outreach.models import Message, Move

NEVER = "Nothing: it is never sent."


@dataclass(frozen=True)
class Why:
    """`limit` is the binding limit of an approved email, for others their state; `change` is what would change it."""

    limit: str
    until: datetime | None
    text: str
    change: str


def why_not_sent(message: Message, now: datetime) -> Why | None:
    """None for what was sent, and for what leaves next and may leave now."""
    if message.status == Status.SENT:
        return None
    if message.status == Status.CLEARED:
        return _cleared(message, now)
    text, change = SAID[Status(message.status)](message, now)
    return Why(message.status, None, text, change)


def _cleared(message: Message, now: datetime) -> Why | None:
    wait = current_limits.why_not_sent(message, phase.control(), now)
    if wait is None:
        return None
    change = (
        "It leaves then if nothing changes." if wait.until else "A person: time does not end it."
    )
    return Why(wait.limit, wait.until, wait.text, change)


def _draft(message: Message, now: datetime) -> tuple[str, str]:
    return (
        f"It is being written.{_after(message.error)}",
        "Nothing to do: it is tried again until it is written.",
    )


def _blocked(message: Message, now: datetime) -> tuple[str, str]:
    failed: dict[str, str] = next((one for one in message.guards if not one.get("passed")), {})
    said = failed.get("text") or message.error or message.blocked_by.replace("_", " ")
    return f"Blocked: {said}", failed.get(
        "clear"
    ) or "An edit at the desk that mends it, or a rejection."


def _held(message: Message, now: datetime) -> tuple[str, str]:
    since = f" since {_clock(message.held_at)}" if message.held_at else ""
    reasons = eligibility.why_not(message, phase.control(), now)
    who = f"a person's: {reasons[0].rstrip('.')}" if reasons else "the machine's, or a person's"
    end = f", until {_clock(message.expires_at)}" if message.expires_at else ""
    return (
        f"It waits for a decision{since}. The decision is {who}.",
        f"An approval at the desk{end}.",
    )


def _sending(message: Message, now: datetime) -> tuple[str, str]:
    return (
        "It is leaving this moment.",
        "Nothing to do: within three minutes it has left, waits again or is uncertain.",
    )


def _uncertain(message: Message, now: datetime) -> tuple[str, str]:
    minutes = int(UNCERTAIN_TOO_LONG.total_seconds() // 60)
    since = f" since {_clock(message.uncertain_at)}" if message.uncertain_at else ""
    text = f"It may have left: GoHighLevel did not say{since}. It is never sent again by itself.{_after(message.error)}"
    return (
        text,
        f"GoHighLevel's conversation is read again; after {minutes} minutes a person may say what happened.",
    )


def _failed(message: Message, now: datetime) -> tuple[str, str]:
    return f"GoHighLevel refused it{_when(message)}.{_after(message.error)}", NEVER


def _rejected(message: Message, now: datetime) -> tuple[str, str]:
    end = _end(message)
    tag = f": {end.tag.replace('_', ' ')}" if end and end.tag else ""
    return f"Rejected{_by(end)}{_when(message)}{tag}.", NEVER


def _withdrawn(message: Message, now: datetime) -> tuple[str, str]:
    end = _end(message)
    why = f": {end.why.replace('_', ' ')}" if end and end.why not in ("", "withdrawn") else ""
    return f"Withdrawn{_by(end)}{_when(message)}{why}.{_after(message.error)}", NEVER


def _expired(message: Message, now: datetime) -> tuple[str, str]:
    return f"Nobody decided in time; it expired{_when(message)}.", NEVER


SAID: dict[Status, Callable[[Message, datetime], tuple[str, str]]] = {
    Status.DRAFT: _draft,
    Status.BLOCKED: _blocked,
    Status.HELD: _held,
    Status.SENDING: _sending,
    Status.UNCERTAIN: _uncertain,
    Status.FAILED: _failed,
    Status.REJECTED: _rejected,
    Status.WITHDRAWN: _withdrawn,
    Status.EXPIRED: _expired,
}


def _end(message: Message) -> Move | None:
    return (
        message.moves.filter(to_status=message.status).select_related("by").order_by("-pk").first()
    )


def _by(move: Move | None) -> str:
    return f" by {phase.name_of(move.by)}" if move and move.by else ""


def _when(message: Message) -> str:
    end = _end(message)
    return f" on {_clock(end.at)}" if end else ""


def _after(error: str) -> str:
    return f" {error.rstrip('.')}." if error else ""


def _clock(at: datetime) -> str:
    """On the team's clock."""
    return f"{at.astimezone(ZoneInfo(settings.TEAM_TIME_ZONE)):%-d %b %H:%M}"
