"""Sign-in through a real provider on loopback: who gets in, who does not, and what is on record."""

import time
from dataclasses import replace
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.test import Client

from caio_project.lib.models import AccessEvent
from tests.caio_project.team_access.single_sign_on.conftest import (
    begin,
    is_signed_in,
    sign_in,
    visit_provider,
)
from tests.fakes.oidc import FakeOidc

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def roles(user: User) -> set[str]:
    return set(user.groups.values_list("name", flat=True))


def events() -> list[tuple[str, str]]:
    return list(AccessEvent.objects.order_by("pk").values_list("kind", "about"))


def refused(client: Client, response: Any, code: str, status: int = 403) -> None:
    """Not signed in, told so, on record, and no account was made or linked."""
    assert response.status_code == status, response.content.decode()
    assert "Not signed in" in response.content.decode()
    assert not is_signed_in(client)
    assert ("sso_refused", code) in events()
    assert not SocialAccount.objects.exists()


class TestWhoGetsIn:
    def test_the_right_person_is_linked_and_signed_in(
        self, client: Client, lead_user: User, idp: FakeOidc
    ) -> None:
        response = sign_in(client, next="/sales/leads")
        assert response.headers["Location"] == "/sales/leads"
        assert client.session["_auth_user_id"] == str(lead_user.pk)
        assert events() == [("sso_linked", ""), ("signed_in", "single sign-on")]
        kept = SocialAccount.objects.get()
        assert kept.user == lead_user and kept.extra_data == {"issuer": idp.url}
        assert "u-lena" not in kept.uid and "lena" not in str(kept.extra_data)

    def test_once_linked_the_subject_counts_whatever_the_address(
        self, client: Client, lead_user: User, idp: FakeOidc
    ) -> None:
        sign_in(client)
        idp.person |= {"email": "married@ours.example.com", "email_verified": False}
        other = Client()
        sign_in(other)
        assert other.session["_auth_user_id"] == str(lead_user.pk)

    def test_a_new_person_with_a_group_gets_an_account_without_a_password(
        self, client: Client, db: None, idp: FakeOidc
    ) -> None:
        idp.person |= {"email": "new@ours.example.com", "groups": ["caio-viewers", "else"]}
        idp.person |= {"given_name": "Nia", "family_name": "New\x00"}
        sign_in(client)
        made = User.objects.get(email="new@ours.example.com")
        assert is_signed_in(client) and roles(made) == {"Viewer"}
        assert (made.first_name, made.last_name) == ("Nia", "New")
        assert not made.has_usable_password() and not made.is_superuser
        assert client.get("/sales").status_code == 200
        assert client.get("/sales/phase/promote").status_code == 403

    @pytest.mark.parametrize("groups", [[], ["else"], None, "caio-lead", {"caio-leads": 1}, [1]])
    def test_nobody_without_a_group_gets_in(
        self, client: Client, db: None, idp: FakeOidc, groups: Any
    ) -> None:
        idp.person |= {"email": "new@ours.example.com", "groups": groups}
        refused(client, sign_in(client), "no_group")
        assert not User.objects.exists()

    def test_an_unverified_address_takes_no_account_over(
        self, client: Client, lead_user: User, idp: FakeOidc
    ) -> None:
        for said in (False, None, "false", 0, [True]):
            idp.person["email_verified"] = said
            refused(client, sign_in(client), "email_not_verified")
        idp.changes = {"email": "lena@ours.example.com", "email_verified": None}
        idp.more = {"email": "x@ours.example.com", "email_verified": True}
        refused(client, sign_in(client), "email_not_verified")
        assert User.objects.count() == 1

    def test_an_address_with_a_letter_that_capitalises_alike_takes_no_account_over(
        self, client: Client, reviewer: User, idp: FakeOidc
    ) -> None:
        idp.person["email"] = "r\u0131ta@ours.example.com"
        sign_in(client)
        assert client.session["_auth_user_id"] != str(reviewer.pk)
        assert roles(reviewer) == {"Reviewer"}

    def test_what_cannot_be_told_apart_is_refused(
        self, client: Client, lead_user: User, idp: FakeOidc
    ) -> None:
        User.objects.create_user("twin", "LENA@ours.example.com")
        refused(client, sign_in(client), "several_accounts")

    def test_an_address_given_to_somebody_else_does_not_inherit_the_account(
        self, client: Client, lead_user: User, idp: FakeOidc
    ) -> None:
        sign_in(client)
        idp.person["sub"] = "u-successor"
        other = Client()
        assert sign_in(other).status_code == 403
        assert not is_signed_in(other) and SocialAccount.objects.count() == 1

    def test_the_deactivated_stay_out(self, client: Client, lead_user: User, idp: FakeOidc) -> None:
        User.objects.update(is_active=False)
        refused(client, sign_in(client), "deactivated")

    def test_without_a_claim_roles_are_ours_and_no_account_is_made(
        self, client: Client, reviewer: User, idp: FakeOidc, settings: Any
    ) -> None:
        settings.OIDC = replace(settings.OIDC, groups_claim="", groups={})
        refused(client, sign_in(client), "no_account")
        idp.person["email"] = reviewer.email
        sign_in(client)
        assert is_signed_in(client) and roles(reviewer) == {"Reviewer"}


