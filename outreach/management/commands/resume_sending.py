from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from caio_project.lib.commands import UserCommand
from outreach.control import phase
from outreach.guardrails import guardrails


class Command(UserCommand):
    help = "Resume sending. Every approved email passes the final checks again."
    permission = "outreach.resume"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--reason", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        person = self.person(options)
        if settings.EMERGENCY_STOP:
            raise CommandError(
                "EMERGENCY_STOP is set: sending can only be resumed there, with a restart."
            )
        phase.resume_sending(by=person, reason=options["reason"])
        stands = guardrails.standing_halts()
        if options["json"]:
            self.as_json({"halted": False} | ({"in_spite_of": stands} if stands else {}))
            return
        self.stdout.write("Sending goes on.")
        for sentence in stands:
            self.stdout.write(f"In spite of a safety limit that is reached: {sentence}")
