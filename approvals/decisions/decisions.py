"""What a person decides about one text of one email: bound to the text shown, written once, evidence or not."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from approvals.models import Decision, DecisionReason, Verdict
from outreach.choices import Phase, Status, Tag
from outreach.control import phase
from outreach.lifecycle.transitions import IllegalMove, StaleMessage
from outreach.models import Message, Transport
from outreach.review import review_actions

MIN_REASON_LENGTH = 20


@dataclass(frozen=True)
class Decider:
    """Who decides and by which way. Without a user the decision is never evidence and never clears CRITICAL."""

    user: Any
    channel: str  # desk, admin, api, slack
    name: str = ""


class DecisionRefused(Exception):
    """The decision was not taken. `field` names the input at fault, if one is."""

    def __init__(self, text: str, field: str = ""):
        super().__init__(text)
        self.text, self.field = text, field


class DecisionConflict(DecisionRefused):
    """Another text, or decided already: `message` is how it stands now."""

    def __init__(self, text: str, message: Message):
        super().__init__(text)
        self.message = message


def approve(message: Message, version: int, decider: Decider) -> Message:
    """Approve the text of `version`. Raises TooLate or Refused; then nothing has changed."""
    if decider.user is None and message.critical_reason:
        raise DecisionRefused("Only a named person can approve a CRITICAL email.")
    verdicts = Verdict.APPROVED, Verdict.WOULD_APPROVE
    return _record_decision(
        message,
        version,
        decider,
        verdicts,
        lambda m: review_actions.approve_email(m, version, by=decider.user),
    )


def reject(message: Message, version: int, decider: Decider, *, tag: str, reason: str) -> Message:
    """Reject the text of `version` with a tag and a reason of 20 characters or more. Raises TooLate or Refused."""
    reason = reason.strip()
    if tag not in Tag.values:
        raise DecisionRefused(f"Choose one of: {', '.join(Tag.values)}.", "tag")
    if len(reason) < MIN_REASON_LENGTH:
        raise DecisionRefused(
            f"{MIN_REASON_LENGTH - len(reason)} more characters: say what should be different.",
            "reason",
        )
    return _record_decision(
        message, version, decider, (Verdict.REJECTED, Verdict.WOULD_REJECT),
        lambda m: review_actions.reject_email(m, version, by=decider.user, tag=tag, reason=reason), tag=tag, reason=reason,
    )  # fmt: skip


def _record_decision(
    message: Message, version: int, decider: Decider, verdicts: tuple[Verdict, Verdict], act: Any,
    *, tag: str = "", reason: str = "",
) -> Message:  # fmt: skip
    """`verdicts` are the one that is acted on and the one of Shadow."""
    allowed = (Status.HELD, Status.BLOCKED) if tag else (Status.HELD,)
    if message.status in allowed and version > message.version:
        raise DecisionConflict(
            f"There is no such version; it is version {message.version}. Nothing was decided.",
            message,
        )
    if message.status not in allowed or message.version != version:
        raise DecisionConflict(describe_current_state(message), message)
    text = message.text  # None where drafting failed; such an email can be rejected
    try:
        with transaction.atomic():
            # Held until the end: what is recorded and what is done are of one phase.
            now_in = phase.lock_control().phase
            decision = Decision.objects.create(
                message=message,
                verdict=verdicts[now_in == Phase.SHADOW],
                version=version,
                text_sha256=text.sha256 if text else "",
                tag=tag,
                by=decider.user,
                by_name=decider.name or phase.actor_name(decider.user),
                channel=decider.channel,
                phase=now_in,
                edited=text is not None and text.author_id is not None,
                held_at=message.held_at or message.created_at,
                is_evidence=decider.user is not None
                and review_actions.transport_for(message) == Transport.GHL,
            )
            if reason:
                DecisionReason.objects.create(decision=decision, text=reason)
            return act(message)
    except review_actions.ApprovalForbidden as error:
        raise DecisionRefused(str(error)) from error
    except (StaleMessage, IllegalMove) as error:
        current = Message.objects.get(pk=message.pk)
        raise DecisionConflict(describe_current_state(current), current) from error


def describe_current_state(message: Message) -> str:
    """One sentence on who was first, or that the text is another by now."""
    last = message.decisions.order_by("-pk").first()
    if message.status in (Status.HELD, Status.BLOCKED):
        text = message.text
        who = phase.actor_name(text.author) if text and text.author else "The machine"
        when = f" at {_team_clock(text.created_at)}" if text else ""
        if message.status == Status.BLOCKED:
            return f"It can't be approved: {message.error}"
        return f"{who} changed this email{when}. Your decision was not recorded."
    if message.by_machine:
        cleared = message.moves.filter(why=review_actions.MACHINE).latest("pk").at
        return f"The machine approved this email at {_team_clock(cleared)}. Your decision was not recorded."
    if last is not None:
        done = {Verdict.APPROVED: "approved", Verdict.REJECTED: "rejected"}.get(
            Verdict(last.verdict), "decided"
        )
        return f"{last.by_name} {done} this email at {_team_clock(last.at)}. Your decision was not recorded."
    return f"It is no longer waiting: {message.get_status_display().lower()}. Your decision was not recorded."


def _team_clock(at: datetime) -> str:
    """The team's time, as the pages say it."""
    return f"{at.astimezone(ZoneInfo(settings.TEAM_TIME_ZONE)):%H:%M}"
