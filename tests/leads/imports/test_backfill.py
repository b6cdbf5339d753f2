"""Backfilling enrichment: whom it asks, that it can be ended and repeated, and what it says in the
end.
"""

import json
import threading
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from leads.enrichment import clay_push, enrichment_requests, submission_budget
from leads.imports import backfill
from leads.inbound import events
from leads.integrations import breaker
from leads.models import Budget, Enrichment
from leads.suppression import suppression
from tests import factories
from tests.fakes.clay import FakeClay
from tests.fakes.ghl import FakeGhl

pytestmark = pytest.mark.django_db


def lead(**more: Any) -> Any:
    return factories.LeadFactory(title="", **more)


def test_asks_only_about_live_leads_that_lack_something(clay: FakeClay) -> None:
    lacks = lead()
    factories.LeadFactory()
    lead(example=True)
    assert list(backfill.leads_to_ask()) == [lacks]


def test_lead_asked_within_a_week_is_skipped(clay: FakeClay) -> None:
    clay.configure(answers=0)
    first, second = lead(), lead()
    backfill.run_backfill(limit=1, wait=0)
    clay_push.push_due()
    Enrichment.objects.update(not_before=Enrichment.objects.get().created_at)
    enrichment_requests.settle_overdue()
    assert Enrichment.objects.get().lead in (first, second)
    assert backfill.run_backfill(limit=5, wait=0).asked == 1
    assert backfill.run_backfill(limit=5, wait=0).asked == 0


def test_answers_come_in_and_the_rate_is_said(
    committed: None, live_server: Any, clay: FakeClay, settings: Any
) -> None:
    clay.configure(callback_url=f"{live_server.url}/webhooks/clay")
    lead(), factories.LeadFactory()
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.1):
            events.process_due()
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    out = StringIO()
    try:
        call_command("backfill_enrichment", "--limit", "50", "--wait", "20", "--json", stdout=out)
    finally:
        stop.set()
        worker.join()
    said = json.loads(out.getvalue())
    assert (said["asked"], said["answered"], said["contacts"]) == (1, 1, None)
    assert (said["before"], said["after"]) == ({"gained": 0, "live": 2}, {"gained": 1, "live": 2})


def test_failed_pushes_are_said_and_fail_the_command(clay: FakeClay) -> None:
    clay.on("POST /v3/sources/webhook/{id}").status(404)
    lead()
    out = StringIO()
    with pytest.raises(CommandError, match="1 pushes failed"):
        call_command("backfill_enrichment", "--wait", "5", stdout=out)
    assert "Asked about 1: 0 answered" in out.getvalue()


def test_lead_that_could_not_be_asked_is_retried(clay: FakeClay) -> None:
    leads = [lead() for _ in range(5)]
    clay.on("POST /v3/sources/webhook/{id}").status(500, times=3)
    assert backfill.run_backfill(limit=5, wait=10).failed == 5
    breaker.close_after_answer()
    assert set(backfill.leads_to_ask()) == set(leads)
    submission_budget.submissions_used()
    Budget.objects.update(used=submission_budget.LIFETIME_SUBMISSIONS)
    enrichment_requests.request_enrichment(leads[0])
    clay_push.push_due()
    assert set(backfill.leads_to_ask()) == set(leads)


FAILED, SKIPPED, ANSWERED = "failed", "skipped", "answered"


def ended(about: Any, outcome: str, reason: str = "", days: float = 0, **more: Any) -> Enrichment:
    at = timezone.now() - timedelta(days=days)
    return Enrichment.objects.create(
        lead=about, state="settled", outcome=outcome, reason=reason, created_at=at, settled_at=at,
        answered_at=at if outcome in ("answered", "late", "unasked") else None, **more
    )  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (FAILED, "HTTP 500"),
        (FAILED, "HTTP 404"),
        (FAILED, "no answer within 30 s"),
        (FAILED, clay_push.BREAKER_OPEN),
        (FAILED, clay_push.BUDGET_USED_UP),
        (SKIPPED, enrichment_requests.IN_SANDBOX),
    ],
)
@pytest.mark.parametrize("days", [0, 3, 40])
def test_lead_that_lacks_nothing_is_asked_where_the_push_was_missed(
    clay: FakeClay, outcome: str, reason: str, days: float
) -> None:
    whole = factories.LeadFactory()
    ended(whole, outcome, reason, days)
    assert backfill.run_backfill(limit=5, wait=0).asked == 1
    clay_push.push_due()
    assert [row["email"] for row in clay.submissions()] == [whole.email]
    assert backfill.run_backfill(limit=5, wait=0).asked == 0


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (SKIPPED, "Clay answered within seven days."),
        (SKIPPED, "Unsubscribed: this person is not asked about."),
        (ANSWERED, ""),
        ("partial", "Clay did not answer within 30 seconds."),
        ("late", ""),
        ("unasked", ""),
    ],
)
def test_lead_that_lacks_nothing_and_missed_nothing_is_left(
    clay: FakeClay, outcome: str, reason: str
) -> None:
    ended(factories.LeadFactory(), outcome, reason)
    assert backfill.run_backfill(limit=5, wait=0).asked == 0
    assert (clay.submissions(), Enrichment.objects.count()) == ([], 1)


