"""Pages show times in the zone of who reads them."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from caio_project.lib.models import PersonalSettings
from outreach.models import Message
from tests import factories

pytestmark = pytest.mark.django_db
PAGE = "/sales/settings/me"


def choose(client: Client, zone: str) -> str:
    response = client.post(PAGE, {"time_zone": zone})
    return response.content.decode() if response.status_code == 422 else ""


def test_times_are_in_the_readers_zone(client: Client, viewer: User) -> None:
    factories.cleared_email()
    at = datetime(2025, 7, 3, 16, 0, tzinfo=UTC)
    Message.objects.update(status="uncertain", uncertain_at=at, not_before=at)
    client.force_login(viewer)
    assert "12:00\u00a0PM\u00a0ET" in client.get("/sales/sent").content.decode()
    assert choose(client, "America/Los Angeles") == ""
    assert "9:00\u00a0AM\u00a0PT" in client.get("/sales/sent").content.decode()
    assert timezone.get_current_timezone_name() == "America/New_York"
    assert choose(client, "") == ""
    assert "12:00\u00a0PM\u00a0ET" in client.get("/sales/sent").content.decode()


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "x" * 60, "posixrules"])
def test_an_unknown_zone_is_refused(client: Client, viewer: User, zone: str) -> None:
    client.force_login(viewer)
    assert 'id="id_time_zone_error"' in choose(client, zone)
    assert not PersonalSettings.objects.exists()


def test_a_zone_that_is_gone_shows_the_teams(client: Client, viewer: User) -> None:
    PersonalSettings.objects.create(user=viewer, time_zone="Gone/Away")
    client.force_login(viewer)
    assert client.get("/sales").status_code == 200
