from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from approvals.quality import score_exchange, score_files
from approvals.quality.score_exchange import MOST_EMAILS
from caio_project.lib.commands import ReportingCommand
from caio_project.lib.files import UnreadableFile

NOTHING = (
    "No email to a live lead has a text yet. Test, training and example emails are not scored "
    "for the gate. Nothing was written."
)


HAS_SCORES = (
    "--output: {path} holds scores. Import them first, or name another file. Nothing was written."
)


class Command(ReportingCommand):
    help = (
        "Write emails into a CSV or XLSX file, one row an email, for people to score. Emails that "
        "nobody has scored come first, the newest first. The file holds personal data."
    )
    exit_codes = "0 written, 1 nothing to write or refused"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--count", type=int, default=20, help="At most so many emails.")
        parser.add_argument(
            "--output", type=Path, required=True, help="A new file that ends in .csv or .xlsx."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        count, path = options["count"], options["output"]
        if not 1 <= count <= MOST_EMAILS:
            raise CommandError(f"--count: from 1 to {MOST_EMAILS}.")
        try:
            kind = score_files.kind_by_name(path.name)
            if path.exists() and score_files.holds_scores(path.read_bytes(), path.name):
                raise CommandError(HAS_SCORES.format(path=path))
            rows = score_exchange.emails_for_review(count)
            if not rows:
                raise CommandError(NOTHING)
            path.write_bytes(score_files.write_file(rows, kind))
        except UnreadableFile as error:
            raise CommandError(f"--output: {error}") from error
        except OSError as error:
            raise CommandError(f"--output: {path}: {error.strerror}.") from error
        if options["json"]:
            self.as_json({"written": len(rows), "asked": count, "output": str(path)})
            return
        fewer = "" if len(rows) == count else f" There are no more than {len(rows)}."
        self.stdout.write(f"{len(rows)} emails written to {path}.{fewer}")
        self.stdout.write(f"When scored: import_quality_scores {path} --as USER")
