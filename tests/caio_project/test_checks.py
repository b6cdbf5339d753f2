"""Contradictory configuration is refused by the name of the setting."""

import os
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from caio_project import checks

GOOD_KEY = "a-key-of-the-tests-0123456789-abcdefghijklmnopqrst"
GOOD_TOKEN = "a-token-0123456789"


def names() -> set[str]:
    return {error.id.removeprefix("caio.") for error in checks.check_configuration()}


@pytest.fixture
def live(settings: Any) -> Any:
    """Everything connected, as production would have it."""
    settings.SANDBOX, settings.SANDBOXED, settings.UNCONNECTED = [], [], []
    settings.GHL_BASE_URL, settings.SITE_URL, settings.HTTPS = (
        "https://ghl.test",
        "https://caio.test",
        True,
    )
    settings.ALLOWED_HOSTS = ["caio.test", "testserver"]
    return settings


def test_the_tests_own_configuration_is_accepted() -> None:
    assert names() == set()
    checks.refuse_to_boot()


def test_a_live_configuration_is_accepted(live: Any) -> None:
    assert names() == set()


def test_a_server_without_rb2bs_token_says_that_it_means_to(live: Any) -> None:
    live.RB2B_WEBHOOK_TOKENS = []
    assert names() == {"RB2B_WEBHOOK_TOKENS"}
    live.SANDBOX = ["rb2b"]
    assert names() == set()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SANDBOX_FORCE", ["rb2b"]),
        ("RB2B_WEBHOOK_TOKENS", []),
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "x"),
        ("SECRET_KEY", "x" * 80),
        ("SECRET_KEY", "changeme-changeme"),
        ("SECRET_KEY", "django-insecure-" + "abcdefgh" * 8),
        ("SECRET_KEY_FALLBACKS", ["x"]),
        ("SECRET_KEY_FALLBACKS", [GOOD_KEY, "ab" * 30]),
        ("ALLOWED_HOSTS", ["*"]),
        ("ALLOWED_HOSTS", ["caio.test", "*"]),
        ("ALLOWED_HOSTS", ["*.test", "caio.test"]),
        ("ALLOWED_HOSTS", [".test"]),
        ("ALLOWED_HOSTS", ["."]),
        ("ALLOWED_HOSTS", [""]),
        ("ALLOWED_HOSTS", []),
        ("ALLOWED_HOSTS", ["other.test"]),
        ("SITE_URL", "http://caio.test"),
        ("SITE_URL", "http://10.0.0.5:8000"),
        ("SITE_URL", "http://localhost.caio.test"),
        ("SITE_URL", "http://127.0.0.1.caio.test"),
        ("SITE_URL", "http://0.0.0.0:8000"),
        ("SITE_URL", "caio.test"),
        ("SITE_URL", "ftp://caio.test"),
        ("SITE_URL", "https://"),
        ("SITE_URL", "https://user:pass@caio.test"),
        ("SITE_URL", "https://caio.test/app"),
        ("SITE_URL", "https://caio.test:99999"),
        ("SITE_URL", "https://caio.test?x=1"),
        ("SITE_URL", ""),
        ("SECOND_FACTOR_ROLES", ["lead"]),
        ("SECOND_FACTOR_ROLES", ["Lead", "Boss"]),
        ("RB2B_WEBHOOK_TOKENS", ["short"]),
        ("RB2B_WEBHOOK_TOKENS", ["x" * 40]),
        ("RB2B_WEBHOOK_TOKENS", [GOOD_TOKEN, "x"]),
        ("CLAY_CALLBACK_TOKEN", "x"),
        ("CLAY_CALLBACK_TOKEN", f"{GOOD_TOKEN}, x"),
        ("CLAY_CALLBACK_TOKEN", "ababababababababababab"),
        ("GHL_WORKFLOW_TOKEN", "x,y,z,a,b,c,d,e,f,g"),
        ("RB2B_ALLOW_UNTOKENED_UNTIL", "next week"),
        ("TEAM_TIME_ZONE", "Mars/Olympus"),
        ("TEAM_TIME_ZONE", "../etc/passwd"),
        ("ALLOWED_COUNTRIES", ["Narnia"]),
        ("ALLOWED_COUNTRIES", ["US", "XX"]),
        ("OWN_DOMAINS", ["abc"]),
        ("OWN_DOMAINS", ["*.ours.com"]),
        ("OWN_DOMAINS", ["ours.com", "jane@ours.com"]),
        ("OWN_DOMAINS", ["co.uk"]),
        ("WORKING_HOURS", "9 to 5"),
        ("REREADING_ONE_IN", 0),
        ("REREADING_ONE_IN", 21),
        ("DNS_SERVER", "192.0.2.1"),
        ("DNS_SERVER", "dns.example.com:53"),
        ("DNS_SERVER", "192.0.2.1:0"),
        ("GHL_WEBHOOK_PUBLIC_KEY", ""),
        ("GHL_WEBHOOK_PUBLIC_KEY", "not base64"),
        ("GHL_WEBHOOK_PUBLIC_KEY", "MCowBQYDK2VwAyEA"),
        (
            "GHL_WEBHOOK_LEGACY_PUBLIC_KEY",
            "MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg=",
        ),
        ("GHL_WORKFLOW_TOKEN", "short"),
        ("WORKING_HOURS", "07:00-18:00"),
        ("WORKING_HOURS", "08:00-24:00"),
        ("SANDBOX", ["hubspot"]),
        ("POSTAL_ADDRESS", ""),
        ("SENDER_NAME", ""),
        ("UNDO_SECONDS", 5),
        ("SEND_GAP_SECONDS", 0),
        ("HOURLY_LIMIT", 16),
        ("HOURLY_LIMIT", 0),
        ("DOMAIN_HOURLY_LIMIT", 4),
        ("LLM_API_KEY", "key-without-an-address"),
        ("LLM_TIMEOUT_SECONDS", 0),
        ("LLM_DAILY_TOKENS", -1),
    ],
)
def test_a_wrong_value_is_refused_by_name(live: Any, name: str, value: Any) -> None:
    setattr(live, name, value)
    if name == "SITE_URL":  # a host that is named is not the mistake
        live.ALLOWED_HOSTS = [*live.ALLOWED_HOSTS, urlsplit(value).hostname or "caio.test"]
    blamed = {"LLM_API_KEY": "LLM_BASE_URL"}.get(name, name)
    assert names() == {blamed}
    with pytest.raises(ImproperlyConfigured, match=blamed):
        checks.refuse_to_boot()


