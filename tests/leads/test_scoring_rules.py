"""Reading scoring rules from JSON: strict, and words are plain text."""

import copy
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.scoring.calculation import PageView, ScoringFacts, score_lead
from leads.scoring_rules import DEFAULT_RULES, InvalidRules, Rules, TitleRule, parse_rules
from tests.leads.scoring.test_calculation import PEOPLE, TABLES
from tests.pace import is_done_within

NOW = datetime(2026, 11, 2, 15, tzinfo=UTC)


def changed(**fields: Any) -> dict[str, Any]:
    return {**copy.deepcopy(DEFAULT_RULES.as_dict()), **fields}


PAGE = {"label": "Pricing", "pattern": "/pricing*", "points": 30}


def titled(title: TitleRule) -> Rules:
    return parse_rules(
        changed(titles=[{"points": 50, "label": title.label, "words": list(title.words)}])
    )


# The built-in ones


def test_the_built_in_rules_survive_json() -> None:
    assert parse_rules(json.loads(json.dumps(DEFAULT_RULES.as_dict()))) == DEFAULT_RULES


def test_no_built_in_page_is_shadowed() -> None:
    assert DEFAULT_RULES.shadowed_triggers() == []


# Reading


def without(name: str) -> dict[str, Any]:
    data = changed()
    del data[name]
    return data


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ([], "rules"),
        (None, "rules"),
        ("text", "rules"),
        (without("decay"), "decay"),
        (changed(extra=1), "extra"),
        (changed(version=5), "version"),
        (changed(version="v" * 21), "version"),
        (changed(pages_at_most=-1), "pages_at_most"),
        (changed(pages_at_most=101), "pages_at_most"),
        (changed(pages_at_most=True), "pages_at_most"),
        (changed(pages_at_most="50"), "pages_at_most"),
        (changed(pages_at_most=50.0), "pages_at_most"),
        (changed(fit_share=1.01), "fit_share"),
        (changed(fit_share=float("nan")), "fit_share"),
        (changed(colleague_share="half"), "colleague_share"),
        (changed(look_back_days=0), "look_back_days"),
        (changed(look_back_days=10), "decay"),
        (changed(decay={}), "decay"),
        (changed(decay=[{"days": 7, "share": 1}, {"days": 1, "share": 0.5}]), "decay"),
        (changed(decay=[{"days": 1, "share": 0.5}, {"days": 7, "share": 1}]), "decay"),
        (changed(decay=[{"days": 1}]), "decay[0].share"),
        (changed(repeats=[{"visits": 2, "points": 5}, {"visits": 3, "points": 10}]), "repeats"),
        (changed(repeats=[{"visits": 2, "points": -5}]), "repeats[0].points"),
        (changed(repeats=[3]), "repeats[0]"),
        (changed(warm_points={"known": 1}), "warm_points.overlap"),
        (
            changed(warm_points={**DEFAULT_RULES.as_dict()["warm_points"], "friend": 5}),
            "warm_points.friend",
        ),
        (changed(titles=[{"points": 500, "label": "A", "words": ["a"]}]), "titles[0].points"),
        (changed(titles=[{"points": 5, "label": " ", "words": ["a"]}]), "titles[0].label"),
        (changed(titles=[{"points": 5, "label": "A", "words": "ceo"}]), "titles[0].words"),
        (changed(titles=[{"points": 5, "label": "A", "words": ["a"] * 201}]), "titles[0].words"),
        (
            changed(titles=[{"points": 5, "label": "A", "words": ["a", "b" * 61]}]),
            "titles[0].words[1]",
        ),
        (changed(titles=[{"points": 5, "label": "A", "words": [""]}]), "titles[0].words[0]"),
        (changed(titles=[{"points": 5, "label": "A", "words": [5]}]), "titles[0].words[0]"),
        (changed(titles=[{"points": 5, "label": "A", "words": ["a\0"]}]), "titles[0].words[0]"),
        (changed(titles=[{"points": 5, "label": "A", "words": []}] * 2), "titles[0].words"),
        (changed(titles=[{"points": 5, "label": "A", "words": ["a"]}] * 21), "titles"),
        (changed(good_industries=["x"] * 201), "good_industries"),
        (changed(good_industries=["ok", None]), "good_industries[1]"),
        (changed(industry_points={"good": 20}), "industry_points.other"),
        (changed(sizes=[]), "sizes"),
        (changed(sizes=[{"from": 10, "points": 5, "label": "A"}]), "sizes"),
        (
            changed(
                sizes=[
                    {"from": 0, "points": 5, "label": "A"},
                    {"from": 9, "points": 5, "label": "B"},
                ]
            ),
            "sizes",
        ),
        (changed(visit_hours=73), "visit_hours"),
        (changed(pages={}), "pages"),
        (changed(pages=[PAGE] * 101), "pages"),
        (changed(pages=[{"label": "A", "points": 5}]), "pages[0].pattern"),
        *[
            (changed(pages=[PAGE, {**PAGE, name: value}]), f"pages[1].{name}")
            for name, values in {
                "label": ["", " ", 5, None, "a" * 81, "a\0"],
                "pattern": [
                    "",
                    "a*",
                    "https://x.example/a",
                    "/a//b",
                    "/a?b=c",
                    "/a#b",
                    "/a b",
                    "/" * 201,
                    7,
                ],
                "points": [-1, 101, True, "5", 5.0, None],
                "angle": [None, "High intent", "A", "é", "_", "a" * 41],
                "topic": [None, "a" * 81, "a\n"],
                "category": [None, "a" * 41],
                "active": [None, 1, "yes"],
                "regex": [".*"],
            }.items()
            for value in values
        ],
        (changed(tiers={"tier_1": 60, "tier_2": 60}), "tiers"),
        (changed(tiers=[80, 60]), "tiers"),
    ],
)
def test_invalid_rules_are_refused_by_field_name(data: Any, named: str) -> None:
    with pytest.raises(ValueError) as error:
        parse_rules(data)
    assert isinstance(error.value, InvalidRules)
    assert named in [name for name, _ in error.value.errors]
    assert f"{named}: " in str(error.value)


