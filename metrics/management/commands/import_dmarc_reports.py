import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from caio_project.lib.commands import ReportingCommand
from metrics.health import dmarc_reports, domain_report
from metrics.health.dmarc_reports import ReportSummary
from metrics.integrations import report_files


class Command(ReportingCommand):
    help = (
        "Import DMARC aggregate reports (xml, gz, zip; a file or a folder of them). A report is "
        "imported once; a broken file is named and stops no other. Says what share of the mail is "
        "aligned, and who else sends as the domain."
    )
    exit_codes = "0 all read, 1 nothing could be read, 2 some files could not"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("path", type=Path, metavar="FILE|DIR")
        parser.add_argument(
            "--no-names",
            action="store_true",
            help="Do not ask DNS for the names of the addresses that sent.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path = options["path"]
        if not path.exists():
            raise CommandError(f"{path}: there is no such file or folder.")
        paths = report_files.report_paths(path)
        if not paths:
            raise CommandError(f"{path}: there is no .xml, .gz or .zip in it.")
        with self.progress("files", len(paths)) as advance:
            outcome = dmarc_reports.import_reports(
                paths, with_names=not options["no_names"], advance=advance
            )
        now = timezone.now()
        summaries = {
            domain: dmarc_reports.summarize_reports(domain, now)
            for domain in sorted(outcome.domains)
        }
        if options["json"]:
            self.as_json(
                {
                    "files": outcome.files,
                    "new": outcome.new,
                    "known": outcome.known,
                    "messages": outcome.messages,
                    "errors": [{"file": name, "error": text} for name, text in outcome.errors],
                    "domains": [
                        {"domain": name, **domain_report.reports_json(one)}
                        for name, one in summaries.items()
                    ],
                }
            )
        else:
            self._print(outcome, summaries)
        if outcome.errors:
            sys.exit(2 if outcome.new or outcome.known else 1)

    def _print(
        self, outcome: dmarc_reports.ImportOutcome, summaries: dict[str, ReportSummary]
    ) -> None:
        for name, one in summaries.items():
            self._print_domain(name, one)
        for name, text in outcome.errors:
            self.stderr.write(f"{name}: {text}")
        self.stdout.write(
            f"{outcome.files} files: {outcome.new} new reports about {outcome.messages:,} messages,"
            f" {outcome.known} imported before, {len(outcome.errors)} unreadable."
        )

    def _print_domain(self, name: str, one: ReportSummary) -> None:
        if not one.messages:
            self.stdout.write(f"{name}: the reports on record of the last 30 days name no mail.")
            return
        self.stdout.write(
            f"{name}: of {one.messages:,} messages in 30 days {_percent(one, one.aligned)} aligned "
            f"(DKIM {_percent(one, one.dkim)}, SPF {_percent(one, one.spf)})."
        )
        self.table(
            f"Who sends as {name}",
            ("Who sends", "Messages", "Aligned", "From"),
            [
                (
                    source.organisation or "not known",
                    f"{source.messages:,}",
                    f"{source.aligned:,}",
                    ", ".join(source.addresses)
                    + (f" and {source.more_addresses} more" if source.more_addresses else ""),
                )
                for source in one.sources
            ],
        )


def _percent(one: ReportSummary, count: int) -> str:
    return f"{one.share_of(count) or 0:.1%}"
