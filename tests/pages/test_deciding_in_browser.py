"""Deciding by keyboard alone, on a phone and a laptop: at the desk, in the admin, in whose turn."""

import contextlib
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from approvals.decisions import claims
from approvals.models import Claim, Decision, Delegate
from leads.models import TeamMember
from outreach.models import Message
from tests import factories
from tests.conftest import person
from tests.pages.conftest import faultless_page, signed_in
from tests.pages.test_desk_in_browser import DEAF, seeded, status, with_its_clock_in_hand
from tests.pages.test_escalation_in_browser import (
    SCREENS,
    is_within_the_screen,
    keep,
    press_on,
    violations_at,
)

pytestmark = [pytest.mark.browser]
REASON = "The first line is about us, not about them."
ADMIN = "/admin/approvals/approval/"


@pytest.fixture
def lena(committed: None) -> User:
    """A Lead on the team."""
    seeded()
    user = person("lena", "Lead")
    factories.TeamMemberFactory(default_sender=True, user=user)
    return user


@pytest.fixture(params=SCREENS, ids=lambda screen: f"{screen[0]}_{screen[1]}")
def page(
    request: pytest.FixtureRequest, browser: Browser, live_server: Any, lena: User
) -> Iterator[Page]:
    scheme, width = request.param
    with (
        signed_in(
            browser,
            live_server,
            lena,
            color_scheme=scheme,
            viewport={"width": width, "height": 800},
            reduced_motion="reduce",
        ) as context,
        faultless_page(context) as made,
    ):
        yield made


def look(page: Page, name: str) -> None:
    keep(page, name)
    assert is_within_the_screen(page), name


def test_approve_undo_edit_and_reject(page: Page) -> None:
    message = factories.held_email()
    address = f"/sales/queue/{message.public_id}"
    assert violations_at(page, address) == []
    press_until(page, "a", message, "cleared")
    look(page, "approved")
    press_until(page, "z", message, "held")
    press_until_shown(page, "e", "#id_body")
    page.locator("#id_body").focus()
    page.keyboard.press("Control+End")
    page.keyboard.type(" One more line.")
    look(page, "edit")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".strip.success")).to_contain_text("0 words removed, 3 added.")
    press_until_shown(page, "r", "[name=tag]")
    expect(page.locator("[name=tag]").first).to_be_focused()
    page.keyboard.press("6")
    expect(page.locator("#id_reason")).to_be_focused()
    page.keyboard.type(REASON)
    look(page, "reject")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/sales/queue")
    made = Decision.objects.latest("pk")
    assert (made.verdict, made.tag, made.version) == ("rejected", "weak_subject", 2)
    press_until(page, "z", message, "held")
    assert violations_at(page, f"{address}/reject") == violations_at(page, f"{address}/edit") == []


def press_until(page: Page, key: str, message: Message, wanted: str) -> None:
    """The first press may scroll to the end; one within a second of it counts as the same."""
    for _ in range(6):
        page.wait_for_timeout(DEAF + 400)
        page.keyboard.press(key)
        page.wait_for_timeout(800)
        if status(message) == wanted:
            return
    raise AssertionError(f"{key}: it is {status(message)}")


def press_until_shown(page: Page, key: str, selector: str) -> None:
    """A busy machine may swap the page in later than the row changes; before, keys are deaf."""
    for _ in range(4):
        page.wait_for_timeout(DEAF)
        page.keyboard.press(key)
        with contextlib.suppress(PlaywrightTimeout):
            page.locator(selector).first.wait_for(timeout=5_000)
            return
    raise AssertionError(f"{key}: no {selector}")


def test_an_email_is_taken_over_and_kept(page: Page, lena: User) -> None:
    message = factories.held_email()
    claims.claim_message(message, person("rita", "Reviewer"))
    address = f"/sales/queue/{message.public_id}"
    assert violations_at(page, address) == []
    with_its_clock_in_hand(page)
    page.goto(address)
    look(page, "claimed")
    press_on(page, "form[action*=take-over] button")
    expect(page.locator(".strip.success")).to_contain_text("in place of rita.")
    assert Claim.objects.get().user == lena
    page.wait_for_timeout(1_100)  # the server counts by its own clock
    with page.expect_response("**/read"):
        page.clock.run_for(4_000)
    page.wait_for_timeout(1_000)
    Claim.objects.update(until=timezone.now() + timedelta(seconds=80))
    with page.expect_response("**/sales/pulse*"):
        page.clock.run_for(31_000)
    expect(page.locator("#moved")).to_contain_text("Yours for 1 more minute.")
    look(page, "ending")
    with page.expect_response("**/read"):
        press_on(page, "[data-hold]")
    expect(page.locator("#moved")).to_be_hidden()
    page.wait_for_timeout(300)
    assert Claim.objects.get().until > timezone.now() + timedelta(minutes=9)
    page.goto("/sales/queue")
    Claim.objects.all().delete()
    press_on(page, "form[action*='/queue/next'] button")
    page.wait_for_url(f"**{address}")
    assert Claim.objects.get().user == lena


