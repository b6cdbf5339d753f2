from argparse import ArgumentParser
from typing import Any

from caio_project.lib.commands import FileImportCommand
from outreach.imports import previous_system


class Command(FileImportCommand):
    many_files = True
    help = (
        "Take in what was before this system, so that nobody gets a second first email: a CSV "
        "or JSON lines with "
        "email, what (sent, answered, rejected, bounced, complained, unsubscribed, draft), at, "
        "and optionally name, "
        "company, title, subject, body, tag, reason; or the older system's JSON drafts (one, a "
        "list, or one a line). Takes files and folders. "
        "Its pending drafts are held here as CRITICAL, guarded again; approved ones count as "
        "sent, for they may have "
        "left. Nothing is stored while a line is wrong, and each is named; with --skip-bad they "
        "are left out and counted by reason. Safe to run twice. Exit codes: 0, or 1 on any error."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--skip-bad", action="store_true", help="Leave out what cannot be taken; exit code 0."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        report = self.take_all(
            options,
            lambda files, progress: previous_system.import_files(
                files, progress, skip_bad=options["skip_bad"]
            ),
        )
        if not options["json"] and not report.errors:
            for what, count in sorted(report.by_what.items()):
                self.stdout.write(f"  {count} {what}")
            for reason, count in report.skipped.most_common():
                self.stdout.write(f"  {count} skipped: {reason}")
        self.finish(report, options, "entries", stored=not report.errors)
