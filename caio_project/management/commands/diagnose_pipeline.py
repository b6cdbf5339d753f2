import sys
from argparse import ArgumentParser
from typing import Any

from caio_project.lib.commands import ReportingCommand
from caio_project.operations import diagnosis, test_visitor
from caio_project.operations.test_visitor import VisitorStep

WAIT, WAIT_FOR_CLAY = 45.0, 120.0  # seconds


class Command(ReportingCommand):
    help = (
        "Walk the stages and say what works, what waits and why. With --test-visitor, send "
        "one of ours through them; "
        "with --test-enrichment, send one through Clay. Exit code: 0 everything works, 1 "
        "something does not, or has not had its time since the start."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--test-visitor",
            action="store_true",
            help="Marked, undeliverable, and not sent to Clay by this alone.",
        )
        parser.add_argument(
            "--test-enrichment",
            action="store_true",
            help="Send a test visitor to Clay, which uses one submission, and wait for its "
            "callback.",
        )
        parser.add_argument(
            "--wait",
            type=float,
            metavar="SECONDS",
            help=f"How long to wait: {WAIT:.0f} for the visitor, {WAIT_FOR_CLAY:.0f} for Clay's "
            "callback, unless said.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        findings = diagnosis.diagnose_stages()
        steps, clay_steps = self._tests(options)
        tests_ok = all(step.ok for step in (*steps, *clay_steps))
        ok = tests_ok and all(finding.ok for finding in findings)
        if options["json"]:
            followed = {"test_visitor": steps, "test_enrichment": clay_steps}
            document = {name: [step.__dict__ for step in some] for name, some in followed.items()}
            self.as_json({"ok": ok, "stages": [f.__dict__ for f in findings], **document})
        else:
            mends = [f" To fix it: {f.mend}" if f.mend else "" for f in findings]
            rows = [
                (f.name, f.state, f.waiting, f.text + mend)
                for f, mend in zip(findings, mends, strict=True)
            ]
            self.table("The pipeline", ("Stage", "State", "Waiting", "What was found"), rows)
            self._steps("The test visitor", steps)
            self._steps("The test of Clay", clay_steps)
            self.stdout.write(diagnosis.last_line(findings, tests_ok))
        sys.exit(0 if ok else 1)

    def _tests(self, options: dict[str, Any]) -> tuple[list[VisitorStep], list[VisitorStep]]:
        visitor, steps, clay_steps = None, list[VisitorStep](), list[VisitorStep]()
        if options["test_visitor"]:
            visitor, steps = test_visitor.follow_test_visitor(
                WAIT if options["wait"] is None else options["wait"]
            )
        if options["test_enrichment"]:
            clay_steps = test_visitor.ask_clay(
                WAIT_FOR_CLAY if options["wait"] is None else options["wait"], visitor
            )
        return steps, clay_steps

    def _steps(self, title: str, steps: list[VisitorStep]) -> None:
        if steps:
            rows = [(step.name, "yes" if step.ok else "no", step.text) for step in steps]
            self.table(title, ("Step", "Reached", "What was found"), rows)
