"""Titles that only contain a chief's word are nobody's rank, and address nobody as a chief."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.field_values.titles import own_role
from leads.scoring.calculation import ScoringFacts, fit_reasons
from leads.scoring_rules import DEFAULT_RULES
from outreach.content.merge_fields import title_family
from tests.field_cases import FIELD_TITLES

LOW_FIT = 8


def points_of(title: str) -> int:
    facts = ScoringFacts(title=title, industry="", employees_from=None)
    return sum(reason.points for reason in fit_reasons(facts, DEFAULT_RULES))


@pytest.mark.parametrize(("title", "right"), FIELD_TITLES)
def test_a_title_of_the_field_is_read_right(title: str, right: str) -> None:
    families = right.split(",")[0].replace("/", " or ").split(" or ")
    assert title_family(title) in families
    if "low fit" in right:
        assert points_of(title) <= LOW_FIT


@pytest.mark.parametrize(
    "title",
    [
        "EA to the CEO",
        "Executive Assistant, CEO",
        "Executive Assistant - CEO & CFO",
        "Executive Assistant to CEO and Founder",
        "PA to the Managing Director",
        "Secretary to the President",
        "Assistentin der Geschäftsführung",
        "Ex-CEO",
        "Former Founder & CEO",
        "Past President",
        "Retired Managing Partner",
        "Ehemaliger Geschäftsführer",
        "Ancien directeur des ventes",
        "Future Founder",
        "Aspiring CRO",
        "Looking for my next VP role",
        "Open to work | former VP Sales",
        "Seeking COO roles",
        "Law Student",
        "Intern at the CEO's office",
        "Marketing Intern",
        "Werkstudent Vertrieb",
        "I help founders scale",
        "Helping CEOs sleep at night",
        "We make chiefs happy and proud",
        "Executive coach for CEOs",
        "Advisor to founders",
        "Recruiter helping CTOs hire",
        "Office of the President",
        "CEO's office, analyst",
        "Operations Associate",
        "Sales Clerk",
    ],
)
def test_anothers_former_or_wished_role_is_low_fit(title: str) -> None:
    assert (points_of(title), title_family(title)) == (LOW_FIT, "other")


@pytest.mark.parametrize(
    ("title", "points", "family"),
    [
        ("CEO, ex-Google", 50, "ceo"),
        ("CEO (ex Google)", 50, "ceo"),
        ("Head of Sales | ex-CEO of Kite", 38, "cro"),
        ("Head of Sales & Former Marine", 38, "cro"),
        ("Building the future of sales | CEO", 50, "ceo"),
        ("Founder & Student", 50, "ceo"),
        ("President & CEO", 50, "ceo"),
        ("Founder/CEO", 50, "ceo"),
        ("VP Sales at Intern Labs", 45, "cro"),
        ("VP, Sales and Marketing", 45, "cro"),
        ("Associate Director, Operations", 38, "coo"),
        ("Assistant Director of Sales", 38, "cro"),
        ("Associate Vice President", 20, "other"),
        ("Director of Student Affairs", 38, "other"),
        ("Chief of Staff", 38, "other"),
        ("Executive Vice President, Sales", 45, "cro"),
        ("Geschäftsführerin", 50, "ceo"),
        ("Inhaber", 50, "ceo"),
        ("Vertriebsleiter", 38, "cro"),
        ("Directrice commerciale", 38, "cro"),
        ("Directrice générale", 50, "ceo"),
        ("Director de Operaciones", 38, "coo"),
        ("Fundadora", 50, "ceo"),
        ("Amministratore delegato", 50, "ceo"),
    ],
)
def test_ones_own_role_of_now_counts(title: str, points: int, family: str) -> None:
    assert (points_of(title), title_family(title)) == (points, family)


@pytest.mark.parametrize(
    ("title", "role"),
    [
        ("CEO, ex-Google", "ceo"),
        ("CEO, Founder, former Marine", "ceo, founder"),
        ("Building Operations Manager", "building operations manager"),
        ("Growing Markets Lead", "growing markets lead"),
        ("Building a better world", "other"),
        ("Growing brands with AI", "other"),
        ("Former COO & CEO", "other"),
        ("CEO & former COO", "ceo"),
        ("Head of Sales", "head of sales"),
    ],
)
def test_prose_and_former_roles_are_left_out(title: str, role: str) -> None:
    assert own_role(title) == role


@pytest.mark.parametrize("title", ["", "  ", "???"])
def test_a_title_without_a_letter_is_no_role(title: str) -> None:
    assert points_of(title) == 0


@given(st.text(max_size=200))
def test_any_title_has_a_role(title: str) -> None:
    assert isinstance(own_role(title), str)
