"""The tables of metrics."""

from metrics.models.gates import Baseline, GateEvaluation, SignOff

__all__ = ["Baseline", "GateEvaluation", "SignOff"]
