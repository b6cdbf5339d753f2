"""What the tests of automatic approval read and arrange."""

from typing import Any

from django.utils import timezone

from outreach.auto_approval import approval_sweep, eligibility
from outreach.control import phase
from outreach.guardrails import guardrails
from outreach.guardrails.guardrail_rules import DomainHealth
from outreach.models import EmailEvent, Message
from tests import factories

DOMAIN = "mail.ours.example.com"


def verdict(score: int | None = 90, at: Any = None) -> None:
    guardrails.store_health_verdict(
        DomainHealth(DOMAIN, score, "present", "present", "present", at or timezone.now())
    )


def low(verified: bool = True, lead: dict[str, Any] | None = None, **assessment: Any) -> Message:
    """A held email of the band LOW, faultless unless told otherwise."""
    person = factories.LeadFactory(**{"email_verified": verified, **(lead or {})})
    return factories.held_email(person, **{"intent": 10, "tier": "tier_3", "icp": 10, **assessment})


def now_is(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def last_move(message: Message) -> tuple[str, str, int | None]:
    return message.moves.values_list("to_status", "why", "by").last()


def complained() -> None:
    message = Message.objects.create(lead=factories.LeadFactory(), status="sent", transport="ghl")
    EmailEvent.objects.create(
        key=f"{message.pk}", message=message, kind="complained", source="w", at=timezone.now()
    )


def reasons(message: Message) -> tuple[str, ...]:
    return eligibility.why_person_decides(message, phase.current_control(), timezone.now())


def stays_held(message: Message, reason: str) -> None:
    moves = message.moves.count()
    assert reason in reasons(message)
    approval_sweep.approve_due()
    assert (now_is(message).status, message.moves.count()) == ("held", moves)