class TestRoles:
    def test_roles_follow_the_claim_both_ways(
        self, client: Client, lead_user: User, idp: FakeOidc
    ) -> None:
        lead_user.groups.add(Group.objects.create(name="Book club"))
        idp.person["groups"] = ["caio-viewers"]
        sign_in(client)
        assert roles(lead_user) == {"Viewer", "Book club"}
        assert ("roles_changed", "+Viewer -Lead by single sign-on") in events()
        idp.person["groups"] = ["caio-reviewers", "caio-leads"]
        sign_in(Client())
        assert roles(lead_user) == {"Reviewer", "Lead", "Book club"}

    def test_who_left_every_group_is_out_and_their_sessions_too(
        self, client: Client, lead_user: User, idp: FakeOidc
    ) -> None:
        sign_in(client)
        assert client.get("/sales").status_code == 200
        idp.person["groups"] = []
        other = Client()
        assert sign_in(other).status_code == 403
        assert not is_signed_in(other) and roles(lead_user) == set()
        assert client.get("/sales").headers["Location"].startswith("/accounts/login/")
        assert ("sso_refused", "no_group") in events()

    def test_a_group_makes_nobody_superuser(
        self, client: Client, lead_user: User, idp: FakeOidc
    ) -> None:
        idp.person |= {"is_superuser": True, "is_staff": True}
        idp.person["groups"] = ["caio-leads", "superuser", "Lead"]
        sign_in(client)
        lead_user.refresh_from_db()
        assert not lead_user.is_superuser and roles(lead_user) == {"Lead"}

    def test_the_session_ends_so_that_the_claim_is_read_again(
        self, client: Client, lead_user: User, idp: FakeOidc, settings: Any
    ) -> None:
        sign_in(client)
        seconds = client.session.get_expiry_age()
        assert 3600 * 11 < seconds <= 3600 * 12
        Session.objects.update(expire_date="2026-01-01T00:00:00Z")
        assert client.get("/sales").status_code == 302


