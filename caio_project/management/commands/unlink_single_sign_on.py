from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from caio_project.team_access.single_sign_on.admission import unlink_accounts


class Command(BaseCommand):
    help = (
        "Forget who an account is at the identity provider, so that the next person there with its "
        "verified address is linked. Exit code 1 where it was not linked."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["username"]
        user = get_user_model().objects.filter(username=name).first()
        if user is None:
            raise CommandError(f"username: there is no user {name!r}.")
        if not unlink_accounts(user):
            raise CommandError(f"username: {name} is not linked to single sign-on.")
        self.stdout.write(f"{name} is linked anew at the next single sign-on with their address.")
