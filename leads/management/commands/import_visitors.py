from argparse import ArgumentParser
from typing import Any

from caio_project.lib.commands import FileImportCommand
from leads.imports import import_files


class Command(FileImportCommand):
    help = (
        "Import visitors from RB2B's CSV export or from JSON lines, as events that are worked "
        "off like any other. "
        "Safe to run twice. While a line is wrong nothing is stored, unless --skip-bad. Exit "
        "code 1 on any error."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--skip-bad", action="store_true", help="Store the good lines all the same."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        skip = options["skip_bad"]
        report = self.take(
            options,
            lambda raw, progress: import_files.import_visitors(
                raw, skip_bad=skip, progress=progress
            ),
        )
        self.finish(report, options, "visitors", stored=not report.errors or skip)
