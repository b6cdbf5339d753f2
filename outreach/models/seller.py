"""What a team writes once for all its emails: what it sells, and short texts to insert."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from caio_project.lib.db.append_only import AppendOnly


class SellerVersion(AppendOnly):
    """One version of the page "What we sell". The newest is in force."""

    version = models.PositiveIntegerField(unique=True)
    words = models.JSONField(help_text="As `seller_fields.words_of_seller` writes it.")
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        default_permissions = ("view",)
        permissions = [("change_seller", "Can change what emails say we sell")]
        ordering = ["-version"]

    def __str__(self) -> str:
        return f"What we sell, version {self.version}"


class Snippet(models.Model):
    """A short text that the team keeps, to insert into an email."""

    name = models.CharField(max_length=60, unique=True)
    text = models.TextField(max_length=600)
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        default_permissions = ("view",)
        permissions = [("change_snippets", "Can change the team's snippets")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