class TestForgedTokens:
    @pytest.mark.parametrize(
        "changes",
        [
            {"iss": "https://evil.example.com"},
            {"aud": "another-client"},
            {"aud": ["caio-client", "another-client"]},
            {"azp": "another-client"},
            {"exp": 1},
            {"exp": None},
            {"iat": None},
            {"iat": 99999999999},
            {"nbf": 99999999999},
            {"nonce": "of-another-sign-in"},
            {"nonce": None},
            {"sub": None},
            {"sub": ""},
            {"sub": 5},
            {"header": {"kid": "first", "alg": "none"}},
            {"header": {"kid": "first", "alg": "HS256"}},
            {"header": {"kid": "unknown"}},
        ],
        ids=str,
    )
    def test_a_token_that_proves_nothing_is_refused(
        self, client: Client, lead_user: User, idp: FakeOidc, changes: dict[str, Any]
    ) -> None:
        idp.changes = changes
        refused(client, sign_in(client), "token")

    def test_another_key_under_the_same_name_is_refused(
        self, client: Client, lead_user: User, idp: FakeOidc
    ) -> None:
        idp.signs_with = "forger"
        idp.changes = {"header": {"kid": "first"}}
        refused(client, sign_in(client), "token")

    def test_a_new_key_of_the_provider_is_taken(
        self, client: Client, lead_user: User, idp: FakeOidc
    ) -> None:
        sign_in(client)
        idp.signs_with, idp.published = "second", ("first", "second")
        other = Client()
        sign_in(other)
        assert is_signed_in(other)

    def test_userinfo_about_somebody_else_is_refused(
        self, client: Client, lead_user: User, idp: FakeOidc
    ) -> None:
        idp.more = {"sub": "u-other"}
        refused(client, sign_in(client), "token")


class TestTheWay:
    def test_an_answer_serves_once_and_in_the_same_browser(
        self, client: Client, lead_user: User, idp: FakeOidc
    ) -> None:
        answer = visit_provider(begin(client))
        stranger = Client()
        refused(stranger, stranger.get("/accounts/sso/callback/", answer), "state", 400)
        client.get("/accounts/sso/callback/", answer)
        assert is_signed_in(client)
        client.post("/accounts/logout/")
        again = client.get("/accounts/sso/callback/", answer)
        assert (again.status_code, is_signed_in(client)) == (400, False)

    def test_strangers_fill_no_record_and_are_throttled(
        self, client: Client, db: None, idp: FakeOidc
    ) -> None:
        statuses = [client.get("/accounts/sso/callback/").status_code for _ in range(35)]
        assert statuses[0] == 400 and statuses[-1] == 429
        assert events() == [("sso_refused", "state"), ("sso_refused", "too_many")]
        assert idp.requests() == []

    @pytest.mark.parametrize(
        "answer", [{}, {"code": "x"}, {"state": "x", "code": "y"}, {"state": "\ud800"}]
    )
    def test_an_answer_to_nothing_is_refused(
        self, client: Client, lead_user: User, idp: FakeOidc, answer: dict[str, str]
    ) -> None:
        response = client.get(
            "/accounts/sso/callback/", {k: v.encode("utf-8", "replace") for k, v in answer.items()}
        )
        refused(client, response, "state", 400)

    def test_an_answer_of_another_issuer_or_too_late_is_refused(
        self, client: Client, lead_user: User, idp: FakeOidc, time_machine: Any
    ) -> None:
        answer = visit_provider(begin(client))
        wrong = {**answer, "iss": "https://evil.example.com"}
        refused(client, client.get("/accounts/sso/callback/", wrong), "state", 400)
        answer = visit_provider(begin(client))
        time_machine.move_to(time.time() + 660)
        refused(client, client.get("/accounts/sso/callback/", answer), "state", 400)

    def test_a_code_of_another_sign_in_is_refused(
        self, client: Client, lead_user: User, idp: FakeOidc
    ) -> None:
        stolen = visit_provider(begin(Client()))["code"]
        own = visit_provider(begin(client))
        response = client.get("/accounts/sso/callback/", {**own, "code": stolen})
        refused(client, response, "provider_refused", 502)

    def test_the_request_is_ours_whatever_the_address_says(
        self, client: Client, lead_user: User, idp: FakeOidc
    ) -> None:
        asks = "?process=connect&scope=admin&auth_params=redirect_uri%3Dhttps://evil.test"
        page = client.post(f"/accounts/sso/{asks}", {"next": "//evil.example.com/x"})
        address = page.context["address"]
        assert "evil" not in address and "admin" not in address
        for part in ("code_challenge_method=S256", "nonce=", "state=", "response_type=code"):
            assert part in address
        response = client.get("/accounts/sso/callback/", visit_provider(address))
        assert response.headers["Location"] == "/sales"

    @pytest.mark.parametrize(
        "host", ["https://evil.example.com", "/\\evil.example.com", "//e.test"]
    )
    def test_it_leads_back_to_nobody_else(
        self, client: Client, lead_user: User, idp: FakeOidc, host: str
    ) -> None:
        assert sign_in(client, next=host).headers["Location"] == "/sales"

    def test_the_session_before_is_not_the_one_after(
        self, client: Client, lead_user: User, idp: FakeOidc
    ) -> None:
        address = begin(client)
        planted = client.session.session_key
        client.get("/accounts/sso/callback/", visit_provider(address))
        assert client.session.session_key != planted
        assert not Session.objects.filter(session_key=planted).exists()

    def test_it_takes_a_form_of_our_own(self, lead_user: User, idp: FakeOidc) -> None:
        careful = Client(enforce_csrf_checks=True)
        assert careful.post("/accounts/sso/").status_code == 403
        assert careful.get("/accounts/sso/").status_code == 405
        assert idp.requests() == []

    def test_whoever_is_signed_in_stays_so_when_a_sign_in_fails(
        self, client: Client, viewer: User, lead_user: User, idp: FakeOidc
    ) -> None:
        client.force_login(viewer)
        idp.changes = {"aud": "another-client"}
        assert sign_in(client).status_code == 403
        assert client.session["_auth_user_id"] == str(viewer.pk)
        idp.changes = {}
        sign_in(client)
        assert client.session["_auth_user_id"] == str(lead_user.pk)

    def test_who_cancels_is_told_so(self, client: Client, db: None, idp: FakeOidc) -> None:
        idp.cancels = True
        response = sign_in(client)
        assert response.status_code == 400 and b"did not finish" in response.content


