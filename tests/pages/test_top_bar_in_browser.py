"""The top bar keeps to one line on a laptop, whatever it has to say."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from outreach.models import Message
from tests import factories

pytestmark = [pytest.mark.browser]

# Two lines of tabs are 80 px high and more.
HIGHEST_OF_ONE_LINE = 52


@pytest.mark.parametrize("path", ["/sales", "/sales/sent", "/sales/performance"])
def test_it_has_one_line_at_1280_with_all_it_can_say(page: Page, settings: Any, path: str) -> None:
    settings.SANDBOXED = ["clay"]  # a chip of its own
    late = factories.held_email()
    Message.objects.filter(pk=late.pk).update(due_at=timezone.now() - timedelta(hours=1))
    page.set_viewport_size({"width": 1280, "height": 800})

    page.goto(path)

    bar = page.locator("header.bar")
    expect(bar).to_contain_text("1 overdue")
    expect(bar).to_contain_text("Clay not connected")
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
