"""Imports that a Lead asked for on a page, and their files while the work is under way."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class FileImport(models.Model):
    """Files of one kind, and what became of them."""

    class Kind(models.TextChoices):
        SUPPRESSIONS = "suppressions", "Do not contact"
        VISITORS = "visitors", "Visitors"
        HISTORY = "history", "Earlier emails"
        CONNECTIONS = "connections", "Connections"

    class Outcome(models.TextChoices):
        WAITING = "waiting", "Under way"
        STORED = "stored", "Stored"
        REFUSED = "refused", "Nothing stored, lines are wrong"
        UNREADABLE = "unreadable", "Nothing stored, not such a file"
        FAILED = "failed", "Failed"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    options = models.JSONField(default=dict, help_text="Those of the command, by name.")
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(
        max_length=12, choices=Outcome.choices, default=Outcome.WAITING, db_index=True
    )
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0, help_text="0 until it is known.")
    counts = models.JSONField(default=dict, help_text="Read, new, known and the like, by name.")
    lines = models.JSONField(default=dict, help_text="Errors and notes, which may quote the file.")
    ended_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        default_permissions = ()
        permissions = [("import_files", "Can import files")]

    def __str__(self) -> str:
        return f"Import of {self.at:%Y-%m-%d %H:%M}"


class ImportedFile(models.Model):
    """One file of an import that is under way. It is deleted when the work ends."""

    batch = models.ForeignKey(FileImport, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=200)
    sealed = models.TextField()

    class Meta:
        ordering = ["pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"File {self.pk}"
