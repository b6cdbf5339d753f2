"""A Lead imports a list by the page, at a laptop and a phone, and reads which lines are wrong."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect

from caio_project.import_pages import import_runs
from caio_project.lib.models import FileImport
from leads.models import Suppression
from tests.pages.conftest import signed_in
from tests.pages.rules_of_axe import violations

pytestmark = [pytest.mark.browser]
SCREENS = [("light", 1366), ("dark", 390)]
STOPS = "value,reason\nana@acme.example.com,unsubscribed\nrival.test,competitor\n"


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
        reduced_motion="reduce",
    ) as context:
        yield context.new_page()


def give(page: Page, text: str) -> None:
    """Choose the file and press the button, by the keyboard."""
    form = page.get_by_role("form", name="Do not contact")
    form.get_by_label("File").set_input_files(
        {"name": "stops.csv", "mimeType": "text/csv", "buffer": text.encode()}
    )
    form.get_by_role("button", name="Import: Do not contact").focus()
    page.keyboard.press("Enter")


def assert_fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == []


def test_a_list_by_the_page(page: Page) -> None:
    page.goto("/sales/imports")
    assert_fits(page)
    give(page, "")
    expect(page.get_by_role("link", name="File: The submitted file is empty.")).to_be_visible()
    assert_fits(page)
    assert not FileImport.objects.exists()

    give(page, STOPS + "nobody,manual\n" + "x" * 90 + "@y,manual\n")
    expect(page.get_by_text("Waiting for a worker.")).to_be_visible()
    assert import_runs.work_off_next()
    expect(page.get_by_text("2 of 4 lines are wrong. Nothing was stored.")).to_be_visible()
    expect(page.get_by_text("Line 4: value:")).to_be_visible()
    assert_fits(page)
    assert not Suppression.objects.filter(value="rival.test").exists()

    page.get_by_role("link", name="Imports", exact=False).first.click()
    give(page, STOPS)
    expect(page.get_by_text("Waiting for a worker.")).to_be_visible()
    FileImport.objects.update(done=500, total=2000)  # as a long one tells
    expect(page.get_by_label("500 of 2000 lines")).to_be_visible()
    assert_fits(page)
    assert import_runs.work_off_next()
    expect(page.get_by_text("2 lines read: 2 new, 0 known before.")).to_be_visible()
    assert_fits(page)
    assert Suppression.objects.filter(value="rival.test").exists()
