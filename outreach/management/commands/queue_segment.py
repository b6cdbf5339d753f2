from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import IntegrityError

from caio_project.lib.commands import UserCommand
from caio_project.lib.files import UnreadableFile
from leads.scoring_rules import Tier
from outreach.drafting import manual_queue
from outreach.drafting.manual_queue import Selection


class Command(UserCommand):
    help = (
        "Fill the queue with drafts to known leads, without waiting for a visit. Shows how "
        "many first, and asks for "
        "that number; each email is CRITICAL: a person decides about every one. Exit code 1 "
        "where nothing was queued."
    )
    permission = "outreach.queue_segment"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument(
            "--tier", choices=Tier.values, help="Leads of this tier, the highest score first."
        )
        which.add_argument(
            "--input", type=Path, help="A CSV with the column email, or linkedin_url, or both."
        )
        parser.add_argument(
            "--limit",
            type=int,
            help=f"At most so many (with --tier required, up to {manual_queue.MOST_LEADS}).",
        )
        parser.add_argument(
            "--confirm",
            type=int,
            metavar="COUNT",
            help="The number shown, where nobody can type it.",
        )
        parser.add_argument("--dry-run", action="store_true", help="Show the count and end.")

    def handle(self, *args: Any, **options: Any) -> None:
        person, selection = self.person(options), self._select(options)
        count = len(selection.leads)
        if not options["json"]:
            self._show(selection)
        if options["dry_run"]:
            self._report(selection, options, queued=0)
            return
        if count == 0:
            raise CommandError("Nobody can be queued. Nothing was done.")
        self._confirmed(count, options)
        try:
            segment = manual_queue.queue_selection(selection, person)
        except IntegrityError as error:
            raise CommandError(
                "An email to one of them was opened meanwhile. Nothing was queued; try again."
            ) from error
        self._report(selection, options, queued=segment.queued)

    def _select(self, options: dict[str, Any]) -> Selection:
        limit = options["limit"]
        if limit is not None and not 1 <= limit <= manual_queue.MOST_LEADS:
            raise CommandError(f"--limit: from 1 to {manual_queue.MOST_LEADS}.")
        if options["tier"]:
            if limit is None:
                raise CommandError("--limit: say how many of the tier at most.")
            return manual_queue.select_tier(options["tier"], limit)
        try:
            selection, report = manual_queue.select_from_file(
                options["input"].read_bytes(), limit or manual_queue.MOST_LEADS
            )
        except OSError as error:
            raise CommandError(f"{options['input']}: {error.strerror}.") from error
        except UnreadableFile as error:
            raise CommandError(f"{options['input']}: {error}") from error
        for line, text in report.errors:
            self.stderr.write(f"line {line}: {text}")
        if report.errors:
            wrong = len(report.errors) + report.more_errors
            raise CommandError(f"{wrong} of {report.read} lines are wrong. Nothing was queued.")
        return selection

    def _show(self, selection: Selection) -> None:
        self.stdout.write(
            f"{len(selection.leads)} of {selection.looked_at} leads looked at can be queued."
        )
        for reason, count in selection.left_out.most_common():
            self.stdout.write(f"  {count} left out: {reason}")

    def _confirmed(self, count: int, options: dict[str, Any]) -> None:
        typed = options["confirm"]
        if typed is None:
            try:
                typed = int(
                    input(f"Type {count} to queue {count} emails, each to be decided by a person: ")
                )
            except (ValueError, EOFError):
                typed = None
        if typed != count:
            raise CommandError(f"It is {count}, and that was not confirmed. Nothing was queued.")

    def _report(self, selection: Selection, options: dict[str, Any], queued: int) -> None:
        if options["json"]:
            left_out = {str(why): n for why, n in selection.left_out.most_common()}
            self.as_json(
                {
                    "selected": len(selection.leads),
                    "looked_at": selection.looked_at,
                    "left_out": left_out,
                    "queued": queued,
                }
            )
        elif not options["dry_run"]:
            self.stdout.write(
                f"{queued} drafts are being written; they wait in the queue as CRITICAL."
            )
