from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from approvals.quality import score_exchange
from approvals.quality.score_exchange import ScoreImport
from approvals.quality.scores import NotScored
from caio_project.lib.commands import UserCommand
from caio_project.lib.files import UnreadableFile

MOST_BYTES = 20_000_000
MOST_SHOWN = 100


class Command(UserCommand):
    help = (
        "Store the scores of a file that export_emails_for_review wrote, as scores of USER: all "
        "of them, or nothing where one row is wrong."
    )
    exit_codes = "0 stored, 1 refused; then nothing was stored"
    permission = "approvals.decide"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path, help="A CSV or XLSX file.")

    def handle(self, *args: Any, **options: Any) -> None:
        person, path = self.person(options), options["file"]
        try:
            if path.stat().st_size > MOST_BYTES:
                raise CommandError(f"{path}: it is larger than {MOST_BYTES // 1_000_000} MB.")
            report = score_exchange.import_scores(path.read_bytes(), path.name, person)
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}.") from error
        except NotScored as error:  # erased at this moment
            raise CommandError(f"{path}: {error}") from error
        except UnreadableFile as error:
            raise CommandError(f"{path}: {error} Nothing was stored.") from error
        if options["json"]:
            self.as_json(asdict(report))
        if report.errors:
            self._refuse(report, options)
        if not options["json"]:
            self._say_stored(report, person)

    def _refuse(self, report: ScoreImport, options: dict[str, Any]) -> None:
        if not options["json"]:
            for error in report.errors[:MOST_SHOWN]:
                self.stderr.write(str(error))
        rows = len({error.row for error in report.errors})
        raise CommandError(f"{rows} of {report.read} rows are wrong. Nothing was stored.")

    def _say_stored(self, report: ScoreImport, person: Any) -> None:
        self.stdout.write(
            f"{report.read} rows read, as {person.get_username()}: {report.new} new scores, "
            f"{report.known} known before."
        )
        if report.uncounted:
            self.stdout.write(
                f"{report.uncounted} are of test, training or example emails: they count for "
                "nothing."
            )