class TestAProviderThatFails:
    def test_down_before_and_after_is_a_page(
        self, client: Client, lead_user: User, idp: FakeOidc
    ) -> None:
        answer = visit_provider(begin(client))
        idp.stop()
        responses = [client.get("/accounts/sso/callback/", answer)]
        caches["process"].clear()
        responses.append(client.post("/accounts/sso/"))
        for response in responses:
            assert response.status_code == 503
            assert "Okta does not answer." in response.content.decode()
        assert not is_signed_in(client)

    @pytest.mark.parametrize("route", ["GET /jwks", "GET /userinfo", "POST /token"])
    @pytest.mark.parametrize("body", ["not json", "[]", "null"])
    def test_nonsense_is_a_page(
        self, client: Client, lead_user: User, idp: FakeOidc, route: str, body: str
    ) -> None:
        answer = visit_provider(begin(client))
        idp.on(route).garbage(body)
        response = client.get("/accounts/sso/callback/", answer)
        assert response.status_code == 502 and not is_signed_in(client)

    @pytest.mark.parametrize(
        "metadata",
        [
            {"issuer": "https://evil.example.com"},
            {"token_endpoint": "http://evil.example.com/token"},
            {"jwks_uri": "file:///etc/passwd"},
            {"authorization_endpoint": None},
            {"authorization_endpoint": "javascript:alert(1)"},
        ],
        ids=str,
    )
    def test_a_document_that_leads_elsewhere_is_refused(
        self, client: Client, lead_user: User, idp: FakeOidc, metadata: dict[str, Any]
    ) -> None:
        idp.metadata = metadata
        response = client.post("/accounts/sso/")
        assert response.status_code == 502
        assert "evil" not in response.content.decode()


