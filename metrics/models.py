"""Recorded evaluations of the gates."""

from django.db import models
from django.utils import timezone

from caio_project.lib.db.append_only import AppendOnly


class GateEvaluation(AppendOnly):
    """All gates into one phase at one moment, with counts and versions, chained by hash."""

    target = models.CharField(max_length=12)
    at = models.DateTimeField(default=timezone.now)
    verdict = models.CharField(max_length=12)
    gates = models.JSONField()
    metric_version = models.CharField(max_length=10)
    policy_version = models.CharField(max_length=10)
    before = models.CharField(max_length=64, help_text="The hash of the evaluation before it.")
    sha256 = models.CharField(max_length=64, unique=True)

    class Meta:
        indexes = [models.Index(fields=["target", "-at"], name="evaluation_newest")]

    def __str__(self) -> str:
        return f"{self.target} {self.at:%Y-%m-%d}: {self.verdict}"
