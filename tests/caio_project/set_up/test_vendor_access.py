"""One function reads a vendor's setting, one its sandbox; what rows say counts within 5 s."""

import re
import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.db import OperationalError, connection

from caio_project.lib.models import LiveVendor, StoredSecret
from caio_project.lib.vendor_access import access
from caio_project.set_up import entered_secrets
from outreach.choices import Status, Transport
from outreach.limits import sending_domains
from outreach.review import review_actions
from outreach.sending import final_checks
from tests import factories

pytestmark = pytest.mark.django_db
TOKEN = "pit-0123456789-abcdef"
# Settings are read here at the start, or checked before anything is served.
READERS = {
    "caio_project/settings.py",
    "caio_project/checks.py",
    "caio_project/team_access/secret_checks.py",
    "caio_project/operations/slack_checks.py",
    "caio_project/lib/vendor_access/access.py",
    "caio_project/lib/vendor_access/rb2b_tokens.py",
    # what they say of the environment itself
    "caio_project/set_up/going_live.py",
}
NAMES = (*access.STORABLE, "GHL_CLIENT_SECRET", "RB2B_WEBHOOK_TOKENS", "SANDBOXED", "SANDBOX")


def live_here(vendor: str = "ghl") -> LiveVendor:
    place = access.live_place(vendor)
    return LiveVendor.objects.create(vendor=vendor, place=place, by_name="Lena")


def test_nobody_else_reads_the_settings() -> None:
    reads = re.compile(rf"settings\.({'|'.join(NAMES)})\b")
    folders = ("caio_project", "leads", "outreach", "approvals", "metrics")
    found = {
        str(path.relative_to(django_settings.BASE_DIR))
        for folder in folders
        for path in (Path(django_settings.BASE_DIR) / folder).rglob("*.py")
        if reads.search(path.read_text())
    }
    assert found <= READERS
    assert "caio_project/lib/vendor_access/access.py" in found


def test_what_was_entered_holds_and_the_environment_wins(settings: Any, lead_user: User) -> None:
    settings.GHL_API_TOKEN = ""
    assert access.vendor_value("GHL_API_TOKEN") == ""

    entered_secrets.store_secret("GHL_API_TOKEN", TOKEN, lead_user)
    assert access.vendor_value("GHL_API_TOKEN") == TOKEN
    settings.GHL_API_TOKEN = "pit-of-the-environment"
    assert access.vendor_value("GHL_API_TOKEN") == "pit-of-the-environment"
    assert TOKEN not in StoredSecret.objects.get().sealed


def test_an_app_in_the_environment_takes_the_place_of_an_entered_token(
    settings: Any, lead_user: User
) -> None:
    entered_secrets.store_secret("GHL_API_TOKEN", TOKEN, lead_user)
    settings.GHL_CLIENT_ID = "app"
    assert access.vendor_value("GHL_API_TOKEN") == ""


def test_another_key_opens_nothing_and_puts_nobody_into_the_sandbox(
    settings: Any, lead_user: User
) -> None:
    entered_secrets.store_secret("GHL_API_TOKEN", TOKEN, lead_user)
    live_here()
    access.forget_rows()
    settings.SECRET_KEY = "another-" + "y" * 50
    assert access.vendor_value("GHL_API_TOKEN") == ""
    assert not access.is_sandboxed("ghl")


def test_a_secret_cannot_be_opened_under_another_name(lead_user: User) -> None:
    entered_secrets.store_secret("GHL_API_TOKEN", TOKEN, lead_user)
    StoredSecret.objects.filter(name="GHL_API_TOKEN").update(name="GHL_WORKFLOW_TOKEN")
    access.forget_rows()
    assert access.vendor_value("GHL_WORKFLOW_TOKEN") == ""


def test_a_process_that_read_before_reads_anew_within_five_seconds() -> None:
    assert access.is_sandboxed("ghl")
    row = live_here()  # as another process would: this one's reading stays for a moment
    assert access.is_sandboxed("ghl")
    time.sleep(access.FRESH_SECONDS)
    assert not access.is_sandboxed("ghl")
    row.delete()
    time.sleep(access.FRESH_SECONDS)
    assert access.is_sandboxed("ghl")
    assert access.FRESH_SECONDS < 5


