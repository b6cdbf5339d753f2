"""The page of webhooks: a Lead adds an endpoint, and sees what is wrong with it at its field."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from caio_project.lib.models import WebhookEndpoint
from caio_project.lib.webhooks_out.event_types import EventType

pytestmark = pytest.mark.django_db
PATH = "/sales/settings/webhooks"
SENT = EventType.MESSAGE_SENT


@pytest.fixture
def page(client: Client, lead_user: User) -> Client:
    client.force_login(lead_user)
    return client


def test_secret_of_a_new_endpoint_is_shown_once(page: Client) -> None:
    added = page.post(PATH, {"url": "https://hooks.example.com/caio", "events": SENT})
    again = page.get(PATH)

    assert WebhookEndpoint.objects.get().url == "https://hooks.example.com/caio"
    assert re.search(r"<code>whsec_\S+</code>", added.content.decode())
    assert "whsec_" not in again.content.decode()


@pytest.mark.parametrize(
    ("url", "events", "field", "says"),
    [
        ("https://127.0.0.1/x", SENT, "id_url", "It is an address of a private network."),
        ("https://hooks.example.com/x", "", "id_events_0", "This field is required."),
    ],
)
def test_what_is_refused_links_to_its_field(
    page: Client, url: str, events: str, field: str, says: str
) -> None:
    answer = page.post(PATH, {"url": url, "events": events} if events else {"url": url})

    assert f'<a href="#{field}" hx-boost="false">{says}</a>' in answer.content.decode()
    assert not WebhookEndpoint.objects.exists()
