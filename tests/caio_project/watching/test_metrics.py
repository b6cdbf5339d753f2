"""/metrics: gauges for Prometheus, for who has the token, and the files that read them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from caio_project.lib.models import Heartbeat
from caio_project.watching import views
from leads.integrations import alarms
from tests import factories

pytestmark = pytest.mark.django_db
TOKEN = "prometheus-token-0123456789"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
DOCS = Path(django_settings.BASE_DIR) / "docs"
NAME = re.compile(r"\bcaio_[a-z_]+")


@pytest.fixture(autouse=True)
def token(settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN


def scrape(client: Client) -> dict[tuple[str, ...], float]:
    """The value of each gauge by its name and label values."""
    answer = client.get("/metrics", headers=BEARER)
    assert answer.status_code == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_gauges_say_what_the_rows_say(client: Client) -> None:
    factories.held_email()
    factories.held_email()
    factories.cleared_email()
    seen = timezone.now()
    Heartbeat.beat("outreach.send_due", now=seen)
    alarms.raise_alarm("test-alarm", "Something is wrong.")

    found = scrape(client)

    assert found["caio_emails", "held"] == 2
    assert found["caio_emails", "cleared"] == 1
    assert found["caio_stage_waiting", "waiting"] == 2
    assert found["caio_phase", "parallel"] == 1
    assert found["caio_phase", "autonomous"] == 0
    assert found["caio_halted",] == 0
    assert found["caio_sends_limit",] == 25
    assert found["caio_alarms_open",] == 1
    assert found["caio_healthy", "database"] == 1
    assert found["caio_sweep_seen_timestamp_seconds", "outreach.send_due"] == pytest.approx(
        seen.timestamp(), abs=0.01
    )


def test_what_was_never_seen_is_absent_and_not_zero(client: Client) -> None:
    names = {name for name, *_ in scrape(client)}

    assert "caio_stage_oldest_timestamp_seconds" not in names
    assert "caio_last_timestamp_seconds" not in names


def test_no_text_of_a_person_is_in_them(client: Client) -> None:
    message = factories.held_email()

    text = client.get("/metrics", headers=BEARER).content.decode()

    assert message.to_address not in text
    assert message.text.subject not in text


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"X-Token": TOKEN}])
def test_without_the_token_nothing_is_shown(client: Client, headers: dict[str, str]) -> None:
    answer = client.get("/metrics", headers=headers)

    assert answer.status_code == 401
    assert b"caio_" not in answer.content


def test_there_are_none_where_no_token_is_set(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = ""

    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_database_that_is_away_is_a_503(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> bytes:
        raise OperationalError("gone")

    monkeypatch.setattr(views, "exposition", fail)

    assert client.get("/metrics", headers=BEARER).status_code == 503


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for inner in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        yield from texts(inner)


@pytest.mark.parametrize("file", ["grafana-dashboard.json", "alert-rules.yml", "watching.md"])
def test_files_for_operators_name_gauges_that_exist(client: Client, file: str) -> None:
    factories.held_email()
    Heartbeat.beat("outreach.send_due", worked=True)
    text = (DOCS / file).read_text()
    named = set(NAME.findall("\n".join(texts(json.loads(text))) if file.endswith("json") else text))
    answer = client.get("/metrics", headers=BEARER).content.decode()
    exposed = {family.name for family in text_string_to_metric_families(answer)}

    assert named
    assert named - exposed == set()


def test_every_gauge_is_described(client: Client) -> None:
    answer = client.get("/metrics", headers=BEARER).content.decode()
    exposed = {family.name for family in text_string_to_metric_families(answer)}

    assert exposed - set(NAME.findall((DOCS / "watching.md").read_text())) == set()
