"""Every address times each role and key: what is refused leaves every table as it was."""

import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.utils import timezone

from approvals.desk import reading_proof
from caio_project.lib.models import SCOPES, ApiKey
from outreach.models import Message
from tests import conftest, paths
from tests.permissions import url_table as table
from tests.permissions import world as worlds
from tests.permissions.table_hashes import hash_tables

pytestmark = pytest.mark.django_db

REASON = "The pain does not match what a VP does."
OTHER_METHODS = ("PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE")
SIGN_IN = "/accounts/login/"


def sign_in_as(role: str) -> tuple[Client, User | None]:
    client = Client(raise_request_exception=False)
    if role == "anonymous":
        return client, None
    user = make_user(role)
    client.force_login(user)
    return client, user


def make_user(role: str) -> User:
    if role == "superuser":
        return User.objects.create_superuser("boss", "", "a-long-password")
    if role == "nobody":
        return User.objects.create_user("nick", "", "a-long-password", is_staff=True)
    return conftest.person("pat", role)


def make_warm_world() -> worlds.World:
    """A world whose rows that a first look makes are there already."""
    world = worlds.make_world()
    client = Client()
    client.force_login(User.objects.create_superuser("first", "", "a-long-password"))
    for path in ("/sales", "/sales/phase", "/sales/phase/machine", "/admin/", "/api/queue-status"):
        client.get(path)
    return world


def body_for(world: worlds.World, user: User | None) -> dict[str, Any]:
    """What would do it, were it allowed."""
    held = Message.objects.get(pk=world.held.pk)
    proof = reading_proof.sign_proof(held, user, at=time.time() - 60) if user else ""
    return {
        "version": held.version, "shown": proof, "tag": "weak_subject", "reason": REASON,
        "subject": "Another subject", "body": "Another text.", "do": "save", "action": "approve",
        "selected": f"{held.public_id}.{held.version}", "kind": "stop", "owner": "1",
        "member": "1", "was_sent": "no", "confirmed": "yes", "on": "on", "start": "1",
        "warm_up": "start", "to": "assisted", "next": "/sales",
        "turn": "on", "group": "tier_1", "limit": "25",
    }  # fmt: skip


def is_refused(response: Any) -> bool:
    to = response.headers.get("Location", "")
    to_sign_in = response.status_code == 302 and to.startswith((SIGN_IN, "/admin/login/"))
    return to_sign_in or response.status_code in (401, 403, 404, 405)


def is_public(route: str) -> bool:
    return route.startswith(table.PUBLIC) and route not in table.API


def test_every_address_is_in_the_table() -> None:
    for route, _ in paths.every_route():
        known = route in table.PAGES or route in table.API or is_public(route)
        assert known or route.startswith("admin/"), f"{route}: say who may do what there"


def test_the_table_names_no_address_that_is_gone() -> None:
    routes = {route for route, _ in paths.every_route()}
    assert {*table.PAGES, *table.API} - routes == set()


@pytest.mark.parametrize("role", table.each_role())
class TestPages:
    def test_a_look_changes_nothing_and_shows_no_more_than_the_role_may_see(
        self, role: str
    ) -> None:
        world = make_warm_world()
        client, _ = sign_in_as(role)
        before = hash_tables()
        for route, (to_look, _to_act) in table.PAGES.items():
            response = client.get(worlds.path_in(world, route))
            assert is_refused(response) is not table.has_least(role, to_look), route
            assert not worlds.shows_a_link(world, response), route
            if is_refused(response):
                assert b"Whitfield" not in response.content, route
        assert hash_tables() == before

    def test_an_act_beyond_the_role_is_refused_and_changes_nothing(self, role: str) -> None:
        world = make_warm_world()
        client, user = sign_in_as(role)
        before, refused = hash_tables(), 0
        for route, (_to_look, to_act) in table.PAGES.items():
            if not table.has_least(role, to_act):
                response = client.post(worlds.path_in(world, route), body_for(world, user))
                assert is_refused(response), route
                assert hash_tables() == before, route
                refused += 1
        assert refused > 10  # the pages that take no POST are among them

    def test_an_act_within_the_role_is_not_refused(self, role: str) -> None:
        world = make_warm_world()
        client, user = sign_in_as(role)
        for route, (_to_look, to_act) in table.PAGES.items():
            if table.has_least(role, to_act):
                response = client.post(worlds.path_in(world, route), body_for(world, user))
                assert not is_refused(response) and response.status_code < 500, route

    def test_the_api_by_session_needs_the_permission_of_the_scope(self, role: str) -> None:
        world = make_warm_world()
        client, user = sign_in_as(role)
        before = hash_tables()
        for route, method, scope in api_calls():
            response = call_api(client, world, route, method)
            allowed = table.has_least(role, table.LEAST_ROLE_OF_SCOPE[scope])
            assert (response.status_code not in (401, 403)) is allowed, (route, role)
            assert not worlds.shows_a_link(world, response), route
            assert response.status_code < 500, route
            if allowed:
                before = hash_tables()
            else:
                assert hash_tables() == before, route


@pytest.mark.parametrize("role", table.each_role("nobody", "Viewer", "Reviewer", "Lead"))
def test_other_methods_change_nothing_anywhere(role: str) -> None:
    """What does nothing for the one who may do most does nothing for the roles between."""
    world = make_warm_world()
    client, user = sign_in_as(role)
    before = hash_tables()
    for route in [*table.PAGES, *table.API]:
        for method in OTHER_METHODS:
            path = worlds.path_in(world, route)
            response = client.generic(method, path, "{}", "application/json")
            assert response.status_code < 500, (method, route)
        assert hash_tables() == before, route


