"""Vendors' settings that a Lead enters: checked, sealed, and recorded without their value."""

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from caio_project.checks import is_loopback
from caio_project.lib import sealed
from caio_project.lib.models import SetUpChange, StoredSecret
from caio_project.lib.vendor_access import access
from caio_project.team_access.secret_checks import MIN_TOKEN_LENGTH, is_guessable
from outreach.control.phase import actor_name

LONGEST = 500
SHOWN_START = 4  # characters of a secret that tell it from another one
NOT_SECRET = ("GHL_LOCATION_ID", "GHL_FROM_EMAIL")
# Who guesses one of these can post in its owner's name.
PROVING = ("CLAY_CALLBACK_TOKEN", "GHL_WORKFLOW_TOKEN", "SLACK_SIGNING_SECRET")
STARTS = {"SLACK_BOT_TOKEN": "xoxb-"}
CLAY_HOST = re.compile(r"([a-z0-9-]+\.)*clay\.com")


class ValueRefused(Exception):
    """Nothing was stored; the text says what is wrong with which setting."""


def store_secret(name: str, typed: str, by: Any) -> None:
    value = _checked_value(name, typed)
    shown = value if name in NOT_SECRET else value.removeprefix("https://")
    columns = {
        "sealed": sealed.encrypt_text(value, access.purpose_of(name)),
        "prefix": shown[: 12 if name in NOT_SECRET else SHOWN_START],
        "set_by_name": actor_name(by),
    }
    with transaction.atomic():
        StoredSecret.objects.filter(name=name).delete()
        StoredSecret.objects.create(name=name, **columns)
        record_change(SetUpChange.What.ENTERED, name, by)
    access.forget_rows()


def remove_secret(name: str, by: Any) -> bool:
    with transaction.atomic():
        removed, _ = StoredSecret.objects.filter(name=name).delete()
        if removed:
            record_change(SetUpChange.What.REMOVED, name, by)
    access.forget_rows()
    return bool(removed)


def record_change(what: SetUpChange.What, about: str, by: Any) -> None:
    SetUpChange.objects.create(what=what, about=about, by=by, by_name=actor_name(by))


def _checked_value(name: str, typed: str) -> str:
    """The value as it is stored. Raises ValueRefused; the text never holds the value."""
    value = typed.strip()
    if name not in access.STORABLE:
        raise ValueRefused("There is no such setting on this page.")
    if getattr(settings, name):
        raise ValueRefused(f"{name} is set in the environment, which wins. Change it there.")
    if not value:
        raise ValueRefused(f"{name}: it is empty.")
    if len(value) > LONGEST or not value.isascii() or not value.isprintable() or " " in value:
        raise ValueRefused(f"{name}: at most {LONGEST} letters, digits and signs without spaces.")
    if problem := _problem_with(name, value):
        raise ValueRefused(f"{name}: {problem}")
    return value


def _problem_with(name: str, value: str) -> str:
    if name == "CLAY_WORKBOOK_WEBHOOK_URL":
        return _problem_with_url(value)
    if name == "GHL_FROM_EMAIL":
        try:
            validate_email(value)
        except ValidationError:
            return "it is no email address."
    if name in PROVING and any(is_guessable(one, MIN_TOKEN_LENGTH) for one in value.split(",")):
        return f"it can be guessed; it needs {MIN_TOKEN_LENGTH} random characters or more."
    start = STARTS.get(name, "")
    return "" if value.startswith(start) else f"it must begin with {start}."


def _problem_with_url(value: str) -> str:
    """Visitors' data goes there: only to Clay, or in tests to this machine."""
    try:
        parts = urlsplit(value)
        host, login = parts.hostname or "", parts.username or parts.password
        _ = parts.port  # raises where it is none: a refusal to send there would quote the address
    except ValueError:
        return "it is not an address."
    if is_loopback(settings.GHL_BASE_URL) and is_loopback(value):
        return ""
    # Whole: who sends there takes "example.com\.clay.com" for example.com.
    if parts.scheme != "https" or not CLAY_HOST.fullmatch(host) or login:
        return "it must be an https address at clay.com."
    return ""
