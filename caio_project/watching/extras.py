"""Sentry and OpenTelemetry, where their settings are set and their packages installed.

Both get the place and kind of what went wrong, and nothing about a person.
"""

from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings

from caio_project.lib.logs import correlation, forms
from caio_project.lib.logs.masking import message_of

PACKAGES = {
    "SENTRY_DSN": ("sentry_sdk",),
    "OTEL_EXPORTER_OTLP_ENDPOINT": (
        "opentelemetry.sdk",
        "opentelemetry.exporter.otlp.proto.http",
        "opentelemetry.instrumentation.django",
        "opentelemetry.instrumentation.celery",
    ),
}
INSTALL = "pip install --require-hashes -r requirements-extras.txt"
KEPT_OF_EVENT = (
    "event_id", "timestamp", "platform", "level", "logger", "release", "environment", "sdk", "type",
)  # fmt: skip
KEPT_OF_FRAME = ("filename", "module", "function", "lineno", "in_app", "context_line")


def extras_errors() -> list[tuple[str, str, str]]:
    found = []
    if settings.LOG_FORMAT not in forms.FORMATS:
        text = f"LOG_FORMAT names {settings.LOG_FORMAT!r}; it knows {', '.join(forms.FORMATS)}."
        found.append(("LOG_FORMAT", text, ""))
    for name, packages in PACKAGES.items():
        if not (address := getattr(settings, name)):
            continue
        if missing := [one for one in packages if not _is_installed(one)]:
            text = f"{name} is set, and {', '.join(missing)} is not installed."
            found.append((name, text, f"{INSTALL}, or leave the setting out."))
        elif not _is_address(address):
            found.append((name, f"{name} is not an address like https://example.com.", ""))
    return found


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # the package around it is not there
        return False


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def start_extras() -> None:
    """What cannot start is named by `check`, and refused where processes boot."""
    if extras_errors():
        return
    if settings.SENTRY_DSN:
        start_sentry()
    if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        from caio_project.watching.tracing import start_tracing

        start_tracing(settings.OTEL_EXPORTER_OTLP_ENDPOINT)


def start_sentry() -> None:
    import sentry_sdk

    from caio_project.lib.running_commit import running_commit

    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        release=running_commit(),
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        before_send=strip_event,
    )


def strip_event(event: Any, _hint: Any) -> Any:
    """Only what is named here leaves: no text of an error, no variable, address, header or user."""
    kept = {name: event[name] for name in KEPT_OF_EVENT if name in event}
    ids = {**structlog.contextvars.get_contextvars(), "correlation_id": correlation.current_id()}
    kept["tags"] = {name: str(value) for name, value in ids.items() if value}
    if event.get("transaction_info", {}).get("source") in ("route", "task", "component"):
        kept["transaction"] = event.get("transaction")
    if template := (event.get("logentry") or {}).get("message"):
        kept["logentry"] = {"message": message_of(event.get("logger") or "", template, ())}
    if values := (event.get("exception") or {}).get("values"):
        kept["exception"] = {"values": [_stripped_error(one) for one in values]}
    return kept


def _stripped_error(given: dict[str, Any]) -> dict[str, Any]:
    frames = (given.get("stacktrace") or {}).get("frames", [])
    stripped = [{name: one[name] for name in KEPT_OF_FRAME if name in one} for one in frames]
    return {
        "type": given.get("type"),
        "module": given.get("module"),
        "stacktrace": {"frames": stripped},
    }
