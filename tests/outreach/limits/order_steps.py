"""What the tests of the order of sending read and arrange."""

from typing import Any

from django.utils import timezone

from outreach.control import phase
from outreach.limits import current_limits
from outreach.limits.limit_rules import CurrentLimits
from outreach.models import Message
from tests import factories
from tests.fakes.ghl import FakeGhl


def standing() -> CurrentLimits:
    return current_limits.read_limits(phase.current_control(), timezone.now())


def hot(**lead: Any) -> Message:
    return factories.cleared_email(factories.LeadFactory(**lead))


def warm() -> Message:
    return factories.cleared_email(intent=50, tier="tier_2")


def low(**lead: Any) -> Message:
    return factories.cleared_email(factories.LeadFactory(**lead), intent=10, tier="tier_3")


def status(*messages: Message) -> list[str]:
    return [Message.objects.get(pk=message.pk).status for message in messages]


def left(ghl: FakeGhl) -> list[str]:
    return [entry["to"] for entry in ghl.sent_emails()]


def addresses(*messages: Message) -> list[str]:
    return [message.to_address for message in messages]


def waiting_rows() -> list[tuple[Any, ...]]:
    return list(
        Message.objects.filter(status="cleared").order_by("pk").values_list("pk", "not_before")
    )
