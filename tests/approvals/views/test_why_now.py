"""Row and desk say why an email has its band, why now, and which checks need a look."""

import html
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from approvals.desk import desk as desk_work
from leads.models import Assessment, Company
from outreach.models import Message
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client, reviewer: User) -> Client:
    client.force_login(reviewer)
    return client


def words(client: Client, path: str) -> str:
    return html.unescape(" ".join(client.get(path).content.decode().split()))


def desk_of(message: Message) -> str:
    return f"/sales/queue/{message.public_id}"


def reasons(**more: Any) -> list[dict[str, Any]]:
    at = (timezone.now() - timedelta(minutes=1)).isoformat()
    page = {"code": "page", "points": 53, "text": "Pricing, 2 visits", "label": "Pricing"}
    return [
        {**page, "visits": 2, "last_at": at, "source": "Google", **more},
        {"code": "fit", "points": 24, "text": "Fit 95 of 100"},
    ]


def test_row_and_desk_say_which_pages(desk: Client) -> None:
    message = factories.held_email(intent=77, reasons=reasons())
    assert "77: pricing today" in words(desk, "/sales/queue")
    said = words(desk, desk_of(message))
    assert "<b>HOT</b> 77: pricing today" in said
    assert "Pricing page twice, last 1 min ago, from Google" in said


def test_row_and_desk_say_tier_and_size(desk: Client) -> None:
    message = factories.held_email(intent=29, tier="tier_1", reasons=[])
    Company.objects.update(employees="201-500", employees_from=201)
    for path in ("/sales/queue", desk_of(message)):
        assert "tier 1, 201 to 500 people" in words(desk, path)


def test_intent_and_fit_add_up_apart(desk: Client) -> None:
    message = factories.held_email(intent=77, reasons=reasons(), icp=95)
    Assessment.objects.update(icp_reasons=[{"code": "title", "points": 50, "text": "C-level: CRO"}])
    for path in (desk_of(message), f"/sales/leads/{message.lead.public_id}"):
        said = words(desk, path)
        assert "Intent 77 of 100, fit 95 of 100 (tier 1)" in said
        assert said.index("<h3>Intent 77</h3>") < said.index("<h3>Fit 95</h3>")
        assert "<b>+53</b> <span>Pricing, 2 visits</span>" in said
        assert "<b>+50</b> <span>C-level: CRO</span>" in said


def test_email_without_assessment_has_a_desk(desk: Client) -> None:
    message = factories.held_email(intent=77)
    Message.objects.filter(pk=message.pk).update(assessment=None)
    assert "Why now" not in words(desk, desk_of(message))
    assert "score 77" in words(desk, "/sales/queue")


def test_passed_checks_fold_into_a_line(desk: Client) -> None:
    message = factories.held_email()
    assert f"<summary>{len(message.guards)} checks passed</summary>" in words(
        desk, desk_of(message)
    )


def test_failed_and_unknown_checks_stay_open(desk: Client) -> None:
    message = factories.held_email(factories.LeadFactory(country=""))
    unknown = [row for row in message.guards if row["state"] == "not_known"]
    assert [row["guard"] for row in unknown] == ["country"]
    failed = {"guard": "personal", "passed": False, "text": "Nothing in it.", "clear": "Edit it."}
    rows = [failed, *message.guards[1:]]
    Message.objects.filter(pk=message.pk).update(guards=rows)
    said = words(desk, desk_of(message))
    folded = said[said.index("checks passed</summary>") :]
    assert "Nothing in it. <span" in said and "Checks: 1 failed" in said
    assert "Not known: </span>The recipient's country is not known." in said
    assert "Nothing in it." not in folded.split("</details>")[0]
    assert "Country not known" not in folded.split("</details>")[0]


def test_groups_of_older_rows_have_no_unknown() -> None:
    found = desk_work.check_groups([{"guard": "country", "passed": True, "text": "", "clear": ""}])
    assert (len(found.failed), len(found.unknown), len(found.passed)) == (0, 0, 1)
