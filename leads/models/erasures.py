"""Erasures of people: one-way marks and ids only, kept for good."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from caio_project.lib.db.append_only import AppendOnly


class Erasure(AppendOnly):
    """One person to be erased: by whom, and the marks by which they are known again."""

    class Source(models.TextChoices):
        COMMAND = "command", "Command"
        PAGE = "page", "The lead's page"
        REPLAY = "replay", "Replayed after a restore"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    source = models.CharField(max_length=8, choices=Source.choices)
    marks = models.JSONField(help_text="Hashes of addresses and LinkedIn keys.")
    leads = models.JSONField(default=list, help_text="Public ids of the leads that they were.")
    newest_lead = models.BigIntegerField(
        default=0, help_text="Leads behind it are looked through: one may be of a visit under way."
    )

    class Meta:
        ordering = ["-pk"]
        default_permissions = ("view",)
        permissions = [
            ("erase_person", "Can erase a person"),
            ("export_person", "Can export all that is kept about a person"),
        ]

    def __str__(self) -> str:
        return f"Erasure of {self.at:%Y-%m-%d %H:%M}"


class ErasureRun(AppendOnly):
    """One pass of an erasure over all tables, and how many rows it changed in each."""

    erasure = models.ForeignKey(Erasure, on_delete=models.PROTECT, related_name="runs")
    at = models.DateTimeField(default=timezone.now)
    rows = models.JSONField(default=dict, help_text="{table: rows changed}.")

    class Meta:
        ordering = ["-pk"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.erasure}, {sum(self.rows.values())} rows"
