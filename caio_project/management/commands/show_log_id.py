import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from caio_project.lib.logs.correlation import id_of
from leads.models import InboundEvent, Lead
from outreach.models import Message

KINDS = (InboundEvent, Lead, Message)


class Command(BaseCommand):
    help = (
        "Print the correlation id that log lines about an event, a lead or an email carry "
        "(docs/watching.md). Exit code 1 where nothing is known by this id."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "id",
            help="The id in the address of a page or an API answer, or a row's name in a log line "
            "such as message-12.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        row = _find(options["id"].strip().lower())
        if row is None:
            raise CommandError(f"id: no event, lead or email is known by {options['id']!r}.")
        self.stdout.write(id_of(row))


def _find(typed: str) -> Any:
    name, _, number = typed.partition("-")
    for kind in KINDS:
        if name == kind._meta.model_name and number.isdecimal() and len(number) < 19:
            return kind._base_manager.filter(pk=int(number)).first()
    try:
        public_id = uuid.UUID(typed)
    except ValueError:
        return None
    rows = (kind._base_manager.filter(public_id=public_id).first() for kind in KINDS)
    return next((row for row in rows if row is not None), None)
