from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from caio_project.lib.commands import UserCommand
from outreach.limits import sending_domains


class Command(UserCommand):
    help = (
        "Begin the warm-up of a sending domain today, also anew, or say that the domain is "
        "established."
    )
    permission = sending_domains.WARM_UP_PERMISSION

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--domain", required=True, help="What stands behind the @ of GHL_FROM_EMAIL."
        )
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument(
            "--start", action="store_true", help="20 emails a day in the first week, then 40, 60 …"
        )
        which.add_argument("--established", action="store_true", help="The phase alone limits it.")
        parser.add_argument("--reason", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        person = self.person(options)
        do = sending_domains.start_warm_up if options["start"] else sending_domains.mark_established
        try:
            row = do(options["domain"], by=person, reason=options["reason"])
        except sending_domains.InvalidDomain as error:
            raise CommandError(str(error)) from error
        sends = row.name == sending_domains.our_domain()
        if options["json"]:
            self.as_json(
                {"domain": row.name, "warm_up_since": row.warm_up_since, "we_send_from_it": sends}
            )
            return
        self.stdout.write(f"{row.name}: {sending_domains.describe_domain(row)}")
        if not sends:
            where = (
                f"is at {sending_domains.our_domain()}"
                if sending_domains.our_domain()
                else "is not set"
            )
            self.stdout.write(f"We do not send from there: GHL_FROM_EMAIL {where}.")
