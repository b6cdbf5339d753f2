"""Second factors are stored encrypted, shown nowhere, linked, and demanded of roles."""

import importlib
import time
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from caio_project.lib.models import AccessEvent, ApiKey
from tests import factories

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PASSWORD = "a-long-password"
SET_UP = "/accounts/2fa/totp/activate/"


def code_now(secret: str = SECRET) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def sign_in_twice(client: Client, name: str) -> None:
    """Sign in, and confirm the password, as every change of a factor asks."""
    client.post("/accounts/login/", {"login": name, "password": PASSWORD})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})


def stored_text() -> str:
    """What a copy of the table would hold."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM mfa_authenticator ORDER BY id")
        return " ".join(str(row[0]) for row in cursor.fetchall())


class TestSealing:
    def test_secret_and_seed_are_not_in_the_database(
        self, lead_user: User, monkeypatch: Any
    ) -> None:
        monkeypatch.setattr(RecoveryCodes, "generate_seed", classmethod(lambda cls: "seed-words"))
        factor = TOTP.activate(lead_user, SECRET)
        codes = RecoveryCodes.activate(lead_user)
        assert SECRET not in stored_text() and "seed-words" not in stored_text()
        assert factor.validate_code(code_now())
        assert codes.validate_code(codes.generate_codes()[0])

    def test_an_older_key_still_opens_it(self, lead_user: User, settings: Any) -> None:
        TOTP.activate(lead_user, SECRET)
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "the-next-key-" + "z" * 50
        assert TOTP(Authenticator.objects.get()).validate_code(code_now())

    def test_under_another_key_no_code_is_right_and_it_says_why(
        self, client: Client, lead_user: User, settings: Any
    ) -> None:
        TOTP.activate(lead_user, SECRET)
        settings.SECRET_KEY = "a-stranger-to-it-" + "z" * 50
        client.post("/accounts/login/", {"login": "lena", "password": PASSWORD})
        for code in (code_now(), format_hotp_value(hotp_value("", int(time.time()) // 30))):
            page = client.post("/accounts/2fa/authenticate/", {"code": code})
            assert "stored under another SECRET_KEY" in page.content.decode()
            assert "_auth_user_id" not in client.session

    def test_what_was_stored_in_clear_is_sealed_by_the_migration(self, lead_user: User) -> None:
        seal = importlib.import_module("caio_project.lib.migrations.0003_seal_second_factors")
        for kind, data in (("totp", {"secret": SECRET}), ("recovery_codes", {"seed": "a0b1"})):
            more = {"used_mask": 0} if kind == "recovery_codes" else {}
            Authenticator.objects.create(user=lead_user, type=kind, data={**data, **more})
        for _ in range(2):  # a second time changes nothing
            seal.seal(apps, None)
        assert SECRET not in stored_text() and "a0b1" not in stored_text()
        assert TOTP(Authenticator.objects.get(type="totp")).validate_code(code_now())
        seal.unseal(apps, None)
        assert Authenticator.objects.get(type="totp").data == {"secret": SECRET}


class TestWhereItIsShown:
    def test_the_admin_has_no_page_of_it(self, client: Client) -> None:
        boss = User.objects.create_superuser("boss", "", PASSWORD)
        TOTP.activate(boss, SECRET)
        client.force_login(boss)
        assert Authenticator not in admin.site._registry
        assert client.get("/admin/mfa/authenticator/").status_code == 404
        page = client.get(f"/admin/auth/user/{boss.pk}/change/").content.decode()
        assert SECRET not in page

    def test_every_page_links_to_it(self, client: Client, viewer: User) -> None:
        client.force_login(viewer)
        for path in ("/sales", "/sales/queue", "/sales/keys"):
            assert 'href="/accounts/2fa/"' in client.get(path).content.decode(), path

    def test_a_person_sets_it_up_and_it_is_on_record(self, client: Client, viewer: User) -> None:
        sign_in_twice(client, "vera")
        assert "data:image/svg+xml" in client.get(SET_UP).content.decode()
        secret = client.session["mfa.totp.secret"]
        client.post(SET_UP, {"code": code_now(secret)})
        assert set(Authenticator.objects.values_list("type", flat=True)) == {
            "totp",
            "recovery_codes",
        }
        assert client.get("/accounts/2fa/recovery-codes/").status_code == 200

    def test_a_wrong_code_sets_nothing_up(self, client: Client, viewer: User) -> None:
        sign_in_twice(client, "vera")
        client.get(SET_UP)
        client.post(SET_UP, {"code": "000000"})
        assert not Authenticator.objects.exists()


class TestDemanding:
    @pytest.fixture(autouse=True)
    def leads_need_one(self, settings: Any) -> None:
        settings.SECOND_FACTOR_ROLES = ["Lead"]

    @pytest.mark.parametrize("path", ["/sales", "/sales/queue", "/admin/", "/sales/keys", "/"])
    def test_nothing_is_open_without_one(self, client: Client, lead_user: User, path: str) -> None:
        client.force_login(lead_user)
        assert client.get(path).headers["Location"] == SET_UP

    def test_nothing_is_done_without_one(self, client: Client, lead_user: User) -> None:
        held = factories.held_email()
        client.force_login(lead_user)
        for path in ("/sales/halt", f"/sales/queue/{held.public_id}/approve"):
            assert client.post(path, {"version": "1"}).status_code == 302
        body = {"reason": "a reason to halt it all"}
        refused = client.post("/api/halt", body, content_type="application/json")
        assert refused.status_code == 403 and "second factor" in refused.json()["detail"]
        held.refresh_from_db()
        assert held.status == "held"

    def test_a_superuser_needs_one_too(self, client: Client) -> None:
        client.force_login(User.objects.create_superuser("boss", "", PASSWORD))
        assert client.get("/admin/").headers["Location"] == SET_UP

    def test_other_roles_do_not(self, client: Client, reviewer: User) -> None:
        client.force_login(reviewer)
        assert client.get("/sales").status_code == 200

    def test_with_one_everything_is_open(self, client: Client, lead_user: User) -> None:
        TOTP.activate(lead_user, SECRET)
        client.force_login(lead_user)
        assert client.get("/sales").status_code == 200

    def test_recovery_codes_alone_are_none(self, client: Client, lead_user: User) -> None:
        RecoveryCodes.activate(lead_user)
        client.force_login(lead_user)
        assert client.get("/sales").status_code == 302

    def test_setting_up_and_signing_out_stay_open(self, client: Client, lead_user: User) -> None:
        sign_in_twice(client, "lena")
        assert client.get(SET_UP).status_code == 200
        assert client.post("/accounts/logout/").status_code == 302
        assert client.get("/sales").headers["Location"].startswith("/accounts/login/")

    def test_removed_later_it_is_demanded_again(self, client: Client, lead_user: User) -> None:
        TOTP.activate(lead_user, SECRET)
        client.force_login(lead_user)
        Authenticator.objects.all().delete()
        assert client.get("/sales").headers["Location"] == SET_UP

    def test_a_key_goes_on_and_probes_stay_open(self, client: Client, lead_user: User) -> None:
        _, text = ApiKey.objects.create_key(name="n8n", user=lead_user, scopes=["messages:read"])
        header = {"Authorization": f"Bearer {text}"}
        assert client.get("/api/pending-emails", headers=header).status_code == 200
        assert client.get("/api/health/live").status_code == 200


class TestLosingIt:
    def test_the_command_removes_it(self, lead_user: User) -> None:
        TOTP.activate(lead_user, SECRET)
        RecoveryCodes.activate(lead_user)
        call_command("remove_second_factor", "lena", stdout=StringIO())
        assert not Authenticator.objects.exists()
        event = AccessEvent.objects.get()
        assert (event.kind, event.user, event.about) == (
            "factor_removed",
            lead_user,
            "all, as lost",
        )

    @pytest.mark.parametrize("name", ["nobody", "", "LENA", "vera"])
    def test_the_command_says_whom_it_does_not_find(
        self, lead_user: User, viewer: User, name: str
    ) -> None:
        TOTP.activate(lead_user, SECRET)
        with pytest.raises(CommandError, match="^username: "):
            call_command("remove_second_factor", name)
        assert Authenticator.objects.count() == 1

    def test_the_admin_removes_it_for_a_superuser_only(
        self, client: Client, lead_user: User
    ) -> None:
        TOTP.activate(lead_user, SECRET)
        body = {"action": "remove_factors", "_selected_action": [lead_user.pk]}
        client.force_login(lead_user)
        client.post("/admin/auth/user/", body)
        assert Authenticator.objects.count() == 1
        client.force_login(User.objects.create_superuser("boss", "", PASSWORD))
        client.post("/admin/auth/user/", body)
        assert not Authenticator.objects.exists()
