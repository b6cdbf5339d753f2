"""Behind proxies a client is known by what the outermost of ours saw, not by what it claims."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from caio_project.lib.web.client_address import client_address


@pytest.mark.parametrize(
    ("said", "proxies", "found"),
    [
        ("198.51.100.7", 1, "198.51.100.7"),
        ("203.0.113.9, 198.51.100.7", 1, "198.51.100.7"),
        ("203.0.113.9, 198.51.100.7, 10.0.0.1", 2, "198.51.100.7"),
        ("198.51.100.7:51234", 1, "198.51.100.7"),
        ("[2001:db8::1]:443", 1, "2001:db8::1"),
        ("2001:DB8:0::1", 1, "2001:db8::1"),
        ("::ffff:198.51.100.7", 1, "198.51.100.7"),
        ("a" * 800_000 + ",198.51.100.7", 1, "198.51.100.7"),
        ("," * 800_000 + "198.51.100.7", 1, "198.51.100.7"),
        ("198.51.100.7", 0, ""),
        ("198.51.100.7", -1, ""),
        ("198.51.100.7", 2, ""),
        ("unknown", 1, ""),
        ("_hidden", 1, ""),
        ("", 1, ""),
        ("198.51.100.7,", 1, ""),
        ("9" * 800_000, 1, ""),
        ("fe80::1%eth0\x00", 1, "fe80::1%eth0\x00"),
    ],
)
def test_the_address_of_a_client(said: str, proxies: int, found: str) -> None:
    assert client_address({"HTTP_X_FORWARDED_FOR": said}, proxies) == found


def attempt(client: Client, name: str, password: str, address: str) -> Any:
    return client.post(
        "/accounts/login/",
        {"login": name, "password": password},
        headers={"x-forwarded-for": address},
    )


def is_held_up(answer: Any) -> bool:
    return answer.status_code == 429 or b"Too many failed" in answer.content


@pytest.fixture
def anna(db: None) -> User:
    return User.objects.create_user("anna", password="right-horse-battery-staple")


def test_wrong_passwords_of_one_client_hold_up_no_other(
    client: Client, anna: User, settings: Any
) -> None:
    settings.TRUSTED_PROXY_COUNT = 1
    for n in range(40):
        answer = attempt(client, f"user{n}", "wrong", "203.0.113.9")
    assert is_held_up(answer)
    answer = attempt(client, "anna", "right-horse-battery-staple", "198.51.100.7")
    assert (answer.status_code, answer["Location"]) == (302, "/sales")


@pytest.mark.usefixtures("anna")
def test_a_client_cannot_leave_its_own_count(client: Client, settings: Any) -> None:
    settings.TRUSTED_PROXY_COUNT = 1
    for n in range(40):
        answer = attempt(client, f"user{n}", "wrong", f"10.0.0.{n}, 203.0.113.9")
    assert is_held_up(answer)


def test_without_a_proxy_the_header_says_nothing(client: Client, anna: User, settings: Any) -> None:
    settings.TRUSTED_PROXY_COUNT = 0
    for n in range(40):
        answer = attempt(client, f"user{n}", "wrong", f"10.0.0.{n}")
    assert is_held_up(answer)


@pytest.mark.parametrize("said", ["", "unknown", "1.1.1.1", "\x00", ",,,", "[", "::::"])
def test_a_strange_header_ends_in_no_error(
    client: Client, anna: User, settings: Any, said: str
) -> None:
    settings.TRUSTED_PROXY_COUNT = 3
    answer = attempt(client, "anna", "right-horse-battery-staple", said)
    assert answer.status_code == 302
