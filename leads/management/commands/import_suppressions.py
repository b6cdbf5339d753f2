from argparse import ArgumentParser
from typing import Any

from caio_project.lib.commands import FileImportCommand
from leads.imports import suppression_list
from leads.models import Suppression


class Command(FileImportCommand):
    help = (
        "Import addresses and domains that must not be written to: a CSV with the columns value, "
        "reason and optionally expires (YYYY-MM-DD); an export of a mailing tool; or any list with "
        "a column of addresses, domains or websites, with --reason. A domain may be written as "
        "acme.com, @acme.com, *@acme.com or a website. All or nothing; errors are named by line. "
        "Exit code 1 on any error."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--reason",
            default="",
            choices=Suppression.Reason.values,
            help="Why, for rows without a reason of their own, such as customer.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        source, reason = f"import {options['file'].name}", options["reason"]
        report = self.take(
            options, lambda raw, progress: suppression_list.import_suppressions(raw, source, reason)
        )
        self.finish(report, options, "suppressions", stored=not report.errors)
