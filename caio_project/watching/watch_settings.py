"""Settings of whoever watches: logs, Prometheus, Sentry, OpenTelemetry."""

import logging

import environ

from caio_project.lib.logs import forms

env = environ.Env()

LOG_FORMAT = env.str("LOG_FORMAT", default="") or (
    forms.PLAIN if env.bool("DEBUG", default=False) else forms.JSON
)
SENTRY_DSN = env.str("SENTRY_DSN", default="")
OTEL_EXPORTER_OTLP_ENDPOINT = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default="")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "caio_project.lib.logs.lines.LineFormatter", "form": LOG_FORMAT}},
    "filters": {"work_ids": {"()": "caio_project.lib.logs.lines.WorkIds"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["work_ids"]}
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "celery": {"level": "WARNING"},
        # Django's own has a second handler, which would write each line again, unmasked
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": ["console"], "propagate": False},
    },
}

# Whose request it was and from which address is nobody's business in a log.
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_USER_ID_FIELD = ""
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True  # as RequestIds has made it
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_CELERY_DEFAULT_LOG_LEVEL = logging.DEBUG
# a terminal is no place for a line a request
REQUEST_LEVEL = logging.DEBUG if LOG_FORMAT == forms.PLAIN else logging.INFO
DJANGO_STRUCTLOG_STATUS_2XX_LOG_LEVEL = REQUEST_LEVEL
DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = REQUEST_LEVEL
DJANGO_STRUCTLOG_STATUS_DEFAULT_LOG_LEVEL = REQUEST_LEVEL
