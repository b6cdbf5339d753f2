from argparse import ArgumentParser, ArgumentTypeError
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from caio_project.lib.commands import ReportingCommand
from metrics.figures import export
from metrics.figures.definitions import Dimension
from metrics.figures.reading import NotReadable, days_to_compute


def parse_day(typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise ArgumentTypeError(f"{typed!r} is no day like 2026-12-31") from None


class Command(ReportingCommand):
    help = "Write every figure of a period, with its counts and interval, into a file."
    exit_codes = "0 written, 1 refused"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--from", dest="start", type=parse_day, required=True)
        parser.add_argument("--to", dest="end", type=parse_day, required=True)
        parser.add_argument("--by", choices=["day", *Dimension], default="day")
        parser.add_argument(
            "--output", type=Path, required=True, help="Ends in .csv, .xlsx or .json."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path, start, end = options["output"], options["start"], options["end"]
        kind = path.suffix.lower().removeprefix(".")
        if kind not in export.KINDS:
            raise CommandError("--output: name a file that ends in .csv, .xlsx or .json.")
        try:
            path.write_bytes(export.export_file(kind, start, end, options["by"]))
        except NotReadable as error:
            raise CommandError(f"--{error.field}: {error} Nothing was written.") from error
        except OSError as error:
            raise CommandError(f"--output: {path}: {error.strerror}.") from error
        waiting = days_to_compute(start, end)
        if options["json"]:
            self.as_json({"output": path, "days_to_compute": waiting})
            return
        self.stdout.write(f"Figures from {start} to {end} written to {path}.")
        if waiting:
            self.stdout.write(f"{waiting} days of it are still being computed.")
