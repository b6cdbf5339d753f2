from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from caio_project.lib.commands import ReportingCommand
from caio_project.privacy import erasing, erasure_file


class Command(ReportingCommand):
    help = (
        "After a restore: erase again whoever was erased since the backup, from the file of "
        "erasures that stands outside of the database. Safe to repeat."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path, help="ERASURES_FILE, or the one beside a backup.")

    def handle(self, *args: Any, **options: Any) -> None:
        path = options["file"]
        try:
            lines = erasure_file.read_erasures(path)
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}.") from error
        except (erasure_file.UnreadableErasures, UnicodeDecodeError) as error:
            raise CommandError(f"{path}: {error}") from error
        new = erasure_file.add_missing(lines)
        rows: Counter[str] = Counter()
        with self.progress("Erasing", len(new)) as advance:
            for erasure in new:
                rows += erasing.replay_erasure(erasure).rows
                advance(1)
        known = len(lines) - len(new)
        if options["json"]:
            self.as_json({"read": len(lines), "replayed": len(new), "rows": dict(rows)})
            return
        self.stdout.write(
            f"{len(lines)} erasures read: {known} known here, {len(new)} carried out again."
        )
        if rows:
            self.table("Erased", ("Table", "Rows"), sorted(rows.items()))
