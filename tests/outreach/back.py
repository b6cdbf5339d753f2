"""Emails sent through the fake GoHighLevel, and what comes back by webhook or polling."""

import json
import random
from datetime import timedelta
from typing import Any

from django.utils import timezone

from leads.models import Lead
from outreach.feedback import apply_feedback
from outreach.integrations.ghl import webhook_bodies
from outreach.models import Message
from outreach.sending import send
from tests import factories
from tests.fakes.ghl import FakeGhl


def make_sent_email(
    ghl: FakeGhl, lead: Lead | None = None, ago: timedelta = timedelta(0), **assessment: Any
) -> Message:
    message = factories.cleared_email(lead, **assessment)
    assert send.send_due() == 1
    if ago:
        Message.objects.filter(pk=message.pk).update(sent_at=timezone.now() - ago)
    message.refresh_from_db()
    assert message.status == "sent", message.error
    return message


def make_uncertain_email(ghl: FakeGhl, **lead: Any) -> Message:
    """An email that GHL took without an answer reaching us."""
    message = factories.cleared_email(factories.LeadFactory(**lead))
    ghl.on("POST /conversations/messages").act_then_status(500, times=1)
    assert send.send_due() == 1
    message.refresh_from_db()
    assert (message.status, message.ghl_email_message_id) == ("uncertain", "")
    return message


def receive_webhooks(*payloads: dict[str, Any]) -> None:
    """Let signed and verified webhooks take effect."""
    for payload in payloads:
        fact = webhook_bodies.read_webhook(json.dumps(payload).encode(), "loc-test", timezone.now())
        assert fact is not None
        apply_feedback.apply_fact(fact, "webhook")


def receive_twice_shuffled(payloads: list[dict[str, Any]], seed: int) -> None:
    both = [*payloads, *payloads]
    random.Random(seed).shuffle(both)
    receive_webhooks(*both)


def reload_email(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def last_move(message: Message) -> tuple[str, str]:
    return message.moves.values_list("to_status", "why").last()
