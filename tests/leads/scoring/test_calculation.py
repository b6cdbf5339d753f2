"""Points add up to the score, exactly, for any lead and any visits."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.scoring import calculation
from leads.scoring.calculation import PageView, ScoringFacts, score_lead
from leads.scoring_rules import DEFAULT_RULES, PageTrigger, Rules

NOW = datetime(2026, 11, 2, 15, tzinfo=UTC)
PRICING = PageTrigger("Pricing", "/pricing*", 30, "high_intent", "pricing")
DEMO = PageTrigger("Demo", "/demo*", 40, "high_intent", "our demo")
BLOG = PageTrigger("Blog", "/blog*", 5, "content", "AI at work")
CAREERS = PageTrigger("Careers", "/careers*", 0)
RULES = replace(DEFAULT_RULES, pages=(CAREERS, BLOG, DEMO, PRICING))
NOBODY = ScoringFacts(title="", industry="", employees_from=None)
VP = ScoringFacts(title="VP Sales", industry="Logistics", employees_from=200)


def seen(path: str = "/pricing", days: float = 0, by_person: bool = True) -> PageView:
    return PageView(path, NOW - timedelta(days=days), by_person)


def points(person: ScoringFacts, code: str) -> list[int]:
    return [
        reason.points for reason in score_lead(person, NOW, RULES).reasons if reason.code == code
    ]


def looking(*visits: PageView) -> ScoringFacts:
    return replace(NOBODY, visits=visits)


# Adding up

PATHS = st.sampled_from(
    ["/pricing", "/PRICING/x", "/demo", "/blog/pricing", "/careers", "/", "", "/other", "/a/b"]
)
SEEN_AT = st.datetimes(datetime(2026, 9, 1), datetime(2026, 12, 1), timezones=st.just(UTC))
VISITS = st.lists(st.builds(PageView, PATHS, SEEN_AT, st.booleans()), max_size=12)
TITLES = st.sampled_from(
    ["", "CEO", "VP Sales", "Head of Ops", "Manager", "Clerk", "???"]
) | st.text(max_size=20)
PEOPLE = st.builds(
    ScoringFacts,
    title=TITLES,
    industry=st.sampled_from(["", "Logistics", "Fishing"]) | st.text(max_size=20),
    employees_from=st.none() | st.integers(0, 10**8),
    visits=VISITS.map(tuple),
    warm_kind=st.sampled_from(
        [
            "",
            "known",
            "overlap",
            "employer",
            "employer_now",
            "known_there",
            "known_before",
            "nonsense",
        ]
    ),
    warm_sentence=st.just("Alex knows you."),
    open_roles=st.none() | st.integers(0, 50),
)
TABLES = st.lists(
    st.builds(
        PageTrigger,
        st.sampled_from(["A", "B", "C", "D", "E"]),
        st.sampled_from(["/pricing*", "/demo*", "/blog*", "/*", "/", "/careers", "*"]),
        st.integers(0, 100),
        st.sampled_from(["", "high_intent", "content"]),
        st.sampled_from(["", "pricing", "our demo"]),
        active=st.booleans(),
    ),
    max_size=6,
).map(lambda pages: replace(DEFAULT_RULES, pages=tuple(pages)))


@given(PEOPLE, TABLES)
def test_points_add_up_to_a_score_from_0_to_100(person: ScoringFacts, rules: Rules) -> None:
    result = score_lead(person, NOW, rules)
    assert sum(reason.points for reason in result.reasons) == result.intent
    assert sum(reason.points for reason in result.icp_reasons) == result.icp
    assert 0 <= result.intent <= 100
    assert 0 <= result.icp <= 100
    assert all(
        reason.points != 0 and reason.text for reason in (*result.reasons, *result.icp_reasons)
    )
    assert all(
        reason.points > 0 for reason in result.reasons if reason.code not in ("most", "pages_most")
    )
    assert result.tier == calculation.tier_of(result.icp)
    assert result.angle in {"warm_connection", "high_intent", "hiring", "content", "general"}


@given(PEOPLE, TABLES, st.randoms(use_true_random=False))
def test_the_order_of_visits_changes_nothing(
    person: ScoringFacts, rules: Rules, chance: Random
) -> None:
    visits = list(person.visits)
    chance.shuffle(visits)
    assert score_lead(replace(person, visits=tuple(visits)), NOW, rules) == score_lead(
        person, NOW, rules
    )


@given(PEOPLE, PATHS)
def test_another_visit_never_lowers_the_score(person: ScoringFacts, path: str) -> None:
    more = replace(person, visits=(*person.visits, PageView(path, NOW)))
    assert score_lead(more, NOW, RULES).intent >= score_lead(person, NOW, RULES).intent


@given(PEOPLE, st.timedeltas(timedelta(0), timedelta(days=60)))
def test_time_never_raises_the_score(person: ScoringFacts, passed: timedelta) -> None:
    now = datetime(2026, 12, 1, tzinfo=UTC)
    assert score_lead(person, now + passed, RULES).intent <= score_lead(person, now, RULES).intent


def test_a_lead_with_no_facts_scores_zero() -> None:
    result = score_lead(NOBODY, NOW, RULES)
    assert (result.intent, result.reasons, result.icp, result.icp_reasons) == (0, (), 0, ())
    assert (result.tier, result.angle, result.topic) == ("tier_3", "general", "")


def test_the_score_is_capped_at_100_with_a_reason() -> None:
    pages = (seen("/demo"), seen("/pricing"), *[seen("/x", days=n) for n in range(5)])
    person = replace(
        VP, title="CEO", visits=pages, warm_kind="known", warm_sentence="Alex knows you."
    )
    result = score_lead(person, NOW, RULES)
    assert [(r.code, r.points) for r in result.reasons] == [
        ("page", 40),
        ("page", 30),
        ("pages_most", -20),
        ("repeat", 15),
        ("warm", 25),
        ("fit", 25),
        ("most", -15),
    ]
    assert (result.intent, result.icp) == (100, 100)


# Pages


@pytest.mark.parametrize(
    ("days", "expected"),
    [(0, 30), (1, 30), (1.001, 21), (7, 21), (7.001, 12), (30, 12), (30.001, None), (400, None)],
)
def test_a_page_counts_less_with_age_until_30_days(days: float, expected: int | None) -> None:
    assert points(looking(seen(days=days)), "page") == ([] if expected is None else [expected])


def test_a_page_counts_once_at_its_newest_visit() -> None:
    result = score_lead(looking(seen(days=8), seen(), seen(days=2)), NOW, RULES)
    assert [(r.points, r.text) for r in result.reasons if r.code == "page"] == [
        (30, "Pricing, 3 visits")
    ]


def test_a_colleagues_page_counts_half() -> None:
    result = score_lead(looking(seen(by_person=False)), NOW, RULES)
    assert [(r.code, r.points, r.text) for r in result.reasons] == [
        ("page", 15, "Pricing by a colleague")
    ]


def test_all_pages_together_count_50_at_most() -> None:
    result = score_lead(looking(seen("/demo"), seen("/pricing")), NOW, RULES)
    assert [(r.code, r.points) for r in result.reasons] == [
        ("page", 40),
        ("page", 30),
        ("pages_most", -20),
    ]
    assert result.intent == 50


def test_pages_of_exactly_50_points_are_not_capped() -> None:
    rules = replace(RULES, pages=(DEMO, replace(PRICING, points=10)))
    result = score_lead(looking(seen("/pricing"), seen("/demo")), NOW, rules)
    assert [(r.code, r.points) for r in result.reasons] == [("page", 40), ("page", 10)]


@pytest.mark.parametrize(
    ("intent", "tier", "employees", "hot"),
    [
        (70, "tier_3", None, True),
        (69, "tier_3", 5000, False),
        (69, "tier_2", 5000, False),
        (0, "tier_1", 50, True),
        (0, "tier_1", 49, False),
        (69, "tier_1", None, False),
        (70, "tier_1", 10, True),
    ],
)
def test_hot_begins_at_70_or_at_50_employees_of_tier_1(
    intent: int, tier: str, employees: int | None, hot: bool
) -> None:
    assert calculation.is_hot(intent, tier, employees) is hot


@pytest.mark.parametrize(
    ("fit", "tier"),
    [
        (100, "tier_1"),
        (80, "tier_1"),
        (79, "tier_2"),
        (60, "tier_2"),
        (59, "tier_3"),
        (0, "tier_3"),
    ],
)
def test_tiers_begin_at_80_and_60(fit: int, tier: str) -> None:
    assert calculation.tier_of(fit) == tier


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("/pricing", "Pricing"),
        ("/pricing/", "Pricing"),
        ("/Pricing-2026", "Pricing"),
        ("/blog/our-pricing-story", "Blog"),
        ("/blog", "Blog"),
        ("/x/pricing", None),
        ("/", None),
        ("", None),
    ],
)
def test_the_first_pattern_that_fits_the_path_counts(path: str, label: str | None) -> None:
    found = RULES.page_trigger(path)
    assert (found.label if found else None) == label


def test_a_page_without_points_is_no_reason() -> None:
    result = score_lead(looking(seen("/careers")), NOW, RULES)
    assert (result.intent, result.reasons, result.angle) == (0, (), "general")


# Repeat visits


@pytest.mark.parametrize(
    ("visits", "expected"),
    [(0, []), (1, []), (2, [5]), (3, [10]), (4, [10]), (5, [15]), (50, [15])],
)
def test_repeat_visits_count(visits: int, expected: list[int]) -> None:
    assert points(looking(*[seen("/x", days=n / 4) for n in range(visits)]), "repeat") == expected


@pytest.mark.parametrize(
    ("hours", "visits"),
    [
        ((0, 1, 2, 5.9), 1),
        ((0, 6), 2),
        ((0, 5, 7), 2),
        ((0, 4, 8, 12), 2),
        ((0, 0, 24, 24.1, 48), 3),
    ],
)
def test_pages_within_six_hours_are_one_visit(hours: tuple[float, ...], visits: int) -> None:
    person = looking(*[seen("/x", days=h / 24) for h in hours])
    found = [r for r in score_lead(person, NOW, RULES).reasons if r.code == "repeat"]
    assert [r.text for r in found] == ([f"{visits} visits in 30 days"] if visits > 1 else [])


def test_old_and_colleagues_visits_are_no_repeats() -> None:
    assert (
        points(
            looking(seen("/x"), seen("/x", days=31), seen("/x", days=9, by_person=False)), "repeat"
        )
        == []
    )


# Warm connections


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("known", [25]),
        ("overlap", [25]),
        ("employer", [20]),
        ("employer_now", [15]),
        ("known_there", [10]),
        ("known_before", [5]),
        ("", []),
        ("nonsense", []),
    ],  # fmt: skip
)
def test_a_warm_connection_counts_by_its_kind(kind: str, expected: list[int]) -> None:
    person = replace(NOBODY, warm_kind=kind, warm_sentence="Alex on our team knows you.")
    assert points(person, "warm") == expected


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("Alex on our team knows you.", "Alex on our team knows them."),
        (
            "Alex on our team was at Ryder when you were there.",
            "Alex on our team was at Ryder when they were there.",
        ),
        (
            "Alex on our team knows somebody from Ryder, where you have worked.",
            "Alex on our team knows somebody from Ryder, where they have worked.",
        ),
        ("Alex on our team used to work at Ryder.", "Alex on our team used to work at Ryder."),
    ],
)
def test_a_reviewer_reads_a_warm_connection_about_them(sentence: str, text: str) -> None:
    person = replace(NOBODY, warm_kind="known", warm_sentence=sentence)
    (reason,) = (one for one in score_lead(person, NOW, RULES).reasons if one.code == "warm")
    assert reason.text == text


# What the email speaks of


@pytest.mark.parametrize(
    ("person", "angle"),
    [
        (replace(looking(seen("/demo")), warm_kind="known", open_roles=4), "warm_connection"),
        (replace(looking(seen("/demo")), open_roles=4), "high_intent"),
        (replace(looking(seen("/blog")), open_roles=4), "hiring"),
        (looking(seen("/blog")), "content"),
        (replace(NOBODY, open_roles=0), "general"),
        (NOBODY, "general"),
        (looking(seen("/demo", days=31)), "general"),
    ],
)
def test_the_angle_is_the_strongest_signal_there_is(person: ScoringFacts, angle: str) -> None:
    assert score_lead(person, NOW, RULES).angle == angle


def test_the_topic_is_that_of_the_strongest_page() -> None:
    result = score_lead(looking(seen("/blog"), seen("/demo", days=8), seen("/pricing")), NOW, RULES)
    assert result.topic == "pricing"
