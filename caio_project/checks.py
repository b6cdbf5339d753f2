"""Refuse contradictory settings by name, before anything is served or sent."""

from datetime import date
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.core.checks import Error, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from caio_project import roles
from caio_project.lib.calendar import WorkingHours
from caio_project.lib.vendor_access.access import RB2B, SLACK, is_sandboxed
from caio_project.operations.figure_checks import figure_errors
from caio_project.operations.slack_checks import slack_errors
from caio_project.privacy import retention
from caio_project.team_access.secret_checks import production_errors
from caio_project.team_access.single_sign_on import oidc_settings
from caio_project.watching.extras import extras_errors
from leads.field_values import countries, stop_entries
from outreach.integrations.ghl import signatures

# The strictest values that may hold against the real GoHighLevel: name, bound, whether the bound is
# a floor.
LIMIT_BOUNDS = (
    ("UNDO_SECONDS", 30, True),
    ("SEND_GAP_SECONDS", 45, True),
    ("HOURLY_LIMIT", 15, False),
    ("DOMAIN_HOURLY_LIMIT", 3, False),
)
WIDEST_HOURS = WorkingHours.parse("08:00-18:00")
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")


def is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in LOOPBACK_HOSTS


@register()
def check_configuration(app_configs: Any = None, **_: Any) -> list[Error]:
    """Every contradiction at once, each named after the setting that has to change."""
    return [
        Error(text, hint=hint, id=f"caio.{name}")
        for name, text, hint in [
            *_base_errors(),
            *_account_errors(),
            *production_errors(),
            *_vendor_errors(),
            *slack_errors(),
            *figure_errors(),
            *_language_model_errors(),
            *_limit_errors(),
            *_sending_errors(),
            *_list_errors(),
            *((name, text, "") for name, text in retention.setting_errors()),
            *_integration_errors(),
            *extras_errors(),
        ]
    ]


def _is_dns_server(text: str) -> bool:
    host, _, port = text.rpartition(":")
    try:
        ip_address(host)
    except ValueError:
        return False
    return port.isdecimal() and 0 < int(port) < 65536


def _base_errors() -> list[tuple[str, str, str]]:
    found = []
    may_lack = settings.DEBUG or RB2B in settings.SANDBOX
    if not may_lack and not settings.RB2B_WEBHOOK_TOKENS:
        text = "RB2B_WEBHOOK_TOKENS is empty: no visitor could arrive."
        hint = "Set one token, or name rb2b in SANDBOX and make one on /sales/setup."
        found.append(("RB2B_WEBHOOK_TOKENS", text, hint))
    if settings.RB2B_ALLOW_UNTOKENED_UNTIL:
        try:
            date.fromisoformat(settings.RB2B_ALLOW_UNTOKENED_UNTIL)
        except ValueError:
            text = (
                f"RB2B_ALLOW_UNTOKENED_UNTIL {settings.RB2B_ALLOW_UNTOKENED_UNTIL!r} is not a "
                "date like 2026-12-31."
            )
            found.append(("RB2B_ALLOW_UNTOKENED_UNTIL", text, ""))
    if settings.DNS_SERVER and not _is_dns_server(settings.DNS_SERVER):
        found.append(
            ("DNS_SERVER", f"DNS_SERVER {settings.DNS_SERVER!r} is not like 127.0.0.1:53.", "")
        )
    try:
        ZoneInfo(settings.TEAM_TIME_ZONE)
    except (ZoneInfoNotFoundError, ValueError):
        found.append(
            ("TEAM_TIME_ZONE", f"TEAM_TIME_ZONE {settings.TEAM_TIME_ZONE!r} is no time zone.", "")
        )
    if not 1 <= settings.REREADING_ONE_IN <= 20:
        text = f"REREADING_ONE_IN {settings.REREADING_ONE_IN} is not from 1 to 20."
        found.append(("REREADING_ONE_IN", text, ""))
    try:
        WorkingHours.parse(settings.WORKING_HOURS)
    except ValueError:
        found.append(
            (
                "WORKING_HOURS",
                f"WORKING_HOURS {settings.WORKING_HOURS!r} is not like 08:00-18:00.",
                "",
            )
        )
    return found


