"""What would make somebody HOT is true when it is followed, and nothing is promised that is not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import assume, given

from caio_project.lead_pages.hot_texts import hot_lines
from leads.models import Assessment, Company, Lead
from leads.scoring import assess, to_hot
from leads.scoring.calculation import PageView, ScoringFacts, is_hot, score_lead
from leads.scoring_rules import DEFAULT_RULES, Rules
from tests.factories import CompanyFactory, LeadFactory, VisitFactory, known_contact
from tests.leads.scoring.test_calculation import PEOPLE, TABLES

NOW = datetime(2026, 11, 2, 15, tzinfo=UTC)
CLERK = ScoringFacts(title="Clerk", industry="Logistics", employees_from=20)
VP = ScoringFacts(title="VP Sales", industry="Logistics", employees_from=20)


def hot(person: ScoringFacts, rules: Rules = DEFAULT_RULES) -> bool:
    found = score_lead(person, NOW, rules)
    return is_hot(found.intent, found.tier, person.employees_from)


@given(PEOPLE, TABLES)
def test_every_way_leads_to_hot(person: ScoringFacts, rules: Rules) -> None:
    person = replace(person, visits=tuple(seen for seen in person.visits if seen.at <= NOW))
    found = to_hot.find_ways(person, NOW, rules)
    assert not (found and hot(person, rules))
    for way in found:
        then = to_hot.apply_steps(person, way.changes, NOW)
        assert hot(then, rules)
        assert score_lead(then, NOW, rules).intent == way.intent


@given(PEOPLE)
def test_two_steps_are_named_only_if_needed(person: ScoringFacts) -> None:
    found = to_hot.find_ways(person, NOW)
    assume(found and len(found[0].changes) == 2)
    for way in found:
        assert not any(hot(to_hot.apply_steps(person, (change,), NOW)) for change in way.changes)


def test_the_highest_score_comes_first() -> None:
    person = replace(VP, visits=(PageView("/pricing", NOW - timedelta(days=8)),))
    assert [way.text for way in to_hot.find_ways(replace(person, employees_from=None), NOW)] == [
        "A visit to “Demo”: the score would be 71.",
        "Learning that they have 50 to 1,000 employees: "
        "that would be tier 1 at 50 employees or more.",
    ]
    person = replace(
        person, warm_kind="employer", warm_sentence="Alex on our team also worked at Acme."
    )
    assert [way.text for way in to_hot.find_ways(person, NOW)] == [
        "A visit to “Demo”: the score would be 95.",
        "A visit to “Contact”: the score would be 92.",
        "A visit to “ROI calculator”: the score would be 87.",
        "A visit to “Case studies”: the score would be 77.",
    ]


def test_leads_far_from_hot_get_two_steps_or_none() -> None:
    nobody = ScoringFacts(title="Clerk", industry="Fishing", employees_from=5)
    texts = [way.text for way in to_hot.find_ways(CLERK, NOW)]
    assert texts and all(" and " in text for text in texts)
    assert to_hot.find_ways(nobody, NOW, replace(DEFAULT_RULES, pages=())) == []


def test_other_kinds_of_advice_are_named_beside_each_other() -> None:
    person = replace(VP, visits=(PageView("/pricing", NOW),))
    assert [way.text for way in to_hot.find_ways(person, NOW)] == [
        "One of us knowing them: the score would be 75.",
        "A visit to “Demo”: the score would be 70.",
        "One of us having worked where they did: the score would be 70.",
    ]


@pytest.mark.parametrize("title", ["", "Clerk", "VP Sales"])
@pytest.mark.parametrize("industry", ["", "Fishing", "Logistics"])
@pytest.mark.parametrize("employees", [None, 20, 5000])
def test_only_unknown_facts_are_to_be_learned(
    title: str, industry: str, employees: int | None
) -> None:
    person = ScoringFacts(
        title, industry, employees, visits=(PageView("/resources", NOW),), warm_kind="employer_now"
    )
    said = " ".join(way.text for way in to_hot.find_ways(person, NOW))
    assert not (title and "the title" in said)
    assert not (industry and "they are in" in said)
    assert not (employees and "employees" in said.replace("at 50 employees or more", ""))


def test_an_unknown_title_is_named_as_the_best() -> None:
    person = ScoringFacts(title="", industry="Logistics", employees_from=200)
    assert "Learning that the title is chief: that would be tier 1 at 50 employees or more." in [
        way.text for way in to_hot.find_ways(person, NOW)
    ]


def test_an_unreachable_page_is_not_promised() -> None:
    blog, demo = DEFAULT_RULES.pages[2], DEFAULT_RULES.pages[6]
    rules = replace(DEFAULT_RULES, pages=(replace(blog, pattern="*"), demo))
    assert all("Demo" not in way.text for way in to_hot.find_ways(VP, NOW, rules))


# Followed in the database


def assessed(lead: Lead) -> bool:
    made = assess.assess_lead(Lead.objects.get(pk=lead.pk))
    company = Company.objects.get(pk=lead.company_id)
    return is_hot(made.intent, made.tier, company.employees_from)


@pytest.fixture
def lukewarm(db: None) -> Lead:
    """HOT by nothing yet: a VP of an unknown company of 20, who read about pricing a week ago."""
    company = CompanyFactory(name="Quarry", domain="quarry.test", employees_from=20)
    lead = LeadFactory(company=company)
    VisitFactory(lead=lead, path="/pricing", seen_at=timezone.now() - timedelta(days=8))
    assert not assessed(lead)
    return lead


def test_the_named_visit_makes_a_lead_hot(lukewarm: Lead) -> None:
    known_contact("Dana", email=lukewarm.email or "")
    assert not assessed(lukewarm)
    lukewarm.refresh_from_db()
    far, first, *_ = hot_lines(assess.hot_outlook(lukewarm))
    assert far == f"{70 - lukewarm.score} points are missing for HOT."
    assert first.startswith("A visit to “Demo”")
    VisitFactory(lead=lukewarm, path="/demo")
    assert assessed(lukewarm)
    assert first.endswith(f"the score would be {Assessment.objects.first().intent}.")
    assert hot_lines(assess.hot_outlook(Lead.objects.get(pk=lukewarm.pk))) == []


def test_the_named_size_makes_a_lead_hot(lukewarm: Lead) -> None:
    Company.objects.update(employees_from=None)
    said = hot_lines(assess.hot_outlook(Lead.objects.get(pk=lukewarm.pk)))
    assert any("50 to 1,000 employees" in text for text in said)
    Company.objects.update(employees_from=51)
    assert assessed(lukewarm)


def test_an_outdated_score_is_scored_anew_for_the_outlook(lukewarm: Lead) -> None:
    later = timezone.now() + timedelta(days=40)
    lukewarm.refresh_from_db()
    cooled = (
        f"Scored now it would be {lukewarm.score - 12}. "
        f"{70 - lukewarm.score + 12} points are missing for HOT."
    )
    assert hot_lines(assess.hot_outlook(lukewarm, later))[0] == cooled
