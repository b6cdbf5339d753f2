from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from caio_project.team_access.second_factor import remove_factors


class Command(BaseCommand):
    help = "Remove the second factor of a person who has lost it. Exit code 1 where there is none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["username"]
        user = get_user_model().objects.filter(username=name).first()
        if user is None:
            raise CommandError(f"username: there is no user {name!r}.")
        if not remove_factors(user):
            raise CommandError(f"username: {name} has no second factor.")
        self.stdout.write(f"{name} signs in with the password alone until a new one is set up.")
