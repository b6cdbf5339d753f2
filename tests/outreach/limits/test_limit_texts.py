"""Every limit has a sentence, made from its code and arguments."""

from datetime import UTC, datetime

import pytest

from outreach.limits.limit_texts import TEXTS, LimitCode, limit_text

ARGUMENTS = {"used": 20, "cap": 25, "week": 2, "domain": "ours.test", "seconds": 45.0}
AFTER_A_TRY = ("ghl_config", "ghl_unavailable", "contact_gone", "recovery")


@pytest.mark.parametrize("code", TEXTS)
def test_every_template_is_filled(code: str) -> None:
    text = limit_text(code, {**ARGUMENTS, "reason": "no connection", "zone": "America/Denver"})

    assert text and "{" not in text


def test_every_code_has_a_sentence() -> None:
    made_elsewhere = {LimitCode.GUARDRAIL, LimitCode.KEPT, LimitCode.TURN}
    assert {*TEXTS, *made_elsewhere, *AFTER_A_TRY} == set(LimitCode)


@pytest.mark.parametrize("code", [*AFTER_A_TRY, "turn", "a_code_of_an_older_version"])
def test_later_try_names_the_last_failure(code: str) -> None:
    assert limit_text(code, {"retry": "answered 429"}) == "next try: answered 429"


@pytest.mark.parametrize(("ahead", "text"), [(1, "1 ahead of it"), (4, "4 ahead of it")])
def test_emails_ahead_are_counted(ahead: int, text: str) -> None:
    assert limit_text("turn", {"ahead": ahead}) == text
    assert limit_text("hourly", {"cap": 3, "ahead": ahead}) == f"hourly limit of 3, {text}"


def test_limit_of_any_day_names_no_slots() -> None:
    assert limit_text("daily", {"a_day": 20, "ahead": 24}) == "daily limit of 20, 24 ahead of it"


def test_beyond_the_horizon_the_days_are_named() -> None:
    text = limit_text("hourly", {"days": 42})

    assert text == "too many ahead of it: not within 42 days"


def test_a_kept_slot_names_city_and_local_time() -> None:
    opens = datetime(2026, 3, 3, 16, tzinfo=UTC)
    arguments = {"kept": 2, "at_once": False, "opens": opens, "zone": "America/Los_Angeles"}

    text = limit_text("kept", arguments)

    assert (
        text
        == "sends kept for 2 more urgent ones, the first of which opens at 8:00\u00a0AM\u00a0PT"
    )
