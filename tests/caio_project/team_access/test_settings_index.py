"""The index of settings leads everywhere that this person may go, and nowhere else."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.conftest import person
from tests.factories import TeamMemberFactory

pytestmark = pytest.mark.django_db
INDEX = "/sales/settings"


def links_of(client: Client) -> list[str]:
    page = client.get(INDEX).text
    return re.findall(r'<li><a href="([^"]+)"', page[page.index("<h1") :])


@pytest.mark.parametrize("role", ["nobody", "Viewer", "Lead"])
def test_every_link_opens_and_finds_its_place(client: Client, role: str) -> None:
    user = User.objects.create_user("pat") if role == "nobody" else person("pat", role)
    TeamMemberFactory(name="Pat", user=user)
    client.force_login(user)
    found = links_of(client)
    assert len(found) > 5
    for link in found:
        path, _, part = link.partition("#")
        answer = client.get(path, follow=True)
        assert answer.status_code == 200, link
        assert not part or f'id="{part}"' in answer.text, link


def test_a_lead_is_led_to_more_than_a_viewer(client: Client, viewer: User, lead_user: User) -> None:
    client.force_login(viewer)
    seen = set(links_of(client))
    client.force_login(lead_user)
    more = {"/sales/imports", "/sales/settings/webhooks"}
    assert set(links_of(client)) - seen == more


def test_pages_lead_to_it(client: Client, viewer: User) -> None:
    client.force_login(viewer)
    assert f'href="{INDEX}"' in client.get("/sales").text


def test_it_takes_no_post(client: Client, lead_user: User) -> None:
    client.force_login(lead_user)
    assert client.post(INDEX).status_code == 405
