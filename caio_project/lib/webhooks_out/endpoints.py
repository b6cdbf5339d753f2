"""Adds, changes, disables and enables endpoints, exchanges their secrets, replays deliveries.

Each change is logged. A secret is returned once, to who adds the endpoint or exchanges it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from caio_project.lib.nudge import nudge
from caio_project.lib.webhooks_out import outbox, public_http, secrets_of_endpoints
from caio_project.lib.webhooks_out.event_types import (
    PERSON_SCOPE,
    SCOPE_OF_EVENT,
    SUBSCRIBABLE,
    DeliveryState,
    EndCode,
    EventType,
)
from caio_project.lib.webhooks_out.models import (
    WebhookAttempt,
    WebhookChange,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)

MANAGE = "lib.manage_webhooks"
MOST_ENDPOINTS = 20
OLD_SECRET_FOR = timedelta(days=1)
MAX_DESCRIPTION = 100


class EndpointRefused(Exception):
    """Nothing was changed. `field` names the wrong input; "" is the endpoint's state."""

    def __init__(self, field: str, text: str):
        super().__init__(text)
        self.field, self.text = field, text


@dataclass(frozen=True)
class EndpointWish:
    url: str
    events: tuple[str, ...]
    description: str = ""
    with_person: bool = False


@dataclass(frozen=True)
class Manager:
    """Who changes endpoints, and the scopes that they have themselves."""

    user: Any
    name: str
    scopes: frozenset[str]


def add_endpoint(wish: EndpointWish, by: Manager) -> tuple[WebhookEndpoint, str]:
    """The endpoint and its secret. Raises EndpointRefused."""
    checked = _checked(wish, by)
    secret, sealed = secrets_of_endpoints.new_secret()
    with transaction.atomic():
        if WebhookEndpoint.objects.filter(is_active=True).count() >= MOST_ENDPOINTS:
            raise EndpointRefused("url", f"There are {MOST_ENDPOINTS} endpoints already.")
        if WebhookEndpoint.objects.filter(url=checked["url"], is_active=True).exists():
            raise EndpointRefused("url", "There is an endpoint with this address already.")
        endpoint = WebhookEndpoint.objects.create(
            **checked, secret=sealed, created_by=by.user, created_by_name=by.name
        )
        _log_change(endpoint, WebhookChange.What.ADDED, by)
        outbox.read_endpoints_anew()
    return endpoint, secret


def change_endpoint(endpoint: WebhookEndpoint, wish: EndpointWish, by: Manager) -> None:
    """Raises EndpointRefused."""
    checked = _checked(wish, by)
    with transaction.atomic():
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(**checked)
        _log_change(endpoint, WebhookChange.What.CHANGED, by)
        outbox.read_endpoints_anew()
    endpoint.refresh_from_db()


def _checked(wish: EndpointWish, by: Manager) -> dict[str, Any]:
    url, events = wish.url.strip(), tuple(dict.fromkeys(wish.events))
    try:
        public_http.check_url(url)
    except public_http.UrlRefused as refused:
        raise EndpointRefused("url", str(refused)) from refused
    if not events:
        raise EndpointRefused("events", "Choose at least one.")
    for name in events:
        if name not in SUBSCRIBABLE:
            raise EndpointRefused("events", f"{name[:40]!r} is none of {', '.join(SUBSCRIBABLE)}.")
        if (scope := SCOPE_OF_EVENT[EventType(name)]) not in by.scopes:
            raise EndpointRefused("events", f"{name} needs the scope {scope}.")
    if wish.with_person and PERSON_SCOPE not in by.scopes:
        raise EndpointRefused("with_person", f"It needs the scope {PERSON_SCOPE}.")
    description = wish.description.strip()
    if len(description) > MAX_DESCRIPTION or not (description or " ").isprintable():
        text = f"It is at most {MAX_DESCRIPTION} printable characters."
        raise EndpointRefused("description", text)
    return {
        "url": url,
        "events": list(events),
        "description": description,
        "with_person": wish.with_person,
    }


def exchange_secret(endpoint: WebhookEndpoint, by: Manager) -> str:
    """The new secret. The one until now signs beside it for a day; one still older ends at once."""
    secret, sealed = secrets_of_endpoints.new_secret()
    with transaction.atomic():
        row = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
        row.old_secret, row.secret = row.secret, sealed
        row.old_secret_until = timezone.now() + OLD_SECRET_FOR
        row.save(update_fields=["secret", "old_secret", "old_secret_until"])
        _log_change(endpoint, WebhookChange.What.ROTATED, by)
    return secret