def test_many_questions_cost_one_statement(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        for _ in range(50):
            access.is_sandboxed("ghl")
            access.sandboxed_vendors()
            access.vendor_value("GHL_API_TOKEN")


def test_what_is_named_nowhere_costs_no_statement(
    settings: Any, django_assert_num_queries: Any
) -> None:
    settings.SANDBOXED, settings.GHL_API_TOKEN = [], TOKEN
    with django_assert_num_queries(0):
        assert not access.is_sandboxed("ghl")
        assert access.vendor_value("GHL_API_TOKEN") == TOKEN


def away(execute: Any, sql: str, *rest: Any) -> Any:
    raise OperationalError("the database is away")


def test_who_cannot_read_the_rows_stays_in_the_sandbox() -> None:
    live_here()
    with connection.execute_wrapper(away):
        assert access.is_sandboxed("ghl")
        assert access.vendor_value("GHL_API_TOKEN") == ""
    assert not access.is_sandboxed("ghl")


def test_one_failed_read_puts_no_live_vendor_into_the_sandbox() -> None:
    live_here()
    assert not access.is_sandboxed("ghl") and access.is_sandboxed("clay")
    time.sleep(access.FRESH_SECONDS)
    with connection.execute_wrapper(away):
        assert not access.is_sandboxed("ghl") and access.is_sandboxed("clay")


def fail_on(table: str) -> Any:
    """The rows of this table cannot be read; everything else can, as with SQLite's lock."""

    def execute(go_on: Any, sql: str, *rest: Any) -> Any:
        if table in sql:
            raise OperationalError("database is locked")
        return go_on(sql, *rest)

    return connection.execute_wrapper(execute)


def test_who_never_read_the_rows_approves_nothing_for_the_sandbox() -> None:
    """Else it was kept there as if sent, and nobody heard of it."""
    live_here()
    message = factories.held_email()
    access.forget_rows()
    with fail_on("lib_livevendor"), pytest.raises(OperationalError):
        review_actions.approve_email(message, message.version, by=None)
    message.refresh_from_db()
    assert (message.status, message.transport) == (Status.HELD, "")
    approved = review_actions.approve_email(message, message.version, by=None)
    assert approved.transport == Transport.GHL


@pytest.mark.usefixtures("loose")
def test_who_cannot_read_the_rows_takes_no_approval_back() -> None:
    live_here()
    message = factories.held_email()
    message = review_actions.approve_email(message, message.version, by=None)
    access.forget_rows()
    known = final_checks.load_recipient(message)
    with fail_on("lib_livevendor"), pytest.raises(OperationalError):
        final_checks.check_before_sending(message, known)


def test_who_cannot_read_the_rows_lifts_no_warm_up() -> None:
    live_here()
    access.forget_rows()
    with fail_on("lib_livevendor"), pytest.raises(OperationalError):
        sending_domains.warming_domain()


def test_an_entered_secret_is_still_known_while_the_database_is_away(lead_user: User) -> None:
    entered_secrets.store_secret("CLAY_CALLBACK_TOKEN", "callback-0123456789", lead_user)
    assert access.vendor_value("CLAY_CALLBACK_TOKEN")
    time.sleep(access.FRESH_SECONDS)
    with connection.execute_wrapper(away):
        assert access.vendor_value("CLAY_CALLBACK_TOKEN") == "callback-0123456789"


def test_force_keeps_a_vendor_in_whatever_the_rows_say(settings: Any) -> None:
    live_here()
    assert not access.is_sandboxed("ghl")
    settings.SANDBOX_FORCE = ["ghl"]
    assert access.is_sandboxed("ghl")
    assert access.sandboxed_vendors() == ["clay", "ghl"]


def test_force_posts_nothing_to_slack(settings: Any, lead_user: User) -> None:
    entered_secrets.store_secret("SLACK_BOT_TOKEN", "xoxb-entered", lead_user)
    assert access.vendor_value("SLACK_BOT_TOKEN") == "xoxb-entered"
    settings.SANDBOX_FORCE = ["slack"]
    assert access.vendor_value("SLACK_BOT_TOKEN") == ""
    settings.SLACK_BOT_TOKEN = "xoxb-of-the-environment"
    assert access.vendor_value("SLACK_BOT_TOKEN") == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [("SITE_URL", "https://staging.example.com"), ("GHL_BASE_URL", "https://ghl.example.com")],
)
def test_a_copy_at_another_place_is_not_live(settings: Any, name: str, value: str) -> None:
    live_here()
    assert not access.is_sandboxed("ghl")
    setattr(settings, name, value)
    assert access.is_sandboxed("ghl")


def test_what_is_approved_once_live_is_for_ghl() -> None:
    before = review_actions.transport_for(factories.held_email())
    live_here()
    access.forget_rows()
    assert before == Transport.SANDBOX
    assert review_actions.transport_for(factories.held_email()) == Transport.GHL
