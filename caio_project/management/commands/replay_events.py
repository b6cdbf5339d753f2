from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from caio_project.lib.commands import Reporting
from leads import ingest, replay
from leads.models import InboundEvent
from outreach import inbox

PROCESSORS = {**ingest.PROCESSORS, **inbox.PROCESSORS}


class Command(Reporting):
    help = (
        "Work inbound events off once more: one by its id, or every parked one. With --dry-run nothing is changed "
        "and what would change is said. Exit code 1 where one could not be worked off."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--id", action="append", dest="ids", help="The event's id; may be given again.")
        which.add_argument("--parked", action="store_true", help="Every parked event, oldest first.")
        parser.add_argument("--source", help="With --parked: of this source only.")
        parser.add_argument("--limit", type=int, default=1000)
        parser.add_argument("--dry-run", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        dry_run = options["dry_run"]
        outcomes = [replay.replay(event, PROCESSORS, dry_run=dry_run) for event in self._events(options)]
        failed = sum(not outcome.ok for outcome in outcomes)
        if options["json"]:
            self.as_json({"dry_run": options["dry_run"], "events": [outcome.__dict__ for outcome in outcomes]})
        else:
            title = "What would happen" if options["dry_run"] else "What happened"
            self.table(
                title, ("Event", "", "What changed"), [(o.event, "✓" if o.ok else "✕", o.text) for o in outcomes]
            )
        if failed:
            raise CommandError(f"{failed} of {len(outcomes)} could not be worked off.")

    def _events(self, options: dict[str, Any]) -> list[InboundEvent]:
        if options["ids"]:
            try:
                found = list(InboundEvent.objects.filter(public_id__in=options["ids"]))
            except ValidationError as error:
                raise CommandError(f"--id: {error.messages[0]}") from error
            if missing := set(options["ids"]) - {str(event.public_id) for event in found}:
                raise CommandError(f"--id: there is no event {', '.join(sorted(missing))}.")
            return found
        parked = InboundEvent.objects.filter(state=InboundEvent.State.PARKED)
        if options["source"]:
            parked = parked.filter(source=options["source"])
        return list(parked.order_by("received_at")[: options["limit"]])
