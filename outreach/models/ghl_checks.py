"""What GoHighLevel shows about a recipient before we write to them."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone

from outreach.models.messages import Message


class GhlLook(models.Model):
    """One email's check at GoHighLevel: due, done, findings. Deals' names are erasable."""

    message = models.OneToOneField(Message, on_delete=models.PROTECT, related_name="look")
    due_at = models.DateTimeField(
        null=True, default=timezone.now, help_text="Empty where nobody waits for a look."
    )
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    looked_at = models.DateTimeField(
        null=True, blank=True, help_text="Empty until the first one succeeded."
    )
    address_hash = models.CharField(
        max_length=64, blank=True, help_text="Of the address that was asked about."
    )
    contact_id = models.CharField(
        max_length=60, blank=True, help_text="Empty where GoHighLevel does not know them."
    )
    assigned_to = models.CharField(max_length=60, blank=True, help_text="GoHighLevel's user.")
    outbound_at = models.DateTimeField(
        null=True, blank=True, help_text="Newest email to them that is not ours."
    )
    inbound_at = models.DateTimeField(null=True, blank=True, help_text="Newest message from them.")
    deals = models.JSONField(
        default=list, blank=True, help_text="[{id, name}] of open opportunities."
    )
    seen = models.JSONField(
        default=dict, blank=True, help_text="What stood beside it when it was approved."
    )

    class Meta:
        verbose_name = "look at GoHighLevel"
        verbose_name_plural = "looks at GoHighLevel"
        indexes = [
            models.Index(fields=["due_at"], name="look_due", condition=Q(due_at__isnull=False))
        ]

    def __str__(self) -> str:
        return f"{self.message}: {self.looked_at or 'not yet'}"

    def is_of(self, address_hash: str, since: datetime) -> bool:
        return (
            self.looked_at is not None
            and self.looked_at >= since
            and self.address_hash == address_hash
        )
