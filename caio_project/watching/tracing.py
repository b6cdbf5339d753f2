"""Traces of requests and tasks by OpenTelemetry. Imported only where its packages are installed."""

from collections.abc import Sequence
from typing import Any

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Status

from caio_project.lib.running_commit import running_commit

REQUEST_ID = "caio.request_id"
KEPT_ATTRIBUTES = {
    REQUEST_ID,
    "http.method", "http.request.method", "http.route", "http.status_code",
    "http.response.status_code", "http.scheme", "url.scheme",
    "celery.action", "celery.state", "celery.task_name", "messaging.message.id",
    "messaging.destination",
}  # fmt: skip
ROUTES = ("http.route", "celery.task_name")


class StrippingExporter(SpanExporter):
    """Passes spans on without addresses, headers, texts of errors and arguments."""

    def __init__(self, to: SpanExporter) -> None:
        self._to = to

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._to.export([strip_span(span) for span in spans])

    def shutdown(self) -> None:
        self._to.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        return self._to.force_flush(timeout_millis)


def strip_span(span: ReadableSpan) -> ReadableSpan:
    given = span.attributes or {}
    is_named = any(name in given for name in ROUTES)
    return ReadableSpan(
        name=span.name if is_named else span.name.split()[0],
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes={name: value for name, value in given.items() if name in KEPT_ATTRIBUTES},
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def start_tracing(endpoint: str) -> None:
    names = Resource.create({"service.name": "caio", "service.version": running_commit()})
    provider = TracerProvider(resource=names)
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(StrippingExporter(exporter)))
    trace.set_tracer_provider(provider)
    DjangoInstrumentor().instrument(response_hook=_note_request_id)
    CeleryInstrumentor().instrument()


def _note_request_id(span: Any, request: Any, _response: Any) -> None:
    if span.is_recording():
        span.set_attribute(REQUEST_ID, request.META.get("HTTP_X_REQUEST_ID", ""))
