import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from caio_project.lib.commands import ReportingCommand
from caio_project.lib.words.check_states import SHAPES, state_of
from caio_project.operations import deployment


class Command(ReportingCommand):
    help = (
        "Ask a deployment whether it runs this commit, answers on every address outsiders "
        "rely on, and has a worker "
        "and beat alive. Changes nothing there, and needs no settings here. While it is still "
        "starting, it is asked again. Exit code: 0 verified, 1 not."
    )
    requires_system_checks: list[str] = []  # it asks another installation, not this one

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("url", help="Such as https://caio.example.com")
        parser.add_argument(
            "--commit", help="The commit that should run; default: the one checked out here."
        )
        parser.add_argument(
            "--wait",
            type=float,
            default=deployment.START_SECONDS,
            metavar="SECONDS",
            help="How long it may still be starting.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        url = options["url"].rstrip("/")
        if not url.startswith(("http://", "https://")):
            raise CommandError(f"url: {url!r} does not begin with https://. Nothing was asked.")
        findings = deployment.verify_deployment(url, options["commit"], options["wait"])
        ok = all(finding.ok for finding in findings)
        if options["json"]:
            self.as_json({"ok": ok, "checks": [finding.__dict__ for finding in findings]})
        else:
            rows = [(f.name, SHAPES[state_of(f.ok)], f.text) for f in findings]
            self.table(options["url"], ("Check", "", "What was found"), rows)
            self.stdout.write("Verified." if ok else "Not verified; see above.")
        sys.exit(0 if ok else 1)
