"""Visitors arriving: posted as RB2B posts them, or put straight where the webhook puts them."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from caio_project.lib import charset
from leads.enrichment import clay_push, enrichment_requests
from leads.inbound import events
from leads.models import Enrichment, InboundEvent, Kind, Lead, Visit
from leads.scoring import assess
from tests.conftest import TOKEN

NEXT_TOKEN = "next-token-0123456789"


def post(client: Client, payload: Any, path: str = f"/webhooks/rb2b?token={TOKEN}") -> HttpResponse:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return client.post(path, body, content_type="application/json")


def through_wsgi(client: Client) -> None:
    """Let what is posted pass what stands before Django in caio_project/wsgi.py."""
    handler = client.handler
    client.handler = lambda environ: handler(charset.drop_charset(environ))


def arrive(payload: Any, kind: str = Kind.LIVE) -> InboundEvent:
    """Store one visitor's body and process it."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    stored = events.store_event("rb2b", body, kind=kind)
    events.process_due()
    return InboundEvent.objects.get(public_id=stored.public_id)


def arrived(payload: Any, kind: str = Kind.LIVE) -> Lead:
    """The lead that one visitor's body became."""
    event = arrive(payload, kind)
    assert event.state == InboundEvent.State.PROCESSED, event.reason
    lead = Visit.objects.get(event=event).lead
    assert lead is not None
    return lead


def work() -> None:
    """Every sweep of leads once, in the order of the stages."""
    events.process_due()
    clay_push.push_due()
    enrichment_requests.settle_overdue()
    assess.assess_due()


def counts() -> tuple[int, int, int]:
    """How many leads, visits and requests to Clay there are."""
    return Lead.objects.count(), Visit.objects.count(), Enrichment.objects.count()


def in_threads(jobs: list[Any]) -> list[Any]:
    """Run the jobs at once, each with its own connection; results in order, or the first error."""
    start = threading.Barrier(len(jobs))

    def run(job: Any) -> Any:
        try:
            start.wait(30)
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result(60) for future in [pool.submit(run, job) for job in jobs]]


@pytest.fixture
def callback(client: Client, clay: Any) -> Any:
    """Post a callback as Clay's HTTP API column does."""

    def send(body: Any, token: str = "clay-callback-token") -> HttpResponse:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return client.post(
            "/webhooks/clay",
            raw,
            content_type="application/json",
            headers={"Authorization": f"Bearer {token}"},
        )

    return send
