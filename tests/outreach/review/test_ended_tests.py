"""Test visitors leave the queue; test and example people are marked and prove nothing."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from approvals.escalation import held_notices
from approvals.queue import review_queue
from caio_project.lib.models import ApiKey
from caio_project.operations import test_visitor
from leads.models import InboundEvent, Kind, Lead
from metrics.gates import parallel_checks
from metrics.overview import flow
from outreach.models import DailySlots, Message
from outreach.review import ended_tests
from outreach.tasks import expire_due
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]
LONG_AGO = timedelta(minutes=16)


def of(kind: str) -> Lead:
    return factories.LeadFactory(kind=kind, first_name="Robin")


@pytest.mark.parametrize(
    ("kind", "age", "status"),
    [
        ("test", LONG_AGO, "withdrawn"),
        ("test", timedelta(minutes=14), "held"),
        ("example", LONG_AGO, "held"),
        ("training", LONG_AGO, "held"),
        ("live", LONG_AGO, "held"),
    ],
)
def test_only_old_test_visitors_leave_by_the_sweep(kind: str, age: timedelta, status: str) -> None:
    message = factories.held_email(of(kind))
    Message.objects.update(created_at=timezone.now() - age)
    expire_due()
    message.refresh_from_db()
    assert message.status == status


@pytest.mark.parametrize("make", [factories.draft_email, factories.held_email])
def test_they_leave_from_wherever_they_wait(make: Any) -> None:
    make(of("test"))
    Message.objects.update(created_at=timezone.now() - LONG_AGO)
    assert ended_tests.withdraw_old_tests() == 1
    message = Message.objects.get()
    assert (message.status, message.moves.latest("pk").why) == ("withdrawn", "test_over")
    assert ended_tests.withdraw_old_tests() == 0


def test_blocked_test_visitor_leaves_too(settings: Any) -> None:
    settings.POSTAL_ADDRESS = ""
    from outreach.drafting import drafts

    message = drafts.write_draft(factories.draft_email(of("test")))
    assert message.status == "blocked"
    assert ended_tests.withdraw_test_emails(message.lead) == 1


def test_a_run_takes_its_own_visitor_along(monkeypatch: Any) -> None:
    lead, other = of("test"), factories.held_email(of("test"))
    message = factories.held_email(lead)
    monkeypatch.setattr(test_visitor, "_visitor_lead", lambda event: lead)
    test_visitor.follow_test_visitor(wait=0)
    message.refresh_from_db()
    other.refresh_from_db()
    assert (message.status, other.status) == ("withdrawn", "held")


@pytest.mark.parametrize(("kind", "overdue"), [("test", 0), ("example", 1), ("live", 1)])
def test_test_visitors_are_never_overdue(kind: str, overdue: int) -> None:
    factories.held_email(of(kind))
    Message.objects.update(due_at=timezone.now() - timedelta(hours=1))
    assert review_queue.count_overdue() == overdue


@pytest.mark.parametrize("kind", ["test", "example", "training"])
@pytest.mark.parametrize(
    "path", ["/sales", "/sales/queue", "/sales/leads", "desk", "lead", "admin"]
)
def test_they_are_marked_on_every_page(
    client: Client, admin_user: User, kind: str, path: str
) -> None:
    lead = of(kind)
    message = factories.held_email(lead)
    paths = {
        "desk": f"/sales/queue/{message.public_id}",
        "lead": f"/sales/leads/{lead.public_id}",
        "admin": "/admin/outreach/message/",
    }
    if kind == "training":  # only where somebody asks for it
        asked = {"/sales/queue": "?show=training", "/sales/leads": "?show=example"}
        paths |= {name: f"{name}{query}" for name, query in asked.items()}
        paths["/sales"] = paths["desk"]
    client.force_login(admin_user)
    page = " ".join(client.get(paths.get(path, path)).content.decode().split())
    assert f"Robin {lead.last_name} ({kind})" in page


def test_people_are_not_marked() -> None:
    lead = of("live")
    assert str(lead) == f"Robin {lead.last_name}"


def test_notices_mark_them() -> None:
    factories.held_email(of("example"))
    held_notices.create_held_notices()
    from approvals.models import Notice

    assert "(example)" in Notice.objects.get().text


@pytest.mark.parametrize("kind", ["live", "test", "example"])
def test_api_says_what_they_are(client: Client, kind: str) -> None:
    message = factories.held_email(of(kind))
    _, secret = ApiKey.objects.create_key(name="test", scopes=["messages:read"])
    headers = {"Authorization": f"Bearer {secret}"}
    for path in ("/api/pending-emails", f"/api/messages/{message.public_id}"):
        body = json.loads(client.get(path, headers=headers).content)
        row = body["results"][0] if "results" in body else body
        assert (row["recipient"]["kind"], row["recipient"]["name"]) == (kind, message.lead.name)


@pytest.mark.parametrize(
    ("kind", "state"), [("live", "pass"), ("example", "insufficient"), ("test", "insufficient")]
)
def test_warm_connection_counts_of_people_only(kind: str, state: str) -> None:
    factories.AssessmentFactory(lead=of(kind), warm={"member": "Alex"})
    assert parallel_checks._warm_connections().state == state


@pytest.mark.parametrize(("kind", "state"), [("live", "pass"), ("example", "insufficient")])
def test_daily_limit_is_not_proved_by_examples(kind: str, state: str) -> None:
    from outreach.models import SendIntent

    now = timezone.now()
    SendIntent.objects.create(
        message=factories.held_email(of(kind)), transport="sandbox", phase="parallel",
        day=now.date(), domain="x.test", claimed_at=now,
    )  # fmt: skip
    DailySlots.objects.create(day=now.date(), used=1)
    assert parallel_checks._daily_limit().state == state


@pytest.mark.parametrize(("kind", "seen"), [("test", True), ("live", True), ("example", False)])
def test_examples_show_no_stage_working(kind: str, seen: bool) -> None:
    lead = of(kind)
    factories.VisitFactory(lead=lead)
    factories.held_email(lead)
    InboundEvent.objects.create(
        source="rb2b", body=b"{}", body_sha256="x", state="processed", kind=Kind(kind)
    )
    found = flow.count_stage_activity(timezone.now() - timedelta(hours=1))
    names = ("received", "lead", "assessed", "drafted", "held")
    assert {name: bool(found[name]) for name in names} == dict.fromkeys(names, seen)
