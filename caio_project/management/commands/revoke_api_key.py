from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from caio_project.lib.models import ApiKey
from caio_project.team_access import api_key_changes


class Command(BaseCommand):
    help = "Revoke the API key of this name for good. Exit code 1 where there is none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="Name or first eight characters of the key.")

    def handle(self, *args: Any, **options: Any) -> None:
        typed = options["name"].strip()
        standing = ApiKey.objects.filter(revoked=False).select_related("user")
        found = list(standing.filter(name=typed) or standing.filter(prefix=typed))
        if not found:
            raise CommandError(f"name: no API key that could be revoked is called {typed!r}.")
        for key in found:
            api_key_changes.revoke_key(key)
            self.stdout.write(f"Revoked: {key.name} ({key.prefix}).")
