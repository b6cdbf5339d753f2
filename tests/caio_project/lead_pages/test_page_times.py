"""Days and times on the pages of leads are the reader's, in one manner."""

import html
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from caio_project.lib.models import DiagnosisRun, PersonalSettings
from caio_project.operations import diagnosis_runs
from leads.models import Lead, Suppression
from outreach.models import Meeting
from tests import factories

pytestmark = pytest.mark.django_db
NBSP = "\u00a0"
LATE = datetime(2026, 3, 4, 3, 30, tzinfo=UTC)  # March 3 in New York, March 4 in Berlin


@pytest.fixture
def reader(client: Client, lead_user: User) -> Client:
    """Of Berlin, while the team is in New York."""
    PersonalSettings.objects.create(user=lead_user, time_zone="Europe/Berlin")
    client.force_login(lead_user)
    return client


def words(client: Client, path: str) -> str:
    page = client.get(path).content.decode().replace(NBSP, " ")
    return html.unescape(" ".join(page.split()))


def test_a_meeting_is_said_in_the_readers_zone(reader: Client) -> None:
    lead = factories.LeadFactory()
    Meeting.objects.create(
        lead=lead, ghl_id="m1", booked_at=LATE, starts_at=LATE, changed_at=LATE, status="confirmed"
    )
    page = words(reader, f"/sales/leads/{lead.public_id}")
    assert "Booked for Mar 4, 4:30 AM CET: confirmed" in page and "UTC" not in page


def test_the_end_of_a_stop_is_a_day_as_people_say_it(reader: Client) -> None:
    lead = factories.LeadFactory()
    Suppression.objects.create(
        scope="address",
        value=lead.email,
        reason="customer",
        source="list",
        expires_at=LATE.replace(year=2027),
    )
    page = words(reader, f"/sales/leads/{lead.public_id}")
    assert "until Mar 4, 2027" in page


def test_why_hot_says_today_by_the_readers_day(reader: Client, time_machine: Any) -> None:
    time_machine.move_to(datetime(2026, 3, 4, 4, 30, tzinfo=UTC))
    row = {"code": "page", "points": 53, "text": "Pricing", "label": "Pricing", "visits": 1}
    before_midnight_there = datetime(2026, 3, 3, 22, 30, tzinfo=UTC).isoformat()
    factories.held_email(intent=77, reasons=[{**row, "last_at": before_midnight_there}])
    assert "77: pricing yesterday" in words(reader, "/sales/queue")
    PersonalSettings.objects.update(time_zone="America/New_York")
    assert "77: pricing today" in words(reader, "/sales/queue")


def test_a_diagnosis_says_times_in_the_zone_of_who_asked(reader: Client, lead_user: User) -> None:
    DiagnosisRun.objects.create(by=lead_user)
    assert diagnosis_runs.run_asked_diagnosis()
    page = words(reader, "/sales/diagnosis")
    assert "CET" in page and " UTC" not in page


def test_a_merge_page_says_days_alike(reader: Client) -> None:
    one, other = factories.LeadFactory(), factories.LeadFactory()
    Lead.objects.filter(pk=one.pk).update(first_seen_at=LATE)
    Lead.objects.filter(pk=other.pk).update(first_seen_at=LATE.replace(year=2025))
    page = words(reader, f"/sales/leads/{one.public_id}/merge/{other.public_id}")
    assert "Mar 4" in page and "Mar 4, 2025" in page and "4 Mar 20" not in page
