"""Signals hold promotion while their incident is open, and release it by themselves."""

from dataclasses import dataclass

from metrics.incident_codes import SIGNALS
from metrics.incidents import incident_words
from metrics.models import Incident


@dataclass(frozen=True)
class HoldingSignal:
    incident: Incident

    @property
    def sentence(self) -> str:
        row = self.incident
        evidence = incident_words.evidence_words(row.cause, row.evidence)
        return f"Signal: {row}. {evidence} It is released once that is over."


def holding_signals() -> list[HoldingSignal]:
    rows = Incident.objects.filter(closed_at=None, cause__in=SIGNALS)
    return [HoldingSignal(row) for row in rows.order_by("opened_at")]
