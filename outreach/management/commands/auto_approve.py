from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from caio_project.lib.commands import UserCommand
from outreach.auto_approval import eligibility
from outreach.control import phase


class Command(UserCommand):
    help = (
        "Turn automatic approval on (a Lead) or off (a Reviewer, too), and set its limits; "
        "says what it waits for."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--on", action="store_true")
        which.add_argument("--off", action="store_true")
        parser.add_argument("--reason", required=True)
        parser.add_argument(
            "--under-intent", type=int, metavar="SCORE", help="It approves only what scores less."
        )
        parser.add_argument(
            "--warm-connections", choices=["yes", "no"], help="Whether it approves those, too."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        loosens = (
            options["on"]
            or options["under_intent"] is not None
            or options["warm_connections"] is not None
        )
        self.permission = phase.AUTO_APPROVE_PERMISSION if loosens else phase.HALT_PERMISSION
        person = self.person(options)
        no_warm = {"yes": False, "no": True, None: None}[options["warm_connections"]]
        try:
            row = phase.set_auto_approval(
                options["on"],
                by=person,
                reason=options["reason"],
                under_intent=options["under_intent"],
                no_warm=no_warm,
            )
        except phase.ChangeNotAllowed as error:
            raise CommandError(str(error)) from error
        waits = eligibility.machine_hold_reasons(row, timezone.now())
        if options["json"]:
            self.as_json({"switched_on": row.auto_approve, "waits_for": waits})
            return
        self.stdout.write(f"Automatic approval is {'on' if row.auto_approve else 'off'}.")
        for reason in waits if row.auto_approve else ():
            self.stdout.write(f"It approves nothing yet: {reason}")
