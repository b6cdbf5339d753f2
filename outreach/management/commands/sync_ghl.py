from typing import Any

from django.core.management.base import CommandError

from caio_project.lib.commands import ReportingCommand
from caio_project.lib.vendor_access.access import is_sandboxed
from caio_project.lib.words.check_states import SHAPES, state_of
from outreach.feedback import polling


class Command(ReportingCommand):
    help = (
        "Read from GoHighLevel now what beat reads every thirty seconds: emails and other "
        "messages, what became of our "
        "emails, do-not-disturb, meetings, opportunities; each to its end. Exit code 1 where "
        "one could not be read. A worker that reads one just now is waited for."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if is_sandboxed("ghl"):
            raise CommandError("GoHighLevel is in the sandbox: there is nothing to read.")
        show = (lambda result: None) if options["json"] else self._show
        results = polling.sync_all_stages(show, patience=polling.LEASE_SECONDS)
        failed = [result.name for result in results if not result.ended]
        if options["json"]:
            self.as_json({"ok": not failed, "stages": [result.__dict__ for result in results]})
        if failed:
            raise CommandError(f"Not read to the end: {', '.join(failed)}.")

    def _show(self, result: polling.StageResult) -> None:
        kept = f", {result.kept_back} kept for later" if result.kept_back else ""
        mark = SHAPES[state_of(result.ended)]
        self.stdout.write(f"{mark} {result.name}: {result.read} read{kept} {result.error}".strip())
