"""One round of reading one stage from GoHighLevel: its limits, where it stands, what it read."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from leads.inbound import events
from outreach.feedback import apply_feedback, placement
from outreach.integrations.ghl import ghl_facts
from outreach.integrations.ghl.ghl_facts import GhlFact

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RoundLimits:
    """The most that one round of one stage reads."""

    seconds: float = 45.0  # its last call and that call's wait fit into the lease as well
    pages: int = 20
    statuses: int = 15
    people: int = 10


@dataclass
class PollingRound:
    position: dict[str, Any]
    store_position: Callable[[], None]  # so that a killed process loses nothing
    limits: RoundLimits
    deadline: float
    read: int = 0
    kept_back: int = 0  # facts that failed: applied later, or parked for a person

    def is_over(self) -> bool:
        return time.monotonic() > self.deadline

    def apply_fact(self, fact: GhlFact) -> None:
        """Apply a fact. One that fails is stored for later, and the facts after it go on."""
        self.read += 1
        try:
            person = apply_feedback.apply_fact(fact, "poll")
            if person is None and placement.is_unplaced(fact):
                events.store_event("ghl_poll", ghl_facts.dump_fact(fact))  # for a person to see
        except Exception:
            log.exception("a fact read from GoHighLevel failed and is stored to be applied later")
            events.store_event("ghl_poll", ghl_facts.dump_fact(fact))
            self.kept_back += 1


@dataclass(frozen=True)
class PollingStage:
    """`read_on` continues at the round's position; True where it reached the end."""

    read_on: Callable[[PollingRound], bool]
    every: timedelta = timedelta(seconds=25)  # beat runs every 30 seconds, sometimes a little early
