"""The parts of the set-up that lead into the admin, by keyboard, at a laptop and at a phone."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect

from leads.models import ScoringRules, Suppression
from tests.pages.conftest import signed_in

pytestmark = [pytest.mark.browser]
SCREENS = [("light", 1366), ("dark", 390)]


@pytest.fixture(params=SCREENS, ids=lambda screen: f"{screen[0]}_{screen[1]}")
def screen(request: pytest.FixtureRequest) -> dict[str, Any]:
    scheme, width = request.param
    return {"color_scheme": scheme, "viewport": {"width": width, "height": 700}}


def follow(page: Page, part: str, link: str) -> None:
    page.goto("/sales/setup")
    page.locator(f"#{part}").get_by_role("link", name=link).focus()
    page.keyboard.press("Enter")


def focus(page: Page, selector: str) -> None:
    """What a script shows only after a choice takes no focus before."""
    place = page.locator(selector).first
    expect(place).to_be_visible()
    place.focus()


def press_enter(page: Page, selector: str) -> None:
    focus(page, selector)
    page.keyboard.press("Enter")


def choose(page: Page, selector: str, typed: str) -> None:
    """As a keyboard chooses in a list: by the first letters."""
    focus(page, selector)
    page.keyboard.type(typed)


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_own_domains_customers_and_competitors(
    screen: dict[str, Any], browser: Browser, live_server: Any, committed: None, lead_user: User
) -> None:
    with signed_in(browser, live_server, lead_user, **screen) as context:
        page = context.new_page()
        for part, value, reason in (
            ("own-domains", "ours.test", "Our own"),
            ("excluded", "customer.test", "Customer"),
            ("excluded", "rival.test", "Competitor"),
        ):
            follow(page, part, "Suppressions")
            press_enter(page, 'a[href$="/admin/leads/suppression/add/"]:visible')
            choose(page, "#id_scope", "Domain")
            page.locator("#id_value").focus()
            page.keyboard.type(value)
            choose(page, "#id_reason", reason)
            page.locator("#id_source").focus()
            page.keyboard.type("set-up")
            assert fits(page)
            page.keyboard.press("Enter")
            expect(page.get_by_text("was added successfully").first).to_be_visible()
        page.goto("/sales/setup")
        expect(page.locator("#own-domains .chip.verdict")).to_have_text(re.compile("Done"))
        expect(page.locator("#excluded .chip.verdict")).to_have_text(re.compile("Done"))
    rows = Suppression.objects.values_list("scope", "value", "reason")
    assert set(rows) == {
        ("domain", "ours.test", "own_domain"),
        ("domain", "customer.test", "customer"),
        ("domain", "rival.test", "competitor"),
    }


def test_rules_of_the_score(
    screen: dict[str, Any], browser: Browser, live_server: Any, committed: None, lead_user: User
) -> None:
    with signed_in(browser, live_server, lead_user, **screen) as context:
        page = context.new_page()
        follow(page, "rules", "Rules of the score")
        press_enter(page, 'a[href$="/admin/leads/scoringrules/add/"]:visible')
        page.locator("#id_name").focus()
        page.keyboard.type("Ours")
        assert fits(page)
        page.keyboard.press("Enter")
        expect(page.get_by_text("was added successfully").first).to_be_visible()
        page.locator('input[name="_selected_action"]').focus()
        page.keyboard.press("Space")
        choose(page, 'select[name="action"]', "Publish")
        press_enter(page, 'button[name="index"]')
        expect(page.get_by_role("button", name=re.compile("^Publish version"))).to_be_visible()
        assert fits(page)
        page.get_by_role("button", name=re.compile("^Publish version")).focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("is published").first).to_be_visible()
        page.goto("/sales/setup")
        expect(page.locator("#rules .chip.verdict")).to_have_text(re.compile("Done"))
    assert ScoringRules.objects.get(name="Ours").state == "published"


def test_a_second_account(
    screen: dict[str, Any], browser: Browser, live_server: Any, committed: None
) -> None:
    owner = User.objects.create_superuser("owner", "owner@ours.example.com", "a-long-password")
    with signed_in(browser, live_server, owner, **screen) as context:
        page = context.new_page()
        follow(page, "accounts", "Accounts")
        press_enter(page, 'a[href$="/admin/auth/user/add/"]:visible')
        page.locator("#id_username").focus()
        page.keyboard.type("rita")
        for field in ("#id_password1", "#id_password2"):
            page.locator(field).focus()
            page.keyboard.type("a-long-and-odd-password")
        assert fits(page)
        page.keyboard.press("Enter")
        page.wait_for_url("**/change/")
        choose(page, "#id_groups_from", "Reviewer")
        press_enter(page, "#id_groups_add, #id_groups_add_link")
        press_enter(page, 'button[name="_save"]')
        expect(page.get_by_text("was changed successfully").first).to_be_visible()
        page.goto("/sales/setup")
        expect(page.locator("#accounts .chip.verdict")).to_have_text(re.compile("Open|Done"))
        expect(page.locator("#accounts")).to_contain_text("2, of whom 2 may decide")
    assert [one.name for one in User.objects.get(username="rita").groups.all()] == ["Reviewer"]
