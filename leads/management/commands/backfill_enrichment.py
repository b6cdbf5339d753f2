from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError
from rich.progress import Progress

from caio_project.lib.commands import ReportingCommand
from leads.imports import backfill


class Command(ReportingCommand):
    help = (
        "Ask Clay about people who lack an address, a title or a company field, and about those "
        "whose push failed or who came while Clay was in the sandbox: leads, newest first, then "
        "contacts whom only GoHighLevel knows; they become leads without a draft. Safe to end "
        "and to repeat: who was asked within a week is not asked again. Exit code 1 where a push "
        "failed or the contacts could not be read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--limit", type=int, default=50, help="People at most; each is one submission to Clay."
        )
        parser.add_argument(
            "--wait", type=float, default=60.0, metavar="SECONDS", help="For answers."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["limit"] < 1:
            raise CommandError("--limit: it is at least 1.")
        if why := backfill.why_not_possible():
            raise CommandError(why)
        summary = self._run(options)
        if options["json"]:
            self.as_json(asdict(summary))
        else:
            self._say(summary)
        if wrong := [*self._wrong(summary)]:
            raise CommandError(" ".join(wrong))

    def _wrong(self, summary: backfill.BackfillSummary) -> Iterator[str]:
        if summary.failed:
            yield (
                f"{summary.failed} pushes failed; GET /webhooks/clay/health says whether "
                "Clay is asked."
            )
        if summary.contacts and summary.contacts.error:
            yield (
                f"The contacts were not read to the end: {summary.contacts.error}. The next "
                "run goes on there."
            )

    def _run(self, options: dict[str, Any]) -> backfill.BackfillSummary:
        quiet = options["json"] or not getattr(self.stdout, "isatty", lambda: False)()
        with Progress(transient=True, disable=quiet) as bar:
            tasks: dict[str, Any] = {}

            def progress(what: str, done: int, total: int | None) -> None:
                if what not in tasks:
                    tasks[what] = bar.add_task(what)
                bar.update(tasks[what], completed=done, total=total)

            return backfill.run_backfill(options["limit"], options["wait"], progress)

    def _say(self, s: backfill.BackfillSummary) -> None:
        self.stdout.write(
            f"Asked about {s.asked}: {s.answered} answered, {s.partial} without an answer in time, "
            f"{s.failed} failed, {s.waiting} still waiting. {s.not_asked} must not be asked about."
        )
        if (c := s.contacts) is None:
            self.stdout.write(backfill.GHL_NOT_CONNECTED)
        else:
            end = ", to the end of the list" if c.ended else ""
            self.stdout.write(
                f"Contacts at GoHighLevel: {c.read} read{end}: {c.new} new leads, {c.known} known, "
                f"{c.stopped} not to be written to, {c.without_address} without an address, "
                f"{c.gone} deleted."
            )
        self.stdout.write(f"Leads with something from Clay: {s.before} before, {s.after} now.")
