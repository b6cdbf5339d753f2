from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from caio_project.lib import private_files
from caio_project.lib.commands import ReportingCommand
from caio_project.lib.models import AccessEvent
from caio_project.privacy import person_export, subject
from caio_project.team_access.access_log import record_access
from leads import normal
from leads.suppression import suppression

UNKNOWN = 2


class Command(ReportingCommand):
    help = "Write everything that is kept about a person into one JSON file, for its owner alone."
    exit_codes = "0 written, 1 refused or failed, 2 nobody has this address"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("email", help="Any address of theirs; case and +tags do not matter.")
        parser.add_argument("--output", type=Path, required=True, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        address, path = normal.clean_email(options["email"]), options["output"]
        if not address:
            raise CommandError(f"email: {options['email']!r} is not an email address.")
        found = subject.find_subject(address)
        if not found.rows:
            known = " They were erased: only a one-way mark is kept."
            raise CommandError(
                "email: nobody here has this address."
                f"{known if suppression.is_marked(address) else ''} Nothing was written.",
                returncode=UNKNOWN,
            )
        document = person_export.export_person(found)
        try:
            private_files.write_private_file(path, person_export.as_json(document))
        except FileExistsError as error:
            raise CommandError(f"--output: {path} exists already.") from error
        except OSError as error:
            raise CommandError(f"--output: {path}: {error.strerror}.") from error
        record_access(AccessEvent.Kind.PERSON_EXPORTED, about=document["person"]["id"])
        counts = {table: len(rows) for table, rows in document["records"].items()}
        if options["json"]:
            self.as_json({"file": str(path), "rows": counts})
            return
        self.table(f"Written to {path}", ("Table", "Rows"), sorted(counts.items()))
