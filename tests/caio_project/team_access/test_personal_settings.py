"""What people choose for themselves: a name of their own, and light or dark pages."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from caio_project.lib.models import PersonalSettings
from tests.conftest import person
from tests.factories import TeamMemberFactory

pytestmark = pytest.mark.django_db
PAGE = "/sales/settings/me"


@pytest.fixture
def page(client: Client, viewer: User) -> Client:
    client.force_login(viewer)
    return client


@pytest.mark.parametrize(
    ("typed", "first", "last"),
    [
        ("Vera Lynn", "Vera", "Lynn"),
        ("  Vera   de  Boer ", "Vera de", "Boer"),
        ("Vera", "Vera", ""),
        ("", "", ""),
    ],
)
def test_display_name(page: Client, viewer: User, typed: str, first: str, last: str) -> None:
    assert page.post(PAGE, {"display_name": typed}).status_code == 303
    viewer.refresh_from_db()
    assert (viewer.first_name, viewer.last_name) == (first, last)
    shown = " ".join(typed.split()) or "vera"
    assert f"<summary>{shown}</summary>" in page.get("/sales").content.decode()


@pytest.mark.parametrize(
    "typed",
    ["lena", "LENA", "Lena Lead", "lena  lead", "Ｌena", "V\u202ea", "x" * 101, "The Machine"],
)
def test_name_of_somebody_else_or_of_no_letters_is_refused(
    page: Client, viewer: User, typed: str
) -> None:
    lena = person("lena", "Lead")
    User.objects.filter(pk=lena.pk).update(first_name="Lena", last_name="Lead")
    answer = page.post(PAGE, {"display_name": typed, "theme": "dark"})
    assert answer.status_code == 422 and 'id="id_display_name_error"' in answer.content.decode()
    viewer.refresh_from_db()
    assert viewer.first_name == "" and not PersonalSettings.objects.exists()


@pytest.mark.parametrize("theme", ["light", "dark", ""])
def test_theme(page: Client, theme: str) -> None:
    assert page.post(PAGE, {"theme": theme}).status_code == 303
    text = page.get("/sales").content.decode()
    assert ("data-theme" in text) == bool(theme)
    assert not theme or f'<html lang="en" data-theme="{theme}"' in text


def test_theme_that_there_is_not_is_refused(page: Client) -> None:
    answer = page.post(PAGE, {"theme": "pink"})
    assert answer.status_code == 422 and 'id="id_theme_error"' in answer.content.decode()
    assert not PersonalSettings.objects.exists()


SWITCHES = PAGE + "/switches"


@pytest.mark.parametrize(
    ("switch", "off", "shown"),
    [("keys", "off", 'data-keys="off"'), ("numbers", "off", 'data-numbers="off"')],
)
def test_a_switch_holds_on_every_page_until_it_is_turned_back(
    page: Client, switch: str, off: str, shown: str
) -> None:
    page.post(PAGE, {"theme": "dark"})
    assert shown not in page.get("/sales").content.decode()
    assert page.post(SWITCHES, {"switch": switch, "state": off}).status_code == 204
    text = page.get("/sales").content.decode()
    assert shown in text and 'data-theme="dark"' in text
    page.post(PAGE, {"theme": "light"})
    assert shown in page.get("/sales").content.decode()
    assert page.post(SWITCHES, {"switch": switch, "state": "on"}).status_code == 204
    assert shown not in page.get("/sales").content.decode()


@pytest.mark.parametrize(
    "sent",
    [{}, {"switch": "keys"}, {"switch": "theme", "state": "on"}, {"switch": "keys", "state": "1"}],
)
def test_a_switch_that_there_is_not_is_refused(page: Client, sent: dict[str, str]) -> None:
    answer = page.post(SWITCHES, sent)
    assert answer.status_code == 422 and b"switch: keys or numbers" in answer.content
    assert not PersonalSettings.objects.exists()


def test_to_stay_on_the_decided_email_is_chosen_and_shown(page: Client, viewer: User) -> None:
    assert page.post(PAGE, {"stays_on_decided": "on"}).status_code == 303
    assert PersonalSettings.objects.get(user=viewer).stays_on_decided
    assert "checked" in page.get(PAGE).content.decode()
    page.post(PAGE, {})
    assert not PersonalSettings.objects.get(user=viewer).stays_on_decided


# Notices


def test_how_one_is_told(page: Client, viewer: User) -> None:
    assert "How you are told" not in page.get(PAGE).text  # nobody tells who is not in the team
    TeamMemberFactory(name="Vera", user=viewer, email="vera@ours.example.com")
    shown = page.get(PAGE).text
    assert "How you are told" in shown and "Email goes to vera@ours.example.com" in shown
    chosen = {"notices_of_emails": "email", "notices_of_notes": "page"}
    assert page.post(PAGE, chosen).status_code == 303
    row = PersonalSettings.objects.get()
    assert (row.notices_of_emails, row.notices_of_answers) == ("email", "")
    assert (row.notices_of_notes, row.notices_of_incidents) == ("page", "")


@pytest.mark.parametrize("name", ["emails", "answers", "incidents"])
@pytest.mark.parametrize("choice", ["page", "pigeon"])
def test_what_must_arrive_cannot_be_turned_off(page: Client, name: str, choice: str) -> None:
    answer = page.post(PAGE, {f"notices_of_{name}": choice, "theme": "dark"})
    assert answer.status_code == 422 and "choose one of the list" in answer.text
    assert not PersonalSettings.objects.exists()
