"""Names of GoHighLevel's routes, and what the tests of sending read and arrange."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from outreach.control import phase
from outreach.models import DailySlots, Message, SendIntent
from tests.fakes.ghl import FakeGhl

FIND, UPDATE = "GET /contacts/search/duplicate", "PUT /contacts/{id}"
CREATE, CONTACT, SEND = ("POST /contacts/", "GET /contacts/{id}", "POST /conversations/messages")
SEARCH, TALK = "GET /conversations/search", "GET /conversations/{id}/messages"
NEW_CONTACT = [FIND, CREATE]  # of somebody whom GoHighLevel does not know
KNOWN_CONTACT = [FIND, CONTACT]
VERSIONS = ("2021-07-28",) * 2 + ("2021-04-15",)  # of the calls to somebody new, in that order
DEALS = "GET /opportunities/search"


def now_is(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def slots() -> int:
    return sum(DailySlots.objects.values_list("used", flat=True))


def outcomes() -> list[str]:
    return list(SendIntent.objects.order_by("pk").values_list("outcome", flat=True))


def away() -> timedelta:
    """For how long everything waits for GoHighLevel."""
    until = phase.current_control().away_until
    return until - timezone.now() if until else timedelta(0)


def last_move(message: Message) -> tuple[str, str]:
    return message.moves.values_list("to_status", "why").last()


def calls(ghl: FakeGhl) -> list[str]:
    return [request.route for request in ghl.requests()]


def during(ghl: FakeGhl, handler: str, do: Callable[[], Any]) -> None:
    """Let `do` happen while GoHighLevel works on a request."""
    act = getattr(ghl, handler)

    def both(request: Any) -> Any:
        do()
        return act(request)

    setattr(ghl, handler, both)
