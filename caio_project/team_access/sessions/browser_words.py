"""A browser and a network address in words that tell a person which of theirs it was. Pure."""

import re
from ipaddress import IPv4Address, ip_address

UNKNOWN = "An unknown browser"
NO_ADDRESS = "0.0.0.0"  # noqa: S104  stored where a request had none
# The first that fits: several name others too, for the sake of old pages.
BROWSERS = (
    ("Edge", r"\bEdg(e|A|iOS)?/"),
    ("Opera", r"\b(OPR|Opera)/"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Firefox", r"\b(Firefox|FxiOS)/"),
    ("Chrome", r"\b(Chrome|CriOS|Chromium|HeadlessChrome)/"),
    ("Safari", r"\bSafari/"),
    ("A script", r"\b(curl|python-requests|python-httpx|Wget|okhttp|Go-http-client)\b"),
)
SYSTEMS = (
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("Android", r"\bAndroid\b"),
    ("Windows", r"\bWindows\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("Mac", r"\bMac(intosh| OS X)\b"),
    ("Linux", r"\bLinux\b"),
)


def browser_words(user_agent: str) -> str:
    browser = _first_fit(BROWSERS, user_agent) or UNKNOWN
    system = _first_fit(SYSTEMS, user_agent)
    return f"{browser} on {system}" if system else browser


def masked_address(address: str) -> str:
    """The network without the machine: 203.0.113.x, 2001:db8:1:…; "" where none was known."""
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    if address == NO_ADDRESS:
        return ""
    if isinstance(found, IPv4Address):
        return f"{str(found).rpartition('.')[0]}.x"
    return ":".join(part.lstrip("0") or "0" for part in found.exploded.split(":")[:3]) + ":…"


def _first_fit(words: tuple[tuple[str, str], ...], text: str) -> str:
    return next((word for word, pattern in words if re.search(pattern, text)), "")