def test_without_its_token_no_form_of_a_session_is_taken() -> None:
    world = make_warm_world()
    client, user = Client(enforce_csrf_checks=True), make_user("superuser")
    client.force_login(user)
    before = hash_tables()
    for route, (_, to_act) in table.PAGES.items():
        if to_act != table.CLOSED and route not in ("", "admin"):
            response = client.post(worlds.path_in(world, route), body_for(world, user))
            assert response.status_code == 403, route
    for route, method, _ in api_calls():
        if method == "POST":
            assert call_api(client, world, route, method).status_code == 403, route
    assert hash_tables() == before


def api_calls() -> list[tuple[str, str, str]]:
    return [
        (route, method, scope)
        for route, methods in table.API.items()
        for method, scope in methods.items()
    ]


def call_api(client: Client, world: worlds.World, route: str, method: str, **headers: str) -> Any:
    path = worlds.path_in(world, route)
    if method == "GET":
        return client.get(path, headers=headers)
    body = {"version": 1, "tag": "weak_subject", "reason": REASON}
    if route == "api/visitors":
        body = {"LinkedIn URL": "https://www.linkedin.com/in/some-body", "First Name": "Some"}
    return client.post(path, body, content_type="application/json", headers=headers)


KEYS = [[], *[[scope] for scope in sorted(SCOPES)], sorted(SCOPES)]


def name_scopes(scopes: list[str]) -> str:
    return "+".join(scopes) or "none"


class TestKeys:
    @pytest.mark.parametrize("scopes", KEYS, ids=name_scopes)
    def test_a_key_may_do_what_its_scopes_say_and_nothing_else(self, scopes: list[str]) -> None:
        self.check(make_warm_world(), scopes, None, scopes)

    @pytest.mark.sqlite_is_enough
    @pytest.mark.parametrize("scopes", [KEYS[1], KEYS[-1]], ids=name_scopes)
    def test_nor_more_than_who_it_acts_for(self, scopes: list[str]) -> None:
        """With every scope the role alone decides; with one, both do."""
        world, least = make_warm_world(), table.LEAST_ROLE_OF_SCOPE
        for role in table.ROLES[1:]:
            allowed = [one for one in scopes if table.has_least(role, least[one])]
            with transaction.atomic():
                self.check(world, scopes, make_user(role), allowed)
                transaction.set_rollback(True)
            cache.clear()

    def check(
        self, world: worlds.World, scopes: list[str], user: User | None, allowed: list[str]
    ) -> None:
        _, text = ApiKey.objects.create_key(name="k", scopes=scopes, user=user)
        client, before = Client(raise_request_exception=False), hash_tables()
        for route, method, scope in api_calls():
            header = f"Bearer {text}"
            response = call_api(client, world, route, method, Authorization=header)
            assert (response.status_code != 403) is (scope in allowed), route
            assert response.status_code < 500 and response.status_code != 401, route
            after = hash_tables()
            if scope not in allowed:
                assert leave_out_use(after) == leave_out_use(before), route
            before = after


def leave_out_use(found: dict[str, str]) -> dict[str, str]:
    """A key notes when and how often it was used, whatever it is refused."""
    noted = ("lib_apikey", "lib_apikeyminute")
    return {name: value for name, value in found.items() if name not in noted}


@pytest.mark.parametrize("state", ["revoked", "expired", "unknown", "of an inactive person"])
def test_a_dead_key_is_401_everywhere_and_changes_nothing(state: str) -> None:
    world, user = make_warm_world(), make_user("superuser")
    row, text = ApiKey.objects.create_key(name="k", scopes=sorted(SCOPES), user=user)
    rows = ApiKey.objects.filter(pk=row.pk)
    if state == "revoked":
        rows.update(revoked=True)
    elif state == "expired":
        rows.update(expiry_date=timezone.now())
    elif state == "unknown":
        text = text[:-1] + ("A" if text[-1] != "A" else "B")
    else:
        User.objects.filter(pk=user.pk).update(is_active=False)
    client, before = Client(), hash_tables()
    for route, method, _ in api_calls():
        response = call_api(client, world, route, method, Authorization=f"Bearer {text}")
        assert response.status_code == 401, route
    assert hash_tables() == before


def test_a_key_opens_no_page() -> None:
    world, user = make_warm_world(), make_user("superuser")
    _, text = ApiKey.objects.create_key(name="k", scopes=sorted(SCOPES), user=user)
    client, header = Client(), {"Authorization": f"Bearer {text}"}
    for route, (to_look, to_act) in table.PAGES.items():
        if to_look not in (table.OPEN, table.CLOSED):
            assert is_refused(client.get(worlds.path_in(world, route), headers=header)), route
        if to_act not in (table.OPEN, table.CLOSED):
            assert is_refused(client.post(worlds.path_in(world, route), headers=header)), route


def test_the_hashes_notice_any_change() -> None:
    world = make_warm_world()
    before = hash_tables()
    assert hash_tables() == before and len(before) > 40
    Message.objects.filter(pk=world.held.pk).update(error="x")
    after = hash_tables()
    assert {name for name in after if after[name] != before[name]} == {"outreach_message"}
