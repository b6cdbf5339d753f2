from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from caio_project.lib.commands import FileImportCommand
from leads.imports import import_files
from leads.models import TeamMember


class Command(FileImportCommand):
    help = (
        "Import LinkedIn's Connections.csv of one team member: people whom they know, for warm "
        "connections. All or "
        "nothing; errors are named by line. Exit code 1 on any error."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--member",
            required=True,
            metavar="NAME",
            help="The team member's name, as in the admin.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        member = TeamMember.objects.filter(name=options["member"]).first()
        if member is None:
            raise CommandError(f"--member: there is no team member {options['member']!r}.")
        report = self.take(
            options, lambda raw, progress: import_files.import_connections(raw, member)
        )
        self.finish(report, options, "connections", stored=not report.errors)
