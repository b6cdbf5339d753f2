"""Lines of the web server itself, in the form of all others."""

from typing import Any


def gunicorn_logging(form: str, level: str) -> dict[str, Any]:
    """gunicorn merges this into its own configuration."""
    quiet = {"level": level.upper(), "handlers": ["error_console"], "propagate": False}
    return {
        "formatters": {
            "generic": {"()": "caio_project.lib.logs.lines.LineFormatter", "form": form}
        },
        "loggers": {"gunicorn.error": quiet, "gunicorn.access": quiet},
    }
