"""A Lead sets GoHighLevel up by keyboard alone, at a laptop and at a phone, light and dark."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect

from caio_project.lib.models import LiveVendor, Rb2bToken, SetUpChange, StoredSecret
from leads.models import PastEmployer, TeamMember
from tests.factories import TeamMemberFactory
from tests.fakes.clay import FakeClay
from tests.fakes.ghl import FakeGhl
from tests.fakes.slack import FakeSlack
from tests.pages.conftest import signed_in

pytestmark = [pytest.mark.browser]
SCREENS = [("light", 1366), ("dark", 390)]
VALUES = {
    "GHL_API_TOKEN": "pit-right-0123456789",
    "GHL_LOCATION_ID": "loc-test",
    "GHL_FROM_EMAIL": "alex@mail.ours.example.com",
}


@pytest.fixture(params=SCREENS, ids=lambda screen: f"{screen[0]}_{screen[1]}")
def page(
    request: pytest.FixtureRequest,
    browser: Browser,
    live_server: Any,
    committed: None,
    lead_user: User,
) -> Iterator[Page]:
    scheme, width = request.param
    with signed_in(
        browser,
        live_server,
        lead_user,
        color_scheme=scheme,
        viewport={"width": width, "height": 700},
        permissions=["clipboard-read", "clipboard-write"],
    ) as context:
        yield context.new_page()


def press(page: Page, name: str | re.Pattern[str]) -> None:
    """By the keyboard, once the page is there."""
    button = page.get_by_role("button", name=name)
    button.focus()
    page.keyboard.press("Enter")


def enter(page: Page, name: str, value: str) -> None:
    page.locator(f"#value-{name}").focus()
    page.keyboard.type(value)
    page.keyboard.press("Enter")
    expect(page.locator("[data-say]")).to_contain_text(f"{name} is stored.")


def test_ghl_by_keyboard_from_nothing_to_live(page: Page, settings: Any) -> None:
    with FakeGhl(token=VALUES["GHL_API_TOKEN"], location_id="loc-test", rate_limit=None) as fake:
        settings.GHL_BASE_URL, settings.GHL_API_TOKEN = fake.url, ""
        settings.GHL_LOCATION_ID = settings.GHL_FROM_EMAIL = ""
        page.goto("/sales/setup")
        for name, value in VALUES.items():
            enter(page, name, value)
        assert VALUES["GHL_API_TOKEN"] not in page.content()

        press(page, "Send a test: GoHighLevel")
        expect(page.get_by_text("GoHighLevel answered for this location.").first).to_be_visible()
        press(page, "Go live with GoHighLevel")
        expect(page.locator("[data-say]")).to_contain_text("GoHighLevel is live")
        expect(page.locator("#ghl .chip.verdict")).to_have_text(re.compile("Done"))
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert StoredSecret.objects.count() == 3
    assert LiveVendor.objects.get().vendor == "ghl"
    assert SetUpChange.objects.filter(what="went_live", by__username="lena").count() == 1


def test_rb2bs_token_by_keyboard_from_made_to_revoked(page: Page) -> None:
    page.goto("/sales/setup")
    press(page, "Make a token")
    expect(page.locator("[aria-labelledby=new-token]")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Copy URL: RB2B, new token")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(r"http://localhost/webhooks/rb2b\?token=[\w-]{32}", copied)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.goto("/sales/setup")
    assert copied not in page.content()
    page.get_by_text(re.compile("^Revoke .*…$")).focus()
    page.keyboard.press("Enter")
    press(page, "Revoke this token")
    expect(page.locator("[data-say]")).to_contain_text("Revoked")
    assert not Rb2bToken.objects.filter(revoked_at=None).exists()


def test_slack_and_clay_by_keyboard(page: Page, settings: Any) -> None:
    with (
        FakeSlack(token="xoxb-right") as slack,
        FakeClay(auth_token="clay-auth", callback_token="clay-callback-token") as clay,
    ):
        settings.SLACK_BASE_URL, settings.GHL_BASE_URL = slack.api_url, clay.url
        page.goto("/sales/setup")
        enter(page, "SLACK_BOT_TOKEN", "xoxb-right")
        enter(page, "SLACK_SIGNING_SECRET", "signing-0123456789")
        press(page, "Send a test: Slack")
        expect(page.locator("#slack .chip.verdict")).to_have_text(re.compile("Done"))
        enter(page, "CLAY_WORKBOOK_WEBHOOK_URL", clay.source_url("src-1"))
        enter(page, "CLAY_WEBHOOK_AUTH_TOKEN", "clay-auth")
        enter(page, "CLAY_CALLBACK_TOKEN", "clay-callback-token")
        press(page, "Send a test: Clay")
        expect(page.locator("#clay")).to_contain_text("Clay took a test row.")
        assert (len(slack.posts()), len(clay.submissions())) == (1, 1)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_past_employers_by_keyboard(page: Page, tmp_path: Path) -> None:
    TeamMemberFactory(name="Priya Raman")
    file = tmp_path / "past.csv"
    file.write_text("Member,Company\nNobody,Acme\n")
    page.goto("/sales/setup")
    page.set_input_files("#employers", file)  # the dialog is the browser's own
    press(page, "Import past employers")
    expect(page.locator(".errors")).to_be_focused()
    expect(page.locator(".errors")).to_contain_text("Line 2: member: “Nobody” is no active team")
    file.write_text("Member,Company\nPriya Raman,Acme\n")
    page.set_input_files("#employers", file)
    press(page, "Import past employers")
    expect(page.locator("[data-say]")).to_contain_text("1 line read: 1 new")
    assert PastEmployer.objects.get().company_name == "Acme"


def test_a_sender_by_keyboard(page: Page) -> None:
    page.goto("/sales/setup")
    page.get_by_role("link", name="Team members").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Name", exact=True).focus()
    for typed in ("Alex Moreno", "Partner", "alex@ours.example.com", "cal.example.com/alex"):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    press(page, "Add to the team")
    expect(page.locator(".errors")).to_contain_text("Type the whole address, with https://.")
    expect(page.locator(".errors")).to_be_focused()
    assert not TeamMember.objects.filter(name="Alex Moreno").exists()

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Booking link")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("https://cal.example.com/alex")
    page.keyboard.press("Enter")
    expect(page.locator("[data-say]")).to_contain_text("Alex Moreno is in the team.")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    member = TeamMember.objects.get(name="Alex Moreno")
    assert (member.booking_url, member.is_default_sender) == ("https://cal.example.com/alex", True)


def test_address_of_a_webhook_is_copied(page: Page) -> None:
    page.goto("/sales/setup")
    press(page, "Copy URL: RB2B, Webhook")
    expect(page.get_by_role("button", name="Copy URL: RB2B, Webhook")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "http://localhost/webhooks/rb2b?token=next-token-0123456789"