def test_all_errors_are_reported_at_once() -> None:
    with pytest.raises(InvalidRules) as error:
        parse_rules(changed(pages_at_most=-1, fit_share=2, good_industries=7))
    assert {name for name, _ in error.value.errors} == {
        "pages_at_most",
        "fit_share",
        "good_industries",
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.sampled_from(sorted(DEFAULT_RULES.as_dict())), JSON)
def test_any_json_value_is_read_or_refused(name: str, value: Any) -> None:
    try:
        made = parse_rules(changed(**{name: value}))
    except InvalidRules as error:
        assert error.errors
    else:
        assert parse_rules(made.as_dict()) == made


# Words are text


@pytest.mark.parametrize(
    ("word", "title", "fits"),
    [
        ("(a+)+$", "The (A+)+$ man", True),
        ("(a+)+$", "aaaa", False),
        (".*", "ceo", False),
        (".*", "the .* of it", True),
        ("vp", "VP, sales", True),
        ("vp", "vpn", False),
        ("vp", "vp_", False),
        ("vp", "vpn vp", True),
        ("İ", "ceo İ", True),
    ],
)
def test_words_match_literally_and_whole(word: str, title: str, fits: bool) -> None:
    version = titled(TitleRule(50, "A", (word,)))
    assert score_lead(
        ScoringFacts(title=title, industry="", employees_from=None), NOW, version
    ).icp == (50 if fits else 0)


def test_no_word_takes_long_to_match() -> None:
    words = tuple(["(a+)+$", "(a|a)*b", "a" * 60] + ["a" * 30 + " a"] * 197)
    version = titled(TitleRule(50, "A", words))
    facts = ScoringFacts(title="a" * 5000 + "!", industry="a" * 5000, employees_from=None)
    assert score_lead(facts, NOW, version).icp == 10
    assert is_done_within(2, lambda: score_lead(facts, NOW, version))


def test_a_word_inside_an_exception_does_not_count() -> None:
    data = changed(
        titles=[{"points": 50, "label": "A", "words": ["owner"], "but_not": ["product owner"]}]
    )
    found = [
        score_lead(
            ScoringFacts(title=title, industry="", employees_from=None), NOW, parse_rules(data)
        ).icp
        for title in ("Product Owner", "Product Owner and Owner", "Owner")
    ]
    assert found == [0, 50, 50]


# Other numbers


@given(PEOPLE, TABLES)
def test_points_add_up_under_other_rules(person: ScoringFacts, table: Rules) -> None:
    version = parse_rules(
        changed(
            pages=table.as_dict()["pages"],
            pages_at_most=100,
            fit_share=1,
            titles=[{"points": 100, "label": "Any", "words": []}],
            industry_points={"good": 90, "other": 0},
            repeats=[],
            visit_hours=0,
            decay=[{"days": 20, "share": 0.9}],
        )
    )
    found = score_lead(person, NOW, version)
    assert sum(reason.points for reason in found.reasons) == found.intent <= 100
    assert sum(reason.points for reason in found.icp_reasons) == found.icp <= 100
    assert all(reason.points for reason in (*found.reasons, *found.icp_reasons))


def test_every_number_takes_effect() -> None:
    version = parse_rules(
        changed(
            version="mine",
            pages=[{"label": "X", "pattern": "/x", "points": 40}],
            pages_at_most=35,
            look_back_days=60,
            decay=[{"days": 60, "share": 1}],
            repeats=[{"visits": 1, "points": 7}],
            warm_points={
                "known": 9,
                "overlap": 0,
                "employer": 0,
                "employer_now": 0,
                "known_there": 0,
                "known_before": 0,
            },
            fit_share=0.5,
            good_industries=["fishing"],
            tiers={"tier_1": 100, "tier_2": 20},
        )
    )
    person = ScoringFacts(
        "",
        "Deep sea fishing",
        None,
        (PageView("/x", NOW - timedelta(days=59)),),
        "known",
        "Alex knows you.",
    )
    found = score_lead(person, NOW, version)
    assert [(r.code, r.points, r.text) for r in found.reasons] == [
        ("page", 40, "X"),
        ("pages_most", -5, "Page-visit points are capped at 35"),
        ("repeat", 7, "1 visit in 60 days"),
        ("warm", 9, "Alex knows them."),
        ("fit", 10, "Fit 20 of 100"),
    ]
    assert (found.tier, version.version) == ("tier_2", "mine")


def test_a_trigger_below_one_that_fits_all_its_pages_is_shadowed() -> None:
    blog, story = {**PAGE, "label": "Blog", "pattern": "/blog*"}, {**PAGE, "pattern": "/blog/a*"}

    rules = parse_rules(changed(pages=[blog, story, {**story, "active": False}]))

    assert [(low.label, high.label) for low, high in rules.shadowed_triggers()] == [
        ("Pricing", "Blog")
    ]
