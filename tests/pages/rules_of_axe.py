"""Rules of axe, asked of a page that is open, in each state in which an answer can differ.

A width changes the layout, and with it what is shown, named and scrolled: all rules are asked on a
laptop and again on a phone. A theme changes colours alone: at a width that was judged in one theme,
only the rules about colours are asked in the other. Width and theme change under the open page,
which is loaded, and given the script of axe, once.
"""

from typing import NamedTuple

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

COLOURS = ("color-contrast", "link-in-text-block")  # those that are on of axe's cat.color


class State(NamedTuple):
    scheme: str
    width: int
    height: int


LIGHT_LAPTOP, DARK_LAPTOP = State("light", 1366, 700), State("dark", 1366, 700)
LIGHT_PHONE, DARK_PHONE = State("light", 390, 700), State("dark", 390, 700)
Asked = tuple[tuple[State, tuple[str, ...]], ...]  # in each state of which rules; () are all

ON_A_LAPTOP: Asked = ((LIGHT_LAPTOP, ()), (DARK_LAPTOP, COLOURS))
TWO_STATES: Asked = ((LIGHT_LAPTOP, ()), (DARK_PHONE, ()))
FOUR_STATES: Asked = (*ON_A_LAPTOP, (DARK_PHONE, ()), (LIGHT_PHONE, COLOURS))

# No rule that is on reads style sheets, which axe would fetch again. Only what breaks a rule is
# handed over: all else is most of the answer.
ASK = """async ([within, rules]) => {
    const asked = rules.length ? { runOnly: rules } : {};
    const { violations } = await axe.run(within || document,
        { ...asked, resultTypes: ["violations"], preload: { assets: ["media"] } });
    return violations.flatMap(({ id, nodes }) =>
        nodes.map(({ target, html }) => `${id}: ${target} ${html}`));
}"""

# The admin reads the system's theme only while it loads, so its class is set as it would set it.
# What fades from one theme to the other has its last colours at once.
FOLLOW_THE_THEME = """async () => {
    const root = document.documentElement;
    if (root.hasAttribute("x-bind"))
        root.classList.toggle("dark", matchMedia("(prefers-color-scheme: dark)").matches);
    await new Promise(requestAnimationFrame);
    document.getAnimations().filter(one => one instanceof CSSTransition)
        .forEach(one => one.finish());
}"""


def show(page: Page, state: State) -> None:
    """Change the screen and the theme under the open page."""
    page.set_viewport_size({"width": state.width, "height": state.height})
    page.emulate_media(color_scheme=state.scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    page.evaluate(FOLLOW_THE_THEME)


def violations(page: Page, rules: tuple[str, ...] = (), within: str = "") -> list[str]:
    """Each place that breaks a rule, as the page stands; of `rules`, or of all that are on."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[str] = page.evaluate(ASK, [within, rules])
    return found
