"""What the tests of guardrails read and arrange."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from outreach.control import phase
from outreach.guardrails import guardrails
from outreach.guardrails.guardrail_rules import DomainHealth
from outreach.models import EmailEvent, GuardrailBreach, Message, Move, SendIntent
from tests import factories

HOUR = timedelta(hours=1)
DOMAIN = "mail.ours.example.com"
REASON = {"code": "hard_bounces", "points": -30, "said": "9 of 90"}


def healthy(score: int | None = 90, **more: Any) -> None:
    """A verdict of this moment."""
    given = {
        "spf": "present",
        "dkim": "present",
        "dmarc": "present",
        "evaluated_at": timezone.now(),
    } | more
    guardrails.store_health_verdict(DomainHealth(domain=DOMAIN, score=score, **given))


def email(**more: Any) -> Message:
    """One that left for a live person, at the depth that counting sees."""
    lead = factories.LeadFactory(**({"kind": more["kind"]} if "kind" in more else {}))
    return Message.objects.create(**{"lead": lead, "status": "sent", "transport": "ghl", **more})


def came_back(
    kind: str, ago: timedelta = timedelta(0), message: Message | None = None, **more: Any
) -> EmailEvent:
    at = timezone.now() - ago
    row = {
        "at": at,
        "noted_at": at,
        "key": f"{kind}-{EmailEvent.objects.count()}",
        "source": "poll",
        **more,
    }
    return EmailEvent.objects.create(message=message or email(), kind=kind, **row)


def moved(to: str, why: str, ago: timedelta = timedelta(0), message: Message | None = None) -> Move:
    return Move.objects.create(
        message=message or email(status=to),
        from_status="sending",
        to_status=to,
        why=why,
        version=1,
        at=timezone.now() - ago,
    )


def sent(count: int, ago: timedelta = HOUR) -> None:
    message = email()
    SendIntent.objects.bulk_create(
        SendIntent(
            message=message if n == 0 else email(),
            transport="ghl",
            phase="autonomous",
            day=timezone.now().date(),
            domain="x.test",
            claimed_at=timezone.now() - ago,
            outcome="sent",
        )
        for n in range(count)
    )


def stands() -> dict[str, str]:
    return {breach.guardrail.value: breach.level.value for breach in guardrails.current_breaches()}


def acted() -> list[tuple[str, str, str]]:
    rows = GuardrailBreach.objects.order_by("pk")
    return [(row.guardrail, row.level, row.action) for row in rows]


def now_in() -> tuple[str, bool]:
    row = phase.current_control()
    return row.phase, row.halted
