"""Search across the product: what is found, and what a role may open."""

import html
import re
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from caio_project.lead_pages import finder
from outreach.control import phase
from tests import factories

pytestmark = pytest.mark.django_db
# The address and the words of a link to one of our own pages; a count behind the words is left out.
MENU_LINK = re.compile(
    r"<a href=\"{% url '([a-z-]+)' %}\"(?:(?!</a>).)*>([^<>]+?)(?: <b>[^<]*</b>)?</a>", re.S
)


@pytest.fixture
def desk(client: Client, reviewer: User) -> Client:
    client.force_login(reviewer)
    return client


def find(client: Client, words: str) -> list[dict[str, Any]]:
    answer = client.get("/sales/find", {"q": words}, headers={"Accept": "application/json"})
    found: list[dict[str, Any]] = answer.json()["found"]
    return found


def labels(client: Client, words: str) -> list[str]:
    return [one["label"] for one in find(client, words)]


def test_a_person_leads_to_the_email_that_waits(desk: Client) -> None:
    message = factories.held_email(factories.LeadFactory(first_name="Zelda", last_name="Quist"))
    other = factories.LeadFactory(first_name="Zelda", last_name="Other")
    found = {one["label"]: one["address"] for one in find(desk, "zelda")}
    assert found == {
        "Zelda Quist": f"/sales/queue/{message.public_id}",
        "Zelda Other": f"/sales/leads/{other.public_id}",
    }


def test_a_company_leads_to_its_people(desk: Client) -> None:
    company = factories.CompanyFactory(name="Bright & Mill")
    found = find(desk, "bright & m")
    assert [one["address"] for one in found] == [f"/sales/companies/{company.pk}"]


def test_pages_and_actions_are_found_by_name(desk: Client) -> None:
    assert labels(desk, "phase") == ["Phase"]
    assert labels(desk, "next") == ["Review the next email"]
    assert labels(desk, "nothing of the kind") == []


def test_every_page_of_the_menus_is_found_by_its_name() -> None:
    menus = settings.BASE_DIR / "templates" / "caio_project" / "layout"
    text = "".join((menus / f"_{name}.html").read_text() for name in ("tabs", "more", "account"))
    named = {name: html.unescape(label) for name, label in MENU_LINK.findall(text)}
    assert {name: label for label, name, _ in finder.PAGES} | {"find": "Find"} == named


def test_a_role_finds_what_it_may_do(client: Client, viewer: User, lead_user: User) -> None:
    client.force_login(viewer)
    assert not [one for one in find(client, "") if one["kind"] == "Action"]
    phase.halt_sending(by=lead_user, reason="wrong footer")
    client.force_login(lead_user)
    assert labels(client, "resume") == ["Resume sending…"]
    assert labels(client, "halt") == []


def test_one_letter_looks_for_no_people(desk: Client) -> None:
    factories.LeadFactory(first_name="Zelda")
    assert labels(desk, "z") == []


def test_at_most_six_people_at_a_constant_cost(desk: Client) -> None:
    for _ in range(9):
        factories.held_email(factories.LeadFactory(first_name="Zelda"))
    with CaptureQueriesContext(connection) as made:
        found = find(desk, "zelda")
    assert len(found) == 6
    assert len(made) <= 20


def test_it_is_a_page_without_a_script(desk: Client) -> None:
    page = desk.get("/sales/find", {"q": "next"}).content.decode()
    assert 'action="/sales/queue/next"' in page and "Review the next email" in page
    page = desk.get("/sales/find", {"q": "<b>"}).content.decode()
    assert "Nothing fits “&lt;b&gt;”." in page


def test_it_asks_for_a_role(client: Client, django_user_model: Any) -> None:
    client.force_login(django_user_model.objects.create_user("nobody"))
    assert client.get("/sales/find").status_code == 403
