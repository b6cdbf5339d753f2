"""Helpers of the tests beside."""

from datetime import timedelta
from typing import Any

import time_machine
from django.utils import timezone

from leads.enrichment import clay_push, enrichment_requests
from leads.models import Enrichment, Lead
from tests.factories import LeadFactory
from tests.fakes.clay import FakeClay

SOURCE = "POST /v3/sources/webhook/{source}"


def asked(clay: FakeClay, **fields: Any) -> tuple[Lead, Enrichment]:
    """A lead whose question was pushed and is waiting for its answer."""
    lead = LeadFactory(**fields)
    enrichment_requests.request_enrichment(lead)
    assert clay_push.push_due() == 1
    row = lead.enrichments.get()
    assert row.state == "requested"
    return lead, row


def is_due(lead: Lead) -> bool:
    lead.refresh_from_db()
    return lead.needs_assessment_at is not None


def later(seconds: float) -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(seconds=seconds), tick=True)