@pytest.mark.parametrize("name", ["SECRET_KEY", "ALLOWED_HOSTS", "SITE_URL"])
def test_what_production_refuses_a_developer_may_use(live: Any, name: str) -> None:
    live.DEBUG = True
    setattr(live, name, {"ALLOWED_HOSTS": ["*"], "SITE_URL": "http://caio.test"}.get(name, "x"))
    assert names() == set()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000", "http://localhost", "http://[::1]:8000", "http://127.9.9.9"]
)
def test_http_is_accepted_on_a_loopback_host(live: Any, url: str) -> None:
    live.SITE_URL = url
    live.ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", "127.9.9.9"]
    assert names() == set()


@pytest.mark.parametrize("url", ["https://[caio.test", "https://caio.test:x", "https:caio.test"])
def test_a_broken_address_is_refused_as_such(live: Any, url: str) -> None:
    live.SITE_URL = url
    assert names() == {"SITE_URL"}


@pytest.mark.parametrize(
    ("url", "is_https"),
    [
        ("https://caio.test", True),
        ("HTTPS://Caio.test/", True),
        ("http://127.0.0.1:8000", False),
        ("http://localhost", False),
    ],
)
def test_cookies_and_hsts_follow_the_scheme_of_the_site(url: str, is_https: bool) -> None:
    asked = (
        "from caio_project import settings as s; "
        "print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS > 0)"
    )
    found = subprocess.run(
        [sys.executable, "-c", asked],
        env={**os.environ, "SITE_URL": url},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.split() == [str(is_https)] * 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "x"),
        ("ALLOWED_HOSTS", "*"),
        ("SITE_URL", "http://a.test"),
    ],
)
def test_a_server_does_not_start_and_says_which(name: str, value: str) -> None:
    found = subprocess.run(
        [sys.executable, "-c", "import caio_project.wsgi"],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "caio_project.settings", name: value},
        capture_output=True,
        text=True,
    )
    assert found.returncode != 0
    assert f"caio.{name}: " in found.stderr


