from typing import Any

from caio_project.lib.commands import FileImportCommand
from leads.imports import import_files


class Command(FileImportCommand):
    help = (
        "Import addresses and domains that must not be written to, from a CSV with the columns "
        "value, reason and "
        "optionally expires (YYYY-MM-DD). All or nothing; errors are named by line. Exit code "
        "1 on any error."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        source = f"import {options['file'].name}"
        report = self.take(
            options, lambda raw, progress: import_files.import_suppressions(raw, source)
        )
        self.finish(report, options, "suppressions", stored=not report.errors)
