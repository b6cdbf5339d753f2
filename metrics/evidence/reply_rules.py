"""What a reply rate must be besides its evidence: window, sample, rate. One home for gate and
simulation.
"""

from dataclasses import dataclass
from datetime import timedelta

RIPE_AFTER = timedelta(days=3)  # an answer takes its time


@dataclass(frozen=True)
class SampleRule:
    """Of the people emailed first within `days`, at least `people`; `rate` is a share.

    The days end three days ago; with `ends_today` these three are among them, and nobody of them
    is counted yet.
    """

    days: int
    people: int
    rate: float
    rate_in_halves: float = 0.0
    ends_today: bool = False

    @property
    def ripe_days(self) -> int:
        return self.days - RIPE_AFTER.days if self.ends_today else self.days


ASSISTED_SAMPLE = SampleRule(days=60, people=200, rate=0.07, ends_today=True)
AUTONOMOUS_SAMPLE = SampleRule(days=28, people=200, rate=0.08, rate_in_halves=0.07)
DAYS_IN_ASSISTED = 14
