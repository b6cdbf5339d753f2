"""Dated verdicts on domain health, and every breach of a guardrail."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from caio_project.lib.db.append_only import AppendOnly
from outreach.choices import Guardrail, Level, Phase, Record


class HealthVerdict(AppendOnly):
    """The health of the sending domain at one time. Old verdicts count for nothing."""

    domain = models.CharField(max_length=253)
    score = models.PositiveSmallIntegerField(
        null=True, help_text="0-100; empty where the sample is too small."
    )
    spf = models.CharField(max_length=8, choices=Record.choices)
    dkim = models.CharField(max_length=8, choices=Record.choices)
    dmarc = models.CharField(max_length=8, choices=Record.choices)
    reasons = models.JSONField(default=list, help_text="Codes of what made the score.")
    evaluated_at = models.DateTimeField()
    taken_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["domain", "evaluated_at"], name="one_verdict_a_moment"),
            models.CheckConstraint(
                condition=Q(score=None) | Q(score__lte=100), name="health_is_at_most_100"
            ),
        ]
        ordering = ["-evaluated_at"]

    def __str__(self) -> str:
        score = "–" if self.score is None else self.score
        return f"{self.domain} {self.evaluated_at:%Y-%m-%d %H:%M}: {score}"


class GuardrailBreach(AppendOnly):
    """One breach by events not acted upon before: what was counted and done."""

    class Action(models.TextChoices):
        ALERTED = "alerted", "Alert"
        DEFERRED = "deferred", "Nothing more sent on the day"
        HALTED = "halted", "Sending halted"
        DROPPED = "dropped", "Sending halted and the phase dropped"
        NOTED = "noted", "Noted: sending was stopped for a breach already"

    guardrail = models.CharField(max_length=20, choices=Guardrail.choices)
    level = models.CharField(max_length=5, choices=Level.choices)
    action = models.CharField(max_length=8, choices=Action.choices)
    events = models.JSONField(
        help_text="Ids of everything counted; the same events do not act again."
    )
    sends = models.PositiveIntegerField(
        help_text="Emails sent in 7 days, of which bounces are a share."
    )
    score = models.PositiveSmallIntegerField(null=True, help_text="Domain health then.")
    phase_before = models.CharField(max_length=12, choices=Phase.choices)
    phase_after = models.CharField(max_length=12, choices=Phase.choices)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "guardrail breaches"
        indexes = [models.Index(fields=["guardrail", "level", "-id"], name="breach_by_guardrail")]
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.get_guardrail_display()}: {self.get_action_display()}"