def test_a_missed_push_counts_only_until_clay_has_answered(clay: FakeClay) -> None:
    answered_since, missed_since = factories.LeadFactory(), factories.LeadFactory()
    for outcome, days in ((FAILED, 30), (ANSWERED, 20)):
        ended(answered_since, outcome, days=days)
    for outcome, days in ((ANSWERED, 30), (FAILED, 20)):
        ended(missed_since, outcome, days=days)
    assert list(backfill.leads_to_ask()) == [missed_since]


def test_leads_of_the_sandbox_are_asked_once_clay_is_connected(
    clay: FakeClay, settings: Any
) -> None:
    settings.SANDBOXED = ["clay", "ghl"]
    people = [factories.LeadFactory() for _ in range(3)]
    for person in people:
        enrichment_requests.request_enrichment(person)
    clay_push.push_due()
    assert clay.submissions() == []
    settings.SANDBOXED = ["ghl"]
    assert backfill.run_backfill(limit=50, wait=0).asked == 3
    clay_push.push_due()
    assert {row["email"] for row in clay.submissions()} == {person.email for person in people}


def test_suppressed_lead_does_not_use_the_limit(clay: FakeClay) -> None:
    other, stopped = lead(), lead()
    suppression.suppress("", "unsubscribed", "test", stopped)
    summary = backfill.run_backfill(limit=1, wait=0)
    assert (summary.asked, summary.not_asked) == (1, 1)
    assert Enrichment.objects.get().lead == other


def test_without_gohighlevel_only_leads_are_asked_about(clay: FakeClay) -> None:
    lead()
    out = StringIO()
    call_command("backfill_enrichment", "--wait", "0", stdout=out)
    assert "GoHighLevel is not connected: its contacts were not looked at." in out.getvalue()
    assert "Asked about 1: " in out.getvalue()


def test_contacts_are_reported_with_what_became_of_them(clay: FakeClay, ghl: FakeGhl) -> None:
    (
        ghl.add_contact("dana@northline.test"),
        ghl.add_contact("ben@northline.test", dnd=True),
        ghl.add_contact(None),
    )
    out = StringIO()
    call_command("backfill_enrichment", "--wait", "0", stdout=out)
    assert (
        "Contacts at GoHighLevel: 3 read, to the end of the list: 1 new leads, 0 known, 1 not "
        "to be written to, "
        "1 without an address, 0 deleted."
    ) in out.getvalue()
    assert "Leads with something from Clay: 0 of 0 (0%) before, 0 of 1 (0%) now." in out.getvalue()


def test_unreadable_contacts_fail_after_leads_are_asked(clay: FakeClay, ghl: FakeGhl) -> None:
    lead()
    ghl.on("POST /contacts/search").status(
        401, {"message": "Invalid token: access token is invalid"}
    )
    with pytest.raises(CommandError, match="not read to the end: .* Invalid token"):
        call_command("backfill_enrichment", "--wait", "0", stdout=StringIO())
    assert Enrichment.objects.count() == 1


def test_the_sandbox_is_refused_and_nothing_is_asked(ghl: FakeGhl) -> None:
    lead()
    with pytest.raises(CommandError, match="in the sandbox"):
        call_command("backfill_enrichment")
    assert (Enrichment.objects.count(), ghl.requests()) == (0, [])


def test_blocked_clay_refuses_the_backfill(clay: FakeClay, ghl: FakeGhl) -> None:
    lead()
    for _ in range(3):
        breaker.record_failure("nope", breaker.CallPermit.ASK)
    with pytest.raises(
        CommandError, match="its breaker is open. 3 pushes in a row failed, the last: nope"
    ):
        call_command("backfill_enrichment")
    breaker.close_after_answer()
    submission_budget.submissions_used()
    Budget.objects.update(used=submission_budget.LIFETIME_SUBMISSIONS)
    with pytest.raises(CommandError, match="all submissions of its webhook are used"):
        call_command("backfill_enrichment")
    assert (Enrichment.objects.count(), ghl.requests(), clay.requests()) == (0, [], [])


def test_a_limit_below_one_is_named(clay: FakeClay) -> None:
    with pytest.raises(CommandError, match="--limit"):
        call_command("backfill_enrichment", "--limit", "0")
