"""A receiver that blocks us, a full mailbox and a missing reason are no bounces."""

from typing import Any

import pytest
from django.utils import timezone

from leads.suppression import suppression
from outreach.choices import Guardrail
from outreach.control import phase
from outreach.guardrails import guardrail_counts
from outreach.integrations.ghl.delivery_failures import kind_of_failure
from outreach.integrations.ghl.polling_api import KINDS_BY_STATUS
from outreach.models import EmailEvent
from tests.fakes.ghl import FakeGhl
from tests.outreach.back import make_sent_email, receive_webhooks

ANSWERS = [
    # the address
    ("5.1.1", "mailbox unknown", "bounced"),
    ("550", "550 5.1.1 The email account that you tried to reach does not exist.", "bounced"),
    ("5.1.10", "RESOLVER.ADR.RecipientNotFound; Recipient not found", "bounced"),
    ("5.2.1", "The account is disabled", "bounced"),
    ("5.4.1", "Recipient address rejected: Access denied", "bounced"),
    ("5.4.4", "Host not found", "bounced"),
    ("550", "Requested action not taken: mailbox unavailable", "bounced"),
    ("550", "5.7.1 <dana@acme.test>: Recipient unknown", "bounced"),
    ("550", "5.5.0 no such user here", "bounced"),
    ("550", "", "bounced"),
    ("554", "Destinatario desconocido", "bounced"),
    # the receiver blocks us; the address is good
    ("5.7.1", "Message rejected due to local policy", "blocked"),
    ("5.7.26", "This mail is unauthenticated", "blocked"),
    ("550", "5.7.606 Access denied, banned sending IP", "blocked"),
    ("5.7.509", "sending domain does not pass DMARC verification", "blocked"),
    ("554", "5.7.0 Your message looks like spam", "blocked"),
    ("550", "SC-001 mail rejected due to poor sender reputation", "blocked"),
    ("554", "The sending IP is listed by zen.spamhaus.org", "blocked"),
    ("550", "rejected for policy reasons", "blocked"),
    ("550", "Your IP is blacklisted", "blocked"),
    ("554", "5.3.0 blocked using Barracuda Reputation", "blocked"),
    ("550", "too many messages from you", "blocked"),
    # it may still arrive
    ("5.2.2", "The recipient's inbox is out of storage space", "deferred"),
    ("552", "Mailbox is full", "deferred"),
    ("452", "4.2.2 over quota", "deferred"),
    ("4.7.0", "try again later", "deferred"),
    ("421", "Service not available", "deferred"),
    ("550", "Quota exceeded", "deferred"),
    ("451", "4.7.1 Greylisted", "deferred"),
    # ours, or nobody knows
    ("", "", "send_failed"),
    ("", "Not delivering", "send_failed"),
    ("", "connection timed out", "send_failed"),
    ("5.3.4", "message too big", "send_failed"),
    ("5.6.0", "cannot be converted", "send_failed"),
    ("5.1.8", "bad sender's system address", "send_failed"),
    ("5.5.2", "syntax error", "send_failed"),
]


@pytest.mark.parametrize(("code", "text", "kind"), ANSWERS)
def test_an_answer_of_a_receiver_means(code: str, text: str, kind: str) -> None:
    assert kind_of_failure(is_temporary=False, reason="bounce", code=code, text=text) == kind


@pytest.mark.parametrize(
    ("reason", "is_temporary", "kind"),
    [
        ("suppress-bounce", False, "bounced"),
        ("suppress-complaint", False, "refused"),
        ("suppress-unsubscribe", False, "refused"),
        ("espblock", False, "blocked"),
        ("espblock", True, "deferred"),
        ("old", False, "deferred"),
        ("generic", True, "deferred"),
        ("generic", False, "send_failed"),
    ],
)
def test_a_cause_of_the_provider_means(reason: str, is_temporary: bool, kind: str) -> None:
    found = kind_of_failure(is_temporary=is_temporary, reason=reason, code="", text="")
    assert found == kind


def test_what_polling_says_of_a_failure_has_no_reason() -> None:
    assert KINDS_BY_STATUS["failed"] == KINDS_BY_STATUS["undelivered"] == ("send_failed",)


def told(code: int, enhanced: str, text: str) -> dict[str, Any]:
    status = {"code": code, "message": text, "enhanced-code": enhanced, "description": ""}
    return {"delivery-status": status}


@pytest.mark.django_db
@pytest.mark.usefixtures("sender", "loose")
@pytest.mark.parametrize(
    ("status", "kind", "stopped"),
    [
        (told(550, "5.1.1", "unknown"), "bounced", True),
        (told(550, "5.7.1", "blocked by policy"), "blocked", False),
        (told(552, "5.2.2", "mailbox full"), "deferred", False),
        (told(0, "", ""), "send_failed", False),
    ],
)
def test_only_a_bounce_stops_the_address(
    ghl: FakeGhl, status: dict[str, Any], kind: str, stopped: bool
) -> None:
    message = make_sent_email(ghl)
    event = ghl.email_event("failed", **status)
    receive_webhooks(event, event)
    assert EmailEvent.objects.get().kind == kind
    assert (suppression.find_stop(message.to_address, message.lead) is not None) == stopped
    counts = guardrail_counts.count_events(timezone.now(), phase.current_control())
    assert len(counts.alert[Guardrail.HARD_BOUNCES]) == (kind == "bounced")
    assert len(counts.alert[Guardrail.SEND_ERRORS]) == (kind == "send_failed")


@pytest.mark.django_db
@pytest.mark.usefixtures("sender", "loose")
def test_a_failure_that_is_explained_later_is_no_send_error(ghl: FakeGhl) -> None:
    make_sent_email(ghl)
    receive_webhooks(ghl.email_event("failed", **told(0, "", "")))
    receive_webhooks(ghl.email_event("failed", **told(550, "5.7.1", "policy")))
    assert sorted(EmailEvent.objects.values_list("kind", flat=True)) == ["blocked", "send_failed"]
    assert not guardrail_counts.count_events(timezone.now(), phase.current_control()).alert[
        Guardrail.SEND_ERRORS
    ]
