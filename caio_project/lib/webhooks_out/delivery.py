"""Posts what waits for endpoints, each endpoint in a thread of its own, at least once.

A try is recorded after the answer: a worker that is killed between the two tries again, with the
same id. Threads only post; rows are read and written by the caller's thread.
"""

import json
import random
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from caio_project.lib.db import claims
from caio_project.lib.sealed import DecryptionError
from caio_project.lib.webhooks_out import endpoints, person_details, public_http, retry_rules
from caio_project.lib.webhooks_out.event_types import DeliveryState, EndCode
from caio_project.lib.webhooks_out.models import (
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from caio_project.lib.webhooks_out.public_http import PostOutcome
from caio_project.lib.webhooks_out.secrets_of_endpoints import live_secrets, signed_headers

BUDGET_SECONDS = 20.0  # in which a run begins new tries
LOOK_AGAIN_SECONDS = 1.0  # for others, while one endpoint keeps its thread waiting
LEASE_SECONDS = 60  # of a row: longer than a post may take
RESPONSE_KEPT = 500
EVENTS_KEPT = timedelta(days=30)
USER_AGENT = "CAIO-webhooks/1"


@dataclass(frozen=True)
class _Post:
    url: str
    body: bytes
    headers: dict[str, str]


def deliver_due(seconds: float = BUDGET_SECONDS) -> int:
    """How many tries were made."""
    end, done = time.monotonic() + seconds, 0
    in_flight: dict[Future[PostOutcome], WebhookDelivery] = {}
    with ThreadPoolExecutor(endpoints.MOST_ENDPOINTS, thread_name_prefix="webhook") as pool:
        while True:
            if time.monotonic() < end:
                busy = {row.endpoint_id for row in in_flight.values()}
                for row, post in _claim_next(busy):
                    in_flight[pool.submit(_send, post)] = row
            if not in_flight:
                return done
            finished, _ = wait(in_flight, LOOK_AGAIN_SECONDS, return_when=FIRST_COMPLETED)
            for future in finished:
                _record(in_flight.pop(future), future.result(), timezone.now())
                done += 1


def _send(post: _Post) -> PostOutcome:
    return public_http.post(post.url, post.body, post.headers)


def _claim_next(busy: set[int]) -> list[tuple[WebhookDelivery, _Post]]:
    """The oldest due delivery of each endpoint that is neither busy nor resting, leased."""
    now, found = timezone.now(), []
    due = _due(now)
    free = WebhookEndpoint.objects.filter(
        Q(rests_until=None) | Q(rests_until__lte=now), is_active=True
    ).exclude(pk__in=busy)
    unleased = due.filter(Q(lease_until=None) | Q(lease_until__lt=now), endpoint=OuterRef("pk"))
    for endpoint in free.filter(Exists(unleased)):
        mine = due.filter(endpoint=endpoint).order_by("pk")
        for row in claims.lease_rows(mine, LEASE_SECONDS, batch=1, related=("event",)):
            row.endpoint = endpoint
            if post := _prepare(row, endpoint, timezone.now()):
                found.append((row, post))
    return found


def _due(now: datetime) -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(state=DeliveryState.WAITING, not_before__lte=now)


def _prepare(row: WebhookDelivery, endpoint: WebhookEndpoint, now: datetime) -> _Post | None:
    try:
        secrets = live_secrets(endpoint, now)
    except DecryptionError:
        with transaction.atomic():
            endpoints.end_endpoint(endpoint, EndCode.SECRET_UNREADABLE, now)
        return None
    body = json.dumps(_payload(row.event, with_person=endpoint.with_person))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        **signed_headers(secrets, row.event.event_id, now, body),
    }
    return _Post(endpoint.url, body.encode(), headers)


def _payload(event: WebhookEvent, *, with_person: bool) -> dict[str, Any]:
    data = dict(event.data)
    if with_person and event.lead:
        data["person"] = person_details.read_person(event.lead)
    return {"type": event.type, "timestamp": event.at.isoformat(), "data": data}


def _record(row: WebhookDelivery, outcome: PostOutcome, now: datetime) -> None:
    with transaction.atomic():
        WebhookAttempt.objects.create(
            delivery=row,
            at=now,
            status=outcome.status,
            code=outcome.code,
            ms=outcome.ms,
            response=_readable(outcome.body),
        )
        # Where the lease ended, another worker has it: what it finds counts.
        held = WebhookDelivery.objects.filter(
            pk=row.pk, state=DeliveryState.WAITING, lease_until=row.lease_until
        )
        if outcome.is_accepted:
            held.update(state=DeliveryState.DELIVERED, delivered_at=now, lease_until=None)
            _endpoint_rows(row).update(failures=0, rests_until=None, last_ok_at=now)
        else:
            _record_failure(row, held, outcome, now)


def _record_failure(
    row: WebhookDelivery, held: QuerySet[WebhookDelivery], outcome: PostOutcome, now: datetime
) -> None:
    endpoint = row.endpoint
    if outcome.status == retry_rules.GONE:
        endpoints.end_endpoint(endpoint, EndCode.GONE, now)
        return
    if retry_rules.needs_rest(outcome.status):
        failures = endpoint.failures + 1
        rest = retry_rules.rest_after(failures)
        _endpoint_rows(row).update(failures=failures, rests_until=now + rest)
    delay = retry_rules.next_delay(
        row.attempts,
        random.random(),  # noqa: S311  (spreads tries, guards nothing)
        retry_rules.retry_after_seconds(outcome.retry_after),
    )
    if now + delay <= row.started_at + retry_rules.GIVE_UP_AFTER:
        held.update(not_before=now + delay, lease_until=None)
        return
    held.update(state=DeliveryState.FAILED, end_code=EndCode.REFUSED_FOR_A_DAY, lease_until=None)
    accepts_others = WebhookEndpoint.objects.filter(pk=endpoint.pk, last_ok_at__gte=row.started_at)
    if not accepts_others.exists():
        endpoints.end_endpoint(endpoint, EndCode.EXHAUSTED, now)


def _endpoint_rows(row: WebhookDelivery) -> QuerySet[WebhookEndpoint]:
    return WebhookEndpoint.objects.filter(pk=row.endpoint_id)


def _readable(body: bytes) -> str:
    """The beginning as text, without NUL, which PostgreSQL cannot store."""
    return body[: RESPONSE_KEPT * 4].decode("utf-8", "replace").replace("\x00", "")[:RESPONSE_KEPT]


def purge_old(now: datetime, most: int = 1000) -> int:
    """Delete events of over 30 days that wait nowhere, with their log; how many."""
    waiting = WebhookDelivery.objects.filter(event=OuterRef("pk"), state=DeliveryState.WAITING)
    old = WebhookEvent.objects.filter(~Exists(waiting), at__lt=now - EVENTS_KEPT)
    ids = list(old.values_list("pk", flat=True)[:most])
    WebhookEvent.objects.filter(pk__in=ids).delete()
    return len(ids)