@pytest.mark.parametrize("sandboxed", [[], ["ghl"], ["ghl", "clay"]])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("UNDO_SECONDS", 29),
        ("SEND_GAP_SECONDS", 44),
        ("HOURLY_LIMIT", 16),
        ("DOMAIN_HOURLY_LIMIT", 4),
        ("WORKING_HOURS", "07:59-18:00"),
        ("WORKING_HOURS", "08:00-18:01"),
        ("WORKING_HOURS", "00:00-24:00"),
    ],
)
def test_looser_limits_are_accepted_on_a_loopback_peer_only(
    live: Any, sandboxed: list[str], name: str, value: Any
) -> None:
    live.SANDBOX = live.SANDBOXED = sandboxed
    setattr(live, name, value)
    assert names() == {name}
    live.GHL_BASE_URL = "http://127.0.0.1:9"
    assert names() == set()
    assert [said.partition("=")[0] for said in checks.loosened_limits()] == [name]


def test_stricter_limits_are_accepted_and_not_loosened(live: Any) -> None:
    live.UNDO_SECONDS, live.SEND_GAP_SECONDS, live.HOURLY_LIMIT, live.DOMAIN_HOURLY_LIMIT = (
        60,
        90,
        5,
        1,
    )
    live.WORKING_HOURS = "09:00-17:00"
    assert (names(), checks.loosened_limits()) == (set(), [])


@pytest.mark.django_db
@pytest.mark.parametrize("sandboxed", [[], ["ghl", "clay"]])
def test_the_banner_says_which_limits_are_loosened(
    live: Any, client: Client, viewer: User, sandboxed: list[str]
) -> None:
    client.force_login(viewer)
    live.SANDBOX = live.SANDBOXED = sandboxed
    live.GHL_BASE_URL = "http://127.0.0.1:9"
    assert "looser" not in client.get("/sales").content.decode()
    live.HOURLY_LIMIT = 1000
    said = "imits are looser than real ones: HOURLY_LIMIT=1000 is above 15."
    assert said in " ".join(client.get("/sales").content.decode().split())


def test_an_unconnected_vendor_outside_the_sandbox_is_refused(live: Any) -> None:
    live.UNCONNECTED, live.GHL_API_TOKEN = ["ghl"], ""
    assert names() == {"GHL_API_TOKEN"}


@pytest.mark.parametrize(
    ("url", "model", "wrong"),
    [
        ("https://llm.test/v1", "some-model", set()),
        ("http://127.0.0.1:9/v1", "some-model", set()),
        ("http://llm.test/v1", "some-model", {"LLM_BASE_URL"}),
        ("ftp://llm.test/v1", "some-model", {"LLM_BASE_URL"}),
        ("llm.test/v1", "some-model", {"LLM_BASE_URL"}),
        ("https://user:secret@llm.test/v1", "some-model", {"LLM_BASE_URL"}),
        ("", "some-model", {"LLM_BASE_URL"}),
        ("https://llm.test/v1", "", {"LLM_MODEL"}),
    ],
)
def test_a_language_model_needs_complete_settings_and_https(
    live: Any, url: str, model: str, wrong: set[str]
) -> None:
    live.LLM_BASE_URL, live.LLM_MODEL = url, model
    assert names() == wrong
