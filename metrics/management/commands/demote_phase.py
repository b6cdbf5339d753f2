from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from caio_project.lib.commands import UserCommand
from metrics.promotion import promotion
from outreach.choices import Phase
from outreach.control.phase import ChangeNotAllowed


class Command(UserCommand):
    help = "Drop one phase, or to --to. What a machine cleared goes back to people."
    permission = "outreach.halt"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--to", choices=Phase.values)
        parser.add_argument("--reason", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        person = self.person(options)
        to = Phase(options["to"]) if options["to"] else None
        try:
            row = promotion.demote_phase(to=to, by=person, reason=options["reason"])
        except ChangeNotAllowed as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.as_json({"phase": row.phase, "since": row.phase_since})
        else:
            self.stdout.write(f"The phase is {row.phase} now.")
