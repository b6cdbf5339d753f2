"""What the limits are counted by."""

from django.db import models


class Place(models.Model):
    """A clock and the holidays kept by it, as far as they are known; blank is not known, and the team's hold.

    Emails to one place may leave at the same times, so the queue has one line for each.
    """

    zone = models.CharField(max_length=40, blank=True)
    country = models.CharField(max_length=2, blank=True)
    state = models.CharField(max_length=3, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["zone", "country", "state"], name="place_once")]

    def __str__(self) -> str:
        return " ".join(filter(None, (self.country, self.state, self.zone))) or "not known"
