"""Scoring an email and learning from decisions, in a real browser."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from approvals.decisions import claims, decisions
from approvals.decisions.decisions import Decider
from approvals.models import QualityScore
from approvals.quality.dimensions import NAMES
from outreach.choices import Status
from outreach.models import Message
from tests import factories
from tests.conftest import person
from tests.pages.conftest import faultless_page, signed_in
from tests.pages.rules_of_axe import violations

pytestmark = [pytest.mark.browser]


@pytest.fixture
def sam(committed: None) -> User:
    return person("sam", "Lead")


def is_problem(said: ConsoleMessage) -> bool:
    """An error of a page, and not that the server refused what was typed."""
    return said.type == "error" and "status of 422" not in said.text


@pytest.fixture(params=[("light", 1280), ("dark", 390)], ids=["light_1280", "dark_390"])
def page(
    request: pytest.FixtureRequest, browser: Browser, live_server: Any, sam: User
) -> Iterator[Page]:
    scheme, width = request.param
    with (
        signed_in(
            browser,
            live_server,
            sam,
            color_scheme=scheme,
            viewport={"width": width, "height": 800},
            reduced_motion="reduce",
        ) as context,
        faultless_page(context) as made,
    ):
        problems: list[str] = []
        made.on("console", lambda said: problems.append(said.text) if is_problem(said) else None)
        yield made
        assert problems == []


def is_accessible(page: Page) -> None:
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_email_is_scored_by_digits_alone(page: Page, sam: User) -> None:
    message = factories.held_email()
    page.goto(f"/sales/queue/{message.public_id}")
    page.keyboard.press("q")
    expect(page).to_have_url(f"{page.url.split('/sales')[0]}/sales/queue/{message.public_id}/score")
    expect(page.locator("form[data-score]")).to_be_visible()
    is_accessible(page)
    page.locator("h1").focus()
    for mark in "4352":
        page.keyboard.press(mark)
    expect(page.locator("[name=tone]:focus")).to_have_count(1)
    page.keyboard.press("4")
    expect(page.get_by_role("button", name="Save the score")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".strip.success")).to_contain_text("Scored: ")
    score = QualityScore.objects.get()
    assert [getattr(score, name) for name in NAMES] == [4, 3, 5, 2, 4]
    message.refresh_from_db()
    assert message.status == Status.HELD


def test_a_digit_in_the_comment_is_text(page: Page, sam: User) -> None:
    message = factories.held_email()
    page.goto(f"/sales/queue/{message.public_id}/score")
    page.locator("#id_comment").fill("")
    page.locator("#id_comment").press_sequentially("15 words")
    expect(page.locator("#id_comment")).to_have_value("15 words")
    expect(page.locator(".marks :checked")).to_have_count(0)


def test_marks_survive_a_refusal(page: Page, sam: User) -> None:
    message = factories.held_email()
    page.goto(f"/sales/queue/{message.public_id}/score")
    page.locator("[name=tone][value='5']").check()
    page.locator("#id_comment").fill("Kept.")
    page.get_by_role("button", name="Save the score").click()
    expect(page.get_by_text("Subject line: choose 1 to 5.").first).to_be_visible()
    expect(page.locator("[name=tone][value='5']")).to_be_checked()
    expect(page.locator("#id_comment")).to_have_value("Kept.")
    is_accessible(page)
    assert not QualityScore.objects.exists()


def test_edits_are_drawn_and_stand_in_a_table(page: Page, sam: User) -> None:
    for number in range(3):
        message = factories.held_email()
        claims.record_reading(message, sam)
        if number:
            decisions.approve(message, 1, Decider(sam, "desk"))
        else:
            reason = "The opening sounds like a newsletter."
            decisions.reject(message, 1, Decider(sam, "desk"), tag="other", reason=reason)
    page.goto("/sales/training")
    page.evaluate("document.querySelector('a[href=\"/sales/lessons\"]').click()")
    expect(page.locator("canvas[data-drawn]")).to_be_attached()
    assert page.evaluate("Object.keys(window.Chart.instances).length") == 1
    expect(page.locator("#edits-table")).to_contain_text("0 of 2")
    is_accessible(page)


def test_a_practice_email_is_decided_and_the_next_one_is_open(page: Page, sam: User) -> None:
    page.goto("/sales/training")
    page.locator("#id_count").fill("2")
    page.get_by_role("button", name="Make emails for practice").click()
    expect(page.locator(".strip.success")).to_contain_text("2 emails for practice wait")
    is_accessible(page)
    first, second = Message.objects.filter(kind="training").order_by("pk")
    page.goto(f"/sales/queue/{first.public_id}?show=training")
    page.get_by_role("link", name="Reject (training)").click()
    page.get_by_label("Other").check()
    page.locator("#id_reason").fill("There is a fault in it somewhere.")
    page.get_by_role("button", name="Reject (training)").click()
    page.wait_for_url(f"**/{second.public_id}?show=training")
    expect(page.locator("h1")).to_contain_text("(training)")
    first.refresh_from_db()
    assert (first.status, first.transport) == (Status.REJECTED, "")
