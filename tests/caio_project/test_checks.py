"""Contradictory configuration is refused by the name of the setting."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from caio_project import checks


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
    return settings


def test_the_tests_own_configuration_is_accepted() -> None:
    assert names() == set()
    checks.refuse_to_boot()


def test_a_live_configuration_is_accepted(live: Any) -> None:
    assert names() == set()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RB2B_WEBHOOK_TOKENS", []),
        ("RB2B_WEBHOOK_TOKENS", ["short"]),
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
        ("HTTPS", False),
        ("LLM_API_KEY", "key-without-an-address"),
        ("LLM_TIMEOUT_SECONDS", 0),
        ("LLM_DAILY_TOKENS", -1),
    ],
)
def test_a_wrong_value_is_refused_by_name(live: Any, name: str, value: Any) -> None:
    setattr(live, name, value)
    blamed = {"HTTPS": "SITE_URL", "LLM_API_KEY": "LLM_BASE_URL"}.get(name, name)
    assert names() == {blamed}
    with pytest.raises(ImproperlyConfigured, match=blamed):
        checks.refuse_to_boot()


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
