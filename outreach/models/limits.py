"""What the limits are counted by."""

from django.db import models
from django.utils import timezone


class Place(models.Model):
    """A time zone and the country and state whose holidays count; blank where not known.

    Emails to one place may leave at the same times, so the queue has one line for each. Where a
    field is blank the team's holds.
    """

    zone = models.CharField(max_length=40, blank=True)
    country = models.CharField(max_length=2, blank=True)
    state = models.CharField(max_length=3, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["zone", "country", "state"], name="place_once")
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, (self.country, self.state, self.zone))) or "not known"


class SendingDomain(models.Model):
    """A domain that emails are sent from, and its warm-up. Without a row it counts as new."""

    name = models.CharField(max_length=253, primary_key=True)
    warm_up_since = models.DateField(
        null=True,
        blank=True,
        help_text="Day of the team's calendar; empty: established, it warms up no more.",
    )
    set_at = models.DateTimeField(default=timezone.now)
    set_by = models.CharField(max_length=150)
    reason = models.TextField(blank=True)

    class Meta:
        default_permissions = ("view",)
        permissions = [("warm_up_sendingdomain", "Can set the warm-up of a sending domain")]

    def __str__(self) -> str:
        return self.name
