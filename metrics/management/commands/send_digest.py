import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.utils import timezone

from caio_project.lib import calendar
from caio_project.lib.commands import ReportingCommand
from metrics.digests import digest_words, digests
from metrics.models import Digest


class Command(ReportingCommand):
    help = "Print today's digest and send it by Slack and email, once for each day."
    exit_codes = "0 printed or sent, 1 no channel took it"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--daily", action="store_const", dest="kind", const=Digest.Kind.DAILY)
        which.add_argument("--weekly", action="store_const", dest="kind", const=Digest.Kind.WEEKLY)
        parser.add_argument("--dry-run", action="store_true", help="Send and store nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        now, kind = timezone.now(), options["kind"]
        day = calendar.team_day(now, settings.TEAM_TIME_ZONE)
        if options["dry_run"]:
            self._show(digests.build_content(kind, day, now), "Nothing was sent.", options)
            return
        if not digests.has_channel():
            self._show(digests.build_content(kind, day, now), "No channel is set.", options)
            sys.exit(1)
        row, is_new = digests.make_digest(kind, day, now)
        if is_new:
            digests.deliver_digests(Digest.objects.filter(pk=row.pk))
            row.refresh_from_db()
        self._show(row.content, _outcome(row, is_new), options)
        if not (row.slack_at or row.email_at):
            sys.exit(1)

    def _show(self, content: dict[str, Any], outcome: str, options: dict[str, Any]) -> None:
        if options["json"]:
            title, lines = digest_words.title_of(content), digest_words.lines_of(content)
            self.as_json({"title": title, "lines": lines, "content": content, "outcome": outcome})
            return
        self.stdout.write(digests.as_text(content))
        self.stdout.write(outcome)


def _outcome(row: Digest, is_new: bool) -> str:
    took = [name for name, at in (("Slack", row.slack_at), ("email", row.email_at)) if at]
    if not is_new:
        return f"It was made before, at {row.made_at:%H:%M} UTC. Nothing was sent now."
    said = f"Sent by {' and '.join(took)}." if took else "No channel took it."
    return f"{said} {row.error}".strip()