class TestSecondFactor:
    @pytest.fixture
    def protected(self, lead_user: User, settings: Any) -> User:
        settings.SECOND_FACTOR_ROLES = ["Lead"]
        return lead_user

    def test_as_found_the_providers_does_not_count(
        self, client: Client, protected: User, idp: FakeOidc
    ) -> None:
        idp.person["amr"] = ["mfa"]
        sign_in(client)
        assert client.get("/sales").headers["Location"] == "/accounts/2fa/totp/activate/"
        TOTP.activate(protected, SECRET)
        other = Client()
        assert sign_in(other).headers["Location"] == "/accounts/2fa/authenticate/"
        assert not is_signed_in(other)
        stored = " ".join(
            str(row.get_decoded()) for row in Session.objects.all() if row.get_decoded()
        )
        assert "claims" not in stored and "access_token" not in stored

    @pytest.mark.parametrize(
        ("said", "methods", "counts"),
        [
            ("claim", ["pwd", "mfa"], True),
            ("claim", ["pwd"], False),
            ("claim", None, False),
            ("provider", None, True),
        ],
    )
    def test_it_counts_where_the_setting_says_so(
        self, client: Client, protected: User, idp: FakeOidc, settings: Any,
        said: str, methods: Any, counts: bool,
    ) -> None:  # fmt: skip
        settings.OIDC = replace(settings.OIDC, second_factor=said)
        idp.person["amr"] = methods
        sign_in(client)
        assert (client.get("/sales").status_code == 200) is counts
        TOTP.activate(protected, SECRET)
        other = Client()
        sign_in(other)
        assert is_signed_in(other) is counts

    def test_a_password_later_in_the_same_browser_vouches_for_nothing(
        self, client: Client, protected: User, idp: FakeOidc, settings: Any
    ) -> None:
        settings.OIDC = replace(settings.OIDC, second_factor="provider")
        sign_in(client)
        client.post("/accounts/logout/")
        client.post("/accounts/login/", {"login": "lena", "password": "a-long-password"})
        assert client.get("/sales").status_code == 302


class TestSigningOut:
    def test_here_only_and_it_says_so(self, client: Client, lead_user: User, idp: FakeOidc) -> None:
        sign_in(client)
        page = client.post("/accounts/logout/", follow=True)
        assert not is_signed_in(client)
        assert "still be signed in at Okta" in page.content.decode()

    def test_there_too_where_the_setting_says_so(
        self, client: Client, lead_user: User, idp: FakeOidc, settings: Any
    ) -> None:
        settings.OIDC = replace(settings.OIDC, signs_out_there=True)
        sign_in(client)
        page = client.post("/accounts/logout/", follow=True)
        assert page.context["address"].startswith(f"{idp.url}/logout?client_id=caio-client&")
        assert "localhost%2Faccounts%2Flogin%2F" in page.context["address"]


class TestSettings:
    def test_without_a_provider_there_is_neither_button_nor_address(
        self, client: Client, db: None
    ) -> None:
        assert b"sso" not in client.get("/accounts/login/").content
        for path in ("", "callback/", "left/"):
            assert client.post(f"/accounts/sso/{path}").status_code in (404, 405)
            assert client.get(f"/accounts/sso/{path}").status_code in (404, 405)

    def test_only_single_sign_on_but_for_emergencies(
        self, client: Client, lead_user: User, viewer: User, idp: FakeOidc, settings: Any
    ) -> None:
        settings.OIDC = replace(settings.OIDC, is_only_way=True)
        page = client.get("/accounts/login/").content.decode()
        assert "Sign in with Okta" in page and "password" not in page
        settings.OIDC = replace(settings.OIDC, break_glass=frozenset({"lena"}))
        assert "For emergencies" in client.get("/accounts/login/").content.decode()
        body = {"login": "vera", "password": "a-long-password"}
        for name in ("vera", "vera@ours.example.com"):
            client.post("/accounts/login/", {**body, "login": name})
            assert not is_signed_in(client)
        assert events()[-1] == ("password_refused", "")
        client.post("/accounts/login/", {**body, "login": "lena"})
        assert is_signed_in(client)

    def test_pages_of_allauth_that_link_or_set_passwords_are_closed(
        self, client: Client, lead_user: User, idp: FakeOidc
    ) -> None:
        sign_in(client)
        User.objects.update(password="!")
        client.force_login(lead_user)
        for path in (
            "3rdparty/",
            "3rdparty/signup/",
            "password/set/",
            "sessions/",
            "social/signup/",
        ):
            assert client.get(f"/accounts/{path}").status_code == 404, path
            assert client.post(f"/accounts/{path}").status_code == 404, path
