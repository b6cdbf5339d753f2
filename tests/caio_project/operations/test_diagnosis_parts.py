"""Each sweep, stage, dependency and required setting has a finding, or an exemption with why."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as project_settings
from django.core.management import get_commands, load_command_class
from django.urls import resolve
from django.utils import timezone

from caio_project.lib.models import Heartbeat, WebhookEndpoint
from caio_project.operations import diagnosis
from caio_project.operations.diagnosis_parts import mail_service, mending, surrounding_findings
from caio_project.operations.diagnosis_parts.finding import StageFinding
from caio_project.schedule import SWEEPS
from leads.integrations import alarms
from leads.models import Breaker
from metrics.overview import flow
from outreach.choices import Status, Transport
from outreach.models import Message
from tests import factories
from tests.caio_project.test_commands import everything_alive
from tests.fakes.clay import FakeClay
from tests.fakes.ghl import FakeGhl

pytestmark = pytest.mark.django_db

# What the product needs from outside, and the finding that tells of it.
DEPENDENCIES = {
    "PostgreSQL or SQLite": "database",
    "Redis": "broker",
    "beat": "beat",
    "a worker": "worker",
    "Clay": "Clay",
    "GoHighLevel, read": "reading GoHighLevel",
    "GoHighLevel's mail service": "List-Unsubscribe",
    "DNS of the sending domain": "sending domain",
    "Slack, or mail": "Slack",
    "a language model": "language model",
    "a folder that can be written": "spool",
    "systems that take our webhooks": "webhooks out",
    "the proxy in front": "proxies",
    "Python": "Python",
}
# Without these nothing works; the others have defaults that work.
REQUIRED = {
    "RB2B_WEBHOOK_TOKENS": [],
    "SECRET_KEY": "short",
    "ALLOWED_HOSTS": ["elsewhere.example.com"],
    "SENDER_NAME": "",
    "POSTAL_ADDRESS": "",
    "TEAM_TIME_ZONE": "Nowhere",
    "GHL_API_TOKEN": "",
    "GHL_LOCATION_ID": "",
    "GHL_FROM_EMAIL": "",
    "CLAY_WORKBOOK_WEBHOOK_URL": "",
    "CLAY_CALLBACK_TOKEN": "",
}
# Read by the diagnosis of a process that could not have started without them.
EXEMPT = {
    "DATABASE_URL": "has a default, and the finding of the database says what it leads to",
    "SITE_URL": "has a default; ALLOWED_HOSTS is held against it",
}


def found() -> dict[str, StageFinding]:
    return {one.name: one for one in diagnosis.diagnose_stages()}


def test_every_stage_of_the_flow_has_a_finding() -> None:
    names = found()

    assert [one.label.lower() for one in flow.flow_stages() if one.label.lower() not in names] == []
    assert len(flow.flow_stages()) == len(flow.STAGE_DEFINITIONS)


@pytest.mark.parametrize("sweep", sorted(SWEEPS))
def test_a_sweep_that_stands_still_is_named(sweep: str) -> None:
    everything_alive()
    now = timezone.now() + timedelta(minutes=10)
    Heartbeat.objects.exclude(name=sweep).update(seen_at=now)

    finding = surrounding_findings.sweeps_finding(now)

    assert (finding.ok, finding.text.split(" ")[0]) == (False, sweep)


@pytest.mark.parametrize("name", DEPENDENCIES.values())
def test_every_dependency_has_a_finding(name: str) -> None:
    assert name in found()


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_a_required_setting_that_is_missing_is_named(settings: Any, name: str) -> None:
    settings.SITE_URL, settings.HTTPS = "https://caio.test", True
    settings.SANDBOXED, settings.SANDBOX, settings.UNCONNECTED = [], [], ["ghl", "clay"]
    setattr(settings, name, REQUIRED[name])

    finding = surrounding_findings.settings_finding()

    assert not finding.ok and name in finding.text


def test_settings_that_must_be_set_are_in_the_table() -> None:
    asked = {name for names in project_settings.VENDOR_SETTINGS.values() for name in names}

    assert asked <= set(REQUIRED) and not set(EXEMPT) & set(REQUIRED)


def test_everything_that_may_be_wrong_says_what_mends_it() -> None:
    assert [name for name in found() if not mending.mend_of(name)] == []
    assert mending.mend_of("domain ours.example.com") == mending.MENDS["domain"]


def test_what_mends_is_a_command_or_page_that_exists() -> None:
    for how in mending.MENDS.values():
        for name in re.findall(r"manage\.py (\w+)", how):
            assert load_command_class(get_commands()[name], name), how
        for path in re.findall(r"(/sales[\w/-]*)", how):
            assert resolve(path), how
        for page in re.findall(r"(docs/[\w-]+\.md)", how):
            assert (project_settings.BASE_DIR / page).exists(), how


def test_a_fault_shows_its_mend(settings: Any) -> None:
    settings.INTENT_MONITOR_ENABLED = False

    assert found()["intent monitor"].mend.startswith("the switch intent_monitor in the admin")
    assert found()["database"].mend == ""


def test_a_broker_that_is_away_is_told_without_its_password(settings: Any) -> None:
    settings.EMBEDDED, settings.REDIS_URL = False, "redis://:hidden@127.0.0.1:9/0"

    finding = surrounding_findings.broker_finding()

    assert (finding.ok, "127.0.0.1:9" in finding.text, "hidden" in finding.text) == (
        False, True, False,
    )  # fmt: skip


def test_clay_behind_its_breaker_and_at_its_end_is_told(clay: FakeClay, settings: Any) -> None:
    assert surrounding_findings.clay_finding().ok
    Breaker.objects.update_or_create(vendor="clay", defaults={"opened_at": timezone.now()})
    assert not surrounding_findings.clay_finding().ok
    Breaker.objects.all().delete()
    settings.CLAY_SUBMISSIONS_USED = 50_000
    assert not surrounding_findings.clay_finding().ok


def test_an_endpoint_that_fails_and_an_alarm_are_told() -> None:
    assert surrounding_findings.webhooks_finding().ok and surrounding_findings.alarms_finding().ok
    WebhookEndpoint.objects.create(url="https://hooks.example.com", secret="x", failures=3)
    alarms.raise_alarm("clay:budget", "45,000 submissions are used.")

    assert not surrounding_findings.webhooks_finding().ok
    assert surrounding_findings.alarms_finding().text == "45,000 submissions are used."


class TestMailService:
    def sent(self) -> Message:
        message = factories.cleared_email()
        Message.objects.filter(pk=message.pk).update(
            status=Status.SENT, transport=Transport.GHL, sent_at=timezone.now(),
            ghl_email_message_id="eml-1",
        )  # fmt: skip
        return message

    @pytest.mark.parametrize(
        ("service", "said"),
        [
            ("Leadconnector", "“Leadconnector” sends, which is said to set it, and reports differ"),
            ("smtp", "“smtp” sends, which sets it only where that service is told to"),
            (7, "GoHighLevel does not say which service sent the newest email"),
        ],
    )
    def test_is_told_by_the_newest_email_and_never_green(
        self, ghl: FakeGhl, service: Any, said: str
    ) -> None:
        self.sent()
        ghl.on("GET /conversations/messages/email/{id}").status(200, {"provider": service})

        finding = mail_service.mail_service_finding()

        assert finding.text.startswith(said)
        assert (finding.ok, finding.state) == (True, "not known")

    def test_is_not_known_before_an_email_left(self, ghl: FakeGhl) -> None:
        finding = mail_service.mail_service_finding()

        assert (finding.state, finding.text.split(".")[0]) == ("not known", "no email has left yet")

    def test_is_not_known_while_nobody_answers(self, ghl: FakeGhl) -> None:
        self.sent()
        ghl.on("GET /conversations/messages/email/{id}").status(503, {})

        assert mail_service.mail_service_finding().state == "not known"

    def test_nothing_is_asked_in_the_sandbox(self) -> None:
        assert mail_service.mail_service_finding().text == "in the sandbox nothing is sent"
