"""API keys end: by revoking on the page, in the admin and by command, or after their days."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from caio_project.lib.models import SCOPES, AccessEvent, ApiKey
from outreach.models import ControlChange
from tests import factories

pytestmark = pytest.mark.django_db
PENDING = "/api/pending-emails"
PATH_OF_SCOPE = {
    "leads:write": ("POST", "/api/visitors"),
    "messages:read": ("GET", PENDING),
    "approvals:decide": ("POST", "/api/emails/<id>/approve"),
    "outreach:halt": ("POST", "/api/halt"),
    "metrics:read": ("GET", "/api/gates"),
}


def permission_to_see() -> Permission:
    return Permission.objects.get(content_type__app_label="lib", codename="view_apikey")


def key_events() -> Any:
    return AccessEvent.objects.filter(kind__in=["key_created", "key_revoked"])


def create_key(name: str = "n8n", user: Any = None, **more: Any) -> tuple[ApiKey, dict[str, str]]:
    scopes = more.pop("scopes", ["messages:read"])
    row, text = ApiKey.objects.create_key(name=name, user=user, scopes=scopes, **more)
    return row, {"Authorization": f"Bearer {text}"}


def is_revoked(key: ApiKey) -> bool:
    return ApiKey.objects.get(pk=key.pk).revoked


class TestRevokingOnThePage:
    def test_a_person_revokes_their_own_key(self, client: Client, viewer: User) -> None:
        key, header = create_key(user=viewer)
        assert client.get(PENDING, headers=header).status_code == 200
        client.force_login(viewer)
        assert client.post(f"/sales/keys/{key.prefix}/revoke").status_code == 303
        assert Client().get(PENDING, headers=header).status_code == 401
        event = key_events().get()
        assert (event.kind, event.user, event.by) == ("key_revoked", viewer, viewer)
        assert event.about == f"n8n ({key.prefix})"

    def test_a_lead_revokes_any_key(self, client: Client, viewer: User, lead_user: User) -> None:
        keys = [create_key("hers", viewer)[0], create_key("nobodys")[0]]
        client.force_login(lead_user)
        for key in keys:
            assert client.post(f"/sales/keys/{key.prefix}/revoke").status_code == 303
            assert is_revoked(key)

    @pytest.mark.parametrize("whose", ["another", "nobody"])
    def test_a_reviewer_cannot_revoke_anothers(
        self, client: Client, reviewer: User, viewer: User, whose: str
    ) -> None:
        key, header = create_key(user=viewer if whose == "another" else None)
        client.force_login(reviewer)
        assert client.post(f"/sales/keys/{key.prefix}/revoke").status_code == 404
        assert not is_revoked(key)
        assert Client().get(PENDING, headers=header).status_code == 200
        assert not key_events().exists()

    def test_who_may_only_see_is_refused(self, client: Client, viewer: User) -> None:
        viewer.user_permissions.add(permission_to_see())
        key, _ = create_key()
        client.force_login(viewer)
        assert key.prefix in client.get("/sales/keys").content.decode()
        assert client.post(f"/sales/keys/{key.prefix}/revoke").status_code == 403
        assert not is_revoked(key)

    def test_revoking_twice_is_recorded_once(self, client: Client, viewer: User) -> None:
        key, _ = create_key(user=viewer)
        client.force_login(viewer)
        for _ in range(2):
            client.post(f"/sales/keys/{key.prefix}/revoke")
        assert key_events().count() == 1

    def test_a_get_revokes_nothing(self, client: Client, lead_user: User) -> None:
        key, _ = create_key()
        client.force_login(lead_user)
        assert client.get(f"/sales/keys/{key.prefix}/revoke").status_code == 405
        assert not is_revoked(key)

    def test_nobody_is_sent_to_sign_in(self, client: Client) -> None:
        key, _ = create_key()
        assert client.post(f"/sales/keys/{key.prefix}/revoke").status_code == 302
        assert client.get("/sales/keys").headers["Location"].startswith("/accounts/login/")
        assert not is_revoked(key)

    def test_it_shows_use_end_and_state_of_ones_own(self, client: Client, viewer: User) -> None:
        soon = timezone.now() + timedelta(days=3)
        _, header = create_key("mine", viewer, expiry_date=soon)
        create_key("other")
        client.get(PENDING, headers=header)
        client.force_login(viewer)
        page = " ".join(client.get("/sales/keys").content.decode().split())
        assert "<b>mine</b>" in page and "other" not in page
        assert "Last used" in page and "Ends" in page and "Active" in page


class TestRevokingElsewhere:
    def test_the_admin_action_revokes(self, client: Client, lead_user: User) -> None:
        key, header = create_key()
        client.force_login(lead_user)
        body = {"action": "revoke_keys", "_selected_action": [key.pk]}
        client.post("/admin/lib/apikey/", body, follow=True)
        assert Client().get(PENDING, headers=header).status_code == 401
        assert key_events().get().by == lead_user

    def test_the_admin_action_needs_the_permission(self, client: Client, reviewer: User) -> None:
        reviewer.user_permissions.add(permission_to_see())
        key, _ = create_key()
        client.force_login(reviewer)
        body = {"action": "revoke_keys", "_selected_action": [key.pk]}
        client.post("/admin/lib/apikey/", body, follow=True)
        assert not is_revoked(key) and not key_events().exists()

    @pytest.mark.parametrize("by", ["name", "prefix"])
    def test_the_command_revokes(self, client: Client, by: str) -> None:
        key, header = create_key("reporting")
        out = StringIO()
        call_command("revoke_api_key", getattr(key, by), stdout=out)
        assert out.getvalue() == f"Revoked: reporting ({key.prefix}).\n"
        assert client.get(PENDING, headers=header).status_code == 401

    @pytest.mark.parametrize("typed", ["", "report", "REPORTING", "*", "old"])
    def test_the_command_says_that_there_is_none(self, typed: str) -> None:
        key, _ = create_key("reporting")
        create_key("old", revoked=True)
        with pytest.raises(CommandError, match="no API key that could be revoked"):
            call_command("revoke_api_key", typed)
        assert not is_revoked(key) and not key_events().exists()

    def test_a_revoked_name_is_free_again(self) -> None:
        create_key("reporting")
        call_command("revoke_api_key", "reporting", stdout=StringIO())
        call_command("create_api_key", "reporting", "--scope", "leads:read", stdout=StringIO())
        assert ApiKey.objects.filter(name="reporting", revoked=False).count() == 1


class TestEndDates:
    def test_a_key_ends_after_its_days(self, client: Client) -> None:
        out = StringIO()
        ask = ("create_api_key", "n8n", "--scope", "messages:read", "--expires", "30")
        call_command(*ask, stdout=out)
        text = out.getvalue().splitlines()[-1]
        key = ApiKey.objects.get_from_key(text)
        assert key.expiry_date - timezone.now() == pytest.approx(
            timedelta(days=30), abs=timedelta(minutes=1)
        )
        header = {"Authorization": f"Bearer {text}"}
        assert client.get(PENDING, headers=header).status_code == 200
        ApiKey.objects.filter(pk=key.pk).update(expiry_date=timezone.now())
        assert client.get(PENDING, headers=header).status_code == 401

    @pytest.mark.parametrize("days", ["0", "-1", "3651", "999999999", "1.5", "soon", ""])
    def test_wrong_days_make_no_key(self, days: str) -> None:
        with pytest.raises(CommandError, match="expires"):
            call_command("create_api_key", "n8n", "--scope", "leads:read", f"--expires={days}")
        assert not ApiKey.objects.exists()

    def test_a_name_too_long_makes_no_key(self) -> None:
        with pytest.raises(CommandError, match="name: it is at most 50"):
            call_command("create_api_key", "x" * 51, "--scope", "leads:read")
        assert not ApiKey.objects.exists()

    def test_making_a_key_is_on_record(self, viewer: User) -> None:
        ask = ("create_api_key", "n8n", "--user", "vera", "--scope", "leads:read")
        call_command(*ask, stdout=StringIO())
        event = key_events().get()
        assert (event.kind, event.user) == ("key_created", viewer)


class TestAKeyOfSomebodyWhoLostThePermission:
    @pytest.mark.parametrize("scope", sorted(PATH_OF_SCOPE))
    def test_each_scope_asks_for_the_present_permission(
        self, client: Client, lead_user: User, scope: str
    ) -> None:
        _, header = create_key(user=lead_user, scopes=sorted(SCOPES))
        lead_user.groups.clear()
        method, path = PATH_OF_SCOPE[scope]
        held = factories.held_email()
        path = path.replace("<id>", str(held.public_id))
        response = client.generic(method, path, "{}", "application/json", headers=header)
        assert response.status_code == 403
        assert f"lena, for whom this key acts, may not do {scope}." in response.json()["detail"]
        held.refresh_from_db()
        assert held.status == "held"
        assert not ControlChange.objects.exists()

    def test_it_works_again_with_the_permission(self, client: Client, viewer: User) -> None:
        _, header = create_key(user=viewer)
        groups = list(viewer.groups.all())
        viewer.groups.clear()
        assert client.get(PENDING, headers=header).status_code == 403
        viewer.groups.set(groups)
        assert client.get(PENDING, headers=header).status_code == 200
