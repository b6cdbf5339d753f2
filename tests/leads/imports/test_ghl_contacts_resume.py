"""Continuing the list of GoHighLevel's contacts, and what becomes of the leads."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from leads.enrichment import clay_answers, clay_push
from leads.identity import lead_matching
from leads.imports import backfill, ghl_contacts
from leads.integrations import background_calls, rates
from leads.integrations.ghl import PACE, claim_call
from leads.models import Bookmark, Enrichment, Lead, RateWindow
from leads.scoring import assess
from outreach.drafting import manual_queue, no_draft, open_drafts
from outreach.models import Message
from tests import factories
from tests.fakes.clay import FakeClay
from tests.fakes.ghl import FakeGhl
from tests.leads.imports.contact_helpers import lead, taken

pytestmark = pytest.mark.django_db


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
    assert background_calls.PACE.every == 3 * PACE.every
    ghl_contacts.import_contacts(1)
    assert set(RateWindow.objects.values_list("vendor", flat=True)) == {"ghl", "ghl_background"}
    rates.pause_vendor("ghl_background", 60, "as if used up")
    assert taken() == {"error": "ghl_background is not asked for 60 s: as if used up"}
    claim_call()


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
