"""The admin in groups: what the team uses first, internals last and read-only."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client, RequestFactory

from caio_project.team_access.admin_groups import ADMIN_GROUPS, group_apps, sidebar_groups
from leads.models import OwnerRule, ScoringRules, TeamMember
from leads.scoring import rule_versions
from tests import factories

pytestmark = pytest.mark.django_db
NAMED = [label for _, labels in ADMIN_GROUPS for label in labels]


def test_every_table_is_in_one_group() -> None:
    registered = {model._meta.label_lower for model in admin.site._registry}
    assert set(NAMED) == registered and len(NAMED) == len(registered)


def test_the_approval_list_is_first_and_internals_are_last(client: Client, viewer: User) -> None:
    client.force_login(viewer)
    page = client.get("/admin/").content.decode()
    places = [
        page.rindex(f'href="/admin/{path}/"')
        for path in (
            "approvals/approval", "leads/lead", "leads/company", "outreach/emailtemplate",
            "leads/scoringrules", "leads/ownerrule", "leads/suppression", "leads/teammember",
            "outreach/message", "outreach/control", "outreach/synccursor",
        )
    ]  # fmt: skip
    assert places == sorted(places)


@pytest.mark.parametrize("label", [label for t, ls in ADMIN_GROUPS if "only" in t for label in ls])
def test_what_is_called_read_only_cannot_be_changed(label: str) -> None:
    request = RequestFactory().get("/")
    request.user = User(is_superuser=True, is_active=True)
    model = next(one for one in admin.site._registry if one._meta.label_lower == label)
    its_admin = admin.site._registry[model]
    assert not its_admin.has_change_permission(request)
    assert not its_admin.has_add_permission(request)
    assert not its_admin.has_delete_permission(request)


def test_the_sidebar_shows_what_the_person_may_see(viewer: User) -> None:
    request = RequestFactory().get("/admin/")
    request.user = viewer
    titles = [group["title"] for group in sidebar_groups(request)]
    assert titles[0] == "Weekly work" and "Accounts" not in titles


def test_a_table_of_no_group_is_shown_last() -> None:
    table = {"object_name": "Novelty", "name": "Novelties", "admin_url": "/admin/leads/novelty/"}
    found = group_apps([{"app_label": "leads", "models": [table]}], "/admin/")
    assert [(group["name"], group["models"]) for group in found] == [("More", [table])]


def test_without_own_scoring_rules_the_built_in_are_listed(client: Client, viewer: User) -> None:
    client.force_login(viewer)
    rules = rule_versions.current_rules()
    count = len(rules.pages) + len(rules.titles) + len(rules.sizes)
    page = client.get("/admin/leads/scoringrules/").content.decode()
    assert f"No own rules: the\n{count} built-in rules are in force" in page
    assert all(rule.label in page for rule in rules.pages)

    draft = ScoringRules.objects.create(name="Ours", rules=rules.as_dict())
    rule_versions.publish_rules(draft, viewer)

    assert "built-in" not in client.get("/admin/leads/scoringrules/").content.decode()


def test_owner_rules_say_what_decides_without_them(client: Client, viewer: User) -> None:
    client.force_login(viewer)
    page = client.get("/admin/leads/ownerrule/").content.decode()
    assert "No own rules: the 3 built-in rules are in force" in page
    assert "Nobody is the default\nsender" in page
    member = factories.TeamMemberFactory(default_sender=True)
    OwnerRule.objects.create(name="Ohio", position=1, member=member, states=["OH"])

    page = client.get("/admin/leads/ownerrule/").content.decode()

    assert "1\nrule of yours is in force" in page
    assert str(TeamMember.objects.get()) in page


def test_an_empty_list_says_so(client: Client, lead_user: User) -> None:
    client.force_login(lead_user)
    assert "Nothing here yet" in client.get("/admin/leads/suppression/").content.decode()
    page = client.get("/admin/leads/suppression/?q=nobody").content.decode()
    assert "Nothing fits the search and filters." in page
