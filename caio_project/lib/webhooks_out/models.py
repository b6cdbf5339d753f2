"""Endpoints of other systems, events for them, deliveries and every try."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from caio_project.lib.db.append_only import AppendOnly
from caio_project.lib.webhooks_out.event_types import DeliveryState, EndCode, EventType


def new_event_id() -> str:
    return f"evt_{uuid.uuid4().hex}"


class WebhookEndpoint(models.Model):
    """An address that events are posted to. Disabled, never deleted: its log stays."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    url = models.CharField(max_length=500)
    description = models.CharField(max_length=100, blank=True)
    events = models.JSONField(default=list, help_text="Types of events that it gets.")
    with_person = models.BooleanField(
        default=False, help_text="Name, title, company and address of the person are sent along."
    )
    secret = models.TextField(help_text="Sealed.")
    old_secret = models.TextField(blank=True, help_text="Sealed; signs too until its end.")
    old_secret_until = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_code = models.CharField(max_length=20, choices=EndCode.choices, blank=True)
    told_at = models.DateTimeField(
        null=True, blank=True, help_text="When the team was told that it was disabled."
    )
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    rests_until = models.DateTimeField(null=True, blank=True)
    last_ok_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_by_name = models.CharField(max_length=150, blank=True)

    class Meta:
        default_permissions = ()
        permissions = [("manage_webhooks", "Can add and change webhook endpoints")]
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.description or self.url


class WebhookChange(AppendOnly):
    """Who added, changed, disabled or enabled an endpoint, or exchanged its secret."""

    class What(models.TextChoices):
        ADDED = "added", "Added"
        CHANGED = "changed", "Changed"
        ROTATED = "rotated", "Secret exchanged"
        DISABLED = "disabled", "Disabled"
        ENABLED = "enabled", "Enabled"

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.PROTECT, related_name="changes")
    what = models.CharField(max_length=10, choices=What.choices)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    by_name = models.CharField(max_length=150)

    class Meta:
        default_permissions = ()
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.endpoint}: {self.what}"


class WebhookEvent(models.Model):
    """What happened, written in the transaction in which it did. Ids, codes and numbers only."""

    event_id = models.CharField(max_length=40, unique=True, default=new_event_id)
    type = models.CharField(max_length=40, choices=EventType.choices)
    at = models.DateTimeField(default=timezone.now)
    lead = models.UUIDField(
        null=True, blank=True, help_text="The public id of the person that it is about."
    )
    data = models.JSONField(default=dict)

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(
                fields=["lead"], name="webhook_event_of_lead", condition=Q(lead__isnull=False)
            ),
            models.Index(fields=["at"], name="webhook_event_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.at:%Y-%m-%d %H:%M:%S}"


class WebhookDelivery(models.Model):
    """One event on its way to one endpoint."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    event = models.ForeignKey(WebhookEvent, on_delete=models.CASCADE, related_name="deliveries")
    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.PROTECT, related_name="deliveries"
    )
    state = models.CharField(
        max_length=10, choices=DeliveryState.choices, default=DeliveryState.WAITING
    )
    end_code = models.CharField(max_length=20, choices=EndCode.choices, blank=True)
    started_at = models.DateTimeField(
        default=timezone.now, help_text="Of the present round of tries."
    )
    not_before = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0, help_text="In the present round.")
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["event", "endpoint"], name="webhook_delivery_once")
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "not_before"],
                name="webhook_delivery_due",
                condition=Q(state="waiting"),
            ),
            models.Index(fields=["endpoint", "-id"], name="webhook_delivery_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} to {self.endpoint_id}: {self.state}"


class WebhookAttempt(models.Model):
    """One try: when, the HTTP status (0 without an answer), how long, how the answer began."""

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField(default=timezone.now)
    status = models.PositiveSmallIntegerField(default=0)
    code = models.CharField(max_length=20)
    ms = models.PositiveIntegerField(default=0)
    response = models.CharField(
        max_length=500, blank=True, help_text="May be personal. Blank after an erasure."
    )

    class Meta:
        default_permissions = ()
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.status or self.code} in {self.ms} ms"
