"""One page signs people in: throttled, with the second factor, and on record."""

import re
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

from caio_project.lib.models import AccessEvent
from tests.paths import every_path

pytestmark = pytest.mark.django_db
SIGN_IN = "/accounts/login/"
PASSWORD = "a-long-password"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def sign_in(
    client: Client, name: str = "lena", password: str = PASSWORD, path: str = SIGN_IN
) -> Any:
    body = {"login": name, "username": name, "password": password, "next": "/sales"}
    return client.post(path, body)


def code_now() -> str:
    return format_hotp_value(hotp_value(SECRET, int(time.time()) // 30))


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def kinds() -> list[str]:
    return list(AccessEvent.objects.order_by("pk").values_list("kind", flat=True))


class TestTheOneSignInPage:
    def test_the_admin_page_signs_nobody_in(self, client: Client, lead_user: User) -> None:
        response = sign_in(client, path="/admin/login/")
        assert (response.status_code, is_signed_in(client)) == (302, False)
        assert response.headers["Location"].startswith(f"{SIGN_IN}?next=/admin/")

    def test_no_other_address_signs_anybody_in(self, client: Client, lead_user: User) -> None:
        client.raise_request_exception = False
        paths = every_path()
        assert len(paths) > 200 and SIGN_IN in paths
        for path in paths:
            if path != SIGN_IN:
                sign_in(client, path=path)
                assert not is_signed_in(client), path
        assert "signed_in" not in kinds()

    def test_the_admin_leads_back_after_signing_in(self, client: Client, lead_user: User) -> None:
        to = client.get("/admin/leads/lead/", follow=True).redirect_chain[-1][0]
        assert "next" in to
        client.post(to, {"login": "lena", "password": PASSWORD})
        assert client.get("/admin/leads/lead/").status_code == 200

    def test_who_may_not_use_the_admin_is_told_so(self, client: Client, lead_user: User) -> None:
        User.objects.update(is_staff=False)
        sign_in(client)
        assert client.get("/admin/login/").status_code == 403

    def test_throttled_after_wrong_passwords_even_for_the_right_one(
        self, client: Client, lead_user: User
    ) -> None:
        for path in (SIGN_IN, "/admin/login/"):
            for _ in range(8):
                sign_in(client, password="wrong", path=path)
        sign_in(client)
        assert not is_signed_in(client)
        assert kinds().count("throttled") == 1
        assert kinds().count("password_refused") == 5

    @pytest.mark.parametrize("name", ["lena", "lena@ours.example.com", "LENA@Ours.Example.com"])
    def test_a_name_or_an_address_signs_in(
        self, client: Client, lead_user: User, name: str
    ) -> None:
        sign_in(client, name)
        assert is_signed_in(client)

    def test_an_address_typed_in_capitals_by_an_administrator_signs_in(
        self, client: Client, lead_user: User
    ) -> None:
        User.objects.filter(pk=lead_user.pk).update(email="Lena@Ours.Example.com")
        sign_in(client, "lena@ours.example.com")
        assert is_signed_in(client)

    @pytest.mark.parametrize("name", ["", "lena@", "@ours.example.com", "nobody@x.test"])
    def test_other_names_do_not(self, client: Client, lead_user: User, name: str) -> None:
        User.objects.create_user("empty", "", PASSWORD)
        assert sign_in(client, name).status_code == 200
        assert not is_signed_in(client)

    def test_a_name_with_a_nul_is_refused(self, client: Client, lead_user: User) -> None:
        assert sign_in(client, "lena\x00").status_code == 400
        assert not is_signed_in(client)

    def test_an_inactive_account_stays_out(self, client: Client, lead_user: User) -> None:
        User.objects.update(is_active=False)
        for name in ("lena", "lena@ours.example.com"):
            sign_in(client, name)
            assert not is_signed_in(client)


class TestSecondFactor:
    @pytest.fixture
    def protected(self, lead_user: User) -> User:
        TOTP.activate(lead_user, SECRET)
        RecoveryCodes.activate(lead_user)
        return lead_user

    @pytest.mark.parametrize("path", [SIGN_IN, "/admin/login/"])
    def test_the_password_alone_opens_nothing(
        self, client: Client, protected: User, path: str
    ) -> None:
        sign_in(client, path=path)
        assert not is_signed_in(client)
        for page in ("/sales", "/admin/", "/accounts/2fa/"):
            assert client.get(page).status_code == 302
        client.post("/accounts/2fa/totp/deactivate/")
        assert Authenticator.objects.filter(user=protected).count() == 2

    def test_with_the_code_it_does(self, client: Client, protected: User) -> None:
        sign_in(client)
        client.post("/accounts/2fa/authenticate/", {"code": code_now()})
        assert is_signed_in(client)
        event = AccessEvent.objects.get(kind="signed_in")
        assert (event.user, event.about) == (protected, "password and code")

    def test_with_a_recovery_code_it_does_once(self, client: Client, protected: User) -> None:
        code = RecoveryCodes(
            Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES)
        ).get_unused_codes()[0]
        for browser, opened in ((Client(), True), (Client(), False)):
            sign_in(browser)
            browser.post("/accounts/2fa/authenticate/", {"code": code})
            assert is_signed_in(browser) is opened

    @pytest.mark.parametrize("code", ["", "000000", "abc", "１２３４５６", "9" * 100])
    def test_a_wrong_code_is_refused_and_on_record(
        self, client: Client, protected: User, code: str
    ) -> None:
        sign_in(client)
        client.post("/accounts/2fa/authenticate/", {"code": code})
        assert not is_signed_in(client)
        assert kinds().count("code_refused") == (1 if code else 0)

    def test_codes_are_throttled(self, client: Client, protected: User) -> None:
        sign_in(client)
        for _ in range(8):
            client.post("/accounts/2fa/authenticate/", {"code": "000000"})
        client.post("/accounts/2fa/authenticate/", {"code": code_now()})
        assert not is_signed_in(client)
        assert "throttled" in kinds()


class TestRecord:
    def test_a_sign_in_and_out_name_the_account_and_address(
        self, client: Client, lead_user: User
    ) -> None:
        sign_in(client)
        client.post("/accounts/logout/")
        assert kinds() == ["signed_in", "signed_out"]
        for event in AccessEvent.objects.all():
            assert (event.user, event.by, event.address) == (lead_user, lead_user, "127.0.0.1")

    @pytest.mark.parametrize(
        ("typed", "known"), [("lena", True), ("Lena", True), ("nobody", False), ("my-pass", False)]
    )
    def test_a_refused_one_keeps_no_word_of_what_was_typed(
        self, client: Client, lead_user: User, typed: str, known: bool
    ) -> None:
        sign_in(client, typed, "wrong")
        event = AccessEvent.objects.get()
        assert (event.kind, event.user) == ("password_refused", lead_user if known else None)
        assert event.about == ""

    def test_a_changed_password_is_on_record(self, client: Client, lead_user: User) -> None:
        sign_in(client)
        body = {"oldpassword": PASSWORD, "password1": "another-long-one", "password2": ""}
        body["password2"] = body["password1"]
        client.post("/accounts/password/change/", body)
        assert kinds()[-1] == "password_changed"

    def test_a_password_set_by_an_administrator_names_both(
        self, client: Client, lead_user: User
    ) -> None:
        boss = User.objects.create_superuser("boss", "", PASSWORD)
        client.force_login(boss)
        body = {"password1": "another-long-one", "password2": "another-long-one"}
        path = f"/admin/auth/user/{lead_user.pk}/password/"
        client.post(path, {**body, "usable_password": "true", "set-password": "1"})
        event = AccessEvent.objects.latest("pk")
        assert (event.kind, event.user, event.by) == ("password_changed", lead_user, boss)

    def test_a_person_sees_their_own_and_a_lead_all(
        self, client: Client, viewer: User, lead_user: User
    ) -> None:
        AccessEvent.objects.create(kind="signed_in", user=lead_user, about="of lena")
        AccessEvent.objects.create(kind="signed_in", user=viewer, about="of vera")
        client.force_login(viewer)
        page = client.get("/sales/sign-ins").content.decode()
        assert "of vera" in page and "of lena" not in page
        client.force_login(lead_user)
        page = client.get("/sales/sign-ins").content.decode()
        assert "of vera" in page and "of lena" in page

    def test_nobody_changes_or_deletes_it_in_the_admin(self, client: Client) -> None:
        client.force_login(User.objects.create_superuser("boss", "", PASSWORD))
        row = AccessEvent.objects.latest("pk")
        for page in ("change", "delete"):
            path = f"/admin/lib/accessevent/{row.pk}/{page}/"
            assert client.post(path, {"post": "yes", "about": "x"}).status_code == 403
        assert AccessEvent.objects.get(pk=row.pk).about == row.about


class TestNewPassword:
    @pytest.fixture(autouse=True)
    def mailbox(self, settings: Any) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        settings.SITE_URL = "https://caio.ours.example.com"

    def ask(self, client: Client, email: str, host: str = "testserver") -> Any:
        return client.post("/accounts/password/reset/", {"email": email}, headers={"host": host})

    def test_the_link_is_of_the_setting_whatever_the_host(
        self, client: Client, lead_user: User
    ) -> None:
        self.ask(client, "Lena@ours.example.com", host="localhost:666")
        (sent,) = mail.outbox
        text = f"{sent.subject}\n{sent.body}"
        assert sent.to == ["Lena@ours.example.com"] or sent.to == ["lena@ours.example.com"]
        assert "666" not in text and "localhost" not in text and "testserver" not in text
        link = re.search(r"https://caio\.ours\.example\.com(/accounts/\S+)", sent.body)
        assert link
        page = client.get(link[1], follow=True)
        assert page.status_code == 200 and "password1" in page.content.decode()
        new = "a-newer-long-one"
        client.post(page.redirect_chain[-1][0], {"password1": new, "password2": new})
        assert not is_signed_in(client)
        sign_in(client, password=new)
        assert is_signed_in(client)
        assert kinds() == ["reset_asked", "password_changed", "signed_in"]

    @pytest.mark.parametrize(
        "email",
        [
            "stranger@example.com",
            "lena@ours.example.co",
            "lena+x@ours.example.com",
            "lena@ours.example.com.test",
            "len@ours.example.com",
            "lena@ours.example.\u0441om",
            "lena@our\u017f.example.com",
        ],
    )
    def test_a_stranger_gets_nothing_and_the_page_says_the_same(
        self, client: Client, lead_user: User, email: str
    ) -> None:
        known = self.ask(client, "lena@ours.example.com")
        mail.outbox.clear()
        unknown = self.ask(client, email)
        assert (unknown.status_code, unknown.headers.get("Location")) == (
            known.status_code,
            known.headers.get("Location"),
        )
        assert mail.outbox == []
        assert kinds() == ["reset_asked"]

    def test_an_inactive_account_gets_nothing(self, client: Client, lead_user: User) -> None:
        User.objects.update(is_active=False)
        self.ask(client, "lena@ours.example.com")
        assert mail.outbox == []

    @pytest.mark.parametrize("page", ["email", "signup", "confirm-email", "login/code"])
    def test_no_page_mails_a_link_to_an_address_just_typed(
        self, client: Client, lead_user: User, page: str
    ) -> None:
        client.force_login(lead_user)
        body = {"email": "stranger@example.com", "action_add": "", "password1": PASSWORD}
        assert client.post(f"/accounts/{page}/", body).status_code == 404
        assert mail.outbox == []
        assert User.objects.count() == 1
