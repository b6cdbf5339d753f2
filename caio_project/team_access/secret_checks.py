"""What a production installation may not boot with: secrets that can be guessed, open addresses."""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http.request import validate_host

MIN_KEY_LENGTH = 32
MIN_TOKEN_LENGTH = 16
MIN_DIFFERENT = 6  # characters: a secret of one repeated letter is long and no secret
KEY_HINT = "Make one: python -c 'import secrets; print(secrets.token_urlsafe(50))'."
TOKEN_HINT = "Make one: python -c 'import secrets; print(secrets.token_urlsafe(24))'."
TOKEN_SETTINGS = (
    "RB2B_WEBHOOK_TOKENS",
    "CLAY_CALLBACK_TOKEN",
    "GHL_WORKFLOW_TOKEN",
    "SLACK_SIGNING_SECRET",
    "METRICS_TOKEN",
)
Found = tuple[str, str, str]


def production_errors() -> list[Found]:
    """Name, sentence and hint of each; with DEBUG on, tokens only."""
    found = [*_token_errors()]
    if not settings.DEBUG:
        found += [*_key_errors(), *_host_errors(), *_address_errors()]
    return found


def is_guessable(secret: str, least: int) -> bool:
    return len(secret) < least or len(set(secret)) < MIN_DIFFERENT


def is_loopback_host(host: str | None) -> bool:
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False


def _key_errors() -> Iterator[Found]:
    try:
        key = str(settings.SECRET_KEY)
    except ImproperlyConfigured:  # Django's own refusal of an empty one names no way out
        key = ""
    if not key:
        yield "SECRET_KEY", "SECRET_KEY is empty: sessions and links could be forged.", KEY_HINT
    elif is_guessable(key, MIN_KEY_LENGTH) or key.startswith("django-insecure"):
        text = f"SECRET_KEY can be guessed: it needs {MIN_KEY_LENGTH} random characters or more."
        yield "SECRET_KEY", text, KEY_HINT
    for old in settings.SECRET_KEY_FALLBACKS:
        if is_guessable(old, MIN_KEY_LENGTH):
            text = "A key in SECRET_KEY_FALLBACKS can be guessed, and is accepted like SECRET_KEY."
            yield "SECRET_KEY_FALLBACKS", text, "Take it away; links signed with it end."
            break


def _token_errors() -> Iterator[Found]:
    for name in TOKEN_SETTINGS:
        stored = getattr(settings, name)
        tokens = stored if isinstance(stored, list) else stored.split(",")
        given = [token.strip() for token in tokens if token.strip()]
        if any(is_guessable(token, MIN_TOKEN_LENGTH) for token in given):
            text = (
                f"A token in {name} is shorter than {MIN_TOKEN_LENGTH} characters or repeats a "
                "few of them."
            )
            yield name, text, TOKEN_HINT


def _host_errors() -> Iterator[Found]:
    for host in settings.ALLOWED_HOSTS:
        if "*" in host or not host.strip(" .") or (host.startswith(".") and "." not in host[1:]):
            text = f"ALLOWED_HOSTS has {host!r}: links could be made to lead anywhere."
            yield "ALLOWED_HOSTS", text, "Name each host."
            return
    try:
        ours = urlsplit(settings.SITE_URL).hostname or ""
    except ValueError:
        return  # refused as SITE_URL
    ours = f"[{ours}]" if ":" in ours else ours
    if ours and not validate_host(ours, settings.ALLOWED_HOSTS):
        text = f"ALLOWED_HOSTS lacks {ours!r}, the host of SITE_URL: no link would open."
        yield "ALLOWED_HOSTS", text, f"Add {ours}."


def _address_errors() -> Iterator[Found]:
    hint = "Like https://caio.example.com."
    try:
        parts: Any = urlsplit(settings.SITE_URL)
        extras = parts.username or parts.path or parts.query or parts.fragment
        is_address = bool(parts.scheme in ("http", "https") and parts.hostname and not extras)
        is_address = is_address and (parts.port is None or parts.port > 0)
    except ValueError:
        is_address = False
    if not is_address:
        yield "SITE_URL", f"SITE_URL {settings.SITE_URL!r} is not the address of a site.", hint
    elif parts.scheme != "https" and not is_loopback_host(parts.hostname):
        text = (
            "SITE_URL is not https: passwords and unsubscribe links would be open to read on the "
            "way."
        )
        yield "SITE_URL", text, hint
