"""Tests of a vendor with the values that hold now, each one call, and what is kept of them.

A test calls outside of the shared rate, breaker and alarms: a wrong secret in the sandbox is
nobody's incident.
"""

import smtplib
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone
from slack_sdk.errors import SlackClientError

from approvals.integrations import slack
from caio_project.lib import http
from caio_project.lib.models import SetUpProof
from caio_project.lib.vendor_access import rb2b_tokens
from caio_project.lib.vendor_access.access import (
    GHL_PROVEN,
    GHL_TESTED,
    STORABLE_BY_VENDOR,
    fingerprint_of_values,
    forget_rows,
    ghl_fingerprint,
    vendor_value,
)
from leads.enrichment import submission_budget
from leads.integrations import alarms, clay, ghl_contact_list
from outreach.sending.send_errors import UNPROVEN_ALARM

SECONDS = 10.0  # of one call
NAMES = {"ghl": GHL_TESTED, "clay": STORABLE_BY_VENDOR["clay"], "slack": ("SLACK_BOT_TOKEN",)}
PLACES = {
    "slack": ("SLACK_BASE_URL", "SLACK_CHANNEL"),
    "email": ("EMAIL_URL", "DEFAULT_FROM_EMAIL"),
    "rb2b": ("SITE_URL",),
}


class NotProven(Exception):
    """The test failed; the text says why, without any value."""


def fingerprint_of(part: str) -> str:
    """Of the values that a test of this part uses; it tells two apart and gives none away."""
    if part == "ghl":
        return ghl_fingerprint()
    values = [vendor_value(name) for name in NAMES.get(part, ())]
    values += [str(getattr(settings, name)) for name in PLACES.get(part, ())]
    if part == "rb2b":
        values += [*rb2b_tokens.environment_tokens(), *sorted(rb2b_tokens.made_hashes())]
    return fingerprint_of_values(values)


def run_proof(part: str, user: Any) -> SetUpProof:
    """Test one part and keep the result. Raises KeyError for a part without a test."""
    test, started, mark = TESTS[part], timezone.now(), fingerprint_of(part)
    try:
        ok, text = True, test(user)
    except NotProven as failed:
        ok, text = False, str(failed)
    except http.HttpError as failed:
        ok, text = False, failed.detail
    return keep_proof(part, started, (ok, text), mark)


def keep_proof(part: str, at: datetime, result: tuple[bool, str], mark: str) -> SetUpProof:
    ok, text = result
    for secret in filter(None, (vendor_value(name) for name in NAMES.get(part, ()))):
        text = text.replace(secret, "…")
    columns = {"at": at, "ok": ok, "text": text[:300], "fingerprint": mark}
    row, _ = SetUpProof.objects.update_or_create(part=part, defaults=columns)
    if ok and part == "ghl":
        SetUpProof.objects.update_or_create(part=GHL_PROVEN, defaults=columns)
        alarms.clear_open(UNPROVEN_ALARM)
        forget_rows()
    return row


def _require_values(*names: str) -> None:
    if missing := [name for name in names if not vendor_value(name)]:
        raise NotProven(f"{', '.join(missing)} missing.")


def _test_ghl(user: Any) -> str:
    _require_values("GHL_LOCATION_ID", "GHL_FROM_EMAIL")
    try:
        ghl_contact_list.read_location(vendor_value("GHL_FROM_EMAIL"), SECONDS)
    except ghl_contact_list.Misconfigured as failed:
        raise NotProven(failed.text) from failed
    return "GoHighLevel answered for this location."


def _test_clay(user: Any) -> str:
    """One row for somebody made up; it uses one of the source's submissions."""
    _require_values("CLAY_WORKBOOK_WEBHOOK_URL", "CLAY_CALLBACK_TOKEN")
    if not submission_budget.claim_submission():
        raise NotProven("All submissions of this webhook source are used.")
    mark = f"set-up-{uuid.uuid4().hex}"
    clay.push_row(
        clay.ClayRow(mark, mark, "", "", "Test", "Visitor", "CAIO Test", "caio-visitor.test"),
        deadline=SECONDS,
    )
    return "Clay took a test row."


def _test_slack(user: Any) -> str:
    _require_values("SLACK_BOT_TOKEN")
    try:
        slack.post_notice(
            f"A test of the set-up, sent by {user.get_username()}.",
            f"{settings.SITE_URL}/sales/setup",
        )
    except (slack.SlackBusy, slack.NoticeRefused, slack.SlackNotReady) as failed:
        raise NotProven(str(failed)) from failed
    except (SlackClientError, OSError) as failed:
        raise NotProven(f"Slack could not be asked: {type(failed).__name__}.") from failed
    return f"Slack took a message for {settings.SLACK_CHANNEL}."


def _test_email(user: Any) -> str:
    if not settings.EMAIL_URL:
        raise NotProven("EMAIL_URL is not set.")
    if not user.email:
        raise NotProven("Your account has no email address.")
    try:
        send_mail("A test of the set-up", "Email notices arrive.", None, [user.email])
    except (smtplib.SMTPException, OSError) as failed:
        raise NotProven(f"The email server did not take it: {type(failed).__name__}.") from failed
    return "The email server took a message for whoever asked."


def _test_rb2b(user: Any) -> str:
    """Ask the webhook, at the address that RB2B has, whether it can store. No visitor is posted."""
    if not rb2b_tokens.count_tokens():
        raise NotProven("There is no token yet. Make one.")
    answer = http.send_request(
        "GET", f"{settings.SITE_URL}/webhooks/rb2b/health", deadline=SECONDS / 2
    )
    found = answer.json()
    if not isinstance(found, dict) or found.get("status") != "healthy":
        raise NotProven("The webhook's address answers, and is not healthy.")
    return "The webhook's address answers and can store."


TESTS: dict[str, Callable[[Any], str]] = {
    "rb2b": _test_rb2b,
    "clay": _test_clay,
    "ghl": _test_ghl,
    "slack": _test_slack,
    "email": _test_email,
}
