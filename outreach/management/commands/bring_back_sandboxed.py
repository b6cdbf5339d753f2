from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.db import IntegrityError

from caio_project.lib.commands import UserCommand
from outreach.drafting import manual_queue


class Command(UserCommand):
    help = (
        "After the cutover, bring the people whose email was approved in the sandbox back into "
        "the queue, each with a new draft that a person decides about. Exit code: 0 drafts are "
        "written, or nobody is left to bring back; 1 refused, nothing was done."
    )
    permission = "outreach.queue_segment"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--limit",
            type=int,
            default=manual_queue.MOST_LEADS,
            help=f"At most so many, the highest score first (up to {manual_queue.MOST_LEADS}).",
        )
        parser.add_argument("--dry-run", action="store_true", help="Show the count and end.")

    def handle(self, *args: Any, **options: Any) -> None:
        person, limit = self.person(options), options["limit"]
        if not 1 <= limit <= manual_queue.MOST_LEADS:
            raise CommandError(f"--limit: from 1 to {manual_queue.MOST_LEADS}.")
        if reason := manual_queue.why_none_comes_back():
            raise CommandError(f"{reason} Nothing was done.")
        selection, queued = manual_queue.select_sandboxed(limit), 0
        if selection.leads and not options["dry_run"]:
            try:
                queued = manual_queue.queue_selection(selection, person).queued
            except IntegrityError as error:
                raise CommandError(
                    "An email to one of them was opened meanwhile. Nothing was done; try again."
                ) from error
        self._report(selection, queued, options)

    def _report(
        self, selection: manual_queue.Selection, queued: int, options: dict[str, Any]
    ) -> None:
        left_out = {str(why): n for why, n in selection.left_out.most_common()}
        if options["json"]:
            counts = {"selected": len(selection.leads), "queued": queued, "left_out": left_out}
            self.as_json(counts)
            return
        self.stdout.write(
            f"{len(selection.leads)} of {selection.looked_at} people can come back into the queue."
        )
        for why, count in left_out.items():
            self.stdout.write(f"  {count} left out: {why}")
        if not options["dry_run"]:
            self.stdout.write(f"{queued} drafts are being written.")
