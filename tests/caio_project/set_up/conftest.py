from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from caio_project.lib.vendor_access import access
from tests.fakes.clay import FakeClay
from tests.fakes.ghl import FakeGhl

PATH = "/sales/setup"
Act = Callable[..., HttpResponse]


@pytest.fixture(autouse=True)
def read_rows(clean_cache: None) -> None:
    """As in the product: rows are read."""
    access.forget_rows()


@pytest.fixture
def page(client: Client, lead_user: User) -> Client:
    client.force_login(lead_user)
    return client


@pytest.fixture
def act(page: Client) -> Act:
    """Press a button of the page as a Lead; the answer is the page that follows."""

    def press(act: str, about: str, value: str = "") -> Any:
        body = {"act": act, "about": about, "value": value}
        return page.post(PATH, body, follow=True)

    return press


@pytest.fixture
def ghl_there(settings: Any) -> Any:
    """GoHighLevel answers, and the environment has no word of it but its address."""
    with FakeGhl(token="pit-right-0123456789", location_id="loc-test", rate_limit=None) as fake:
        settings.GHL_BASE_URL, settings.GHL_API_TOKEN = fake.url, ""
        settings.GHL_LOCATION_ID = settings.GHL_FROM_EMAIL = ""
        yield fake


@pytest.fixture
def clay_there(settings: Any, ghl_there: FakeGhl) -> Any:
    with FakeClay(auth_token="clay-auth", callback_token="clay-callback-token") as fake:
        settings.CLAY_WORKBOOK_WEBHOOK_URL = settings.CLAY_WEBHOOK_AUTH_TOKEN = ""
        settings.CLAY_CALLBACK_TOKEN = ""
        yield fake