def disable_endpoint(endpoint: WebhookEndpoint, by: Manager) -> bool:
    with transaction.atomic():
        is_done = end_endpoint(endpoint, EndCode.BY_PERSON, timezone.now())
        if is_done:
            _log_change(endpoint, WebhookChange.What.DISABLED, by)
    return is_done


def end_endpoint(endpoint: WebhookEndpoint, code: EndCode, now: datetime) -> bool:
    """Disable it and give up what waits for it; needs a transaction. False where it was before."""
    rows = WebhookEndpoint.objects.filter(pk=endpoint.pk, is_active=True)
    if not rows.update(is_active=False, ended_at=now, end_code=code, told_at=None):
        return False
    waiting = WebhookDelivery.objects.filter(endpoint=endpoint, state=DeliveryState.WAITING)
    waiting.update(state=DeliveryState.FAILED, end_code=EndCode.ENDPOINT_DISABLED, lease_until=None)
    outbox.read_endpoints_anew()
    return True


def enable_endpoint(endpoint: WebhookEndpoint, by: Manager) -> bool:
    """What was given up while it was disabled is not sent by itself: replay it.

    Raises EndpointRefused where its address is not allowed any more, or there are too many.
    """
    wish = EndpointWish(
        endpoint.url, tuple(endpoint.events), endpoint.description, endpoint.with_person
    )
    _checked(wish, by)
    with transaction.atomic():
        if WebhookEndpoint.objects.filter(is_active=True).count() >= MOST_ENDPOINTS:
            raise EndpointRefused("url", f"There are {MOST_ENDPOINTS} endpoints already.")
        rows = WebhookEndpoint.objects.filter(pk=endpoint.pk, is_active=False)
        fresh = {"ended_at": None, "end_code": "", "failures": 0, "rests_until": None}
        is_done = rows.update(is_active=True, **fresh) == 1
        if is_done:
            _log_change(endpoint, WebhookChange.What.ENABLED, by)
            outbox.read_endpoints_anew()
    return is_done


def send_test(endpoint: WebhookEndpoint) -> WebhookEvent:
    """Raises EndpointRefused where it is disabled."""
    if not WebhookEndpoint.objects.filter(pk=endpoint.pk, is_active=True).exists():
        raise EndpointRefused("", "The endpoint is disabled. Enable it first.")
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(rests_until=None)
    return outbox.write_event(EventType.ENDPOINT_TEST, {"test": True}, [endpoint.pk])


def replay_delivery(delivery: WebhookDelivery) -> None:
    """Deliver again, under the same id. Raises EndpointRefused."""
    if not delivery.endpoint.is_active:
        raise EndpointRefused("", "The endpoint is disabled. Enable it first.")
    if not replay(WebhookDelivery.objects.filter(pk=delivery.pk)):
        raise EndpointRefused("", "It is waiting already, or its person was erased.")


def replay(rows: QuerySet[WebhookDelivery]) -> int:
    """Deliver all of `rows` again that are over; how many those are."""
    now = timezone.now()
    over = rows.exclude(state=DeliveryState.WAITING).exclude(end_code=EndCode.ERASED)
    count = over.filter(endpoint__is_active=True).update(
        state=DeliveryState.WAITING,
        end_code="",
        started_at=now,
        not_before=now,
        attempts=0,
        lease_until=None,
    )
    if count:
        nudge(outbox.DELIVERY_TASK)
    return count


def erase_person(leads: Iterable[Any]) -> int:
    """Empty the events about the persons with these public ids and give up what still waits.

    What receivers answered to them is emptied too. How many events there were.
    """
    with transaction.atomic():
        about = WebhookEvent.objects.filter(lead__in=list(leads))
        events = list(about.values_list("pk", flat=True))
        theirs = WebhookDelivery.objects.filter(event__in=events)
        theirs.filter(state=DeliveryState.WAITING).update(
            state=DeliveryState.FAILED, lease_until=None
        )
        theirs.update(end_code=EndCode.ERASED)
        WebhookAttempt.objects.filter(delivery__event__in=events).update(response="")
        WebhookEvent.objects.filter(pk__in=events).update(lead=None, data={"erased": True})
    return len(events)


def _log_change(endpoint: WebhookEndpoint, what: str, by: Manager) -> None:
    WebhookChange.objects.create(endpoint=endpoint, what=what, by=by.user, by_name=by.name)
