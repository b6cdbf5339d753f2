"""How far sweeps and imports have come."""

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
