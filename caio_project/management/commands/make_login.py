import secrets
from typing import Any

from django.contrib.auth.models import Group, User
from django.core.management.base import BaseCommand, CommandError

from caio_project.lib.models import AccessEvent
from caio_project.roles import ROLES, make_roles
from caio_project.team_access.access_log import record_access


def make_login(name: str, role: str = "Lead") -> str:
    """Create the user, or give an existing one a new password; returns the password."""
    password = "-".join(secrets.token_hex(2) for _ in range(4))
    user, made = User.objects.get_or_create(username=name)
    if made:
        if not Group.objects.filter(name=role).exists():
            make_roles()
        user.groups.add(Group.objects.get(name=role))
        user.is_staff = True
        user.is_superuser = role == "Lead"
    user.set_password(password)
    user.save()
    record_access(AccessEvent.Kind.PASSWORD_CHANGED, user=user, about="by make_login")
    return password


class Command(BaseCommand):
    help = (
        "Create a login, or set a new random password for one, and print the password. A Lead "
        "also runs the admin. Exit code: 0 done, 1 refused."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("name", nargs="?", default="lead")
        parser.add_argument(
            "--role", choices=ROLES, default="Lead", help="for a new login; default Lead"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["name"].strip():
            raise CommandError("name: it is empty.")
        password = make_login(options["name"], options["role"])
        self.stdout.write(f"User      {options['name']}\nPassword  {password}")
