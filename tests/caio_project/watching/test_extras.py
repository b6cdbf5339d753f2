"""Sentry and OpenTelemetry: refused where they cannot work, and told nothing about anybody."""

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.conf import settings as project_settings

from caio_project.watching import extras

MARK = "Quendolyn"
SETUP = """
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "caio_project.settings"
django.setup()
"""


class Collector(ThreadingHTTPServer):
    """Keeps what is posted to it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.posts: list[tuple[str, bytes]] = []
        self.url = f"127.0.0.1:{self.server_address[1]}"

    @property
    def text(self) -> str:
        return "\n".join(body.decode("utf-8", "replace") for _path, body in self.posts)


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.posts.append((self.path, body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def run(code: str, **env: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", SETUP + code],
        env={**os.environ, "DATABASE_URL": "sqlite://:memory:", "REDIS_URL": "", **env},
        cwd=project_settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


FAIL = f"""
import logging
from django.test import Client
from caio_project.lib.logs import correlation
from leads.models import InboundEvent
event = InboundEvent(source="rb2b")
def fail(name):
    raise ValueError(name + " of dana@northline.test")
with correlation.about(event):
    try:
        fail("{MARK}")
    except ValueError:
        logging.getLogger("leads.x").exception("event %s failed", "{MARK}")
Client(headers={{"user-agent": "{MARK}"}}).get("/webhooks/rb2b/{MARK}?token={MARK}")
print("event", event.public_id)
"""


def test_sentry_gets_the_place_of_an_error_and_its_id_alone(collector: Collector) -> None:
    pytest.importorskip("sentry_sdk")
    said = run(
        FAIL + "import sentry_sdk; sentry_sdk.flush(5)", SENTRY_DSN=f"http://key@{collector.url}/1"
    )

    (envelope,) = [body for path, body in collector.posts if path == "/api/1/envelope/"]
    event = json.loads(envelope.splitlines()[2])
    (error,) = event["exception"]["values"]
    assert (error["type"], error["stacktrace"]["frames"][-1]["function"]) == ("ValueError", "fail")
    assert event["tags"]["correlation_id"] == said.split()[-1]
    assert event["logentry"]["message"] == "event %s failed"
    assert MARK not in collector.text and "northline" not in collector.text


def test_opentelemetry_gets_routes_without_values(collector: Collector) -> None:
    traces = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
    run(
        FAIL + "from opentelemetry import trace; trace.get_tracer_provider().force_flush(5000)",
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://{collector.url}",
    )

    assert {path for path, _body in collector.posts} == {"/v1/traces"}
    sent = traces.ExportTraceServiceRequest.FromString(collector.posts[0][1])
    (span,) = sent.resource_spans[0].scope_spans[0].spans
    known = {one.key for one in span.attributes}
    assert {"http.route", "caio.request_id"} <= known
    assert MARK not in collector.text and MARK not in str(sent)


WITHOUT = """
import importlib.util, sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("sentry_sdk", "opentelemetry"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
"""


def test_a_setting_without_its_package_is_refused_at_the_start() -> None:
    wanted = {
        "SENTRY_DSN": "https://key@sentry.example.com/1",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "https://otel.example.com",
    }
    code = WITHOUT + SETUP + "from caio_project.checks import refuse_to_boot; refuse_to_boot()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "DATABASE_URL": "sqlite://:memory:", "REDIS_URL": "", **wanted},
        cwd=project_settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert done.returncode == 1
    for name in wanted:
        assert f"caio.{name}: {name} is set, and " in done.stderr
    assert "requirements-extras.txt" in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SENTRY_DSN", "no address"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "otel.example.com"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_value_that_means_nothing_is_refused(settings: Any, name: str, value: str) -> None:
    setattr(settings, name, value)

    assert [one[0] for one in extras.extras_errors()] == [name]


def test_nothing_starts_where_nothing_is_set() -> None:
    assert extras.extras_errors() == []
    sentry = sys.modules.get("sentry_sdk")
    assert sentry is None or not sentry.get_client().is_active()
