"""Replay several inbound events: a dry run first, then the replay itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from caio_project.event_vault import replay_words, sources
from leads.inbound import replay
from leads.models import InboundEvent


@dataclass(frozen=True)
class ReplayPlan:
    """What replaying would do, event by event."""

    events: Sequence[InboundEvent]
    outcomes: list[replay.ReplayOutcome]

    @property
    def mark(self) -> str:
        return replay_words.outcomes_mark(self.outcomes)

    @property
    def rows(
        self,
    ) -> list[tuple[InboundEvent, replay.ReplayOutcome, list[replay_words.RowDescription]]]:
        return [
            (event, outcome, replay_words.row_changes(outcome))
            for event, outcome in zip(self.events, self.outcomes, strict=True)
        ]


def plan_replay(events: Sequence[InboundEvent]) -> ReplayPlan:
    return ReplayPlan(events, _replay_each(events, dry_run=True))


def run_replay(events: Sequence[InboundEvent]) -> list[replay.ReplayOutcome]:
    return _replay_each(events, dry_run=False)


def _replay_each(events: Sequence[InboundEvent], *, dry_run: bool) -> list[replay.ReplayOutcome]:
    return [replay.replay_event(event, sources.PROCESSORS, dry_run=dry_run) for event in events]
