from argparse import ArgumentParser
from typing import Any

from caio_project.lib.commands import ReportingCommand
from caio_project.privacy import retention


class Command(ReportingCommand):
    help = (
        "Delete personal data that is older than the RETAIN_… settings say. A sweep does the same "
        "by itself."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--dry-run", action="store_true", help="Only count what is due.")

    def handle(self, *args: Any, **options: Any) -> None:
        due = retention.count_old()
        counts = due if options["dry_run"] else self._purge_all(due)
        if options["json"]:
            self.as_json({"dry_run": options["dry_run"], "rows": counts})
            return
        if not counts:
            self.stdout.write("Every RETAIN_… setting is 0: nothing is ever too old.")
            return
        what = {rule.setting: (rule.what, rule.days) for rule in retention.RULES}
        rows = [(*what[name], name, count) for name, count in counts.items()]
        title = "Would be deleted" if options["dry_run"] else "Deleted"
        self.table(title, ("What", "Older than, days", "Setting", "Rows"), rows)

    def _purge_all(self, due: dict[str, int]) -> dict[str, int]:
        counts = dict.fromkeys(due, 0)
        with self.progress("Deleting", sum(due.values())) as advance:
            while done := {name: n for name, n in retention.purge().items() if n}:
                for name, count in done.items():
                    counts[name] += count
                    advance(count)
        return counts
