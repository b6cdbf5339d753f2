"""The second look with the keyboard alone, on a phone and a laptop; the rules and the report."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from approvals.models import Rereading, RereadingDraw, RereadingItem
from outreach.models import ApprovalRule, Message
from tests import factories
from tests.conftest import person
from tests.pages.conftest import faultless_page, signed_in
from tests.pages.rules_of_axe import violations

pytestmark = [pytest.mark.browser]
PAGE = "/sales/rereading"
REASON = "The first line is about us, not about them."


@pytest.fixture
def rita(committed: None) -> User:
    return person("rita", "Lead")


@pytest.fixture(params=[(390, "dark"), (1366, "light")], ids=["phone", "laptop"])
def page(
    request: pytest.FixtureRequest, browser: Browser, live_server: Any, rita: User
) -> Iterator[Page]:
    width, scheme = request.param
    with (
        signed_in(
            browser,
            live_server,
            rita,
            viewport={"width": width, "height": 720},
            color_scheme=scheme,
            reduced_motion="reduce",
        ) as context,
        faultless_page(context) as made,
    ):
        yield made


def make_items(count: int) -> None:
    factories.TeamMemberFactory(default_sender=True)
    now = timezone.now()
    draw = RereadingDraw.objects.create(
        day=now.date(), seed="0" * 32, one_in=5, approved=9, drawn=count
    )
    for number in range(count):
        message = factories.held_email(intent=10, tier="tier_3", icp=10)
        Message.objects.filter(pk=message.pk).update(status="sent", by_machine=True)
        RereadingItem.objects.create(
            message=message, version=1, machine=True, order=number, draw=draw, approved_at=now
        )


def read_long_ago() -> None:
    RereadingItem.objects.update(shown_at=timezone.now() - timedelta(minutes=5))


def no_violations(page: Page) -> None:
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def press_until_stored(page: Page, key: str, stored: int) -> None:
    """The first press may scroll to the end; one within a second of it counts as the same."""
    for _ in range(8):
        page.wait_for_timeout(1_500)
        page.keyboard.press(key)
        for _ in range(10):
            page.wait_for_timeout(300)
            if Rereading.objects.count() == stored:
                return


def test_three_emails_by_keyboard(page: Page) -> None:
    make_items(5)
    page.goto(PAGE)
    no_violations(page)
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Show me an email").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("SECOND LOOK", exact=True)).to_be_visible()
    no_violations(page)
    read_long_ago()
    press_until_stored(page, "a", 1)
    expect(page.get_by_text("1 of 3 today")).to_be_visible()

    read_long_ago()
    page.wait_for_timeout(1_500)
    page.keyboard.press("r")
    expect(page.get_by_text("What should be different?")).to_be_visible()
    no_violations(page)
    page.get_by_label("Tone or style").focus()
    page.keyboard.press("Space")
    page.get_by_label("What should be different?").focus()
    page.keyboard.type(REASON)
    page.get_by_role("button", name="I would reject").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 of 3 today")).to_be_visible()

    read_long_ago()
    press_until_stored(page, "a", 3)
    expect(page.get_by_text("You have re-read 3 today.")).to_be_visible()
    page.get_by_role("button", name="One more").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("3 of 3 today")).to_be_visible()
    made = Rereading.objects.order_by("pk").values_list("judgement", "tag")
    assert list(made) == [("approve", ""), ("reject", "tone_style"), ("approve", "")]
    page.goto(f"{PAGE}/rate")
    expect(page.get_by_text("Override rate: 33.3")).to_be_visible()
    no_violations(page)


def test_a_rule_is_added_and_ended(page: Page) -> None:
    page.goto("/sales/phase/rules")
    no_violations(page)
    page.get_by_label("Name of the rule").fill("Health care")
    page.get_by_label("Industries").fill("health care")
    page.get_by_role("button", name="Add the rule").click()
    expect(page.get_by_text("Say why, in a few words.").first).to_be_visible()
    no_violations(page)
    assert page.get_by_label("Industries").input_value() == "health care"
    page.get_by_label("Why?").last.fill("They ask about privacy.")
    page.get_by_role("button", name="Add the rule").click()
    expect(page.get_by_text("A person decides: industry health care.")).to_be_visible()
    no_violations(page)
    page.get_by_text("End Health care").click()
    page.get_by_label("Why?").first.fill("Six good weeks.")
    page.get_by_role("button", name="End this rule").click()
    expect(page.locator(".strip.success")).to_contain_text("Ended: Health care.")
    assert ApprovalRule.objects.get().ended_at is not None
