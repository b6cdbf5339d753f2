"""Answers to writes that were sent with an Idempotency-Key, and uses of API keys by the minute."""

import uuid

from django.db import models
from django.utils import timezone


class IdempotentAnswer(models.Model):
    """What a write answered, kept for a day for whoever sends it again.

    Without a status it is being worked on, until `locked_until`.
    """

    owner = models.CharField(max_length=40, help_text="key:ID or user:ID.")
    key_sha256 = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=64, help_text="Of method, address and body.")
    token = models.UUIDField(default=uuid.uuid4, help_text="Of the request that works on it.")
    locked_until = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True, help_text="Sealed; readable with the client's key only.")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["owner", "key_sha256"], name="idempotency_key_once")
        ]
        indexes = [models.Index(fields=["expires_at"], name="idempotent_answer_by_end")]

    def __str__(self) -> str:
        return f"{self.owner}: {self.status or 'working'}"


class ApiKeyMinute(models.Model):
    """How often a key was used in its newest minute, where no Redis counts that."""

    key = models.OneToOneField("lib.ApiKey", on_delete=models.CASCADE, related_name="+")
    minute = models.BigIntegerField(help_text="Since 1970.")
    used = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.key_id}: {self.used}"
