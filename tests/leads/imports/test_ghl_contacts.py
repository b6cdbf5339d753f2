"""Contacts whom only GoHighLevel knows become leads without a draft; whom it must not write to is
stopped here.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from leads.enrichment import clay_answers, clay_push
from leads.identity import lead_matching
from leads.imports import backfill, ghl_contacts
from leads.integrations import background_calls, rates
from leads.integrations.ghl import CALLS_PER_WINDOW, claim_call
from leads.models import Bookmark, Company, Enrichment, Lead, RateWindow, Suppression
from leads.scoring import assess
from leads.suppression import suppression
from outreach.drafting import manual_queue, no_draft, open_drafts
from outreach.models import Message
from tests import factories
from tests.fakes.clay import FakeClay
from tests.fakes.ghl import FakeGhl

pytestmark = pytest.mark.django_db


def taken(most: int = 50) -> dict[str, Any]:
    """What was not zero."""
    return {
        name: value for name, value in vars(ghl_contacts.import_contacts(most)).items() if value
    }


def lead() -> Lead:
    return Lead.objects.get()


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


# Reading on


def many(ghl: FakeGhl, count: int) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for n in range(count):
        at = (start + timedelta(minutes=n)).isoformat()
        ghl.add_contact(f"p{n}@firm-{n}.test", dateAdded=at)


def test_pages_are_read_by_position_to_the_end(ghl: FakeGhl) -> None:
    many(ghl, 205)
    Lead.objects.bulk_create(Lead(email=f"p{n}@firm-{n}.test") for n in range(203))
    assert taken() == {"read": 205, "new": 2, "known": 203, "ended": True}
    bodies = [request.json for request in ghl.requests("POST /contacts/search")]
    assert [body["pageLimit"] for body in bodies] == [100, 100, 100]
    assert ["searchAfter" in body for body in bodies] == [False, True, True]
    ghl.add_contact("late@firm.test")
    assert taken() == {"read": 1, "new": 1, "ended": True}
    assert taken() == {"ended": True}


def test_limit_within_a_page_continues_next_run(ghl: FakeGhl) -> None:
    many(ghl, 5)
    assert taken(2) == {"read": 2, "new": 2}
    assert taken(2) == {"read": 2, "new": 2}
    assert taken(2) == {"read": 1, "new": 1, "ended": True}
    assert set(Lead.objects.values_list("email", flat=True)) == {
        f"p{n}@firm-{n}.test" for n in range(5)
    }


def test_kill_within_a_page_repeats_and_loses_none(ghl: FakeGhl) -> None:
    many(ghl, 5)

    def killed(taken: ghl_contacts.ContactImport) -> None:
        if taken.new == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ghl_contacts.import_contacts(5, killed)
    assert Lead.objects.count() == 3
    assert taken() == {"read": 5, "new": 2, "known": 3, "ended": True}
    assert Lead.objects.count() == 5


@pytest.mark.parametrize("status", [401, 429, 500])
def test_ghl_failure_keeps_progress_for_next_run(ghl: FakeGhl, status: int) -> None:
    many(ghl, 3)
    second = ghl.state()["contacts"][1]["id"]
    ghl.on(f"GET /contacts/{second}").status(status, {"message": "nope"}, times=1)
    said = taken()
    assert said.pop("error").endswith(f"answered {status}: nope")
    assert said == {"read": 2, "new": 1}
    RateWindow.objects.update(paused_until=None)
    assert taken() == {"read": 2, "new": 2, "ended": True}


def test_what_is_no_list_of_contacts_is_said(ghl: FakeGhl) -> None:
    ghl.on("POST /contacts/search").status(200, {"contacts": [{"id": "x"}]})
    assert taken() == {
        "error": "GoHighLevel answered a search without contacts and their positions"
    }


def test_list_is_read_again_after_a_week(ghl: FakeGhl) -> None:
    contact = ghl.add_contact(None, "+16145550142")
    assert taken() == {"read": 1, "without_address": 1, "ended": True}
    ghl._change_contact(ghl._contacts[contact["id"]], {"email": "dana@northline.test"})
    assert taken() == {"ended": True}
    Bookmark.objects.update(ended_at=timezone.now() - timedelta(days=7, minutes=1))
    assert taken() == {"read": 1, "new": 1, "ended": True}


def test_another_location_is_read_from_its_own_beginning(ghl: FakeGhl, settings: Any) -> None:
    ghl.add_contact("dana@northline.test")
    ghl_contacts.import_contacts(5)
    settings.GHL_LOCATION_ID = "loc-2"
    ghl.configure(location_id="loc-2")
    assert taken() == {"read": 1, "known": 1, "ended": True}


def test_import_uses_only_a_third_of_rate(ghl: FakeGhl) -> None:
    many(ghl, 1)
    assert background_calls.CALLS_PER_WINDOW * 3 == CALLS_PER_WINDOW
    ghl_contacts.import_contacts(1)
    used = dict(RateWindow.objects.values_list("vendor", "used"))
    assert used in (
        {"ghl": 2, "ghl_background": 2},
        {"ghl": 1, "ghl_background": 1},
    )  # where a window ended between
    rates.pause_vendor("ghl_background", 60, "as if used up")
    assert taken() == {"error": "ghl_background is not asked for 60 s: as if used up"}
    claim_call()


# What becomes of them


def test_imported_contacts_are_scored_but_not_drafted(ghl: FakeGhl, clay: FakeClay) -> None:
    ghl.add_contact(
        "dana@northline.test",
        firstName="Dana",
        lastName="Okafor",
        companyName="Northline",
        country="US",
    )
    backfill.run_backfill(limit=5, wait=0)
    clay_push.push_due()
    [row] = clay.submissions()
    assert (row["email"], row["full_name"], row["company_name"]) == (
        "dana@northline.test",
        "Dana Okafor",
        "Northline",
    )
    assert row["source"] == "ghl"
    clay_answers.record_answer(
        row["request_id"], {"job_title": "VP Sales", "industry": "Logistics"}
    )
    assess.assess_due()
    assert (lead().title, lead().score is not None) == ("VP Sales", True)
    assert (open_drafts.open_new_drafts(), Message.objects.count()) == (1, 0)
    assert manual_queue.why_not_queued(lead()) is None


def test_a_visit_makes_a_contact_an_ordinary_lead(ghl: FakeGhl) -> None:
    ghl.add_contact("dana@northline.test")
    ghl_contacts.import_contacts(5)
    assert lead_matching.find_lead("dana@northline.test", "in/dana") == lead()
    factories.VisitFactory(lead=lead())
    assert no_draft.why_no_draft_now(lead()) is None


def test_leads_come_before_contacts_within_one_limit(ghl: FakeGhl, clay: FakeClay) -> None:
    many(ghl, 4)
    visitor = factories.LeadFactory(title="")
    summary = backfill.run_backfill(limit=3, wait=0)
    assert (summary.asked, summary.contacts.new) == (3, 2)
    assert str(summary.before) == "0 of 1 (0%)"
    assert Enrichment.objects.filter(lead=visitor).count() == 1
    assert (
        backfill.run_backfill(limit=3, wait=0).asked,
        backfill.run_backfill(limit=3, wait=0).asked,
    ) == (2, 0)
