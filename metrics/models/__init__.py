"""The tables of metrics."""

from metrics.models.digests import Digest
from metrics.models.domains import DmarcReport, DmarcSource, DomainDay
from metrics.models.figures import DailyFigure, FigureDay, FigureProgress
from metrics.models.gates import Baseline, GateEvaluation, SignOff
from metrics.models.incidents import DetectorState, Incident, IncidentMove, IncidentNote
from metrics.models.targets import MonthlyTarget, UnitPrice

__all__ = [
    "Baseline",
    "DailyFigure",
    "DetectorState",
    "Digest",
    "DmarcReport",
    "DmarcSource",
    "DomainDay",
    "FigureDay",
    "FigureProgress",
    "GateEvaluation",
    "Incident",
    "IncidentMove",
    "IncidentNote",
    "MonthlyTarget",
    "SignOff",
    "UnitPrice",
]