def test_a_delegate_is_named_and_ended(page: Page) -> None:
    factories.TeamMemberFactory(name="Sam Lee", notice_order=2, email="sam@ours.example.com")
    page.goto("/sales/settings/me")
    page.locator("#id_delegate").focus()
    page.keyboard.type("Sam")
    first, last = (timezone.localdate() + timedelta(days=days) for days in (1, 3))
    page.locator("#id_first_day").fill(f"{first}")
    page.locator("#id_last_day").fill(f"{last}")
    press_on(page, "button[value=delegate]")
    page.wait_for_selector("button[value=end]")
    look(page, "delegate")
    row = Delegate.objects.get()
    assert (str(row.delegate), row.first_day, row.last_day) == ("Sam Lee", first, last)
    assert violations_at(page, "/sales/settings/me") == []
    press_on(page, "button[value=end]")
    page.wait_for_selector("button[value=end]", state="detached")


def test_the_list_of_the_admin_and_a_slack_user_id(page: Page) -> None:
    message = factories.held_email()
    page.goto(ADMIN)
    page.locator("input.action-select").first.focus()
    page.keyboard.press("Space")
    page.locator("select[name=action]").first.focus()
    page.keyboard.type("Approve")
    press_on(page, "button[name=index]")
    page.wait_for_selector("input[name=confirmed]", state="attached")
    look(page, "admin_approve")
    page.wait_for_timeout(DEAF)
    press_on(page, "button:has-text('Approve 1')")
    expect(page.get_by_text("Approved 1 of 1.")).to_be_visible()
    look(page, "admin_approved")
    assert (status(message), Decision.objects.get().channel) == ("cleared", "admin")
    member = TeamMember.objects.get()
    page.goto(f"/admin/leads/teammember/{member.pk}/change/")
    page.locator("#id_slack_user_id").focus()
    page.keyboard.type("u012ab3cd")
    press_on(page, "button[name=_save]")
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    member.refresh_from_db()
    assert member.slack_user_id == "U012AB3CD"


def test_moving_numbers_can_be_stopped(page: Page) -> None:
    first, _ = factories.held_email(), factories.held_email()
    page.goto(f"/sales/queue/{first.public_id}")
    press_until(page, "a", first, "cleared")
    number = page.locator("[data-undo] [data-left]")
    expect(number).to_contain_text("in 0:")
    page.keyboard.press("?")
    look(page, "keys")
    press_on(page, "dialog [data-still]")
    expect(number).to_contain_text("at ")
    page.keyboard.press("Escape")
    said = number.inner_text()
    page.wait_for_timeout(1_500)
    assert number.inner_text() == said
    page.reload()
    expect(number).to_contain_text("at ")
    expect(page).to_have_title(re.compile(r"^[^(]"))
    assert violations_at(page, "/sales/settings/me") == []
    press_on(page, "main [data-still]")
    expect(page.locator("main [data-still]")).to_have_text("Stop moving numbers")
    look(page, "this_browser")


def test_a_switch_holds_in_every_browser(
    page: Page, browser: Browser, live_server: Any, lena: User
) -> None:
    message = factories.held_email()
    page.goto(f"/sales/queue/{message.public_id}")
    page.keyboard.press("?")
    with page.expect_response("**/sales/settings/me/switches") as answer:
        press_on(page, "dialog [data-switch]")
    assert answer.value.status == 204
    with signed_in(browser, live_server, lena) as context, faultless_page(context) as other:
        other.goto(f"/sales/queue/{message.public_id}")
        expect(other.locator("#legend [data-switch]")).to_have_text("Turn keys on")
        other.wait_for_timeout(DEAF)
        other.keyboard.press("e")
        expect(other.locator("#id_body")).to_have_count(0)


@pytest.mark.parametrize("width", [1366, 900, 390])
def test_who_may_not_decide_reads_the_names_in_the_queue(
    browser: Browser, live_server: Any, committed: None, width: int
) -> None:
    factories.held_email(factories.LeadFactory(first_name="Jürgen", last_name="Müßig"))
    screen = {"width": width, "height": 657}
    with (
        signed_in(browser, live_server, person("vic", "Viewer"), viewport=screen) as context,
        faultless_page(context) as page,
    ):
        page.goto("/sales/queue")
        name = page.locator(".mail .who").bounding_box()
        assert name and name["width"] > 90 and name["height"] < 30
        assert is_within_the_screen(page)


def test_no_state_of_a_safety_limit_is_cut_on_a_phone(
    browser: Browser, live_server: Any, committed: None
) -> None:
    screen = {"width": 390, "height": 844}
    with (
        signed_in(browser, live_server, person("vic", "Viewer"), viewport=screen) as context,
        faultless_page(context) as page,
    ):
        page.goto("/sales/phase")
        cells = page.locator(".gauges td:last-child").all()
        ends = [box["x"] + box["width"] for cell in cells if (box := cell.bounding_box())]
        card = page.locator(".gauges").bounding_box()
        assert card and len(ends) == 7 and max(ends) <= card["x"] + card["width"] + 1
