"""Slack's signature of a request. Source: docs.slack.dev, "Verifying requests from Slack". Pure."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence

SIGNATURE_HEADER = "X-Slack-Signature"
TIMESTAMP_HEADER = "X-Slack-Request-Timestamp"
WINDOW_SECONDS = 300


def find_header_fault(headers: Mapping[str, str], now: float) -> str | None:
    """What is wrong before the body is read, naming the header; None where nothing is.

    `now` is in seconds since 1970.
    """
    stamp = headers.get(TIMESTAMP_HEADER, "")
    if not stamp or not headers.get(SIGNATURE_HEADER):
        missing = SIGNATURE_HEADER if stamp else TIMESTAMP_HEADER
        return f"{missing}: it is missing."
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) < 13):
        return f"{TIMESTAMP_HEADER}: it is not a number of seconds."
    if abs(now - int(stamp)) > WINDOW_SECONDS:
        return f"{TIMESTAMP_HEADER}: it is more than 5 minutes from now."
    return None


def find_fault(
    body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: float
) -> str | None:
    """As `find_header_fault`, and whether the signature is of `body`.

    `secrets` are the ones accepted while one is rotated.
    """
    if fault := find_header_fault(headers, now):
        return fault
    given, stamp = headers.get(SIGNATURE_HEADER, ""), headers.get(TIMESTAMP_HEADER, "")
    wanted = [_sign(body, stamp, secret) for secret in secrets]
    matches = [hmac.compare_digest(given.encode(), one.encode()) for one in wanted]
    return None if any(matches) else f"{SIGNATURE_HEADER}: it is not Slack's for this body."


def _sign(body: bytes, stamp: str, secret: str) -> str:
    base = b"v0:" + stamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
