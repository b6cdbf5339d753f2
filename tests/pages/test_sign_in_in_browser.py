"""Signing in by single sign-on and by security keys, in Chromium with a virtual authenticator."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from playwright.sync_api import Browser, BrowserContext, Page, expect

from caio_project.lib.models import AccessEvent
from tests.conftest import person
from tests.fakes.oidc import FakeOidc
from tests.pages.rules_of_axe import violations

pytestmark = [pytest.mark.browser]
PASSWORD = "a-long-password"
KEY = {
    "protocol": "ctap2",
    "transport": "usb",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
}


@pytest.fixture
def lena(committed: None) -> User:
    return person("lena", "Lead")


@pytest.fixture
def context(browser: Browser, live_server: Any, lena: User, settings: Any) -> Iterator[Any]:
    """Security keys belong to a name, so the server is visited as localhost."""
    settings.SITE_URL = live_server.url.replace("127.0.0.1", "localhost")
    made = browser.new_context(base_url=settings.SITE_URL, viewport={"width": 390, "height": 800})
    made.set_default_timeout(60_000)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    made = context.new_page()
    problems: list[str] = []
    made.on("pageerror", lambda error: problems.append(str(error)))
    made.on(
        "console",
        lambda said: problems.append(said.text) if "Content Security Policy" in said.text else None,
    )
    yield made
    assert problems == []


def plug_in_a_key(page: Page) -> Any:
    """A virtual authenticator, and what unplugs it."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    key = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    return devtools, key["authenticatorId"]


def sign_in(page: Page) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Username or email").fill("lena")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def check_page(page: Page) -> None:
    """Nothing wider than the screen, and no rule of axe is broken."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
    assert violations(page) == [], page.url


def register_key(page: Page, name: str) -> None:
    page.goto("/sales/settings/me")
    page.get_by_role("link", name="Add a security key").click()
    if "reauthenticate" in page.url:
        check_page(page)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Name of the key").fill(name)
    check_page(page)
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_url("**/2fa/recovery-codes/**")


def test_a_key_is_registered_named_used_and_removed(page: Page, lena: User) -> None:
    devtools, plugged = plug_in_a_key(page)
    sign_in(page)
    register_key(page, "Blue key")
    check_page(page)
    page.goto("/sales/settings/me")
    expect(page.get_by_text("Blue key")).to_be_visible()
    page.get_by_role("link", name="Rename Blue key").click()
    page.get_by_label("Name of the key").fill("Green <b>key</b>")
    check_page(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Green <b>key</b>")).to_be_visible()
    check_page(page)

    page.context.clear_cookies()
    sign_in(page)
    page.wait_for_url("**/2fa/authenticate/")
    check_page(page)
    page.get_by_role("button", name="Use a security key").click()
    page.wait_for_url("**/sales")
    event = AccessEvent.objects.filter(kind="signed_in").latest("pk")
    assert event.about == "password and security key"

    page.goto("/accounts/2fa/")
    check_page(page)
    page.get_by_role("link", name="Manage security keys").click()
    page.get_by_role("link", name="Remove Green").click()
    if "reauthenticate" in page.url:
        check_page(page)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Confirm").click()
    check_page(page)
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("You have none yet.")).to_be_visible()
    assert not Authenticator.objects.exists()


def test_without_the_key_nobody_gets_in_and_the_page_says_why(page: Page, lena: User) -> None:
    devtools, plugged = plug_in_a_key(page)
    sign_in(page)
    register_key(page, "Blue key")
    page.context.clear_cookies()
    devtools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": plugged})
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})  # a stranger's
    sign_in(page)
    page.wait_for_url("**/2fa/authenticate/")
    page.get_by_role("button", name="Use a security key").click()
    expect(page.get_by_text("No security key answered.")).to_be_visible()
    check_page(page)
    page.goto("/sales")
    assert page.url.endswith("/accounts/2fa/authenticate/")


def test_single_sign_on_from_the_button_to_the_page_asked_for(
    page: Page, lena: User, settings: Any
) -> None:
    with FakeOidc() as idp:
        settings.OIDC = replace(
            settings.OIDC,
            name="Okta",
            issuer=idp.url,
            client_id=idp.client_id,
            client_secret=idp.client_secret,
            signs_out_there=True,
        )
        page.goto("/sales/leads")
        check_page(page)
        page.get_by_role("button", name="Sign in with Okta").click()
        page.wait_for_url("**/sales/leads")
        page.goto("/sales/settings/sessions")
        expect(page.get_by_text("Chrome on Linux")).to_be_visible()
        check_page(page)
        page.goto("/accounts/logout/")
        page.get_by_role("button", name="Sign out").last.click()
        expect(page.get_by_text("Signed out at the provider")).to_be_visible()
        page.goto("/sales")
        assert "/accounts/login/" in page.url
        idp.changes = {"aud": "another"}
        page.get_by_role("button", name="Sign in with Okta").click()
        expect(page.get_by_text("does not prove who you are")).to_be_visible()
        check_page(page)
