"""The pages of a version of the rules, edited as a sales lead does: with a mouse, a keyboard and
no JSON.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect

from leads.models import ScoringRules
from leads.scoring_rules import DEFAULT_RULES
from tests.conftest import person
from tests.pages.conftest import faultless_page, signed_in
from tests.pages.rules_of_axe import violations

pytestmark = [pytest.mark.browser]


@pytest.fixture
def lena(committed: None) -> User:
    return person("lena", "Lead")


@pytest.fixture
def page(browser: Browser, live_server: Any, lena: User) -> Iterator[Page]:
    screen = {"width": 1600, "height": 1000}
    with (
        signed_in(browser, live_server, lena, viewport=screen) as context,
        faultless_page(context) as made,
    ):
        yield made


def draft() -> ScoringRules:
    pages = [
        {"label": label, "pattern": f"/{label.lower()}*", "points": points}
        for label, points in (("Blog", 5), ("Pricing", 30), ("Demo", 40))
    ]
    return ScoringRules.objects.create(
        name="Ours", rules={**DEFAULT_RULES.as_dict(), "pages": pages}
    )


def pages_of(version: ScoringRules) -> list[tuple[str, int]]:
    version.refresh_from_db()
    return [(page["label"], page["points"]) for page in version.rules["pages"]]


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()


def test_rows_are_moved_added_changed_and_removed(page: Page) -> None:
    version = draft()
    page.goto(f"/admin/leads/scoringrules/{version.pk}/change/")
    rows = page.locator("table[data-rows] tbody tr")
    rows.nth(2).get_by_role("button", name="Move up").click()
    rows.nth(1).get_by_role("button", name="Move up").press("Enter")
    rows.nth(0).get_by_label("Points").fill("35")
    rows.nth(1).get_by_label("Remove").check()
    before = rows.count()
    page.get_by_role("button", name="Add a page").click()
    expect(rows).to_have_count(before + 1)
    page.keyboard.type("Contact")  # the new row has the focus
    rows.last.get_by_label("Path").fill("/Contact")
    rows.last.get_by_label("Points").fill("20")
    save(page)
    page.wait_for_url("**/scoringrules/")
    assert pages_of(version) == [("Demo", 35), ("Pricing", 30), ("Contact", 20)]


def test_what_is_wrong_is_said_beside_it_and_nothing_that_was_typed_is_lost(page: Page) -> None:
    version = draft()
    page.goto(f"/admin/leads/scoringrules/{version.pk}/change/")
    rows = page.locator("table[data-rows] tbody tr")
    rows.nth(0).get_by_label("Path").fill("blog")
    rows.nth(1).get_by_label("Points").fill("31")
    save(page)
    expect(rows.nth(0)).to_contain_text("It must be a path that begins with / or *")
    expect(rows.nth(0).get_by_label("Path")).to_have_attribute(
        "aria-describedby", "id_pages-0-pattern_error"
    )
    expect(rows.nth(1).get_by_label("Points")).to_have_value("31")
    assert pages_of(version)[1] == ("Pricing", 30)
    rows.nth(0).get_by_label("Path").fill("/blog")
    save(page)
    page.wait_for_url("**/scoringrules/")
    assert pages_of(version)[1] == ("Pricing", 31)


def test_whoever_cannot_see_the_table_can_use_it(page: Page) -> None:
    page.goto(f"/admin/leads/scoringrules/{draft().pk}/change/")
    assert violations(page, within="section[aria-labelledby=pages-title]") == []
