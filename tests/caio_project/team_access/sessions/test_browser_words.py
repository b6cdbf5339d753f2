"""A browser and an address, said so that a person knows which of theirs it was. Pure."""

import pytest

from caio_project.team_access.sessions.browser_words import browser_words, masked_address

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/130.0 Safari/537.36"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (CHROME, "Chrome on Windows"),
        (PHONE, "Safari on iPhone"),
        (CHROME + " Edg/130.0", "Edge on Windows"),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
            "Firefox on Linux",
        ),
        ("curl/8.4", "A script"),
        ("", "An unknown browser"),
    ],
)
def test_browsers_in_words(agent: str, words: str) -> None:
    assert browser_words(agent) == words


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("203.0.113.77", "203.0.113.x"),
        ("2001:db8::1", "2001:db8:0:…"),
        ("0.0.0.0", ""),
        ("no address", ""),
    ],
)
def test_addresses_without_the_machine(address: str, masked: str) -> None:
    assert masked_address(address) == masked
