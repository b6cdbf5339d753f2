from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from caio_project.event_vault import replay_words, sources
from caio_project.lib.commands import ReportingCommand
from caio_project.lib.words.check_states import SHAPES, state_of
from leads.inbound import replay
from leads.models import InboundEvent


class Command(ReportingCommand):
    help = (
        "Work inbound events off once more: one by its id, or every parked one. It says what "
        "changes, field by field; "
        "with --dry-run nothing is changed and it says what would. Exit code 1 where one "
        "could not be worked off."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument(
            "--id", action="append", dest="ids", help="The event's id; may be given again."
        )
        which.add_argument(
            "--parked", action="store_true", help="Every parked event, oldest first."
        )
        parser.add_argument("--source", help="With --parked: of this source only.")
        parser.add_argument("--limit", type=int, default=1000)
        parser.add_argument("--dry-run", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        dry_run = options["dry_run"]
        outcomes = [
            replay.replay_event(event, sources.PROCESSORS, dry_run=dry_run)
            for event in self._events(options)
        ]
        failed = sum(not outcome.ok for outcome in outcomes)
        if options["json"]:
            self.as_json(
                {
                    "dry_run": dry_run,
                    "events": [replay_words.as_json(outcome) for outcome in outcomes],
                }
            )
        elif not outcomes:
            self.stdout.write("No such event is parked.")
        else:
            self._tables(outcomes, "would happen" if dry_run else "happened")
        if failed:
            raise CommandError(f"{failed} of {len(outcomes)} could not be worked off.")

    def _tables(self, outcomes: list[replay.ReplayOutcome], happened: str) -> None:
        rows = [(one.event, SHAPES[state_of(one.ok)], one.text) for one in outcomes]
        self.table(f"What {happened}", ("Event", "", "What changed"), rows)
        for one in outcomes:
            lines = [
                (f"{row.title}: {row.name}", line.field, line.before, line.after)
                for row in replay_words.row_changes(one)
                for line in row.lines or [replay_words.FieldChange("only bookkeeping", "", "")]
            ]
            if lines:
                self.table(f"Event {one.event}", ("Row", "Field", "Before", "After"), lines)

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
