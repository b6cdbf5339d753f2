import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from caio_project.checks import is_loopback
from caio_project.lib.commands import ReportingCommand
from caio_project.lib.words.check_states import SHAPES, state_of
from caio_project.operations.deployment_check import deployment

VERIFIED = {True: "Verified.", False: "Not verified; see above."}
NO_VISITOR = " No test visitor was sent: CAIO_API_KEY is not set."


class Command(ReportingCommand):
    help = (
        "Ask a deployment whether it runs this commit on a migrated database, answers on every "
        "address outsiders rely on, has a worker and beat alive, the right time and the headers "
        "that keep its pages safe. Changes nothing there, and needs no settings here. With an API "
        "key in CAIO_API_KEY (scope leads:write) a test visitor goes through to held. While it is "
        "still starting, it is asked again. Exit code: 0 verified, 1 not."
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
        key = os.environ.get("CAIO_API_KEY", "")
        if key and url.startswith("http://") and not is_loopback(url):
            text = "it is not https: CAIO_API_KEY could be read on the way. Nothing was asked."
            raise CommandError(f"url: {text}")
        findings = deployment.verify_deployment(url, options["commit"], options["wait"], key)
        ok = all(finding.ok for finding in findings)
        if options["json"]:
            self.as_json({"ok": ok, "checks": [finding.__dict__ for finding in findings]})
        else:
            rows = [(f.name, SHAPES[state_of(f.ok)], f.text) for f in findings]
            self.table(options["url"], ("Check", "", "What was found"), rows)
            self.stdout.write(f"{VERIFIED[ok]}{'' if key else NO_VISITOR}")
        sys.exit(0 if ok else 1)
