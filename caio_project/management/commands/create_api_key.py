from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from caio_project.lib.models import SCOPES, ApiKey


class Command(BaseCommand):
    help = (
        "Create an API key and print it, alone, on the last line, once. Exit code: 0 created, 1 "
        "refused, no key was made."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--user", help="What the key decides counts as this person's.")
        parser.add_argument(
            "--scope", action="append", required=True, choices=sorted(SCOPES), dest="scopes"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"].strip()
        if not name or ApiKey.objects.filter(name=name, revoked=False).exists():
            raise CommandError(
                "name: it is empty or taken; the name is how its decisions are told apart."
            )
        user = None
        if options["user"]:
            user = get_user_model().objects.filter(username=options["user"], is_active=True).first()
            if user is None:
                raise CommandError(f"--user: there is no active user {options['user']!r}.")
            for scope in options["scopes"]:
                if not user.has_perm(SCOPES[scope]):
                    raise CommandError(f"--scope: {user.get_username()} may not do {scope}.")
        scopes = sorted(set(options["scopes"]))
        _, key = ApiKey.objects.create_key(name=name, user=user, scopes=scopes)
        self.stdout.write(f"{name}: {', '.join(scopes)}.")
        self.stdout.write("Send it as the header Authorization: Bearer KEY. It is shown only now:")
        self.stdout.write(key)
