from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from caio_project.lib.commands import UserCommand
from caio_project.privacy import erasing, subject
from caio_project.privacy.erasure_words import OUTSIDE, report_lines
from leads import normal
from leads.models import Erasure
from leads.suppression import suppression

UNKNOWN = 2


class Command(UserCommand):
    help = (
        "Erase a person everywhere, and keep a one-way mark so that nothing of them is ever stored "
        "again. It cannot be undone; safe to repeat."
    )
    permission = "leads.erase_person"
    exit_codes = "0 erased, or a mark placed; 1 refused; 2 nobody has this address"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("email", help="Any address of theirs; case and +tags do not matter.")
        parser.add_argument(
            "--mark", action="store_true", help="Place the mark also where nobody has the address."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        person = self.person(options)
        address = normal.clean_email(options["email"])
        if not address:
            raise CommandError(f"email: {options['email']!r} is not an email address.")
        found = subject.find_subject(address)
        if not found.rows and suppression.is_marked(address):
            self._say_known(address, options)
            return
        if not found.rows and not options["mark"]:
            raise CommandError(
                "email: nobody here has this address. With --mark nothing of them will be stored "
                "either, and what came in and names them is erased.",
                returncode=UNKNOWN,
            )
        report = erasing.erase_subject(found, Erasure.Source.COMMAND, person)
        self._say(report, is_known=bool(found.rows), options=options)

    def _say_known(self, address: str, options: dict[str, Any]) -> None:
        """Erased before: look again, with the marks of then."""
        mark = suppression.erased_hash(address)
        known = [one for one in Erasure.objects.order_by("-pk") if mark in one.marks]
        if not known:  # marked before erasures were recorded
            report = erasing.erase_subject(
                subject.find_subject(address), Erasure.Source.COMMAND, self.person(options)
            )
        else:
            report = erasing.finish_erasure(known[0])
        self._say(report, is_known=True, options=options, again=True)

    def _say(
        self,
        report: erasing.ErasureReport,
        *,
        is_known: bool,
        options: dict[str, Any],
        again: bool = False,
    ) -> None:
        if options["json"]:
            self.as_json(
                {
                    "erasure": str(report.erasure.public_id),
                    "known": is_known,
                    "before": again,
                    "rows": dict(report.rows),
                    "emails": report.emails.__dict__,
                    "slack_waiting": report.slack_waiting,
                    "notes": [*report_lines(report), OUTSIDE],
                }
            )
            return
        if again:
            self.stdout.write("This person was erased before. Everything was looked through again.")
        elif not is_known:
            self.stdout.write("Nobody here had this address. The mark is placed.")
        rows = sorted(report.rows.items())
        if rows:
            self.table("Erased", ("Table", "Rows"), rows)
        elif again:
            self.stdout.write("Nothing was found.")
        for line in (*report_lines(report), OUTSIDE):
            self.stdout.write(line)
