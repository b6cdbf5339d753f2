from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from caio_project.lib.commands import UserCommand
from metrics.promotion import signing


class Command(UserCommand):
    help = (
        "Sign an evaluation of the gates into autonomous. Valid for 7 days, and only while what "
        "passed in it still passes. validate_phase and the phase page show the number."
    )
    permission = "metrics.sign_off"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--evaluation", type=int, required=True, metavar="ID")
        parser.add_argument("--text", required=True, help="What you answer for, in your words.")

    def handle(self, *args: Any, **options: Any) -> None:
        person = self.person(options)
        try:
            row = signing.sign_evaluation(options["evaluation"], options["text"], by=person)
        except signing.NotSigned as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.as_json({"id": row.pk, "evaluation": row.evaluation_id, "at": row.at})
        else:
            self.stdout.write(f"Evaluation {row.evaluation_id} is signed by {person}.")