def _account_errors() -> list[tuple[str, str, str]]:
    return oidc_settings.setting_errors(settings.OIDC) + [
        (
            "SECOND_FACTOR_ROLES",
            f"SECOND_FACTOR_ROLES names {role!r}; it knows {', '.join(roles.ROLES)}.",
            "",
        )
        for role in settings.SECOND_FACTOR_ROLES
        if role not in roles.ROLES
    ]


def _vendor_errors() -> list[tuple[str, str, str]]:
    found = []
    vendors = tuple(settings.VENDOR_SETTINGS)
    for name, known in (("SANDBOX", (*vendors, RB2B)), ("SANDBOX_FORCE", (*vendors, SLACK))):
        for vendor in getattr(settings, name):
            if vendor not in known:
                text = f"{name} names {vendor!r}; it knows {', '.join(known)}."
                found.append((name, text, ""))
    if settings.GHL_API_TOKEN and (settings.GHL_CLIENT_ID or settings.GHL_CLIENT_SECRET):
        text = (
            "GHL_API_TOKEN and GHL_CLIENT_ID are both set: GoHighLevel is reached by one or the "
            "other."
        )
        found.append(("GHL_API_TOKEN", text, "Leave one of them out."))
    for vendor, names in settings.VENDOR_SETTINGS.items():
        missing = [name for name in names if not getattr(settings, name)]
        if missing and vendor in settings.UNCONNECTED and vendor not in settings.SANDBOXED:
            text = f"{', '.join(missing)} missing: {vendor} is neither connected nor in SANDBOX."
            hint = f"Set them, or SANDBOX={vendor} to keep what would have been sent."
            found.append((missing[0], text, hint))
    return found + _webhook_key_errors()


def _webhook_key_errors() -> list[tuple[str, str, str]]:
    found = []
    for name, kind in (
        ("GHL_WEBHOOK_PUBLIC_KEY", "Ed25519"),
        ("GHL_WEBHOOK_LEGACY_PUBLIC_KEY", "RSA"),
    ):
        key = getattr(settings, name)
        if (key or kind == "Ed25519") and not signatures.is_key(key, kind):
            found.append(
                (
                    name,
                    f"{name} is not an {kind} key in base64.",
                    "Leave it out to use the published one.",
                )
            )
    return found


def _language_model_errors() -> list[tuple[str, str, str]]:
    found, url = [], settings.LLM_BASE_URL
    parts = urlsplit(url)
    if not url and (settings.LLM_API_KEY or settings.LLM_MODEL):
        found.append(
            (
                "LLM_BASE_URL",
                "LLM_API_KEY or LLM_MODEL is set, and LLM_BASE_URL is not.",
                "Set all or none.",
            )
        )
    elif url and (
        parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query
    ):
        found.append(
            ("LLM_BASE_URL", "LLM_BASE_URL is not an address like https://llm.example.com/v1.", "")
        )
    elif url and parts.scheme != "https" and not is_loopback(url):
        found.append(
            ("LLM_BASE_URL", "LLM_BASE_URL is not https: what is asked would be open to read.", "")
        )
    if url and not settings.LLM_MODEL:
        found.append(("LLM_MODEL", "LLM_BASE_URL is set, and LLM_MODEL is not.", "Name the model."))
    if not 1 <= settings.LLM_TIMEOUT_SECONDS <= 120:
        found.append(("LLM_TIMEOUT_SECONDS", "LLM_TIMEOUT_SECONDS is not from 1 to 120.", ""))
    if not 0 <= settings.LLM_DAILY_TOKENS <= 100_000_000:
        found.append(("LLM_DAILY_TOKENS", "LLM_DAILY_TOKENS is not from 0 to 100,000,000.", ""))
    return found


