"""The pages of leads as a sales lead uses them: merging and taking apart, with a script and
without, on any screen.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, BrowserContext, Page, expect

from leads.identity import merging
from leads.models import Lead, Merge
from tests import factories
from tests.conftest import person
from tests.pages.conftest import signed_in
from tests.pages.rules_of_axe import violations
from tests.pages.test_desk_in_browser import SMALL

pytestmark = [pytest.mark.browser]
WHY = "She told us so on the phone."


@pytest.fixture
def lena(committed: None) -> User:
    return person("lena", "Lead")


@pytest.fixture(params=[True, False], ids=["script", "no_script"])
def context(
    request: pytest.FixtureRequest, browser: Browser, live_server: Any, lena: User
) -> Iterator[BrowserContext]:
    with signed_in(browser, live_server, lena, java_script_enabled=request.param) as made:
        yield made


def two() -> tuple[Lead, Lead]:
    one = factories.LeadFactory(first_name="Dana", last_name="Okafor", linkedin_key=None)
    other = factories.LeadFactory(
        first_name="D.", last_name="Okafor", company=one.company, no_address=True
    )
    factories.VisitFactory(lead=other)
    return one, other


def test_two_leads_are_found_compared_merged_and_taken_apart_again(context: BrowserContext) -> None:
    one, other = two()
    page = context.new_page()
    page.goto(f"/sales/leads/{one.public_id}")
    page.get_by_role("link", name="Merge with another lead…").click()
    page.get_by_label("Search").fill("D. Okafor")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="D. Okafor").click()
    page.get_by_role("button", name="Merge into one lead").click()
    expect(page.locator(".error")).to_have_text("Say why, in a few words.")
    page.get_by_label("Why?").fill(WHY)
    page.get_by_role("button", name="Merge into one lead").click()
    expect(page.locator("h1")).to_have_text("Dana Okafor")
    expect(page.get_by_text(f"“{WHY}”").first).to_be_visible()
    page.get_by_role("link", name="Undo the merge…").click()
    page.get_by_label("Why?").fill("It was her sister.")
    page.get_by_role("button", name="Undo the merge").click()
    expect(page.locator("h1")).to_have_text("Dana Okafor")
    row = Merge.objects.get()
    assert (row.state, row.reason, row.ended_reason) == ("undone", WHY, "It was her sister.")
    assert Lead.objects.count() == 2


@pytest.mark.parametrize("context", [True], indirect=True)
def test_the_pages_fit_a_phone_and_axe_finds_nothing(context: BrowserContext) -> None:
    one, other = two()
    named = {"first_name": "Dana", "last_name": "Okafor", "linkedin_key": "in/dana"}
    third = factories.LeadFactory(**named, company=one.company, no_address=True)
    merging.propose_merge(one, third, "clay", "Each has a LinkedIn profile of its own.")
    row = merging.merge_leads(one, other, source="person", reason=WHY)
    lead = f"/sales/leads/{one.public_id}"
    places = (
        "/sales/leads?tier=tier_1", lead, f"{lead}/merge?search=okafor",
        f"{lead}/merge/{third.public_id}",
        f"/sales/merges/{row.pk}/undo",
    )  # fmt: skip
    page = context.new_page()
    for place in places:
        page.goto(place)
        for width in (1280, 390, 320):
            page.set_viewport_size({"width": width, "height": 844})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (place, width)
            assert page.evaluate(SMALL, 24) == [], (place, width)
        assert_no_violations(page, place)


def assert_no_violations(page: Page, place: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    page.emulate_media(reduced_motion="reduce")
    assert violations(page) == [], place
