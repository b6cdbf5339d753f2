from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from caio_project.lib.commands import UserCommand
from metrics.promotion import promotion
from outreach.choices import Phase


class Command(UserCommand):
    help = (
        "Move one phase up. Needs every gate, or --override with a reason, which is marked as "
        "one for ever."
    )
    permission = "outreach.promote"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--to", required=True, choices=Phase.values)
        parser.add_argument(
            "--override", action="store_true", help="Replaces the gates, and nothing else."
        )
        parser.add_argument("--reason", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        person = self.person(options)
        try:
            row = promotion.promote_phase(
                Phase(options["to"]),
                by=person,
                override=options["override"],
                reason=options["reason"],
            )
        except promotion.NotPromoted as error:
            raise CommandError(
                "\n".join(["The phase stays as it is:", *(f"- {r}" for r in error.reasons)])
            ) from error
        if options["json"]:
            self.as_json({"phase": row.phase, "since": row.phase_since})
        else:
            self.stdout.write(f"The phase is {row.phase} now.")
