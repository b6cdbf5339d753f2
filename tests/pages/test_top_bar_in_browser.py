"""The top bar keeps to one line on a laptop, whatever it has to say."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone
from playwright.sync_api import Page, expect

from caio_project.lib.models import SetUpCount
from outreach.models import Message
from tests import factories

pytestmark = [pytest.mark.browser]

# Two lines of tabs are 80 px high and more.
HIGHEST_OF_ONE_LINE = 52


@pytest.fixture
def late(page: Page, settings: Any) -> Page:
    """With a chip and an overdue email, on a laptop."""
    settings.SANDBOXED = ["clay"]
    message = factories.held_email()
    Message.objects.filter(pk=message.pk).update(due_at=timezone.now() - timedelta(hours=1))
    page.set_viewport_size({"width": 1280, "height": 800})
    return page


def has_one_line(page: Page) -> bool:
    bar = page.locator("header.bar")
    expect(bar).to_contain_text("1 overdue")
    return bool(bar.evaluate("one => one.offsetHeight") <= HIGHEST_OF_ONE_LINE)


@pytest.mark.parametrize("path", ["/sales", "/sales/sent", "/sales/performance"])
def test_it_has_one_line_at_1280_with_all_it_can_say(late: Page, path: str) -> None:
    late.goto(path)
    expect(late.locator("header.bar")).to_contain_text("Clay not connected")
    assert has_one_line(late)


def test_the_count_of_the_set_up_replaces_what_it_counts(late: Page, sam: User) -> None:
    sam.groups.add(Group.objects.get(name="Lead"))
    SetUpCount.objects.create(done=11, parts=12)
    late.goto("/sales")
    expect(late.locator("header.bar")).to_contain_text("Set-up: 11 of 12")
    expect(late.locator("header.bar")).not_to_contain_text("Clay not connected")
    assert has_one_line(late)


@pytest.mark.parametrize("width", [390, 360])
def test_on_a_phone_the_count_has_its_name_where_there_is_room(
    page: Page, sam: User, width: int
) -> None:
    sam.groups.add(Group.objects.get(name="Lead"))
    SetUpCount.objects.create(done=11, parts=12)
    page.set_viewport_size({"width": width, "height": 800})
    bar = page.locator("header.bar")
    page.goto("/sales")
    expect(bar.get_by_text("Set-up:")).to_be_visible()
    assert bar.evaluate("one => one.offsetHeight") <= HIGHEST_OF_ONE_LINE

    message = factories.held_email()
    Message.objects.filter(pk=message.pk).update(due_at=timezone.now() - timedelta(hours=1))
    page.reload()
    expect(bar).to_contain_text("1 overdue")
    expect(bar.get_by_text("Set-up:")).to_be_hidden()
    assert bar.evaluate("one => one.offsetHeight") <= HIGHEST_OF_ONE_LINE


def test_more_is_marked_while_a_page_of_it_is_open(page: Page) -> None:
    more = page.locator(".tabs.wide summary")
    shade = "one => getComputedStyle(one).backgroundColor"
    page.goto("/sales/queue")
    plain = more.evaluate(shade)

    page.goto("/sales/performance")

    assert more.evaluate(shade) != plain
    more.press("Enter")
    expect(page.get_by_role("link", name="Templates", exact=True)).to_be_visible()
