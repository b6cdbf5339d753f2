"""Every page and action of the admin, and every command, times each role."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import pytest
from django.contrib import admin
from django.core.management import CommandError, call_command, get_commands, load_command_class
from django.db import transaction
from django.test import Client, RequestFactory
from django.urls import reverse

from caio_project.lib.commands import UserCommand
from caio_project.lib.models import AccessEvent
from tests import paths
from tests.permissions import url_table as table
from tests.permissions import world as worlds
from tests.permissions.table_hashes import hash_tables
from tests.permissions.test_urls import REASON, is_refused, make_user, make_warm_world, sign_in_as

pytestmark = pytest.mark.django_db

MODELS = {model._meta.label_lower: model for model in admin.site._registry}
VERBS = ("add", "change", "delete")


def url(label: str, page: str, *args: Any) -> str:
    return reverse(f"admin:{label.replace('.', '_')}_{page}", args=args)


def least_to_see(label: str) -> str:
    return table.ADMIN_VIEWS.get(label, table.VIEWER)


def may_change(role: str, label: str, verb: str) -> bool:
    least, verbs = table.ADMIN_CHANGES.get(label, (table.CLOSED, set()))
    return verb in verbs and table.has_least(role, least)


def test_every_model_of_the_table_has_a_page() -> None:
    named = {*table.ADMIN_VIEWS, *table.ADMIN_CHANGES, *table.ADMIN_ACTIONS}
    assert named - set(MODELS) == set()


def test_every_action_is_in_the_table() -> None:
    request = RequestFactory().get("/")
    request.user = make_user("superuser")
    for label, model in MODELS.items():
        offered = set(admin.site._registry[model].get_actions(request))
        assert offered == set(table.ADMIN_ACTIONS.get(label, {})), label


def test_every_other_page_is_in_the_table() -> None:
    found = set()
    for route, _ in paths.every_route():
        parts = route.split("/")
        known = parts[0] == "admin" and len(parts) > 3 and f"{parts[1]}.{parts[2]}" in MODELS
        rest = "/".join(parts[3:])
        if known and rest not in ("", "add/", "<path:object_id>/") and parts[-2] not in (
            "history", "delete", "change",
        ):  # fmt: skip
            found.add(f"{parts[1]}.{parts[2]}/{parts[-2]}")
    assert found == set(table.ADMIN_EXTRAS)


@pytest.mark.parametrize("role", table.each_role())
class TestAdmin:
    def test_lists_and_rows_are_seen_by_whom_the_table_says(self, role: str) -> None:
        world = make_warm_world()
        client, _ = sign_in_as(role)
        before = hash_tables()
        for label, model in MODELS.items():
            allowed = table.has_least(role, least_to_see(label))
            response = client.get(url(label, "changelist"))
            assert is_refused(response) is not allowed, label
            assert not worlds.shows_a_link(world, response), label
            row = model._default_manager.first()
            for page in ("change", "history") if row else ():
                response = client.get(url(label, page, row.pk))
                assert is_refused(response) is not allowed, (label, page)
                assert not worlds.shows_a_link(world, response), (label, page)
                if not allowed:
                    assert b"Whitfield" not in response.content, label
        assert hash_tables() == before

    def test_adding_changing_and_deleting_are_refused_but_where_the_table_says(
        self, role: str
    ) -> None:
        make_warm_world()
        client, _ = sign_in_as(role)
        before = hash_tables()
        for label, model in MODELS.items():
            row = model._default_manager.first()
            for verb in VERBS:
                args = () if verb == "add" else (row.pk if row else 1,)
                if may_change(role, label, verb):
                    if row or verb == "add":
                        assert client.get(url(label, verb, *args)).status_code == 200, label
                    continue
                body = {"post": "yes", "name": "x", "value": "x", "on": "on", "halted": ""}
                response = client.post(url(label, verb, *args), body)
                assert is_refused(response) or not row, (label, verb)
            assert hash_tables() == before, label

    def test_actions_are_refused_but_where_the_table_says(self, role: str) -> None:
        make_warm_world()
        client, _ = sign_in_as(role)
        for label, actions in table.ADMIN_ACTIONS.items():
            rows = [str(row.pk) for row in MODELS[label]._default_manager.all()[:2]]
            assert rows, label
            for action, least in actions.items():
                if not table.has_least(role, least):
                    before = hash_tables()
                    for confirmed in ({}, {"confirmed": "1", "post": "yes", "reason": REASON}):
                        body = {"action": action, "_selected_action": rows, **confirmed}
                        client.post(url(label, "changelist"), {**body, "tag": "weak_subject"})
                        body["select_across"] = "1"
                        client.post(url(label, "changelist"), body)
                    assert hash_tables() == before, (label, action)
                elif table.has_least(role, least_to_see(label)):
                    page = client.get(url(label, "changelist")).content.decode()
                    assert f'value="{action}"' in page or not rows, (label, action)

    def test_other_pages_are_refused_but_where_the_table_says(self, role: str) -> None:
        make_warm_world()
        client, _ = sign_in_as(role)
        for name, least in table.ADMIN_EXTRAS.items():
            label, _, page = name.partition("/")
            row = MODELS[label]._default_manager.first()
            path = url(label, "changelist") + f"{row.pk}/{page}/" if row else None
            if page == "apply":
                path = url(label, "changelist") + "apply/"
            assert path, name
            before = hash_tables()
            allowed = table.has_least(role, least)
            assert is_refused(client.get(path)) is not allowed, name
            if not allowed:
                body = {"password1": "a-newer-long-one", "password2": "a-newer-long-one"}
                client.post(path, {**body, "confirmed": "1"})
            assert hash_tables() == before, name

    def test_the_admins_own_pages(self, role: str) -> None:
        make_warm_world()
        client, user = sign_in_as(role)
        for path in ("/admin/", "/admin/search/?s=a", "/admin/leads/"):
            response = client.get(path)
            assert is_refused(response) is (role == "anonymous" or (
                role == "nobody" and path == "/admin/leads/"
            )), path  # fmt: skip


def our_commands() -> dict[str, Any]:
    ours = ("caio_project", "caio_project.privacy", "leads", "outreach", "approvals", "metrics")
    return {
        name: load_command_class(app, name)
        for name, app in get_commands().items()
        if app in ours or app == "house"
    }


def test_every_command_that_a_person_answers_for_is_in_the_table() -> None:
    named = {name for name, command in our_commands().items() if isinstance(command, UserCommand)}
    assert named == set(table.COMMANDS)


@pytest.mark.parametrize("role", table.each_role("anonymous"))
def test_commands_ask_for_the_role_of_their_person(role: str) -> None:
    make_warm_world()
    user, before = make_user(role), hash_tables()
    for name, (least, arguments) in sorted(table.COMMANDS.items()):
        if table.has_least(role, least):
            with undone():
                assert "does not have" not in outcome(name, user.username, arguments), name
        else:
            with pytest.raises(CommandError, match="does not have"):
                call_command(name, *arguments, "--as", user.username, stdout=StringIO())
            assert hash_tables() == before, name


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def outcome(name: str, username: str, arguments: list[str]) -> str:
    out = StringIO()
    try:
        call_command(name, *arguments, "--as", username, stdout=out, stderr=out)
    except (CommandError, SystemExit) as error:
        return f"{out.getvalue()} {error}"
    return out.getvalue()


@pytest.mark.parametrize("who", ["", "nobody-at-all", "inactive"])
def test_commands_need_an_active_person(who: str) -> None:
    make_warm_world()
    user = make_user("superuser")
    user.username, user.is_active = "inactive", False
    user.save()
    before = hash_tables()
    for name, (_, arguments) in sorted(table.COMMANDS.items()):
        with pytest.raises(CommandError, match="no active user"):
            call_command(name, *arguments, "--as", who, stdout=StringIO())
        assert hash_tables() == before, name


def test_what_is_refused_in_the_admin_is_no_sign_in() -> None:
    make_warm_world()
    count = AccessEvent.objects.filter(kind="signed_in").count()
    body = {"username": "first", "password": "a-long-password"}
    for label in MODELS:
        Client().post(url(label, "changelist"), body)
    assert AccessEvent.objects.filter(kind="signed_in").count() == count
