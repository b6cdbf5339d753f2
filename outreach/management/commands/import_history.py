from typing import Any

from caio_project.lib.commands import FileImportCommand
from outreach.imports import previous_system


class Command(FileImportCommand):
    help = (
        "Take in what was before this system, so that nobody gets a second first email: a CSV "
        "or JSON lines with "
        "email, what (sent, answered, rejected, bounced, complained, unsubscribed, draft), at, "
        "and optionally name, "
        "company, title, subject, body, tag, reason; or the older system's JSON drafts (one, a "
        "list, or one a line). "
        "Its pending drafts are held here as CRITICAL, guarded again; approved ones count as "
        "sent, for they may have "
        "left. Nothing is stored while a line is wrong; safe to run twice. Exit code 1 on any "
        "error."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        report = self.take(options, previous_system.import_file)
        if not options["json"] and not report.errors:
            for what, count in sorted(report.by_what.items()):
                self.stdout.write(f"  {count} {what}")
        self.finish(report, options, "entries", stored=not report.errors)
