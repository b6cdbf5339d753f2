from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from caio_project.backups import dump
from caio_project.lib.commands import ReportingCommand


class Command(ReportingCommand):
    help = (
        "Write a backup of the database and the file of erasures into a new folder, while the "
        "program goes on. Secrets of the environment and the spool are not in it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--output", type=Path, required=True, metavar="DIR")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = dump.write_backup(options["output"])
        except dump.BackupFailed as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.as_json(asdict(made))
            return
        self.stdout.write(
            f"Written: {made.file} ({made.size / 2**20:.1f} MB), with {made.erasures} erasures "
            f"and a manifest beside it.\nCheck it: manage.py restore_check {made.folder}"
        )
