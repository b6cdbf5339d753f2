"""Access to the API: a session with permissions, or a key with scopes."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from caio_project.lib.models import SCOPES, ApiKey

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.caio_project.lib.urls")]

UNKNOWN = {
    "type": "about:blank",
    "title": "Unauthorized",
    "status": 401,
    "detail": "This API key is not known.",
}


def key(*scopes: str, **fields: object) -> tuple[ApiKey, dict[str, str]]:
    row, text = ApiKey.objects.create_key(name="monitoring", scopes=list(scopes), **fields)
    return row, {"Authorization": f"Bearer {text}"}


def test_a_key_may_do_what_its_scopes_say(client: Client) -> None:
    _, header = key("leads:read")
    assert client.get("/scoped", headers=header).json() == {"user": "", "key": "monitoring"}
    refused = client.post("/scoped", headers=header)
    assert (refused.status_code, refused.json()["detail"]) == (
        403,
        "This needs the scope outreach:halt.",
    )


def test_each_method_asks_for_its_own_scope(client: Client) -> None:
    _, header = key("outreach:halt")
    assert client.post("/scoped", headers=header).json() == {"did": "it"}
    assert client.get("/scoped", headers=header).status_code == 403


def test_a_key_without_scopes_may_do_nothing(client: Client) -> None:
    _, header = key()
    assert [
        client.get("/scoped", headers=header).status_code,
        client.post("/scoped", headers=header).status_code,
    ] == [403, 403]


def test_a_key_with_a_user_acts_as_that_person(client: Client, viewer: User) -> None:
    _, header = key("leads:read", user=viewer)
    assert client.get("/scoped", headers=header).json() == {"user": "vera", "key": "monitoring"}


def test_a_keys_user_does_not_widen_its_scopes(client: Client, lead_user: User) -> None:
    _, header = key("leads:read", user=lead_user)
    assert client.post("/scoped", headers=header).status_code == 403


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer nonsense",
        "Bearer abcdefgh.0123456789",
        "Bearer é",
        "Bearer a\x00b.c",
        "bearer a b c",
        "Bearer " + "x" * 10_000,
    ],
)
def test_a_malformed_key_is_401_never_500(client: Client, header: str) -> None:
    response = client.get("/scoped", headers={"Authorization": header})
    assert (response.status_code, response.json()) == (401, UNKNOWN)
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_a_right_prefix_with_wrong_secret_is_401(client: Client) -> None:
    row, _ = key("leads:read")
    response = client.get("/scoped", headers={"Authorization": f"Bearer {row.prefix}.{'x' * 32}"})
    assert (response.status_code, response.json()) == (401, UNKNOWN)
    row.refresh_from_db()
    assert row.last_used_at is None


def test_a_revoked_key_is_not_known(client: Client) -> None:
    row, header = key("leads:read")
    ApiKey.objects.filter(pk=row.pk).update(revoked=True)
    assert client.get("/scoped", headers=header).json() == UNKNOWN


def test_an_expired_key_is_no_longer_valid(client: Client) -> None:
    row, header = key("leads:read", expiry_date=timezone.now() + timedelta(seconds=60))
    assert client.get("/scoped", headers=header).status_code == 200
    ApiKey.objects.filter(pk=row.pk).update(expiry_date=timezone.now() - timedelta(seconds=1))
    response = client.get("/scoped", headers=header)
    assert (response.status_code, response.json()["detail"]) == (
        401,
        "This API key is no longer valid.",
    )


def test_an_inactive_users_key_is_not_valid(client: Client, lead_user: User) -> None:
    row, header = key("outreach:halt", user=lead_user)
    User.objects.filter(pk=lead_user.pk).update(is_active=False)
    response = client.post("/scoped", headers=header)
    assert (response.status_code, response.json()["detail"]) == (
        401,
        "This API key is no longer valid.",
    )
    row.refresh_from_db()
    assert row.last_used_at is None


def test_a_good_session_does_not_save_a_bad_key(client: Client, lead_user: User) -> None:
    client.force_login(lead_user)
    assert client.get("/scoped", headers={"Authorization": "Bearer nonsense"}).status_code == 401


def test_a_session_has_its_users_permissions(client: Client, viewer: User, reviewer: User) -> None:
    client.force_login(viewer)
    assert client.get("/scoped").json() == {"user": "vera", "key": None}
    refused = client.post("/scoped")
    assert (refused.status_code, refused.json()["detail"]) == (
        403,
        "This needs the scope outreach:halt.",
    )
    client.force_login(reviewer)
    assert client.post("/scoped").json() == {"did": "it"}


def test_a_session_without_permissions_may_do_nothing(client: Client) -> None:
    client.force_login(User.objects.create_user("nobody"))
    assert client.get("/scoped").status_code == 403


def test_nobody_is_401(client: Client) -> None:
    response = client.get("/scoped")
    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_only_sessions_need_the_csrf_token(reviewer: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    _, header = key("outreach:halt")
    assert strict.post("/scoped", headers=header).status_code == 200
    strict.force_login(reviewer)
    refused = strict.post("/scoped")
    assert refused.status_code == 403
    assert refused.json()["detail"].startswith("CSRF Failed")


def test_a_view_without_scope_is_closed(client: Client) -> None:
    root = User.objects.create_superuser("root")
    client.force_login(root)
    assert client.get("/scopeless").status_code == 403
    _, header = key(*SCOPES, user=root)
    assert client.get("/scopeless", headers=header).status_code == 403


def test_use_is_noted_once_a_minute(client: Client) -> None:
    row, header = key("leads:read")
    client.get("/scoped", headers=header)
    row.refresh_from_db()
    first = row.last_used_at
    assert first is not None
    assert timezone.now() - first < timedelta(seconds=10)
    client.get("/scoped", headers=header)
    row.refresh_from_db()
    assert row.last_used_at == first
    ApiKey.objects.filter(pk=row.pk).update(last_used_at=first - timedelta(minutes=2))
    client.get("/scoped", headers=header)
    row.refresh_from_db()
    assert row.last_used_at >= first


def test_the_key_itself_is_not_stored() -> None:
    row, text = ApiKey.objects.create_key(name="monitoring")
    secret = text.partition(".")[2]
    assert secret
    assert all(
        secret not in str(value)
        for value in ApiKey.objects.filter(pk=row.pk).values().get().values()
    )


def test_every_scope_stands_for_a_permission_that_exists() -> None:
    known = {
        f"{p.content_type.app_label}.{p.codename}"
        for p in Permission.objects.select_related("content_type")
    }
    assert {permission for permission in SCOPES.values() if permission not in known} == set()
