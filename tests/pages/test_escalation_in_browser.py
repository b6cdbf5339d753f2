"""Who is told when, in Chromium: by keyboard alone, on a phone, without a violation of axe."""

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Browser, Page

from approvals.escalation import held_notices
from approvals.models import Absence, LadderStep
from leads.models import TeamMember
from outreach.models import Message
from tests import factories
from tests.conftest import person
from tests.pages.conftest import signed_in
from tests.pages.rules_of_axe import violations

pytestmark = [pytest.mark.browser]
PAGE = "/sales/settings/escalation"
ME = "/sales/settings/me"
SCREENS = [("light", 1366), ("dark", 390)]


@pytest.fixture
def lena(committed: None) -> User:
    """A Lead on the team."""
    user = person("lena", "Lead")
    factories.TeamMemberFactory(default_sender=True, user=user)
    factories.TeamMemberFactory(name="Sam Lee", notice_order=2, email="sam@ours.example.com")
    return user


@pytest.fixture(params=SCREENS, ids=lambda screen: f"{screen[0]}_{screen[1]}")
def page(
    request: pytest.FixtureRequest, browser: Browser, live_server: Any, lena: User
) -> Iterator[Page]:
    scheme, width = request.param
    with signed_in(
        browser,
        live_server,
        lena,
        color_scheme=scheme,
        viewport={"width": width, "height": 800},
        reduced_motion="reduce",
    ) as context:
        yield context.new_page()


def press_on(page: Page, selector: str) -> None:
    page.locator(selector).first.focus()
    page.keyboard.press("Enter")


def keep(page: Page, name: str) -> None:
    if folder := os.environ.get("CAIO_SHOTS"):
        width = page.viewport_size["width"] if page.viewport_size else 0
        page.screenshot(path=f"{folder}/{name}_{width}.png", full_page=True)


def violations_at(page: Page, path: str) -> list[str]:
    page.goto(path)
    return [f"{path} {one}" for one in violations(page)]


def is_within_the_screen(page: Page) -> bool:
    script = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    return bool(page.evaluate(script))


def test_a_lead_changes_the_steps_by_keyboard(page: Page) -> None:
    page.goto(f"{PAGE}/ladder?band=hot")
    keep(page, "ladder")
    page.locator("[name=step-1-after_minutes]").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("25")
    press_on(page, "button[value=preview]")
    page.wait_for_selector("#week")
    keep(page, "ladder_preview")
    assert is_within_the_screen(page)
    assert not LadderStep.objects.exists()
    press_on(page, "button[value=save]")
    page.wait_for_url(f"**{PAGE}")
    kept = LadderStep.objects.order_by("number").values_list("after_minutes", flat=True)
    assert list(kept) == [0, 25, 60, 120]
    page.locator("#ladder-hot ~ details summary").focus()
    page.keyboard.press("Enter")
    keep(page, "overview")
    assert is_within_the_screen(page)


def test_a_person_is_not_available_by_keyboard(page: Page) -> None:
    page.goto(ME)
    until = timezone.localtime(timezone.now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    page.locator("#id_until").fill(until)
    press_on(page, "button[value=away]")
    page.wait_for_selector("button[value=back]")
    keep(page, "me")
    assert Absence.objects.get().member == TeamMember.objects.get(notice_order=1)
    assert is_within_the_screen(page)
    press_on(page, "button[value=back]")
    page.wait_for_selector("button[value=back]", state="detached")
    assert not Absence.objects.filter(until__gt=timezone.now()).exists()


def test_a_lead_reopens_by_keyboard(page: Page, lena: User) -> None:
    message = factories.cleared_email()
    address = f"/sales/queue/{message.public_id}"
    page.goto(address)
    press_on(page, "details:has(#reopen-reason) > summary")
    keep(page, "reopen")
    assert is_within_the_screen(page)
    press_on(page, "form[action*=reopen] button")
    page.wait_for_selector("#reopen-reason-error")
    page.locator("#reopen-reason").focus()
    page.keyboard.type("The customer asked for it on the phone.")
    press_on(page, "form[action*=reopen] button")
    page.wait_for_selector("button[data-key=a]")
    keep(page, "reopened")
    assert Message.objects.get(pk=message.pk).status == "held"
    assert violations_at(page, address) == []


def test_no_page_of_escalation_breaks_a_rule_of_axe(page: Page) -> None:
    factories.held_email()
    held_notices.create_held_notices()
    member = TeamMember.objects.get(notice_order=2)
    Absence.objects.create(member=member, until=timezone.now() + timedelta(days=1))
    places = [PAGE, f"{PAGE}?held=2026-03-06T17:45", f"{PAGE}/ladder", f"{PAGE}/calendar", ME,
              "/sales/notices"]  # fmt: skip
    found = []
    for place in places:
        found += violations_at(page, place)
        assert is_within_the_screen(page), place
        keep(page, place.strip("/").replace("/", "_").replace("?", "_").replace(":", ""))
    assert found == []
