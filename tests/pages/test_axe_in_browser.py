"""No page of ours or of the admin breaks a rule of axe, on a light laptop and on a dark phone."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page

from caio_project.lib.models import DiagnosisRun
from leads.models import PastEmployer
from tests import factories, paths
from tests.pages.conftest import signed_in
from tests.pages.rules_of_axe import ON_A_LAPTOP, TWO_STATES, Asked, show, violations
from tests.permissions import url_table as table
from tests.permissions import world as worlds

pytestmark = [pytest.mark.browser]
# What only the theme or Django's own scripts can mend, each by its rule and where it stands.
WAIVERS = {
    "landmark-unique": "simplebar-content-wrapper",  # its scrolling areas are all named alike
    "empty-table-header": "thead",  # the head above the bin of a row in a form
    "aria-prohibited-attr": "search-label-icon",  # Django's SelectFilter2.js
}
NO_PAGES = (
    "sales/pulse",
    "sales/lessons/edits.csv",
    "sales/phase/agreement.csv",
    "sales/performance/figures",
    "sales/quality/file",  # the page that offers the file is looked at
)
LONG_FORMS = ("lead", "merge", "message", "scoringrules", "user")


@pytest.fixture
def context(browser: Browser, live_server: Any, committed: None) -> Iterator[BrowserContext]:
    boss = User.objects.create_superuser("boss", "", "a-long-password")
    with signed_in(browser, live_server, boss, reduced_motion="reduce") as made:
        yield made


def faults(page: Page, path: str, asked: Asked = TWO_STATES) -> list[str]:
    """What breaks any rule of axe, of those that can be mended here; the page is loaded once."""
    show(page, asked[0][0])
    page.goto(path)
    found = []
    for state, rules in asked:
        show(page, state)
        found += [f"{path} {state}: {one}" for one in violations(page, rules) if not is_waived(one)]
    return found


def is_waived(violation: str) -> bool:
    rule, _, place = violation.partition(": ")
    return rule in WAIVERS and WAIVERS[rule] in place


def test_our_pages(context: BrowserContext) -> None:
    world = worlds.make_world()
    boss = User.objects.get(username="boss")
    DiagnosisRun.objects.create(
        by=boss,
        is_running=False,
        ended_at=world.held.created_at,
        stages=[
            {"name": "drafted", "state": state, "waiting": 1, "text": "It waits."}
            for state in ("works", "starting", "does not")
        ],
        verdict="Something does not work; see above.",
    )
    page = context.new_page()
    routes = [
        route
        for route, (look, _) in table.PAGES.items()
        if look != table.CLOSED and route not in NO_PAGES
    ]
    places = shown(world, [route for route in routes if route])
    found = [text for place in places for text in faults(page, place)]
    assert found == []
    assert len(places) > 60


def test_pages_of_the_admin(context: BrowserContext) -> None:
    world = worlds.make_world()
    member = factories.TeamMemberFactory(default_sender=True)
    PastEmployer.objects.create(member=member, company_name="Acme")
    page = context.new_page()
    places = places_of_the_admin(world)
    # Forms have the same fields and widgets in both screens: the longest ones stand for all.
    on_laptops = {
        place
        for place in places
        if place.endswith(("/add/", "/change/")) and place.split("/")[3] not in LONG_FORMS
    }
    found = [
        text
        for place in places
        for text in faults(page, place, ON_A_LAPTOP if place in on_laptops else TWO_STATES)
    ]
    assert found == []
    assert len(places) - len(on_laptops) > 35


def places_of_the_admin(world: Any) -> list[str]:
    # Scripts, and pages that only ask whether one is sure.
    left_out = ("logout", "jsi18n", "autocomplete", "delete", "history", "admin/r/", "search")
    routes = {route for route, _ in paths.every_route() if route.startswith("admin/")}
    return shown(
        world, sorted(route for route in routes if not any(word in route for word in left_out))
    )


def shown(world: Any, routes: list[str]) -> list[str]:
    """Each page that is shown: no fragment, no refusal, none that leads to another one."""
    client = Client()
    client.force_login(User.objects.get(username="boss"))
    places = [f"/{worlds.path_in(world, route)}".replace("//", "/") for route in routes]
    return [place for place in places if client.get(place).status_code == 200]
