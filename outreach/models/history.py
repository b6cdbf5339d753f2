"""What came in bulk: how far readers and imports have come, and segments queued by hand."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from caio_project.lib.db.append_only import AppendOnly


class Position(models.Model):
    reader = models.CharField(max_length=40, primary_key=True)
    seq = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.reader} at {self.seq}"


class HistoryItem(AppendOnly):
    """One imported entry of the previous system, so that a second run imports none twice."""

    key = models.CharField(max_length=64, unique=True, help_text="sha256 of what the entry says.")
    what = models.CharField(max_length=14)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.what} {self.key[:12]}"


class Segment(AppendOnly):
    """Known leads queued by hand, all at once: by whom, by which filter, and how many."""

    what = models.CharField(max_length=40, help_text="A tier, or the sha256 of a file, shortened.")
    looked_at = models.PositiveIntegerField(help_text="Leads that the filter found.")
    queued = models.PositiveIntegerField()
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-pk"]
        default_permissions = ("view",)
        permissions = [("queue_segment", "Can queue emails to known leads")]

    def __str__(self) -> str:
        return f"{self.queued} of {self.what}"
