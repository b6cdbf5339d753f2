"""The page of the sending domains, its API and the diagnosis: nothing unknown is green."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from caio_project.operations import diagnosis
from metrics.health import domain_health, domain_report
from outreach.models import Message, SendIntent
from tests import factories
from tests.fakes.dns import FakeDns
from tests.metrics.conftest import DOMAIN

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def live(settings: Any, fake_dns: FakeDns) -> FakeDns:
    settings.SANDBOXED, settings.GHL_FROM_EMAIL = ["clay"], f"alex@{DOMAIN}"
    return fake_dns


@pytest.fixture
def lead_client(client: Client, lead_user: User) -> Client:
    client.force_login(lead_user)
    return client


def sent(count: int) -> None:
    lead, now = factories.LeadFactory(), timezone.now()
    messages = Message.objects.bulk_create(
        Message(lead=lead, status="sent", transport="ghl") for _ in range(count)
    )
    SendIntent.objects.bulk_create(
        SendIntent(
            message=message,
            transport="ghl",
            outcome="sent",
            phase="parallel",
            day=now.date(),
            domain="x.test",
            from_domain=DOMAIN,
            claimed_at=now - timedelta(hours=1),
        )
        for message in messages
    )


def state() -> tuple[str, str]:
    (one,) = domain_report.report_domains(timezone.now())
    return one.state.value, one.why


def test_state_is_green_only_where_everything_is_known(live: FakeDns, time_machine: Any) -> None:
    assert state() == ("not_known", "It was not checked yet.")
    domain_health.evaluate_domain(DOMAIN, timezone.now())
    assert state() == ("not_known", "Collecting: 0 of 100 emails sent.")
    sent(100)
    live.fails_about = {f"_dmarc.{DOMAIN}"}
    domain_health.evaluate_domain(DOMAIN, timezone.now())
    assert state() == ("not_known", "DMARC not known.")
    live.fails_about = set()
    domain_health.evaluate_domain(DOMAIN, timezone.now())
    assert state() == ("pass", "")
    live.texts.pop(DOMAIN)
    domain_health.evaluate_domain(DOMAIN, timezone.now())
    assert state() == ("alert", "SPF missing or broken.")
    time_machine.move_to(timezone.now() + timedelta(hours=7))
    assert state() == ("not_known", "It was not checked in the last 6 hours.")


def test_the_page_says_the_exact_record(lead_client: Client, live: FakeDns) -> None:
    live.texts[f"_dmarc.{DOMAIN}"] = ["v=DMARC1; p=reject; t=y; rua=mailto:a@mail.ours.example.com"]
    domain_health.evaluate_domain(DOMAIN, timezone.now())
    page = lead_client.get("/sales/domains").content.decode()
    assert "receivers test the policy and do not enforce it" in page
    assert f"<code>_dmarc.{DOMAIN}</code>" in page
    assert "<code>v=DMARC1; p=reject; rua=mailto:a@mail.ours.example.com</code>" in page
    assert "Collecting: 0 of 100" in page


def test_a_record_of_anybody_is_escaped(lead_client: Client, live: FakeDns) -> None:
    live.texts[DOMAIN] = ["v=spf1 <script>alert(1)</script> {0.__class__} -all"]
    domain_health.evaluate_domain(DOMAIN, timezone.now())
    page = lead_client.get("/sales/domains").content.decode()
    assert "SPF cannot be read" in page
    assert "<script>alert" not in page


def test_without_an_address_the_page_says_so(lead_client: Client, settings: Any) -> None:
    settings.GHL_FROM_EMAIL = ""
    assert b"No sending address yet" in lead_client.get("/sales/domains").content


def test_the_api_has_sum_findings_and_history(lead_client: Client) -> None:
    sent(120)
    domain_health.evaluate_domain(DOMAIN, timezone.now())
    (found,) = lead_client.get("/api/metrics/domains").json()["domains"]
    assert (found["domain"], found["current"], found["state"], found["score"]) == (
        DOMAIN,
        True,
        "pass",
        100,
    )
    assert [one["code"] for one in found["sum"]][:2] == ["hard_bounces", "blocked"]
    assert (found["dns"]["facts"]["spf"]["lookups"], found["dns"]["findings"]) == (1, [])
    assert [one["score"] for one in found["history"]] == [100]
    assert found["reports"]["aligned"] is None
    assert [(one["week"], one["planned"]) for one in found["warm_up"]][:2] == [(1, 20), (2, 40)]


def test_the_diagnosis_names_what_is_wrong(live: FakeDns) -> None:
    domain_health.evaluate_domain(DOMAIN, timezone.now())
    found = {one.name: one for one in diagnosis.diagnose_stages()}[f"domain {DOMAIN}"]
    assert (found.ok, found.text) == (True, "no score yet. Collecting: 0 of 100 emails sent.")
    live.texts.pop(DOMAIN)
    domain_health.evaluate_domain(DOMAIN, timezone.now())
    found = {one.name: one for one in diagnosis.diagnose_stages()}[f"domain {DOMAIN}"]
    assert not found.ok
    assert found.text.endswith("SPF missing or broken. There is no SPF record.")
