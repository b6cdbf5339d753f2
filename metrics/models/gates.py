"""Recorded evaluations of the gates, what people add to them, and the sending domains by day."""

from django.conf import settings
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


class Baseline(AppendOnly):
    """What a month of the parallel phase brought, as a person recorded it. The newest stands."""

    emails = models.PositiveIntegerField()
    reply_rate = models.DecimalField(max_digits=5, decimal_places=2, help_text="In percent.")
    meetings = models.PositiveIntegerField()
    pipeline_value = models.DecimalField(max_digits=14, decimal_places=2, help_text="In dollars.")
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-pk"]
        default_permissions = ("view",)
        permissions = [("record_baseline", "Can record the baseline")]

    def __str__(self) -> str:
        return f"{self.emails} emails, {self.reply_rate} % replies, ${self.pipeline_value:,.0f}"


class SignOff(AppendOnly):
    """A person answers for one evaluation; valid for seven days while its verdicts hold."""

    evaluation = models.ForeignKey(
        GateEvaluation, on_delete=models.PROTECT, related_name="sign_offs"
    )
    text = models.TextField()
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-pk"]
        default_permissions = ("view",)
        permissions = [("sign_off", "Can sign off an evaluation")]

    def __str__(self) -> str:
        return f"evaluation {self.evaluation_id}, by {self.by}"
