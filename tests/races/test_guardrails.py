"""Guardrails while several processes work: a breach acts once, and after it no call begins."""

from typing import Any

import pytest
from django.utils import timezone

from outreach.choices import Phase
from outreach.control import phase
from outreach.guardrails import guardrails
from outreach.models import ControlChange, EmailEvent, GuardrailBreach, Message, SendIntent
from outreach.sending import send
from tests import factories
from tests.fakes.ghl import FakeGhl
from tests.races.conftest import at_once, gate, held_up, in_background, now_is

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("sender", "loose"),
]

SEND, CREATE = "POST /conversations/messages", "POST /contacts/"
WORKERS = 6


@pytest.fixture(autouse=True)
def autonomous(committed: None) -> None:
    phase.current_control()
    phase.change_phase(Phase.AUTONOMOUS, by=None, reason="test")


def left() -> Message:
    """An email of before, that something can come back from."""
    return Message.objects.create(lead=factories.LeadFactory(), status="sent", transport="ghl")


def complains(message: Message) -> None:
    """An event as the webhook takes it: stored, then judged."""
    now = timezone.now()
    EmailEvent.objects.create(
        key=f"c-{message.pk}", message=message, kind="complained", source="w", at=now
    )
    guardrails.check_guardrails()


def drops() -> list[tuple[str, str]]:
    return list(
        ControlChange.objects.filter(what="phase", by_name="guardrail").values_list(
            "before", "after"
        )
    )


def test_events_and_sweeps_at_once_halt_and_drop_once() -> None:
    messages = [left() for _ in range(4)]
    found = at_once(
        *[lambda m=m: complains(m) for m in messages], *[guardrails.check_guardrails] * 4
    )
    assert [one for one in found if isinstance(one, Exception)] == []
    assert (phase.current_control().phase, phase.current_control().halted, drops()) == (
        "assisted",
        True,
        [("autonomous", "assisted")],
    )
    assert GuardrailBreach.objects.filter(action="dropped").count() == 1
    assert ControlChange.objects.filter(what="halt").count() == 1


@pytest.mark.parametrize(
    "judged", [True, False], ids=["judged where it is stored", "judged by the final checks alone"]
)
def test_after_a_breach_no_call_of_the_batch_begins(ghl: FakeGhl, judged: bool) -> None:
    waiting = [factories.cleared_email() for _ in range(4)]
    before = [left() for _ in range(3)]
    with held_up(ghl, CREATE) as wait:
        door = in_background(send.send_due)
        wait()
        for message in before:
            if judged:
                complains(message)
            else:
                EmailEvent.objects.create(
                    key=f"c-{message.pk}",
                    message=message,
                    kind="complained",
                    source="w",
                    at=timezone.now(),
                )
        made = len(ghl.requests())
    door.join(120)
    # What nobody has judged yet is found at the claim.
    assert ghl.requests()[made:] == []
    assert (ghl.requests(SEND), SendIntent.objects.count()) == ([], 0)
    assert [now_is(message).status for message in waiting] == ["cleared"] * 4
    assert (phase.current_control().phase, phase.current_control().halted) == ("assisted", True)


def test_claims_and_a_concurrent_complaint_agree_on_sent_emails(ghl: FakeGhl) -> None:
    """Each email either left before the halt was committed, or not at all."""
    for _ in range(WORKERS):
        factories.cleared_email()
    message = left()
    for key in ("first", "second"):
        EmailEvent.objects.create(
            key=key, message=left(), kind="complained", source="w", at=timezone.now()
        )
    gate(ghl, CREATE, WORKERS)
    at_once(*[lambda: send.send_due(most=1)] * WORKERS, lambda: complains(message))
    halted_at: Any = phase.current_control().halted_at
    claims = SendIntent.objects.filter(outcome="sent").values_list("claimed_at", flat=True)
    assert all(at <= halted_at for at in claims)
    assert len(claims) == len(ghl.sent_emails())
    assert (phase.current_control().phase, drops()) == ("assisted", [("autonomous", "assisted")])
    assert send.send_due() == 0
