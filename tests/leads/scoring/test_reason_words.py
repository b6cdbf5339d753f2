"""Reasons as sentences with time and source, and why a lead is HOT."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from leads.scoring import reason_words, visit_sources
from leads.scoring.calculation import PageView, ScoringFacts, score_lead

NOW = datetime(2026, 3, 3, 15, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")


def row(label: str = "Pricing", minutes: float = 20, **more: Any) -> dict[str, Any]:
    at = (NOW - timedelta(minutes=minutes)).isoformat()
    return {"code": "page", "points": 30, "text": label, "label": label, "last_at": at, **more}


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (row(visits=2, source="Google"), "Pricing page twice, last 20 min ago, from Google"),
        (row(visits=1), "Pricing page, 20 min ago"),
        (row(visits=5, minutes=150), "Pricing page 5 times, last 2 hours ago"),
        (row(visits=1, minutes=60), "Pricing page, 1 hour ago"),
        (row(visits=1, minutes=1440), "Pricing page, 1 day ago"),
        (row(visits=1, minutes=0.5), "Pricing page, just now"),
        (row(visits=1, minutes=-9), "Pricing page, just now"),
        (row("Landing page", visits=1), "Landing page, 20 min ago"),
        (row(visits=2, by_colleague=True), "Pricing page by a colleague twice, last 20 min ago"),
        (row(visits=1, last_at="nonsense"), "Pricing page"),
        (row(visits=1, last_at="2026-03-03T15:00:00"), "Pricing page"),
        ({"code": "page", "points": 9, "text": "Pricing, 2 visits"}, "Pricing, 2 visits"),
        ({"code": "repeat", "points": 5, "text": "2 visits in 30 days"}, "2 visits in 30 days"),
    ],
)
def test_reason_is_a_sentence_with_time_and_source(stored: dict[str, Any], said: str) -> None:
    assert reason_words.why_now([stored], NOW) == [said]


def test_fit_and_caps_stand_in_the_sum_alone() -> None:
    rows = [{"code": code, "points": 1, "text": code} for code in ("fit", "most", "pages_most")]
    assert reason_words.why_now(rows, NOW) == []


@pytest.mark.parametrize(
    ("intent", "tier", "employees", "lower", "pages", "said"),
    [
        (29, "tier_1", "201-500", 201, "", "tier 1, 201 to 500 people"),
        (29, "tier_1", "1001+", 1001, "", "tier 1, 1001+ people"),
        (29, "tier_1", "350", 350, "demo today", "tier 1, 350 people"),
        (77, "tier_1", "201-500", 201, "demo and pricing today", "77: demo and pricing today"),
        (77, "tier_3", "", None, "", "score 77"),
        (55, "tier_1", "", None, "demo yesterday", "55: demo yesterday"),
        (29, "tier_1", "1-10", 1, "", "score 29"),
    ],
)
def test_band_says_why(
    intent: int, tier: str, employees: str, lower: int | None, pages: str, said: str
) -> None:
    assert reason_words.why_band(intent, tier, employees, lower, pages=pages) == said


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([row("Demo"), row("Pricing"), row("Blog")], "demo and pricing today"),
        ([row("ROI calculator", 60 * 24)], "ROI calculator yesterday"),
        ([row("Case studies", 60 * 24 * 4)], "case studies 4 days ago"),
        ([row("Demo", 60 * 10.5)], "demo yesterday"),  # 11:30 PM the day before in New York
        ([row("Demo", last_at="")], "demo"),
        ([{"code": "fit", "points": 9, "text": "Fit"}], ""),
    ],
)
def test_main_pages_are_named_with_their_day(rows: list[dict[str, Any]], said: str) -> None:
    assert reason_words.main_pages(rows, NOW, NEW_YORK) == said


@pytest.mark.parametrize(
    ("referrer", "name"),
    [
        ("https://www.google.com/search?q=ai", "Google"),
        ("https://www.google.co.uk/", "Google"),
        ("https://news.google.com", "Google"),
        ("https://lnkd.in/abc", "LinkedIn"),
        ("https://de.linkedin.com/feed", "LinkedIn"),
        ("https://t.co/x", "X"),
        ("https://t.example/x", "t.example"),
        ("https://chatgpt.com/", "ChatGPT"),
        ("https://google.com.evil.example/", "google.com.evil.example"),
        ("https://trade-news.example/article", "trade-news.example"),
        ("https://www.ours.example/pricing", ""),
        ("https://docs.ours.example/", ""),
        ("javascript:alert(1)", ""),
        ("android-app://com.google.android.gm", ""),
        ("https://[bad", ""),
        ("https://localhost/", ""),
        ("", ""),
    ],
)
def test_source_is_a_name_or_a_host(referrer: str, name: str) -> None:
    assert visit_sources.source_name(referrer, frozenset({"ours.example"})) == name


def test_pages_of_one_visit_share_their_source() -> None:
    visits = (
        PageView("/", NOW - timedelta(minutes=30), source="Google"),
        PageView("/pricing", NOW - timedelta(minutes=20)),
        PageView("/demo", NOW - timedelta(hours=9)),
    )
    found = score_lead(ScoringFacts("", "", None, visits), NOW).reasons
    by_label = {one.label: (one.source, one.visits, one.by_colleague) for one in found if one.label}
    assert by_label == {"Pricing": ("Google", 1, False), "Demo": ("", 1, False)}


def test_stored_row_leaves_out_what_is_not_known() -> None:
    (found,) = score_lead(ScoringFacts("", "", None, (PageView("/pricing", NOW),)), NOW).reasons
    assert found.as_row() == {
        "code": "page",
        "points": 30,
        "text": "Pricing",
        "label": "Pricing",
        "visits": 1,
        "last_at": NOW.isoformat(),
    }
