"""Dates in files of visitors: one order for a file, and no visit in the future."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from caio_project.lib.files import FileReport, UnreadableFile
from leads.imports import import_files
from leads.inbound import events
from leads.models import InboundEvent, Visit
from tests.leads.imports.import_helpers import command, file

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _at_the_end_of_november() -> Any:
    with time_machine.travel(NOW, tick=True):
        yield


def table(dates: list[str], mark: str = ";", column: str = "LastSeenAt") -> bytes:
    rows = [f"jane{n}@w.test{mark}{date}" for n, date in enumerate(dates)]
    return "\n".join([f"WorkEmail{mark}{column}", *rows]).encode()


def days_of_visits(raw: bytes) -> tuple[FileReport, list[str]]:
    report = import_files.import_visitors(raw)
    events.process_due()
    visits = Visit.objects.order_by("lead__email").values_list("seen_at", flat=True)
    return report, [at.date().isoformat() for at in visits]


@pytest.mark.parametrize(
    ("dates", "mark", "days"),
    [
        (["13/08/2026 09:00", "11/08/2026 09:00", "12/10/2026 09:00"], ";",
         ["2026-08-13", "2026-08-11", "2026-10-12"]),
        (["11/08/2026", "12/10/2026", "13/08/2026"], ",",
         ["2026-08-11", "2026-10-12", "2026-08-13"]),
        (["11/08/2026 3:04 PM", "11/24/2026 3:04 PM"], ",", ["2026-11-08", "2026-11-24"]),
        (["11/08/2026", "11/24/2026"], ";", ["2026-11-08", "2026-11-24"]),
        (["11-08-26", "13-08-26"], "\t", ["2026-08-11", "2026-08-13"]),
        (["11.08.2026", "13.08.2026", "2026-11-02", "2-Nov-26"], ",",
         ["2026-08-11", "2026-08-13", "2026-11-02", "2026-11-02"]),
    ],
)  # fmt: skip
def test_a_date_with_a_day_over_12_decides_for_its_file(
    dates: list[str], mark: str, days: list[str]
) -> None:
    report, found = days_of_visits(table(dates, mark))
    assert (found, report.errors, report.notes) == (days, [], [])


@pytest.mark.parametrize("column", ["Seen At", "seen_at", "timestamp", "LastSeenAt"])
def test_the_order_holds_for_a_time_under_any_name(column: str) -> None:
    raw = table(["13/08/2026 09:00", "11/08/2026 09:00"], column=column)
    assert days_of_visits(raw)[1] == ["2026-08-13", "2026-08-11"]


def test_the_first_visit_of_a_person_shows_the_order_too() -> None:
    raw = b"WorkEmail,LastSeenAt,FirstSeenAt\njane@w.test,11/08/2026,13/07/2026\n"
    report, days = days_of_visits(raw)
    assert (days, report.notes) == (["2026-08-11"], [])


def test_the_order_holds_for_wrapped_visitors_of_json() -> None:
    people = [("jane@w.test", "13/08/2026"), ("jim@w.test", "11/08/2026")]
    lines = [
        json.dumps({"payload": {"Business Email": email, "Seen At": date}, "id": "1"})
        for email, date in people
    ]
    assert days_of_visits("\n".join(lines).encode())[1] == ["2026-08-13", "2026-08-11"]


def test_semicolons_in_a_text_of_json_are_no_columns() -> None:
    row = {"Business Email": "jane@w.test", "Title": "a;email;b", "Seen At": "11/08/2026"}
    assert days_of_visits(json.dumps(row).encode())[1] == ["2026-11-08"]


@pytest.mark.parametrize(
    ("mark", "day", "said"),
    [
        (";", "2026-08-11", "the day first, as files with semicolons mostly are"),
        (",", "2026-11-08", "the month first, as in the US"),
        ("\t", "2026-11-08", "the month first, as in the US"),
    ],
)
def test_without_a_sign_the_form_of_the_file_decides_and_it_is_noted(
    mark: str, day: str, said: str
) -> None:
    report, days = days_of_visits(table(["2026-11-02", "11/08/2026", "10/08/2026"], mark))
    ((line, note),) = report.notes
    assert (days[1], report.errors, line) == (day, [], 3)
    assert note.startswith(f"“11/08/2026” and dates like it were read with {said}")


def test_a_date_that_is_the_same_in_both_orders_needs_no_note() -> None:
    report, days = days_of_visits(table(["08/08/2026"]))
    assert (days, report.notes) == (["2026-08-08"], [])


@pytest.mark.parametrize("options", [[], ["--skip-bad"]])
def test_two_orders_in_one_file_are_an_error_of_two_lines(
    tmp_path: Any, options: list[str]
) -> None:
    raw = table(["11/08/2026", "08/24/2026", "13/08/2026"])
    out, err = command("import_visitors", file(tmp_path, raw), *options)
    assert "line 3 has the month first (“08/24/2026”)" in err
    assert "line 4 the day first (“13/08/2026”)" in err
    assert (out, InboundEvent.objects.count()) == ("", 0)
    with pytest.raises(UnreadableFile):
        import_files.import_visitors(raw)


@pytest.mark.parametrize("date", ["12/10/2026 09:00", "2026-12-10", "2026-11-30T12:06:00Z"])
def test_a_visit_in_the_future_is_a_wrong_line(date: str) -> None:
    report = import_files.import_visitors(table(["2026-11-02", date], ","))
    ((line, said),) = report.errors
    assert line == 3 and said.startswith(f"Seen At: '{date}' lies in the future: it was read as ")
    assert not InboundEvent.objects.exists()


def test_a_clock_that_is_a_little_ahead_is_no_error() -> None:
    ahead = (timezone.now() + timedelta(minutes=4)).isoformat()
    assert import_files.import_visitors(table([ahead])).errors == []


def test_what_reads_the_same_is_stored_as_it_was_written() -> None:
    import_files.import_visitors(table(["11/24/2026 15:04", "11/08/2026 15:04"], ","))
    bodies = [json.loads(bytes(one.body)) for one in InboundEvent.objects.order_by("pk")]
    assert [body["LastSeenAt"] for body in bodies] == ["11/24/2026 15:04", "11/08/2026 15:04"]
    assert all("Seen At" not in body for body in bodies)


def test_a_file_with_its_days_first_is_known_the_second_time() -> None:
    raw = table(["13/08/2026", "11/08/2026"])
    for new, known in ((2, 0), (0, 2)):
        report = import_files.import_visitors(raw)
        assert (report.new, report.known) == (new, known)


def test_excels_numbers_are_times() -> None:
    assert days_of_visits(table(["46328.62", "46328.625", "46328"], ","))[1] == ["2026-11-02"] * 3
