"""The page of the rules for automatic approval: a Lead adds and ends them, with a reason."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from outreach.choices import Phase
from outreach.control import phase
from outreach.models import ApprovalRule, ControlChange, TemplateRun
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sender")]
PAGE = "/sales/phase/rules"
RULE = {
    "name": "Health care",
    "tiers": ["tier_3"],
    "industries": "health care, hospitals",
    "countries": "US, Canada",
    "employees_from": "1000",
    "from_intent": "5",
    "reason": "They ask about privacy.",
}


def test_a_lead_adds_a_rule_and_ends_it(client: Client, lead_user: User) -> None:
    client.force_login(lead_user)
    assert client.post(PAGE, RULE).status_code == 303
    rule = ApprovalRule.objects.get()
    assert (rule.industries, rule.countries, rule.tiers) == (
        ["health care", "hospitals"],
        ["US", "CA"],
        ["tier_3"],
    )
    page = client.get(PAGE).content.decode()
    assert (
        "tier 3; industry health care or hospitals; country US or CA; 1000 people or more" in page
    )

    answer = client.post(PAGE, {"rule": rule.pk, "reason": "Six good weeks."})

    assert answer.status_code == 303
    rule.refresh_from_db()
    assert rule.ended_at is not None
    assert ControlChange.objects.filter(what="approval_rule", by=lead_user).count() == 2


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": ""}, "Give it a name."),
        ({"reason": ""}, "Say why, in a few words."),
        ({"countries": "Atlantis"}, "“Atlantis” is no country."),
        ({"from_intent": "101"}, "less than or equal to 100"),
        ({"employees_from": "-1"}, "greater than or equal to 0"),
        ({"employees_from": "50", "employees_to": "10"}, "It is below 50."),
        ({"tiers": ["tier_9"]}, "tier_9 is not one of the available choices"),
        ({"industries": ",".join(str(n) for n in range(21))}, "20 at most."),
    ],
)
def test_wrong_input_is_named_and_stores_nothing(
    changes: dict[str, Any], says: str, client: Client, lead_user: User
) -> None:
    client.force_login(lead_user)
    answer = client.post(PAGE, RULE | changes)
    assert answer.status_code == 422 and says in answer.content.decode()
    assert not ApprovalRule.objects.exists() and not ControlChange.objects.exists()


def test_a_rule_without_conditions_is_refused(client: Client, lead_user: User) -> None:
    client.force_login(lead_user)
    answer = client.post(PAGE, {"name": "All", "from_intent": "0", "reason": "Just so."})
    assert answer.status_code == 422 and "Fill in a condition." in answer.content.decode()
    assert not ApprovalRule.objects.exists()


@pytest.mark.parametrize("role", ["viewer", "reviewer"])
def test_others_read_the_rules(role: str, client: Client, request: pytest.FixtureRequest) -> None:
    rule = ApprovalRule.objects.create(name="Big ones", employees_from=500, created_by="lena")
    client.force_login(request.getfixturevalue(role))
    page = client.get(PAGE).content.decode()
    assert "Big ones" in page and "End this rule" not in page and "New rule" not in page
    assert client.post(PAGE, RULE).status_code == 403
    assert client.post(PAGE, {"rule": rule.pk, "reason": "x"}).status_code == 403
    rule.refresh_from_db()
    assert rule.ended_at is None and ApprovalRule.objects.count() == 1


@pytest.mark.parametrize("body", [{"rule": "999", "reason": "x"}, {"rule": "x", "reason": "x"}])
def test_ending_no_rule_of_ours_changes_nothing(
    body: dict[str, str], client: Client, lead_user: User
) -> None:
    client.force_login(lead_user)
    assert client.post(PAGE, body).status_code == 422
    assert not ControlChange.objects.exists()


def test_a_full_run_is_said(client: Client, viewer: User) -> None:
    key = factories.held_email().template.key
    TemplateRun.objects.create(template_key=key, approved=20)
    client.force_login(viewer)
    assert "20 emails in a row were approved" in client.get(PAGE).content.decode()


class TestDesk:
    def test_the_desk_shows_the_rule_where_it_bit(self, client: Client, reviewer: User) -> None:
        phase.change_phase(Phase.ASSISTED, by=None, reason="test")
        ApprovalRule.objects.create(name="Big ones", employees_from=100, created_by="lena")
        ApprovalRule.objects.create(name="Giants", employees_from=9000, created_by="lena")
        message = factories.held_email(intent=10, tier="tier_3", icp=10)
        client.force_login(reviewer)
        page = client.get(f"/sales/queue/{message.public_id}").content.decode()
        assert "A person decides: rule “Big ones”" in page and "Giants" not in page

    def test_in_parallel_the_desk_shows_none(self, client: Client, reviewer: User) -> None:
        ApprovalRule.objects.create(name="Big ones", employees_from=100, created_by="lena")
        message = factories.held_email(intent=10, tier="tier_3", icp=10)
        client.force_login(reviewer)
        assert "Big ones" not in client.get(f"/sales/queue/{message.public_id}").content.decode()
