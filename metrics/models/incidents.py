"""Incidents with the history of their moves, and what each detector last found."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from caio_project.lib.db.append_only import AppendOnly
from metrics.incident_codes import Action, Cause, ClosedAs, MoveKind


class Incident(models.Model):
    """Something wrong, from its first evidence to its end. Codes and numbers only."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    cause = models.CharField(max_length=20, choices=Cause.choices)
    subject = models.CharField(
        max_length=80, blank=True, help_text="Which source, key or clock, where there are several."
    )
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="children",
        help_text="The incident that explains it.",
    )
    opened_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_as = models.CharField(max_length=10, choices=ClosedAs.choices, blank=True)
    action = models.CharField(max_length=20, choices=Action.choices, default=Action.TOLD)
    evidence = models.JSONField(default=dict, help_text="The newest, as codes and numbers.")
    marks = models.JSONField(
        default=list, help_text="What the evidence rests on; once cleared it opens nothing again."
    )
    version = models.PositiveIntegerField(default=1)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cause", "subject"],
                condition=Q(closed_at=None),
                name="one_open_incident_per_cause",
            )
        ]
        indexes = [
            models.Index(fields=["-opened_at"], name="incident_newest"),
            models.Index(fields=["cause", "subject", "-closed_at"], name="incident_of_cause"),
            models.Index(
                fields=["opened_at"], name="incident_open", condition=Q(closed_at__isnull=True)
            ),
        ]
        ordering = ["-pk"]
        default_permissions = ("view",)
        permissions = [("clear_incident", "Can clear incidents")]

    def __str__(self) -> str:
        return f"{self.get_cause_display()}{f' ({self.subject})' if self.subject else ''}"

    @property
    def key(self) -> tuple[str, str]:
        return self.cause, self.subject

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class IncidentMove(AppendOnly):
    """One step of an incident's story. What a person wrote is in IncidentNote."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="moves")
    kind = models.CharField(max_length=12, choices=MoveKind.choices)
    numbers = models.JSONField(default=dict, help_text="Evidence then, as codes and numbers.")
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    by_name = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["pk"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.incident_id}: {self.kind}"


class IncidentNote(models.Model):
    """What a person wrote with a move. Erasable."""

    move = models.OneToOneField(IncidentMove, on_delete=models.PROTECT, related_name="note")
    text = models.CharField(max_length=1000)

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.text[:80]


class DetectorState(models.Model):
    """What one detector found when it last looked."""

    name = models.CharField(max_length=40, primary_key=True)
    looked_at = models.DateTimeField(null=True, help_text="When it last ended well.")
    not_before = models.DateTimeField(default=timezone.now)
    findings = models.JSONField(default=list)
    failures = models.PositiveSmallIntegerField(default=0, help_text="In a row.")
    error = models.CharField(max_length=80, blank=True, help_text="The kind of the last failure.")

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.name
