"""The stage "Enriched": who was answered about; who was skipped is not counted as that."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from caio_project.event_vault import sources
from leads.enrichment import clay_push, enrichment_requests
from leads.models import Enrichment, InboundEvent
from metrics.gates import gate_measures
from metrics.incident_codes import Cause
from metrics.incidents.detectors.work import stuck_queues
from metrics.overview import flow
from tests.factories import LeadFactory
from tests.fakes.clay import FakeClay

pytestmark = pytest.mark.django_db


def settled(outcome: str, times: int = 1, **more: Any) -> None:
    for _ in range(times):
        fields = {"state": "settled", "outcome": outcome, "settled_at": timezone.now(), **more}
        Enrichment.objects.create(lead=LeadFactory(), **fields)


def enriched() -> tuple[int, str]:
    stage = next(stage for stage in flow.flow_stages() if stage.code == "enriched")
    return stage.count, stage.passed_on


@pytest.mark.parametrize(
    ("outcomes", "shown"),
    [
        ({}, (0, "")),
        ({"answered": 2, "late": 1, "unasked": 1}, (4, "")),
        ({"skipped": 3}, (0, "3 skipped")),
        ({"answered": 1, "skipped": 2}, (1, "2 skipped")),
        ({"partial": 2}, (0, "2 not answered")),
        ({"failed": 1}, (0, "1 failed")),
        (
            {"answered": 5, "failed": 3, "partial": 2, "skipped": 1},
            (5, "1 skipped, 2 not answered, 3 failed"),
        ),
    ],
)
def test_only_answers_count_as_enriched(outcomes: dict[str, int], shown: tuple[int, str]) -> None:
    for outcome, times in outcomes.items():
        settled(outcome, times)
    settled("answered", settled_at=timezone.now() - timedelta(days=2))
    assert enriched() == shown


def test_answers_that_nobody_processes_wait_at_the_stage() -> None:
    now = timezone.now()
    for minutes in (50, 3):
        InboundEvent.objects.create(
            source="clay",
            body=b"{}",
            body_sha256=f"{minutes:064d}",
            received_at=now - timedelta(minutes=minutes),
        )

    stage = next(stage for stage in flow.flow_stages(now) if stage.code == "enriched")

    assert (stage.waiting, stage.is_stuck) == (2, True)
    assert stage.oldest_at == now - timedelta(minutes=50)
    (sentence,) = flow.stuck_stages(now)
    assert "answers" in sentence
    # Clay has answered: the incident is that work is stuck here, not that Clay has stopped.
    (finding,) = stuck_queues(flow.stuck_since_by_stage(now), now)
    assert finding.cause == Cause.WORK_STUCK


@pytest.mark.parametrize("source", sources.PROCESSORS)
def test_what_waits_of_any_source_is_at_a_stage(source: str) -> None:
    event = InboundEvent.objects.create(source=source, body=b"{}", body_sha256="0" * 64)
    waiting = [one.rows for one in flow.stage_queues().values() if one.rows.model is InboundEvent]
    assert sum(rows.filter(pk=event.pk).count() for rows in waiting) == 1


def test_leads_of_the_sandbox_are_skipped_everywhere(
    client: Client, viewer: User, settings: Any
) -> None:
    settings.SANDBOXED = ["clay", "ghl"]
    for _ in range(2):
        enrichment_requests.request_enrichment(LeadFactory())
    clay_push.push_due()
    assert enriched() == (0, "2 skipped")
    client.force_login(viewer)
    page = " ".join(client.get("/sales").content.decode().split())
    assert '<span class="label">Enriched</span> <b class="number">0</b>' in page
    assert "0 wait, 2 skipped" in page
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("diagnose_pipeline", "--json", stdout=out)
    found = {one["name"]: one["text"] for one in json.loads(out.getvalue())["stages"]}
    assert found["enriched"].endswith("; today 2 skipped")


def test_what_was_not_asked_is_no_sample_of_the_gate(clay: FakeClay) -> None:
    settled("answered", gained=["title"], answered_at=timezone.now())
    before = gate_measures.enrichment_rate(timezone.now())
    settled("skipped", 3)
    settled("unasked", 3)
    after = gate_measures.enrichment_rate(timezone.now())
    assert (before.raw, before.value) == (after.raw, after.value)
    assert after.sample == 1
