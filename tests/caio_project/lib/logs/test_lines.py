"""Each record is one line that holds what the code said, and nothing that somebody sent."""

import json
import logging
from typing import Any

import pytest
import structlog
from django.conf import settings

from caio_project.lib.logs import forms, lines
from tests.caio_project.lib.logs.capture import captured_logs

MARK = "Quendolyn"


def record(name: str, template: str, *args: Any, exc_info: Any = None) -> logging.LogRecord:
    return logging.LogRecord(name, logging.WARNING, __file__, 1, template, args, exc_info)


def as_row(entry: logging.LogRecord) -> dict[str, Any]:
    return json.loads(lines.LineFormatter(forms.JSON).format(entry))


def raised() -> Any:
    try:
        try:
            raise KeyError(MARK)
        except KeyError as error:
            raise ValueError(f"{MARK} is no number") from error
    except ValueError as error:
        return type(error), error, error.__traceback__


def test_every_handler_of_ours_writes_such_lines() -> None:
    forms = {one["()"] for one in settings.LOGGING["formatters"].values()}

    assert forms == {"caio_project.lib.logs.lines.LineFormatter"}
    assert {one["formatter"] for one in settings.LOGGING["handlers"].values()} == {"line"}


def test_a_line_of_ours_keeps_its_arguments_and_masks_addresses() -> None:
    row = as_row(record("leads.x", "lead %s by %s", 7, "dana@northline.test"))

    assert row["message"] == "lead 7 by d***@northline.test"
    assert (row["level"], row["logger"]) == ("WARNING", "leads.x")


@pytest.mark.parametrize(
    ("name", "template", "args", "message"),
    [
        ("django.request", "Not Found: %s", (f"/{MARK}",), "Not Found: …"),
        ("some.library", "%s of %s", (3, MARK), "3 of …"),
        ("django.security", f"Invalid header: '{MARK}'.", (), "Invalid header: …."),
        ("gunicorn.error", "Error handling request %s", (f"/{MARK}",), "Error handling request …"),
        ("gunicorn.error", "Worker (pid:%s) was sent %s!", (7, "SIGKILL"),
         "Worker (pid:7) was sent SIGKILL!"),
        ("celery.app.trace", "Task %(name)s[%(id)s]: %(exc)s",
         ({"name": "leads.assess_due", "id": "1", "exc": MARK},), "Task leads.assess_due[1]: …"),
        ("leads.x", "%d", ("seven",), "%d"),
    ],
)  # fmt: skip
def test_what_other_code_quotes_is_left_out(
    name: str, template: str, args: Any, message: str
) -> None:
    assert as_row(record(name, template, *args))["message"] == message


def test_an_error_is_told_by_type_and_place_without_its_text() -> None:
    row = as_row(record("leads.x", "failed", exc_info=raised()))

    assert (row["error"]["type"], row["error"]["causes"][0]["type"]) == ("ValueError", "KeyError")
    assert row["error"]["frames"][-1].startswith("tests/caio_project/lib/logs/test_lines.py:")
    assert MARK not in json.dumps(row)


def test_plain_lines_say_the_same() -> None:
    text = lines.LineFormatter(forms.PLAIN).format(record("leads.x", "a\nb", exc_info=raised()))

    head, *more = text.splitlines()
    assert head.endswith("WARNING leads.x a b")
    assert "ValueError" in text and "KeyError" in text and all(one[:2] == "  " for one in more)
    assert MARK not in text


def test_nobody_begins_a_line_of_their_own() -> None:
    text = lines.LineFormatter(forms.JSON).format(record("leads.x", "%s", 'x\n{"level": "INFO"}'))

    assert len(text.splitlines()) == 1


def test_of_a_failed_task_the_error_is_not_told() -> None:
    with captured_logs() as log:
        structlog.get_logger("django_structlog.celery.receivers").warning(
            "task_failed", task_id="t-1", error=MARK, exception=ValueError(MARK), user_agent=MARK
        )

    assert [row["task_id"] for row in log.rows_saying("task_failed")] == ["t-1"]
    assert MARK not in log.text
