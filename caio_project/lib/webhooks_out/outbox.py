"""Writes an event for the endpoints that want it, in the transaction of the change.

Which endpoints there are is read once in KNOWN_FOR seconds by each process: where there is none, a
move costs no statement. A new endpoint gets events from at most so many seconds later on.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from caio_project.lib.nudge import nudge
from caio_project.lib.webhooks_out.event_types import EventType
from caio_project.lib.webhooks_out.models import WebhookDelivery, WebhookEndpoint, WebhookEvent

KNOWN_FOR = 5.0
DELIVERY_TASK = "caio_project.send_webhooks"


@dataclass(frozen=True)
class _Subscription:
    endpoint: int
    events: frozenset[str]


class _Known:
    def __init__(self) -> None:
        self.subscriptions: tuple[_Subscription, ...] = ()
        self.until = 0.0

    def read(self) -> tuple[_Subscription, ...]:
        now = time.monotonic()
        if now >= self.until:
            rows = WebhookEndpoint.objects.filter(is_active=True).values_list("pk", "events")
            self.subscriptions = tuple(_Subscription(pk, frozenset(names)) for pk, names in rows)
            self.until = now + KNOWN_FOR
        return self.subscriptions


_known = _Known()


def assume_no_endpoints() -> None:
    """Until an endpoint is added or changed in this process; for tests that count statements."""
    _known.subscriptions, _known.until = (), float("inf")


def read_endpoints_anew() -> None:
    _known.until = 0.0
    transaction.on_commit(lambda: setattr(_known, "until", 0.0))


def emit(event_type: EventType, build: Callable[[], dict[str, Any]]) -> None:
    """Store the event with a delivery for each endpoint that wants it, or do nothing.

    `build` makes the data (JSON: ids, codes, numbers; `lead` is the person's public id as text),
    and is called only where somebody wants it.
    """
    wanted = [one.endpoint for one in _known.read() if event_type in one.events]
    if wanted:
        write_event(event_type, build(), wanted)


def write_event(
    event_type: EventType, data: dict[str, Any], endpoints: Iterable[int]
) -> WebhookEvent:
    with transaction.atomic():
        event = WebhookEvent.objects.create(type=event_type, lead=data.get("lead"), data=data)
        WebhookDelivery.objects.bulk_create(
            [WebhookDelivery(event=event, endpoint_id=pk) for pk in endpoints]
        )
    nudge(DELIVERY_TASK)
    return event
