"""Each state in which axe is asked shows the faults that are there in that state alone."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page

from tests.pages.conftest import signed_in
from tests.pages.rules_of_axe import (
    COLOURS,
    DARK_LAPTOP,
    DARK_PHONE,
    FOUR_STATES,
    LIGHT_LAPTOP,
    LIGHT_PHONE,
    TWO_STATES,
    Asked,
    State,
    show,
    violations,
)

pytestmark = [pytest.mark.browser]
PALE = {"light": "#ddd", "dark": "#333"}
DARK = "@media (prefers-color-scheme: dark) { body { background: #000; color: #fff } }"
COLOURS_OF_ALL = """[...document.querySelectorAll('body, body *')].map(one => {
    const { color, backgroundColor, borderColor, display } = getComputedStyle(one);
    return [color, backgroundColor, borderColor, display].join();
})"""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    made = browser.new_page()
    yield made
    made.close()


def hold(page: Page, style: str, body: str) -> None:
    page.set_content(
        f"<!doctype html><html lang=en><title>A page</title><style>{DARK} {style}</style>"
        f"<main><h1>A page</h1>{body}</main></html>"
    )


def found_in(page: Page, asked: Asked) -> list[tuple[State, str]]:
    """State and rule of all that is found."""
    found = []
    for state, rules in asked:
        show(page, state)
        found += [(state, one.partition(":")[0]) for one in violations(page, rules)]
    return found


@pytest.mark.parametrize("state", [LIGHT_LAPTOP, DARK_LAPTOP, LIGHT_PHONE, DARK_PHONE])
def test_pale_text_of_one_theme_and_width_is_found_there_alone(page: Page, state: State) -> None:
    width = f"(min-width: {state.width - 9}px) and (max-width: {state.width + 9}px)"
    only = f"@media (prefers-color-scheme: {state.scheme}) and {width}"
    # It fades: what is judged are the colours that stay.
    hold(
        page,
        f"p {{transition: color 9s}} {only} {{p {{color: {PALE[state.scheme]}}}}}",
        "<p>Some words",
    )
    assert found_in(page, FOUR_STATES) == [(state, "color-contrast")]


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ("<button class=only></button>", "button-name"),
        ("<button><span class=other>Send</span></button>", "button-name"),
        ("<h4 class=only>Too deep</h4>", "heading-order"),
        ("<div class='only long'><p>One<p>Two<p>Three</div>", "scrollable-region-focusable"),
    ],
)
@pytest.mark.parametrize("at", [LIGHT_LAPTOP, DARK_PHONE])
def test_what_is_wrong_on_one_screen_alone_is_found_there(
    page: Page, at: State, body: str, rule: str
) -> None:
    only, other = ("min", "max") if at == LIGHT_LAPTOP else ("max", "min")
    hold(
        page,
        f"@media ({other}-width: 700px) {{.only {{display: none}}}}"
        f"@media ({only}-width: 700px) {{.other {{display: none}}}}"
        ".long {height: 20px; overflow: auto}",
        body,
    )
    assert found_in(page, TWO_STATES) == [(at, rule)]


def test_only_what_is_asked_is_judged(page: Page) -> None:
    hold(page, "p {color: #ddd}", "<p>Pale</p><div id=part><button></button></div>")
    show(page, LIGHT_LAPTOP)
    assert [one.partition(":")[0] for one in violations(page, COLOURS)] == ["color-contrast"]
    assert [one.partition(":")[0] for one in violations(page, within="#part")] == ["button-name"]


def test_the_admin_turns_dark_while_it_is_open(
    browser: Browser, live_server: Any, committed: None
) -> None:
    boss = User.objects.create_superuser("boss", "", "a-long-password")
    with signed_in(browser, live_server, boss, reduced_motion="reduce") as context:
        page = context.new_page()
        show(page, LIGHT_LAPTOP)
        page.goto("/admin/")
        light = page.evaluate(COLOURS_OF_ALL)
        show(page, DARK_PHONE)
        dark = page.evaluate(COLOURS_OF_ALL)
        page.reload()
        page.locator("html.dark").wait_for()
        assert dark == page.evaluate(COLOURS_OF_ALL) != light
