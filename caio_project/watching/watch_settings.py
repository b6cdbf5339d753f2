"""Settings of whoever watches: logs, Prometheus, Sentry, OpenTelemetry."""

import logging
from typing import Any

from caio_project.lib.logs import lines


def watch_settings(env: Any, *, debug: bool) -> dict[str, Any]:
    form = env.str("LOG_FORMAT", default="") or (lines.PLAIN if debug else lines.JSON)
    return {
        "LOG_FORMAT": form,
        "LOGGING": logging_settings(env.str("LOG_LEVEL", default="INFO"), form),
        "METRICS_TOKEN": env.str("METRICS_TOKEN", default=""),
        "SENTRY_DSN": env.str("SENTRY_DSN", default=""),
        "OTEL_EXPORTER_OTLP_ENDPOINT": env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default=""),
        **STRUCTLOG,
        # a terminal is no place for a line a request
        "DJANGO_STRUCTLOG_STATUS_2XX_LOG_LEVEL": _quiet_where_plain(form),
        "DJANGO_STRUCTLOG_STATUS_DEFAULT_LOG_LEVEL": _quiet_where_plain(form),
        "DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL": _quiet_where_plain(form),
    }


# Whose request it was and from which address is nobody's business in a log.
STRUCTLOG = {
    "DJANGO_STRUCTLOG_IP_LOGGING_ENABLED": False,
    "DJANGO_STRUCTLOG_USER_ID_FIELD": "",
    "DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID": True,  # as RequestIds has made it
    "DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL": logging.DEBUG,
    "DJANGO_STRUCTLOG_CELERY_DEFAULT_LOG_LEVEL": logging.DEBUG,
}


def _quiet_where_plain(form: str) -> int:
    return logging.DEBUG if form == lines.PLAIN else logging.INFO


def logging_settings(level: str, form: str) -> dict[str, Any]:
    lines.configure_structlog()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": "caio_project.lib.logs.lines.LineFormatter", "form": form}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "celery": {"level": "WARNING"},
            # Django's own has a second handler, which would write each line again, unmasked
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": ["console"], "propagate": False},
        },
    }
