"""Figures of each day, recorded evaluations of the gates, and what people add to them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from caio_project.lib.db.append_only import AppendOnly


class DailyFigure(models.Model):
    """Counts of one day of the team's calendar, of all or of one value of one dimension.

    Computed from the rows of that day and written anew with each late event; no rates, no persons.
    """

    day = models.DateField()
    tally = models.CharField(max_length=16, help_text="What is counted.")
    dimension = models.CharField(max_length=8, blank=True, help_text="Empty: of all.")
    value = models.CharField(max_length=60, blank=True)
    numerator = models.BigIntegerField()
    denominator = models.BigIntegerField(default=0)
    squares = models.BigIntegerField(default=0, help_text="Sum of squares, of what has a mean.")
    classes = models.JSONField(default=dict, help_text="{class of waiting time: how many}")

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["dimension", "tally", "day", "value"], name="daily_figure_once"
            )
        ]
        indexes = [models.Index(fields=["day"], name="daily_figure_of_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.tally} {self.value}: {self.numerator} of {self.denominator}"


class FigureDay(models.Model):
    """Whether the figures of one day are computed, and on which definitions and calendar."""

    day = models.DateField(primary_key=True)
    changed_at = models.DateTimeField(
        null=True, help_text="When something was learned of it; empty once it is computed."
    )
    computed_at = models.DateTimeField(null=True)
    basis = models.CharField(max_length=16, blank=True, help_text="Definitions and calendar.")

    class Meta:
        default_permissions = ("view",)
        indexes = [
            models.Index(
                fields=["-day"], name="figure_day_waits", condition=Q(changed_at__isnull=False)
            ),
            models.Index(fields=["computed_at"], name="figure_day_oldest"),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {'waits' if self.changed_at else 'computed'}"


class FigureProgress(models.Model):
    """How far the figures have read what happened."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    positions = models.JSONField(default=dict, help_text="{table: newest key, time}")
    basis = models.CharField(max_length=16, blank=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=Q(id=1), name="figure_progress_is_one_row")]

    def __str__(self) -> str:
        return f"Figures on {self.basis}"


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
