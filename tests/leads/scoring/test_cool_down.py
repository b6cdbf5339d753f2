"""A lead whose visits no longer count is scored anew."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from leads.models import Assessment, Lead
from leads.scoring import assess
from tests.factories import CompanyFactory, LeadFactory, VisitFactory

pytestmark = pytest.mark.django_db


def scored(
    days: float, scored_days: float | None = None, path: str = "/demo", **fields: Any
) -> Lead:
    """A lead whose last visit was `days` ago, and who was scored then or at another time."""
    now = timezone.now()
    lead = LeadFactory(last_seen_at=now - timedelta(days=days), **fields)
    VisitFactory(lead=lead, path=path, seen_at=lead.last_seen_at)
    assess.assess_lead(lead, now - timedelta(days=days if scored_days is None else scored_days))
    Assessment.objects.filter(lead=lead).update(
        made_at=now - timedelta(days=days if scored_days is None else scored_days)
    )
    return lead


def test_a_hot_lead_cools_down() -> None:
    lead = scored(30.1, title="Clerk", company=CompanyFactory(employees_from=20, employees="11-50"))
    lead.refresh_from_db()
    before = lead.score
    assert (assess.cool_down(), assess.assess_due()) == (1, 1)
    lead.refresh_from_db()
    assert (before, lead.score) == (51, 11)
    assert (assess.cool_down(), assess.assess_due()) == (0, 0)


@pytest.mark.parametrize(("days", "scored_days"), [(29.9, 29.9), (40, 5), (61, 61)])
def test_recent_rescored_and_old_leads_do_not_cool_down(days: float, scored_days: float) -> None:
    scored(days, scored_days)
    assert assess.cool_down() == 0


def test_a_failed_lead_is_not_cooled_down() -> None:
    lead = scored(31)
    Lead.objects.filter(pk=lead.pk).update(error="TypeError: …")
    assert assess.cool_down() == 0


def test_cooling_down_catches_up_in_batches_when_on(settings: Any) -> None:
    for days in (31, 45, 59):
        scored(days)
    settings.INTENT_MONITOR_ENABLED = False
    assert assess.cool_down() == 0
    settings.INTENT_MONITOR_ENABLED = True
    assert [assess.cool_down(batch=2), assess.cool_down(batch=2), assess.cool_down(batch=2)] == [
        2,
        1,
        0,
    ]
