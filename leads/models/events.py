"""Inbound events, alarms and switches."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q, Value
from django.utils import timezone


class Kind(models.TextChoices):
    """What sort of person a lead is. Only `live` ones can ever be written to."""

    LIVE = "live", "Live"
    TEST = "test", "Test visitor"
    EXAMPLE = "example", "Example visitor"
    TRAINING = "training", "Training"


class InboundEvent(models.Model):
    """A body as it came in, stored before it is processed."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        PROCESSED = "processed", "Processed"
        PARKED = "parked", "Parked"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    source = models.CharField(max_length=20)
    body_sha256 = models.CharField(max_length=64)
    body = models.BinaryField(help_text="Personal. Blank after an erasure.")
    about = models.ForeignKey(
        "leads.Lead",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Whom only the body names: for an erasure. Visits name their person themselves.",
    )
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.LIVE)
    received_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    reason = models.CharField(
        max_length=300, blank=True, help_text="Why it is parked, for a person to read."
    )
    reason_code = models.CharField(
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text="Of the reason, as in PARK_REASONS; blank for reasons stored as a sentence "
        "alone.",
    )
    reason_args = models.JSONField(
        blank=True,
        default=dict,
        db_default=Value({}, models.JSONField()),
        help_text="What the sentence of the code is filled with. May be personal.",
    )
    notes = models.JSONField(
        blank=True,
        default=list,
        db_default=Value([], models.JSONField()),
        help_text="What of the body was not understood: [{code, field}]. Names of fields only.",
    )
    deliveries = models.PositiveIntegerField(default=1)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    processed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "body_sha256"], name="inbound_event_once")
        ]
        indexes = [
            models.Index(
                fields=["source", "not_before"],
                name="inbound_event_due_of_source",
                condition=Q(state="waiting"),
            ),
            models.Index(fields=["state", "received_at"], name="inbound_event_by_state"),
            models.Index(fields=["-received_at"], name="inbound_event_newest"),
            models.Index(fields=["source", "received_at"], name="inbound_event_of_source"),
            models.Index(
                fields=["-received_at"], name="inbound_event_with_reason", condition=~Q(reason="")
            ),
            models.Index(
                fields=["kind", "received_at"],
                name="inbound_event_not_live",
                condition=~Q(kind="live"),
            ),
        ]
        permissions = [
            ("read_inboundevent", "Can read the personal data in inbound events"),
            ("replay_inboundevent", "Can replay inbound events"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.received_at:%Y-%m-%d %H:%M:%S}"

    def correlation_id(self) -> str:
        return str(self.public_id)


class Alarm(models.Model):
    """A problem that the team must know of. Open until it is over; `approvals` notifies once."""

    key = models.CharField(max_length=80, help_text="What is wrong, such as clay:breaker.")
    text = models.CharField(max_length=300)
    opened_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=Q(closed_at=None), name="one_open_alarm_per_key"
            )
        ]
        indexes = [models.Index(fields=["-opened_at"], name="alarm_newest")]

    def __str__(self) -> str:
        return self.text


class Switch(models.Model):
    """A switch that takes effect at once, and who changed it."""

    name = models.CharField(max_length=40, primary_key=True)
    on = models.BooleanField(default=True)
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )

    class Meta:
        verbose_name_plural = "switches"

    def __str__(self) -> str:
        return f"{self.name}: {'on' if self.on else 'off'}"
