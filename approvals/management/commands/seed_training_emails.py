from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from approvals.training import seeding
from approvals.training.seeding import MOST_EMAILS
from caio_project.lib.commands import ReportingCommand


class Command(ReportingCommand):
    help = (
        "Put emails for practice into the queue: to invented people, marked, never sent, counted "
        "nowhere. About half have a fault; /sales/training shows who caught which."
    )
    exit_codes = "0 made, 1 refused"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--count", type=int, default=5, help=f"From 1 to {MOST_EMAILS}.")

    def handle(self, *args: Any, **options: Any) -> None:
        count = options["count"]
        if not 1 <= count <= MOST_EMAILS:
            raise CommandError(f"--count: from 1 to {MOST_EMAILS}. Nothing was made.")
        made = seeding.seed_training_emails(count)
        if options["json"]:
            self.as_json({"made": len(made), "emails": [one.message.public_id for one in made]})
            return
        self.stdout.write(f"{len(made)} emails for practice wait in /sales/queue?show=training.")
        self.stdout.write("Who caught what is shown at /sales/training.")
