from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from caio_project.lib.models import SCOPES, AccessEvent, ApiKey
from caio_project.lib.words.clock_words import stamp_words
from caio_project.team_access.access_log import record_access

MAX_NAME_LENGTH = 50
MAX_DAYS = 3650


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
        parser.add_argument(
            "--expires", type=int, metavar="DAYS", help="The key ends after so many days."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        name, days = _free_name(options["name"]), options["expires"]
        if days is not None and not 1 <= days <= MAX_DAYS:
            raise CommandError(f"--expires: it is a number of days from 1 to {MAX_DAYS}.")
        user = _user_with_scopes(options["user"], options["scopes"])
        scopes = sorted(set(options["scopes"]))
        end = None if days is None else timezone.now() + timedelta(days=days)
        with transaction.atomic():
            row, key = ApiKey.objects.create_key(
                name=name, user=user, scopes=scopes, expiry_date=end
            )
            about = f"{name} ({row.prefix})"
            record_access(AccessEvent.Kind.KEY_CREATED, user=user, about=about)
        ends = f"It ends on {stamp_words(end)}." if end else "It has no end date."
        self.stdout.write(f"{name}: {', '.join(scopes)}. {ends}")
        self.stdout.write("Send it as the header Authorization: Bearer KEY. It is shown only now:")
        self.stdout.write(key)


def _free_name(typed: str) -> str:
    name = typed.strip()
    if not name or ApiKey.objects.filter(name=name, revoked=False).exists():
        raise CommandError(
            "name: it is empty or taken; the name is how its decisions are told apart."
        )
    if len(name) > MAX_NAME_LENGTH or not name.isprintable():
        raise CommandError(f"name: it is at most {MAX_NAME_LENGTH} printable characters.")
    return name


def _user_with_scopes(username: str | None, scopes: list[str]) -> Any:
    if not username:
        return None
    user = get_user_model().objects.filter(username=username, is_active=True).first()
    if user is None:
        raise CommandError(f"--user: there is no active user {username!r}.")
    for scope in scopes:
        if not user.has_perm(SCOPES[scope]):
            raise CommandError(f"--scope: {user.get_username()} may not do {scope}.")
    return user