def _limit_errors() -> list[tuple[str, str, str]]:
    found = []
    for name, _, is_floor in LIMIT_BOUNDS:
        value = getattr(settings, name)
        if value < 0 or (not is_floor and value < 1):
            found.append((name, f"{name}={value} is too small.", ""))
    if not is_loopback(settings.GHL_BASE_URL):
        found += [
            (name, f"{text}, and GHL_BASE_URL is not a loopback address.", "")
            for name, text in _looser_limits()
        ]
    return found


def loosened_limits() -> list[str]:
    """Every limit that is looser than the product's, in a few words each."""
    return [text for _, text in _looser_limits()]


def _looser_limits() -> list[tuple[str, str]]:
    found = []
    for name, bound, is_floor in LIMIT_BOUNDS:
        value = getattr(settings, name)
        if value < bound if is_floor else value > bound:
            found.append((name, f"{name}={value} is {'below' if is_floor else 'above'} {bound}"))
    if _hours_are_wider(settings.WORKING_HOURS):
        found.append(
            ("WORKING_HOURS", f"WORKING_HOURS={settings.WORKING_HOURS} is wider than 08:00-18:00")
        )
    return found


def _hours_are_wider(text: str) -> bool:
    try:
        hours = WorkingHours.parse(text)
    except ValueError:
        return False  # refused elsewhere
    return (
        hours.start < WIDEST_HOURS.start or hours.end > WIDEST_HOURS.end or hours.end <= hours.start
    )


def _sending_errors() -> list[tuple[str, str, str]]:
    """Of a live GoHighLevel; its row is only read where something is missing."""
    found = []
    if not settings.POSTAL_ADDRESS:
        text = "POSTAL_ADDRESS is not set: no email may leave without one."
        found.append(("POSTAL_ADDRESS", text, "CAN-SPAM"))
    if not settings.SENDER_NAME:
        found.append(("SENDER_NAME", "SENDER_NAME is not set: every email says who writes.", ""))
    return [] if found and is_sandboxed("ghl") else found


def _list_errors() -> list[tuple[str, str, str]]:
    found = [
        ("ALLOWED_COUNTRIES", f"ALLOWED_COUNTRIES: “{typed}” is no country.", "Such as US.")
        for typed in settings.ALLOWED_COUNTRIES
        if countries.country_code(typed) != typed
    ]
    for typed in settings.OWN_DOMAINS:
        try:
            entry = stop_entries.read_entry(typed)
        except stop_entries.RefusedEntry as error:
            found.append(("OWN_DOMAINS", f"OWN_DOMAINS: {error}", ""))
        else:
            if entry.scope != stop_entries.DOMAIN:
                text = f"OWN_DOMAINS: “{typed}” is an address, not a domain."
                found.append(("OWN_DOMAINS", text, ""))
    return found


def _integration_errors() -> list[tuple[str, str, str]]:
    found = []
    if not 1 <= settings.API_RATE_PER_MINUTE <= 100_000:
        found.append(("API_RATE_PER_MINUTE", "API_RATE_PER_MINUTE is not from 1 to 100,000.", ""))
    if settings.WEBHOOKS_OUT_LOOPBACK and not is_loopback(settings.GHL_BASE_URL):
        text = (
            "WEBHOOKS_OUT_LOOPBACK is set, and GHL_BASE_URL is not a loopback address: in "
            "production webhooks would reach this machine itself."
        )
        found.append(("WEBHOOKS_OUT_LOOPBACK", text, "Leave it out."))
    return found


def refuse_to_boot() -> None:
    """Raise ImproperlyConfigured, for processes that do not run Django's checks."""
    errors = check_configuration()
    if not connection.in_atomic_block:
        connection.close()  # a worker that is forked from here must open its own
    if errors:
        raise ImproperlyConfigured(
            "\n".join(f"{error.id}: {error.msg} {error.hint or ''}".strip() for error in errors)
        )
