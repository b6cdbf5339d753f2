"""Owner rules in the admin: only Leads change them, after a preview."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from leads.models import Lead, OwnerRule, OwnerRun, TeamMember
from leads.ownership import owner_assignment
from tests import factories

pytestmark = pytest.mark.django_db
LIST = "/admin/leads/ownerrule/"


@pytest.fixture
def ben(db: None) -> TeamMember:
    factories.TeamMemberFactory(default_sender=True)
    return factories.TeamMemberFactory(name="Ben Ito")


@pytest.fixture
def lead(ben: TeamMember) -> Lead:
    lead = factories.LeadFactory()
    owner_assignment.update_owner(lead)
    return lead


def typed(ben: TeamMember, **more: Any) -> dict[str, Any]:
    return {
        "name": "Ohio",
        "position": "10",
        "member": ben.pk,
        "active": "on",
        "states": "ohio\n pa ",
        **more,
    }


def confirmed(page: str) -> dict[str, str]:
    found = re.search(r'name="confirmed" value="([0-9a-f]{20})"', page)
    return {"confirmed": found[1]} if found else {}


def now(lead: Lead) -> Any:
    return Lead.objects.values("owner__name", "owner_how").get(pk=lead.pk)


BY_DEFAULT = {"owner__name": "Alex Moreno", "owner_how": "default"}


def test_a_rule_is_previewed_then_saved_then_applied(
    client: Client, lead_user: User, lead: Lead, ben: TeamMember
) -> None:
    client.force_login(lead_user)
    page = " ".join(client.post(f"{LIST}add/", typed(ben)).content.decode().split())
    assert "With it the rules would move 1 of 1 lead to another owner." in page
    assert "state OH or PA, to Ben Ito." in page and 'name="states" value="ohio' in page
    assert (OwnerRule.objects.count(), now(lead)) == (0, BY_DEFAULT)
    client.post(f"{LIST}add/", typed(ben) | confirmed(page))
    rule = OwnerRule.objects.get()
    assert (rule.states, rule.member, rule.tiers, rule.employees_from) == (
        ["OH", "PA"],
        ben,
        [],
        None,
    )
    assert (now(lead), OwnerRun.objects.count()) == (BY_DEFAULT, 0)
    Lead.objects.update(ghl_assigned_to="usr-9")
    page = " ".join(client.get(f"{LIST}apply/").content.decode().split())
    assert "whom no team member here is: usr-9 (1)" in page
    assert "The rules would move 1 of 1 lead to another owner." in page
    client.post(f"{LIST}apply/", confirmed(page))
    owner_assignment.update_due_owners()
    assert now(lead) == {"owner__name": "Ben Ito", "owner_how": "rule"}
    assert OwnerRun.objects.get().by == lead_user


def test_a_rule_can_be_saved_and_applied_together(
    client: Client, lead_user: User, lead: Lead, ben: TeamMember
) -> None:
    client.force_login(lead_user)
    page = " ".join(client.post(f"{LIST}add/", typed(ben)).content.decode().split())
    assert "Store it and move 1 lead" in page
    client.post(f"{LIST}add/", typed(ben) | confirmed(page) | {"apply": "yes"})
    owner_assignment.update_due_owners()
    assert now(lead) == {"owner__name": "Ben Ito", "owner_how": "rule"}


def test_changing_or_disabling_a_rule_is_previewed(
    client: Client, lead_user: User, lead: Lead, ben: TeamMember
) -> None:
    rule = OwnerRule.objects.create(name="Ohio", member=ben, states=["OH"])
    owner_assignment.apply_to_all(lead_user)
    owner_assignment.update_due_owners()
    client.force_login(lead_user)
    path = f"{LIST}{rule.pk}/change/"
    assert "OH" in client.get(path).content.decode()
    off = {name: value for name, value in typed(ben, states="OH").items() if name != "active"}
    page = client.post(path, off).content.decode()
    assert "would move 1 of 1 lead" in page and "It would not be in use." in page
    assert OwnerRule.objects.get().active
    client.post(path, off | confirmed(page))
    assert not OwnerRule.objects.get().active
    assert client.post(f"{LIST}{rule.pk}/delete/", {"post": "yes"}).status_code == 403


def test_an_outdated_preview_is_shown_again(
    client: Client, lead_user: User, lead: Lead, ben: TeamMember
) -> None:
    client.force_login(lead_user)
    page = " ".join(client.post(f"{LIST}add/", typed(ben)).content.decode().split())
    OwnerRule.objects.create(name="All", member=ben, position=1)
    again = client.post(f"{LIST}add/", typed(ben) | confirmed(page)).content.decode()
    assert "The rules were changed meanwhile. Look at it again." in again
    assert OwnerRule.objects.count() == 1
    client.post(f"{LIST}add/", typed(ben) | confirmed(again))
    assert OwnerRule.objects.count() == 2
    assert "Look at it again" in client.post(f"{LIST}apply/", {"confirmed": "x"}).content.decode()
    assert not OwnerRun.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("countries", "Narnia", "“Narnia” is no country."),
        ("domains", "northline", "“northline” is no domain of one company."),
        ("industries", "&", "“&amp;” is no industry."),
        ("employees_to", "10", "It is below 50."),
        ("employees_from", "-1", "greater than or equal to 0"),
        ("tiers", "tier_9", "tier_9 is not one of the available choices."),
        ("sources", "rumour", "rumour is not one of the available choices."),
        ("member", "9999", "Select a valid choice."),
        ("name", "", "This field is required."),
    ],
)
def test_invalid_rules_are_reported_at_their_field(
    client: Client, lead_user: User, ben: TeamMember, field: str, value: str, says: str
) -> None:
    client.force_login(lead_user)
    sent = typed(ben, employees_from="50") | {field: value}
    page = client.post(f"{LIST}add/", sent).content.decode()
    assert says in page and "confirmed" not in page
    assert not OwnerRule.objects.exists()


@pytest.mark.parametrize("user", ["viewer", "reviewer"])
def test_other_roles_read_and_change_nothing(
    client: Client, request: Any, lead: Lead, ben: TeamMember, user: str
) -> None:
    rule = OwnerRule.objects.create(name="Ohio", member=ben, states=["OH"])
    someone = request.getfixturevalue(user)
    someone.is_staff = True
    someone.save()
    client.force_login(someone)
    assert client.get(LIST).status_code == 200
    for path in (f"{LIST}add/", f"{LIST}{rule.pk}/change/", f"{LIST}apply/"):
        assert client.post(path, typed(ben) | {"confirmed": "x"}).status_code == 403
    assert (OwnerRule.objects.get().states, OwnerRun.objects.count(), now(lead)) == (
        ["OH"],
        0,
        BY_DEFAULT,
    )
