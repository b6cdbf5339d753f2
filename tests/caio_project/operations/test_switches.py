"""The switches in the admin: what each does stands beside it, and only a Lead throws one."""

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client

from caio_project.operations import switches
from leads.models import Switch

pytestmark = pytest.mark.django_db

LIST = "/admin/leads/switch/"


def test_every_switch_exists_and_is_described(client: Client, viewer: User) -> None:
    client.force_login(viewer)
    page = client.get(LIST).content.decode()
    found = dict(Switch.objects.values_list("name", "on"))
    assert found == {"intent_monitor": True, "follow_ups": False, "language_model": False}
    assert set(switches.SWITCH_DESCRIPTIONS) == set(found)
    for what in switches.SWITCH_DESCRIPTIONS.values():
        assert what in page


def test_a_lead_throws_one_and_it_says_who(client: Client, lead_user: User) -> None:
    client.force_login(lead_user)
    client.post(f"{LIST}intent_monitor/change/", {"name": "another"})  # an empty box is off
    switch = Switch.objects.get(name="intent_monitor")
    assert (switch.on, switch.changed_by) == (False, lead_user)
    assert Switch.objects.count() == len(switches.SWITCH_DESCRIPTIONS)


@pytest.mark.parametrize("role", ["viewer", "reviewer"])
def test_nobody_else_does(client: Client, role: str, request: pytest.FixtureRequest) -> None:
    client.force_login(request.getfixturevalue(role))
    assert client.post(f"{LIST}follow_ups/change/", {"on": "on"}).status_code == 403
    assert Switch.objects.get(name="follow_ups").on is False


def test_none_is_added_that_nobody_asks(client: Client, lead_user: User) -> None:
    lead_user.is_superuser = True
    lead_user.save()
    client.force_login(lead_user)
    assert client.post(f"{LIST}add/", {"name": "another", "on": "on"}).status_code == 403
    assert Switch.objects.count() == len(switches.SWITCH_DESCRIPTIONS)


def test_names_of_tables_are_english() -> None:
    plurals = [str(model._meta.verbose_name_plural) for model in admin.site._registry]
    assert [plural for plural in plurals if re.search(r"(ch|sh|x|ss|[^aeiou]y)s$", plural)] == []
