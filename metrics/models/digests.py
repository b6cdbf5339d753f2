"""Digests: one for each period, and whether each channel has taken it."""

from django.db import models
from django.db.models import Q
from django.utils import timezone


class Digest(models.Model):
    """What the team was told of a day or a week. Codes and numbers; no personal data."""

    class Kind(models.TextChoices):
        DAILY = "daily", "Daily"
        WEEKLY = "weekly", "Weekly"

    kind = models.CharField(max_length=6, choices=Kind.choices)
    day = models.DateField(help_text="The team's day on which it was due.")
    made_at = models.DateTimeField(default=timezone.now)
    content = models.JSONField(default=dict)
    slack_at = models.DateTimeField(null=True, blank=True, help_text="When Slack took it.")
    email_at = models.DateTimeField(null=True, blank=True, help_text="When it was emailed.")
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Nothing more is tried.")
    not_before = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "day"], name="one_digest_a_period")]
        indexes = [
            models.Index(fields=["not_before"], name="digest_due", condition=Q(ended_at=None))
        ]
        ordering = ["-pk"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} digest of {self.day}"
