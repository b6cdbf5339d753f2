"""Segments that a Lead asked for on the page: counted first, queued once confirmed."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from outreach.models.messages import Segment


class SegmentRequest(models.Model):
    """A segment from its choice to its drafts, worked off by a sweep: a restart loses nothing."""

    class State(models.TextChoices):
        COUNTING = "counting", "Counting"
        COUNTED = "counted", "Not queued yet"
        CONFIRMED = "confirmed", "Being queued"
        DONE = "done", "Queued"
        FAILED = "failed", "Failed"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    what = models.CharField(max_length=40, help_text="A tier, or the sha256 of a list, shortened.")
    limit = models.PositiveIntegerField(help_text="Emails at most.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.COUNTING)
    lead_ids = models.JSONField(default=list, help_text="Of the list; once counted, to be queued.")
    left_out = models.JSONField(default=list, help_text="Code, arguments and count of each reason.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    reason = models.CharField(max_length=500, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    segment = models.OneToOneField(
        Segment, null=True, on_delete=models.PROTECT, related_name="request"
    )
    attempts = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        default_permissions = ("view",)
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(state__in=("counting", "confirmed")),
                name="segment_request_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.what}: {self.get_state_display().lower()}"
