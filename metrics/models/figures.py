"""Daily counts behind the figures, and how far they are computed."""

from django.db import models
from django.db.models import Q


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
    completed_at = models.DateTimeField(null=True, help_text="The last round without an error.")

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=Q(id=1), name="figure_progress_is_one_row")]

    def __str__(self) -> str:
        return f"Figures on {self.basis}"
