import sys
from typing import Any

from caio_project.lib.commands import ReportingCommand
from metrics.gates import verification


class Command(ReportingCommand):
    help = (
        "Check that every evaluation of gates follows the one before it, and run each verdict "
        "again from its counts. Exit code: 0 all hold, 1 one does not."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        found = verification.verify_evaluations()
        problems = [(one.evaluation, one.text) for one in found.problems]
        if options["json"]:
            named = [{"evaluation": number, "problem": text} for number, text in problems]
            self.as_json({"checked": found.checked, "rerun": found.rerun, "problems": named})
        else:
            if problems:
                self.table("What does not hold", ("Evaluation", "Problem"), problems)
            self.stdout.write(
                f"{found.checked} evaluations checked, {found.rerun} run again, "
                f"{len(problems)} problems."
            )
        sys.exit(1 if problems else 0)
