"""Assessing a lead: when new data is known, enrichment is settled and the switch is on."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from caio_project.lib.models import Heartbeat
from leads import tasks
from leads.enrichment import clay_answers, enrichment_requests
from leads.inbound import events
from leads.models import Assessment, Enrichment, Lead, PastEmployer, ScoringRules, Switch, Visit
from leads.scoring import assess, rule_versions
from leads.scoring_rules import DEFAULT_RULES
from tests.factories import (
    CompanyFactory,
    LeadFactory,
    TeamMemberFactory,
    VisitFactory,
    known_contact,
)
from tests.fakes import rb2b
from tests.fakes.clay import FakeClay
from tests.leads.conftest import arrive, arrived, work

pytestmark = pytest.mark.django_db


def due(lead: Lead | None = None, **fields: Any) -> Lead:
    lead = lead or LeadFactory(**fields)
    Lead.objects.filter(pk=lead.pk).update(needs_assessment_at=timezone.now())
    return lead


def test_a_visitor_is_assessed_with_points_and_reasons() -> None:
    lead = arrived(
        rb2b.person({"Title": "VP Sales", "Industry": "Logistics", "Employee Count": "200-500"})
    )
    work()
    made = Assessment.objects.get()
    assert (made.lead, made.intent, made.icp, made.tier) == (lead, 54, 95, "tier_1")
    assert [(r["code"], r["points"]) for r in made.reasons] == [("page", 30), ("fit", 24)]
    assert [(r["code"], r["points"]) for r in made.icp_reasons] == [
        ("title", 45),
        ("industry", 20),
        ("size", 30),
    ]
    assert (made.angle, made.warm, made.rules_version) == ("high_intent", None, "2026.2")
    lead.refresh_from_db()
    assert (lead.needs_assessment_at, lead.lease_until, lead.attempts, lead.error) == (
        None,
        None,
        0,
        "",
    )
    assert assess.assess_due() == 0


def test_a_warm_connection_is_kept_with_the_assessment() -> None:
    lead = due(email="dana@acme.test")
    known_contact("Dana", email="dana@acme.test")
    assess.assess_due()
    made = Assessment.objects.get(lead=lead)
    assert (made.warm["sentence"], made.angle) == ("Alex on our team knows you.", "warm_connection")


# The switch


def test_setting_off_stores_visits_and_assesses_them_later(settings: Any) -> None:
    settings.INTENT_MONITOR_ENABLED = False
    leads = [arrived(rb2b.person()) for _ in range(3)]
    work()
    assert (Assessment.objects.count(), Visit.objects.count()) == (0, 3)
    assert (
        Lead.objects.filter(needs_assessment_at__isnull=False, attempts=0, lease_until=None).count()
        == 3
    )
    settings.INTENT_MONITOR_ENABLED = True
    work()
    assert set(Assessment.objects.values_list("lead", flat=True)) == {lead.pk for lead in leads}


def test_switch_off_assesses_nothing_until_on_again() -> None:
    lead = due()
    Switch.objects.filter(name="intent_monitor").update(on=False)
    assert (assess.is_on(), assess.assess_due(), Assessment.objects.count()) == (False, 0, 0)
    lead.refresh_from_db()
    assert (lead.needs_assessment_at is not None, lead.attempts) == (True, 0)
    Switch.objects.update(on=True)
    assert (assess.is_on(), assess.assess_due(), Assessment.objects.count()) == (True, 1, 1)


@pytest.mark.parametrize(
    ("setting", "row", "on"),
    [
        (True, None, True),
        (True, True, True),
        (True, False, False),
        (False, None, False),
        (False, True, False),
    ],
)
def test_both_switches_must_be_on(settings: Any, setting: bool, row: bool | None, on: bool) -> None:
    settings.INTENT_MONITOR_ENABLED = setting
    Switch.objects.create(name="another", on=False)
    ours = Switch.objects.filter(name="intent_monitor")
    ours.delete() if row is None else ours.update(on=row)
    assert assess.is_on() is on


# Waiting for Clay


@pytest.mark.parametrize("state", ["due", "requested"])
def test_an_open_enrichment_holds_the_assessment(state: str) -> None:
    lead = due()
    Enrichment.objects.create(lead=lead, state="settled")
    question = Enrichment.objects.create(lead=lead, state=state)
    assert assess.assess_due() == 0
    assert not Assessment.objects.exists()
    enrichment_requests.settle_request(question, "partial")
    assert assess.assess_due() == 1
    assert Assessment.objects.get().lead == lead


def test_a_lead_without_enrichment_is_not_held_up() -> None:
    waiting, free = due(), due()
    Enrichment.objects.create(lead=waiting, state="requested")
    assert assess.assess_due() == 1
    assert Assessment.objects.get().lead == free


def test_a_visitor_is_assessed_with_clays_answer(clay: FakeClay) -> None:
    lead = arrived(rb2b.person({"Title": None}))
    work()
    assert not Assessment.objects.exists()
    [row] = clay.submissions()
    clay_answers.record_answer(row["request_id"], {"job_title": "CEO"})
    work()
    made = Assessment.objects.get(lead=lead)
    assert made.icp_reasons[0]["text"] == "C-level or founder: CEO"


# Order


def test_every_assessment_asks_for_a_draft() -> None:
    leads = [due() for _ in range(3)]
    assess.assess_due()
    assert Lead.objects.filter(draft_due_at__isnull=False).count() == 3
    Lead.objects.update(draft_due_at=None)
    due(leads[0])
    assess.assess_due()
    assert Lead.objects.get(draft_due_at__isnull=False) == leads[0]
    assert Assessment.objects.count() == 4
    assert Assessment.objects.first().lead == leads[0]


def test_the_longest_waiting_leads_fill_a_batch() -> None:
    leads = [LeadFactory() for _ in range(3)]
    for lead, seconds in zip(leads, (10, 30, 20), strict=True):
        Lead.objects.filter(pk=lead.pk).update(
            needs_assessment_at=timezone.now() - timedelta(seconds=seconds)
        )
    assert assess.assess_due(batch=2) == 2
    assert list(Assessment.objects.order_by("pk").values_list("lead", flat=True)) == [
        leads[1].pk,
        leads[2].pk,
    ]


def test_a_lead_that_is_not_due_waits() -> None:
    lead = LeadFactory()
    Lead.objects.filter(pk=lead.pk).update(
        needs_assessment_at=timezone.now() + timedelta(minutes=1)
    )
    assert assess.assess_due() == 0


# Visits


def test_company_visits_count_only_for_its_own_leads() -> None:
    company = CompanyFactory(domain="acme.test", name="Acme")
    colleague, stranger = LeadFactory(company=company), LeadFactory()
    arrive(
        rb2b.company_only(
            {"Website": "https://acme.test", "Captured URL": "https://oursite.test/pricing"}
        )
    )
    assert assess.assess_due() == 1
    made = Assessment.objects.get()
    assert made.lead == colleague
    assert [r["text"] for r in made.reasons if r["code"] == "page"] == ["Pricing by a colleague"]
    stranger.refresh_from_db()
    assert stranger.needs_assessment_at is None


def test_a_leads_visits_do_not_count_for_colleagues() -> None:
    company = CompanyFactory()
    one, other = LeadFactory(company=company), LeadFactory(company=company)
    VisitFactory(lead=one, company=company)
    due(other)
    assess.assess_due()
    assert [r for r in Assessment.objects.get().reasons if r["code"] == "page"] == []


def test_the_first_active_page_of_the_published_version_counts() -> None:
    pages = [
        {"label": "Off", "pattern": "/pricing*", "points": 99, "active": False},
        {"label": "First", "pattern": "/pricing*", "points": 7},
        {"label": "Second", "pattern": "/pricing*", "points": 50},
    ]
    version = ScoringRules.objects.create(
        name="Ours", rules={**DEFAULT_RULES.as_dict(), "pages": pages}
    )
    rule_versions.publish_rules(version, None)
    lead = due()
    VisitFactory(lead=lead, path="/pricing")
    assess.assess_due()
    made = Assessment.objects.get()
    assert [(r["text"], r["points"]) for r in made.reasons if r["code"] == "page"] == [("First", 7)]
    assert made.rules_version == "1"


# What fails


def unassessable() -> Lead:
    """A lead whose stored history has a form that ours does not have: a year as text."""
    worked = {"name": "Acme", "domain": "", "from_year": "2010", "to_year": None}
    PastEmployer.objects.create(
        member=TeamMemberFactory(), company_name="Acme", from_year=2010, to_year=2012
    )
    return due(past_employers=[worked])


def test_an_error_is_retried_shown_and_parked_at_last() -> None:
    lead = unassessable()
    waits = []
    for _ in range(assess.MAX_ATTEMPTS):
        before = timezone.now()
        assert assess.assess_due() == 1
        lead.refresh_from_db()
        assert lead.error.startswith("TypeError: ")
        assert lead.lease_until is None
        waits.append(
            lead.needs_assessment_at and round((lead.needs_assessment_at - before).total_seconds())
        )
        assert assess.assess_due() == 0
        Lead.objects.exclude(needs_assessment_at=None).update(needs_assessment_at=timezone.now())
    assert waits == [2, 4, 8, 16, None]
    assert (lead.attempts, Assessment.objects.count()) == (assess.MAX_ATTEMPTS, 0)


def test_a_lead_that_fails_does_not_hold_up_the_others() -> None:
    unassessable()
    good = due()
    assert assess.assess_due() == 2
    assert [made.lead for made in Assessment.objects.all()] == [good]
    assert Assessment.objects.count() == 1


def test_a_corrected_lead_is_assessed_and_its_error_cleared() -> None:
    lead = unassessable()
    assess.assess_due()
    Lead.objects.update(past_employers=[], needs_assessment_at=timezone.now())
    assess.assess_due()
    lead.refresh_from_db()
    assert (lead.error, lead.attempts, lead.needs_assessment_at) == ("", 0, None)
    assert Assessment.objects.get().lead == lead


# The sweeps


def test_every_sweep_leaves_a_heartbeat() -> None:
    events.store_event("rb2b", rb2b.to_body(rb2b.person()))
    tasks.process_events()
    tasks.assess_due()
    tasks.push_enrichments()
    tasks.settle_enrichments()
    worked = {row.name: row.worked_at is not None for row in Heartbeat.objects.all()}
    assert worked == {
        "leads.process_events": True,
        "leads.assess_due": False,
        "leads.push_enrichments": True,
        "leads.settle_enrichments": False,
    }
