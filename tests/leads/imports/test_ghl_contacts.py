"""Contacts whom only GoHighLevel knows become leads without a draft; whom it must not write to is
stopped here.
"""

from datetime import UTC, datetime
from typing import Any

import pytest

from leads.imports import backfill, ghl_contacts
from leads.models import Company, Lead, Suppression
from leads.suppression import suppression
from tests import factories
from tests.fakes.clay import FakeClay
from tests.fakes.ghl import FakeGhl
from tests.leads.imports.contact_helpers import lead, taken

pytestmark = pytest.mark.django_db


def test_contact_becomes_a_lead_with_sources(ghl: FakeGhl) -> None:
    factories.TeamMemberFactory(default_sender=True)
    ben = factories.TeamMemberFactory(name="Ben", ghl_user_id="usr-7")
    ghl.add_contact(
        "Dana.Okafor@Northline.test", firstName="dana", lastName="O'Kafor",
        companyName="Northline, Inc.",
        website="https://www.northline.test/", city="Columbus", state="ohio", country="US",
        assignedTo="usr-7",
        dateAdded="2026-03-02T10:00:00.000Z",
    )  # fmt: skip
    assert taken() == {"read": 1, "new": 1, "ended": True}
    one = lead()
    assert (one.email, one.first_name, one.last_name, one.address, one.kind) == (
        "dana.okafor@northline.test", "Dana", "O'Kafor", "usable", "live",
    )  # fmt: skip
    assert (one.city, one.state, one.country, one.owner) == ("Columbus", "OH", "US", ben)
    assert one.first_seen_at == one.last_seen_at == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert (one.company, one.company.domain, one.company.name) == (
        Company.objects.get(),
        "northline.test",
        "Northline, Inc.",
    )
    assert {said["source"] for row in (one, one.company) for said in row.sources.values()} == {
        "ghl"
    }
    assert one.needs_assessment_at is None  # until Clay has answered or not


def test_a_contact_joins_the_company_that_is_known(ghl: FakeGhl) -> None:
    company = factories.CompanyFactory(domain="northline.test", name="Northline Freight")
    ghl.add_contact("dana@northline.test", companyName="northline")
    ghl_contacts.import_contacts(5)
    assert (lead().company, Company.objects.get().name) == (company, "Northline Freight")


@pytest.mark.parametrize("known_as", ["email", "personal_email"])
def test_whoever_is_a_lead_already_is_left_alone(ghl: FakeGhl, known_as: str) -> None:
    factories.LeadFactory(**{"email": "other@northline.test", known_as: "dana@northline.test"})
    before = Lead.objects.values().get()
    ghl.add_contact("DANA@northline.test", firstName="Someone", city="Elsewhere")
    assert taken() == {"read": 1, "known": 1, "ended": True}
    assert Lead.objects.values().get() == before
    assert ghl.requests("GET /contacts/{id}") == []


def test_contact_without_address_becomes_no_lead(ghl: FakeGhl) -> None:
    ghl.add_contact(None, "+16145550142")
    ghl.add_contact("dana at northline")
    assert taken() == {"read": 2, "without_address": 2, "ended": True}
    assert not Lead.objects.exists()


BLOCKED: dict[str, dict[str, Any]] = {
    "all channels": {"dnd": True},
    "email": {"dndSettings": {"Email": {"status": "active"}}},
    "email for good": {"dndSettings": {"Email": {"status": "permanent"}}},
}


@pytest.mark.parametrize("said", BLOCKED.values(), ids=BLOCKED)
def test_contact_blocked_at_ghl_is_suppressed(
    ghl: FakeGhl, clay: FakeClay, said: dict[str, Any]
) -> None:
    """The search says nothing of it; the contact itself does."""
    ghl.add_contact("dana@northline.test", **said)
    summary = backfill.run_backfill(limit=5, wait=0)
    assert (summary.asked, summary.contacts.stopped, summary.contacts.new) == (0, 1, 0)
    row = Suppression.objects.get()
    assert (row.scope, row.value, row.reason, row.source) == (
        "address",
        "dana@northline.test",
        "unsubscribed",
        "ghl",
    )
    assert not Lead.objects.exists()
    assert clay.requests() == []
    assert suppression.find_stop(
        "dana@northline.test"
    ).stops_person  # also where they visit one day


def test_dnd_on_another_channel_does_not_suppress(ghl: FakeGhl) -> None:
    ghl.add_contact(
        "dana@northline.test",
        dndSettings={"SMS": {"status": "active"}, "Email": {"status": "inactive"}},
    )
    assert taken() == {"read": 1, "new": 1, "ended": True}
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"tags": ["VIP", "Customer"]}, "customer"),
        ({"tags": ["competitor"]}, "competitor"),
        ({"tags": ["do-not-contact"]}, "manual"),
        ({"type": "customer"}, "customer"),
        ({"tags": ["customer"], "dnd": True}, "unsubscribed"),
    ],
)
def test_tags_and_customers_of_ghl_are_stopped(
    ghl: FakeGhl, said: dict[str, Any], reason: str
) -> None:
    ghl.add_contact("dana@northline.test", **said)
    assert taken() == {"read": 1, "stopped": 1, "ended": True}
    assert Suppression.objects.get().reason == reason
    assert not Lead.objects.exists()


def test_which_tags_stop_somebody_is_a_setting(ghl: FakeGhl, settings: Any) -> None:
    settings.GHL_STOP_TAGS = {"partner"}
    ghl.add_contact("dana@northline.test", tags=["customer"])
    ghl.add_contact("ben@northline.test", tags=["Partner"])
    assert taken() == {"read": 2, "new": 1, "stopped": 1, "ended": True}
    assert lead().email == "dana@northline.test"


@pytest.mark.parametrize(
    ("scope", "value", "reason"),
    [
        ("domain", "northline.test", "customer"),
        ("address", "dana@northline.test", "complained"),
        ("address_hash", suppression.erased_hash("dana@northline.test"), "erased"),
    ],
)
def test_suppressed_contact_becomes_no_lead(
    ghl: FakeGhl, scope: str, value: str, reason: str
) -> None:
    Suppression.objects.create(scope=scope, value=value, reason=reason, source="test")
    ghl.add_contact("dana@northline.test", firstName="Dana")
    assert taken() == {"read": 1, "stopped": 1, "ended": True}
    assert not Lead.objects.exists()
    assert ghl.requests("GET /contacts/{id}") == []


def test_our_own_people_are_no_leads(ghl: FakeGhl) -> None:
    ghl.add_contact("alex@ours.example.com")
    assert taken() == {"read": 1, "stopped": 1, "ended": True}


def test_address_of_the_contact_itself_counts(ghl: FakeGhl) -> None:
    """The index of the search is behind what people change."""
    contact = ghl.add_contact("dana@northline.test")
    factories.LeadFactory(email="new@northline.test")
    now = {**contact, "email": "new@northline.test", "emailLowerCase": "new@northline.test"}
    ghl.on("GET /contacts/{id}").status(200, {"contact": now})
    assert taken() == {"read": 1, "known": 1, "ended": True}
    assert lead().email == "new@northline.test"


def test_deleted_contact_is_skipped(ghl: FakeGhl) -> None:
    ghl.add_contact("gone@northline.test"), ghl.add_contact("dana@northline.test")
    ghl.on("GET /contacts/{id}").status(400, {"message": "Contact with id x not found"}, times=1)
    assert taken() == {"read": 2, "new": 1, "gone": 1, "ended": True}
