"""Log lines as JSON or as plain text, with the ids of the work that wrote them."""

import json
import logging
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

import structlog
from structlog.stdlib import ProcessorFormatter

from caio_project.lib.logs import correlation, forms
from caio_project.lib.logs.error_places import describe_error
from caio_project.lib.logs.masking import mask_addresses, message_of, one_line, redact_secrets

IDS = ("correlation_id", "request_id", "task_id")
# Of what django-structlog says of requests and tasks; the rest may be personal.
KEPT_FIELDS = (
    *IDS, "parent_task_id", "child_task_id", "child_task_name", "task", "request", "code",
    "duration_ms", "routing_key", "expired", "terminated", "signame",
)  # fmt: skip

Fields = MutableMapping[str, Any]


def configure_structlog() -> None:
    """Lines of structlog's loggers go through logging, and so through the formatter below."""
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


class WorkIds(logging.Filter):
    """Looks the id up before the handler is locked: every other thread's line would wait for it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.work_id = correlation.current_id()
        return True


class LineFormatter(ProcessorFormatter):
    """One line a record. `form` is json or plain."""

    def __init__(self, form: str) -> None:
        render = as_json if form == forms.JSON else as_plain
        configure_structlog()
        super().__init__(
            processors=[render],
            foreign_pre_chain=[structlog.contextvars.merge_contextvars],
            use_get_message=False,
            pass_foreign_args=True,
        )

    def formatException(self, ei: Any) -> str:  # noqa: N802  (logging's name)
        return ""


def _fields(given: Fields) -> dict[str, Any]:
    record: logging.LogRecord = given["_record"]
    message = (
        str(given["event"])
        if given["_from_structlog"]
        else message_of(record.name, given["event"], given["positional_args"])
    )
    found: dict[str, Any] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname,
        "logger": record.name,
        "message": message,
    }
    found |= {name: given[name] for name in KEPT_FIELDS if name in given}
    work = getattr(record, "work_id", None)
    if work := correlation.current_id() if work is None else work:
        found["correlation_id"] = work
    error = _error_of(given.get("exc_info"))
    return found | ({"error": describe_error(error)} if error else {})


def _error_of(given: Any) -> BaseException | None:
    if given is True:
        given = sys.exc_info()
    if isinstance(given, tuple):
        given = given[1]
    return given if isinstance(given, BaseException) else None


def as_json(_logger: Any, _method: str, given: Fields) -> str:
    text = json.dumps(_fields(given), ensure_ascii=False, default=str)
    return mask_addresses(redact_secrets(text))


def as_plain(_logger: Any, _method: str, given: Fields) -> str:
    found = _fields(given)
    error = found.pop("error", None)
    head = f"{found.pop('time')} {found.pop('level')} {found.pop('logger')} {found.pop('message')}"
    text = " ".join([head, *(f"{name}={value}" for name, value in found.items())])
    lines = [mask_addresses(redact_secrets(one_line(text)))]
    for one in [error, *error.get("causes", [])] if error else []:
        lines += [f"  {frame}" for frame in one["frames"]]
        lines.append(
            f"  {' '.join(str(v) for k, v in one.items() if k not in ('frames', 'causes'))}"
        )
    return "\n".join(lines)
