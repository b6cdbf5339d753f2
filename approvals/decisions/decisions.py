"""What a person decides about one text of one email: bound to the text shown, written once,
evidence or not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from approvals.decisions import claims, judgement, refusal_words
from approvals.decisions.judgement import Action, DecisionFacts, Refusal
from approvals.models import Decision, DecisionReason, Verdict
from caio_project.lib.nudge import nudge
from leads.models import Kind
from outreach.choices import Phase, Status, Tag, Transport
from outreach.control import phase
from outreach.lifecycle.transitions import IllegalMove, StaleMessage
from outreach.models import Message
from outreach.review import review_actions

MIN_REASON_LENGTH = 20


@dataclass(frozen=True)
class Decider:
    """Who decides, and by which channel. Without a user it is no evidence and cannot clear
    CRITICAL.
    """

    user: Any
    channel: str  # desk, admin, api, slack
    name: str = ""
    by_key: bool = False  # a program acts in the user's name


class DecisionRefused(Exception):
    """The decision was not taken. `field` names a wrong input, `refusal` the code of the
    judgement.
    """

    def __init__(self, text: str, field: str = "", refusal: Refusal | None = None):
        super().__init__(text)
        self.text, self.field, self.refusal = text, field, refusal


class DecisionConflict(DecisionRefused):
    """Claimed by a colleague, changed or decided meanwhile; `message` is its present state."""

    def __init__(self, text: str, message: Message, refusal: Refusal | None = None):
        super().__init__(text, refusal=refusal)
        self.message = message


CONFLICTS = (
    Refusal.CLAIMED,
    Refusal.NO_SUCH_VERSION,
    Refusal.NOT_WAITING,
    Refusal.BLOCKED,
    Refusal.CHANGED,
)


def approve(message: Message, version: int, decider: Decider) -> Message:
    """Approve the text of `version`. Raises DecisionConflict or DecisionRefused; then nothing
    changed.
    """
    require_decision(Action.APPROVE, message, version, decider)
    verdicts = Verdict.APPROVED, Verdict.WOULD_APPROVE
    return _record_decision(
        message,
        version,
        decider,
        verdicts,
        lambda m: review_actions.approve_email(m, version, by=decider.user),
    )


def reject(message: Message, version: int, decider: Decider, *, tag: str, reason: str) -> Message:
    """Reject the text of `version` with a tag and a reason of 20 characters or more.

    Raises DecisionConflict or DecisionRefused; then nothing has changed.
    """
    reason = reason.strip()
    if tag not in Tag.values:
        raise DecisionRefused(f"Choose one of: {', '.join(Tag.values)}.", "tag")
    if len(reason) < MIN_REASON_LENGTH:
        more = MIN_REASON_LENGTH - len(reason)
        raise DecisionRefused(f"{more} more characters: say what should be different.", "reason")
    require_decision(Action.REJECT, message, version, decider)
    return _record_decision(
        message,
        version,
        decider,
        (Verdict.REJECTED, Verdict.WOULD_REJECT),
        lambda m: review_actions.reject_email(m, version, by=decider.user, tag=tag, reason=reason),
        typed=(tag, reason),
    )


def find_refusal(
    action: Action, message: Message, version: int, decider: Decider
) -> Refusal | None:
    return judgement.find_refusal(action, load_facts(message, version, decider))


def load_facts(message: Message, version: int, decider: Decider) -> DecisionFacts:
    user = decider.user
    return DecisionFacts(
        may_decide=user is None or user.has_perm("approvals.decide"),
        is_named=user is not None,
        is_claimed=claims.colleague_claim(message, user) is not None,
        is_critical=bool(message.critical_reason),
        status=message.status,
        current_version=message.version,
        version=version,
        is_read=not _must_have_read(decider) or claims.has_read(message, user, version),
    )


def _must_have_read(decider: Decider) -> bool:
    """The API shows no text to a person; desk and admin ask for their own proof."""
    return decider.channel == "api" and not decider.by_key and decider.user is not None


def require_decision(action: Action, message: Message, version: int, decider: Decider) -> None:
    """Raise DecisionConflict or DecisionRefused where the decision may not be taken."""
    if refusal := find_refusal(action, message, version, decider):
        raise refused_as(refusal, message, decider)


def refused_as(refusal: Refusal, message: Message, decider: Decider) -> DecisionRefused:
    claim = claims.colleague_claim(message, decider.user)
    text = refusal_words.refusal_sentence(refusal, message, claim)
    if refusal in CONFLICTS:
        return DecisionConflict(text, message, refusal)
    return DecisionRefused(text, refusal=refusal)


def _is_a_persons(decider: Decider, message: Message, version: int) -> bool:
    """A key decides in a person's name; only where they have read it is it their judgement."""
    if decider.user is None:
        return False
    return not decider.by_key or claims.has_read(message, decider.user, version)


def _record_decision(
    message: Message,
    version: int,
    decider: Decider,
    verdicts: tuple[Verdict, Verdict],
    act: Callable[[Message], Message],
    typed: tuple[str, str] = ("", ""),
) -> Message:
    """`verdicts`: to act on, and for Shadow or practice. `typed`: tag and reason."""
    tag, reason = typed
    text = message.text  # None where drafting failed; such an email can be rejected
    try:
        with transaction.atomic():
            # Held until the end: what is recorded and what is done are of one phase.
            now_in = phase.lock_control().phase
            decision = Decision.objects.create(
                message=message,
                verdict=verdicts[now_in == Phase.SHADOW or message.kind == Kind.TRAINING],
                version=version,
                text_sha256=text.sha256 if text else "",
                tag=tag,
                by=decider.user,
                by_name=decider.name or phase.actor_name(decider.user),
                channel=decider.channel,
                phase=now_in,
                edited=text is not None and text.author_id is not None,
                held_at=message.held_at or message.created_at,
                is_evidence=_is_a_persons(decider, message, version)
                and review_actions.transport_for(message) == Transport.GHL,
            )
            if reason:
                DecisionReason.objects.create(decision=decision, text=reason)
            nudge("approvals.update_cards")
            return act(message)
    except review_actions.ApprovalForbidden as error:
        raise DecisionRefused(str(error), refusal=Refusal.NOT_ALLOWED) from error
    except (StaleMessage, IllegalMove) as error:
        raise _decided_meanwhile(message) from error


def _decided_meanwhile(message: Message) -> DecisionConflict:
    current = Message.objects.get(pk=message.pk)
    refusal = Refusal.CHANGED if current.status == Status.HELD else Refusal.NOT_WAITING
    return DecisionConflict(refusal_words.describe_current_state(current), current, refusal)
