import sys
from argparse import ArgumentParser
from typing import Any

from caio_project import diagnosis
from caio_project.lib.commands import Reporting


class Command(Reporting):
    help = (
        "Walk the stages and say what works, what waits and why. With --test-visitor, send one of ours through them. "
        "Exit code: 0 everything works, 1 something does not."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--test-visitor", action="store_true", help="Marked, undeliverable, never sent to Clay.")
        parser.add_argument(
            "--wait", type=float, default=45.0, metavar="SECONDS", help="How long to follow the visitor."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        findings = diagnosis.walk()
        steps = diagnosis.follow_test_visitor(options["wait"]) if options["test_visitor"] else []
        ok = all(finding.ok for finding in findings) and all(step.ok for step in steps)
        if options["json"]:
            document = {"ok": ok, "stages": [f.__dict__ for f in findings], "test_visitor": [s.__dict__ for s in steps]}
            self.as_json(document)
        else:
            rows = [(f.name, f.state, f.waiting, f.text) for f in findings]
            self.table("The pipeline", ("Stage", "State", "Waiting", "What was found"), rows)
            if steps:
                reached = [(s.name, "yes" if s.ok else "no", s.text) for s in steps]
                self.table("The test visitor", ("Step", "Reached", "What was found"), reached)
            self.stdout.write("Everything works." if ok else "Something does not work; see above.")
        sys.exit(0 if ok else 1)
