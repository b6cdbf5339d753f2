from argparse import ArgumentParser
from typing import Any

from caio_project.lib.commands import UserCommand
from outreach.control import phase


class Command(UserCommand):
    help = "Halt sending: no call to GoHighLevel starts later than two seconds after this."
    permission = "outreach.halt"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--reason", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        person, before = self.person(options), phase.current_control()
        row = phase.halt_sending(by=person, reason=options["reason"])
        if options["json"]:
            self.as_json(
                {
                    "halted": True,
                    "was_halted": before.halted,
                    "by": row.halted_by,
                    "reason": row.halt_reason,
                }
            )
        elif before.halted:
            self.stdout.write(f"Sending was halted already by {row.halted_by}: {row.halt_reason}")
            self.stdout.write("Your reason was not recorded.")
        else:
            self.stdout.write(f"Sending is halted by {row.halted_by}: {row.halt_reason}")
