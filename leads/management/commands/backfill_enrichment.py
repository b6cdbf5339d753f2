from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from rich.progress import Progress

from caio_project.lib.commands import Reporting
from leads import backfill


class Command(Reporting):
    help = (
        "Ask Clay about leads that lack an address, a title or a company field, newest first. Safe to end and to "
        "repeat: who was asked within a week is not asked again. Exit code 1 where a push failed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--limit", type=int, default=50, help="Leads at most.")
        parser.add_argument("--wait", type=float, default=60.0, metavar="SECONDS", help="For answers.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["limit"] < 1:
            raise CommandError("--limit: it is at least 1.")
        if "clay" in settings.SANDBOXED:
            raise CommandError("Clay is in the sandbox: nothing would be asked. Connect it first.")
        quiet = options["json"] or not getattr(self.stdout, "isatty", lambda: False)()
        with Progress(transient=True, disable=quiet) as bar:
            task = bar.add_task("Answers", total=None)
            summary = backfill.run(
                options["limit"],
                options["wait"],
                lambda done, total: bar.update(task, completed=done, total=total),
            )
        if options["json"]:
            self.as_json(summary.__dict__)
        else:
            s = summary
            self.stdout.write(
                f"Asked about {s.asked}: {s.answered} answered, {s.partial} without an answer in time, "
                f"{s.failed} failed, {s.skipped} not asked, {s.waiting} still waiting."
            )
            self.stdout.write(f"Leads with something from Clay: {s.rate_before:.0%} before, {s.rate_after:.0%} now.")
        if summary.failed:
            raise CommandError(f"{summary.failed} pushes failed; GET /webhooks/clay/health says whether Clay is asked.")
