"""The clock of a deployment, and the headers that keep its pages safe."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

CLOCK_MAY_DIFFER = 30.0  # seconds
WANTED_HEADERS = {
    "X-Frame-Options": ("DENY", "SAMEORIGIN"),
    "X-Content-Type-Options": ("nosniff",),
    "Referrer-Policy": ("same-origin", "strict-origin", "no-referrer"),
}


def clock_trouble(headers: Mapping[str, str], now: datetime) -> str:
    """What is wrong with the deployment's clock against this one; "" where they agree."""
    try:
        there = parsedate_to_datetime(headers.get("Date", ""))
    except (TypeError, ValueError):
        return "the answer has no Date"
    if there.tzinfo is None:
        there = there.replace(tzinfo=UTC)
    ahead = (there - now).total_seconds()
    if abs(ahead) <= CLOCK_MAY_DIFFER:
        return ""
    return f"its clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} this one"


def header_troubles(headers: Mapping[str, str], *, https: bool) -> list[str]:
    found = [
        f"{name} is {headers.get(name) or 'missing'}"
        for name, wanted in WANTED_HEADERS.items()
        if headers.get(name) not in wanted
    ]
    found += _policy_troubles(headers.get("Content-Security-Policy", ""))
    if https:
        if "max-age=" not in headers.get("Strict-Transport-Security", ""):
            found.append("Strict-Transport-Security is missing")
        cookies = headers.get("Set-Cookie", "")
        if cookies and "secure" not in cookies.lower():
            found.append("a cookie is not Secure")
    return found


def _policy_troubles(policy: str) -> list[str]:
    if not policy:
        return ["Content-Security-Policy is missing"]
    found = ["Content-Security-Policy has no default-src"] if "default-src" not in policy else []
    if "'unsafe-inline'" in policy or "'unsafe-eval'" in policy:
        found.append("Content-Security-Policy allows inline code")
    return found
