"""Points for title, industry and size."""

import re
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from leads.field_values import titles
from leads.scoring import calculation
from leads.scoring.calculation import score_lead
from tests.leads.scoring.test_calculation import NOBODY, NOW, VP


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("CEO", 50),
        ("Chief Revenue Officer", 50),
        ("Co-Founder", 50),
        ("President", 50),
        ("Business Owner", 50),
        ("Managing Partner", 50),
        ("Vice President", 45),
        ("Vice-President of Sales", 45),
        ("Senior Vice President, Operations", 45),
        ("VP Sales", 45),
        ("SVP", 45),
        ("Head of Sales", 38),
        ("Director of Marketing", 38),
        ("General Manager", 38),
        ("Sales Manager", 20),
        ("Partner Manager", 20),
        ("Tech Lead", 20),
        ("Product Owner", 8),
        ("HR Business Partner", 8),
        ("Clerk", 8),
        ("Ceosomething", 8),
        ("Bookkeeper of vpn", 8),
        ("", 0),
        ("???", 0),
    ],
)
def test_a_title_counts_by_its_words(title: str, expected: int) -> None:
    assert score_lead(replace(NOBODY, title=title), NOW).icp == expected


@pytest.mark.parametrize(
    ("industry", "expected"),
    [
        ("Logistics & Supply Chain", 20),
        ("SOFTWARE", 20),
        ("Hospital & Health Care", 20),
        ("Biotechnology", 20),
        ("Fishing", 10),
        ("Misinformation", 10),
        ("", 0),
    ],  # fmt: skip
)
def test_an_industry_counts(industry: str, expected: int) -> None:
    assert score_lead(replace(NOBODY, industry=industry), NOW).icp == expected


@pytest.mark.parametrize(
    ("employees", "expected"),
    [
        (None, 0),
        (0, 5),
        (9, 5),
        (10, 15),
        (49, 15),
        (50, 30),
        (1000, 30),
        (1001, 22),
        (5000, 22),
        (5001, 12),
        (10**9, 12),
    ],
)
def test_a_size_counts_by_its_lower_end(employees: int | None, expected: int) -> None:
    result = score_lead(replace(NOBODY, employees_from=employees), NOW)
    assert result.icp == expected
    assert [r.code for r in result.icp_reasons] == ([] if employees is None else ["size"])


@pytest.mark.parametrize(
    ("icp", "tier"),
    [
        (0, "tier_3"),
        (59, "tier_3"),
        (60, "tier_2"),
        (79, "tier_2"),
        (80, "tier_1"),
        (100, "tier_1"),
    ],
)
def test_the_borders_of_the_tiers(icp: int, tier: str) -> None:
    assert calculation.tier_of(icp) == tier


def test_a_quarter_of_the_fit_counts_as_intent() -> None:
    result = score_lead(VP, NOW)
    assert (result.icp, result.tier) == (95, "tier_1")
    assert [(r.code, r.points, r.text) for r in result.reasons] == [("fit", 24, "Fit 95 of 100")]


# How titles were read when the rules were code.
BEFORE = (
    (
        50,
        r"\b(chief|ceo|cro|coo|cto|cfo|cmo|cio|founder|co-founder|(?<!product )owner|"
        r"(?<!vice )(?<!vice-)president|"
        r"(?<!business )partner(?! manager| marketing| success| sales))\b",
    ),
    (45, r"\b(vp|svp|evp|vice[ -]president)\b"),
    (38, r"\b(head|director|general manager|gm)\b"),
    (20, r"\b(manager|lead|principal)\b"),
    (8, r"\w"),
)
PIECES = st.sampled_from(
    [
        "ceo",
        "owner",
        "product",
        "partner",
        "manager",
        "vice",
        "president",
        "vp",
        "general",
        "head",
        "business",
        "sales",
    ]
    + [" ", " ", "-", "_", ",", "s", "by", "é", "1", ".", "Co-Founder", "success", "marketing"]
)


@given(st.lists(PIECES, max_size=9).map("".join) | st.text(max_size=30))
def test_titles_score_as_the_former_patterns_did(title: str) -> None:
    assume(titles.own_role(title) == title.lower())
    before = next((points for points, pattern in BEFORE if re.search(pattern, title.lower())), 0)
    assert (
        calculation.score_lead(
            calculation.ScoringFacts(title=title, industry="", employees_from=None), NOW
        ).icp
        == before
    )
