"""The whole path on real input: RB2B's body in, Clay answers, a person approves, one email at
GoHighLevel.
"""

import json
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User

from approvals.models import Decision
from leads.enrichment import clay_push, enrichment_requests
from leads.inbound import events, receive
from leads.models import Enrichment, InboundEvent, Lead, Visit
from leads.scoring import assess
from outreach.drafting import drafts, open_drafts
from outreach.models import Message
from outreach.sending import send
from tests import factories
from tests.conftest import TOKEN, person
from tests.fakes import rb2b
from tests.fakes.clay import FakeClay
from tests.fakes.ghl import FakeGhl


def work() -> None:
    """What the sweeps do, in the order of the stages."""
    # SQLite in memory locks tables between threads, and what the server could not store is spooled
    receive.drain_spool()
    events.process_due()
    clay_push.push_due()
    events.process_due()
    assess.assess_due()
    open_drafts.open_new_drafts()
    drafts.write_drafts()


def answered(row: dict[str, Any]) -> dict[str, Any]:
    """What Clay finds about one row: an address of this very person."""
    found = f"{row['first_name']}.{row['last_name']}@{row['company_domain']}".lower()
    return {
        "request_id": row["request_id"],
        "work_email": found,
        "email_verified": True,
        "job_title": "COO",
    }


@pytest.fixture
def site(
    committed: None, live_server: Any, settings: Any, ghl: FakeGhl, clay: FakeClay, loose: None
) -> Any:
    settings.SITE_URL = live_server.url
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
    clay.configure(callback_url=f"{live_server.url}/webhooks/clay", answer=answered)
    factories.TeamMemberFactory(default_sender=True)
    return live_server


def arrive(site: Any, clay: FakeClay, **more: Any) -> Message:
    """One captured-shape body through the webhook, answered by Clay, up to the review queue."""
    before = len(clay.callbacks())
    visitor = rb2b.person({"Business Email": None, **more})
    answer = requests.post(
        f"{site.url}/webhooks/rb2b?token={TOKEN}", data=rb2b.to_body(visitor), timeout=60
    )
    assert answer.status_code == 200
    events.process_due()
    clay_push.push_due()
    clay.wait_for_callbacks(before + 1, timeout=60)
    work()
    return Message.objects.latest("pk")


@pytest.mark.browser
def test_a_visitor_becomes_one_reviewed_email(
    site: Any, clay: FakeClay, ghl: FakeGhl, browser: Any
) -> None:
    lena = person("lena", "Lead")

    desk, admins = arrive(site, clay), arrive(site, clay)
    for message in (desk, admins):
        assert (message.status, message.lead.enrichments.get().outcome) == ("held", "answered")
        assert message.lead.sources["email"]["source"] == "clay"

    page = browser.new_page()
    sign_in(page, site, lena)
    page.goto(f"{site.url}/sales/queue/{desk.public_id}")
    assert desk.text.subject in page.locator("main").inner_text()  # type: ignore[union-attr]
    approve = page.get_by_role("button", name="Approve")
    text = desk.text.body.split()  # type: ignore[union-attr]
    page.wait_for_timeout(max(5000, len(text) * 125) + 1500)  # before that it was not read
    approved, read_on = (
        page.get_by_text("Approved:").first,
        page.locator("#told").get_by_text("Read to the end"),
    )
    approve.first.click()  # the first may only scroll to the end of the email
    approved.or_(read_on).first.wait_for()
    if read_on.count():
        approve.first.click()
    approved.wait_for()

    page.goto(f"{site.url}/admin/approvals/approval/")
    page.locator(f"input[name=_selected_action][value='{admins.pk}']").check()
    page.locator("select[name=action]").select_option("approve_emails")
    page.locator(
        "button[name=index], #changelist-actions button[type=submit], button:has-text('Run')"
    ).first.click()
    page.wait_for_load_state()
    assert admins.text.body.split("\n\n")[1][:40] in page.locator("body").inner_text()  # type: ignore[union-attr]
    page.wait_for_timeout(max(5000, len(admins.text.body.split()) * 125) + 1500)  # type: ignore[union-attr]
    page.get_by_role("button", name="Approve 1").click()
    page.get_by_text("Approved 1 of 1.").wait_for()
    page.close()

    assert list(
        Decision.objects.order_by("pk").values_list("message", "channel", "by__username")
    ) == [(desk.pk, "desk", "lena"), (admins.pk, "admin", "lena")]
    assert send.send_due() == 2
    assert send.send_due() == 0

    sent = ghl.sent_emails()
    assert sorted(email["to"] for email in sent) == sorted([desk.to_address, admins.to_address])
    posted = [request.json for request in ghl.requests("POST /conversations/messages")]
    assert [set(body) for body in posted] == [
        {"type", "contactId", "emailFrom", "emailTo", "subject", "html"}
    ] * 2
    assert {body["emailFrom"] for body in posted} == {"alex@mail.ours.example.com"}
    assert f"{site.url}/u/{desk.unsubscribe_token}" in next(
        b["html"] for b in posted if b["emailTo"] == desk.to_address
    )

    status = requests.get(f"{site.url}/api/queue-status", timeout=60).json()
    assert status["shadow_mode_emails"] == {"total": 2, "pending": 0, "approved": 2, "rejected": 0}
    assert status["daily_limit"]["used"] == 2
    assert status["pipeline"]["messages"] == {"sent": 2}


def sign_in(page: Any, site: Any, user: User) -> None:
    page.goto(f"{site.url}/accounts/login/")
    page.locator("input[name=login]").fill(user.username)
    page.locator("input[name=password]").fill("a-long-password")
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url("**/sales")


def test_the_same_body_twice_makes_one_visit_and_one_draft(site: Any, clay: FakeClay) -> None:
    body = rb2b.to_body(rb2b.person())
    for _ in range(2):
        assert (
            requests.post(f"{site.url}/webhooks/rb2b/{TOKEN}", data=body, timeout=60).status_code
            == 200
        )
        work()
    clay.wait_for_callbacks(1, timeout=60)
    work()
    assert (Visit.objects.count(), Lead.objects.count(), Message.objects.count()) == (1, 1, 1)
    assert InboundEvent.objects.get(source="rb2b").deliveries == 2


def test_without_clays_answer_a_visitor_goes_on_partially(site: Any, clay: FakeClay) -> None:
    clay.configure(answers=0)
    requests.post(
        f"{site.url}/webhooks/rb2b?token={TOKEN}", data=rb2b.to_body(rb2b.person()), timeout=60
    )
    work()
    assert Message.objects.count() == 0
    Enrichment.objects.update(not_before=Enrichment.objects.get().requested_at)
    enrichment_requests.settle_overdue()
    work()
    assert (Enrichment.objects.get().outcome, Message.objects.get().status) == ("partial", "held")


def test_a_company_without_a_person_never_drafts(site: Any, clay: FakeClay) -> None:
    requests.post(
        f"{site.url}/webhooks/rb2b?token={TOKEN}",
        data=rb2b.to_body(rb2b.company_only()),
        timeout=60,
    )
    work()
    assert (Visit.objects.count(), Lead.objects.count(), Message.objects.count()) == (1, 0, 0)


def test_a_five_megabyte_body_is_parked_with_200(site: Any) -> None:
    body = json.dumps({"LinkedIn URL": "x" * 5_000_000})
    answer = requests.post(f"{site.url}/webhooks/rb2b?token={TOKEN}", data=body, timeout=60)
    event = InboundEvent.objects.get()
    assert (answer.status_code, event.state, len(event.body)) == (
        200,
        "parked",
        events.LARGEST_BODY,
    )
    assert "larger than" in event.reason
