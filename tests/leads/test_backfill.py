"""Backfilling enrichment: whom it asks, that it can be ended and repeated, and what it says in the end."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from leads import backfill, enrichment, ingest
from leads.models import Enrichment
from tests import factories
from tests.fakes.clay import FakeClay

pytestmark = pytest.mark.django_db


def lead(**more: Any) -> Any:
    return factories.LeadFactory(title="", **more)


def test_asks_only_about_live_leads_that_lack_something(clay: FakeClay) -> None:
    lacks = lead()
    factories.LeadFactory()
    lead(example=True)
    assert list(backfill.lacking()) == [lacks]


def test_who_was_asked_within_a_week_is_not_asked_again(clay: FakeClay) -> None:
    clay.configure(answers=0)
    first, second = lead(), lead()
    backfill.run(limit=1, wait=0)
    enrichment.push_due()
    Enrichment.objects.update(not_before=Enrichment.objects.get().created_at)
    enrichment.settle_overdue()
    assert Enrichment.objects.get().lead in (first, second)
    assert backfill.run(limit=5, wait=0).asked == 1
    assert backfill.run(limit=5, wait=0).asked == 0


def test_answers_come_in_and_the_rate_is_said(committed: None, live_server: Any, clay: FakeClay, settings: Any) -> None:
    clay.configure(callback_url=f"{live_server.url}/webhooks/clay")
    lead(), factories.LeadFactory()
    import threading

    stop = threading.Event()

    def work() -> None:
        from django.db import connection

        while not stop.wait(0.1):
            ingest.process_due()
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    out = StringIO()
    try:
        call_command("backfill_enrichment", "--limit", "50", "--wait", "20", "--json", stdout=out)
    finally:
        stop.set()
        worker.join()
    said = json.loads(out.getvalue())
    assert (said["asked"], said["answered"], said["rate_before"], said["rate_after"]) == (1, 1, 0.0, 0.5)


def test_failed_pushes_are_said_and_fail_the_command(clay: FakeClay) -> None:
    clay.on("POST /v3/sources/webhook/{id}").status(404)
    lead()
    out = StringIO()
    with pytest.raises(CommandError, match="1 pushes failed"):
        call_command("backfill_enrichment", "--wait", "5", stdout=out)
    assert "Asked about 1: 0 answered" in out.getvalue()


def test_the_sandbox_is_refused_and_nothing_is_asked() -> None:
    lead()
    with pytest.raises(CommandError, match="in the sandbox"):
        call_command("backfill_enrichment")
    assert Enrichment.objects.count() == 0


def test_a_limit_below_one_is_named(clay: FakeClay) -> None:
    with pytest.raises(CommandError, match="--limit"):
        call_command("backfill_enrichment", "--limit", "0")
