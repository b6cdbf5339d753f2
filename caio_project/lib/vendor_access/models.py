"""Secrets that a Lead entered, vendors that went live, what proved them, and who changed what."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from caio_project.lib.db.append_only import AppendOnly


class StoredSecret(models.Model):
    """A vendor's setting that was entered on a page; one in the environment wins over it."""

    name = models.CharField(max_length=40, primary_key=True)
    sealed = models.TextField()
    prefix = models.CharField(max_length=12, blank=True, help_text="How it begins, to tell it by.")
    set_at = models.DateTimeField(default=timezone.now)
    set_by_name = models.CharField(max_length=150)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class LiveVendor(models.Model):
    """A vendor that a Lead took out of the sandbox. It holds at this address only."""

    vendor = models.CharField(max_length=20, primary_key=True)
    place = models.CharField(
        max_length=600, help_text="The site that went live, and where it reaches the vendor."
    )
    at = models.DateTimeField(default=timezone.now)
    by_name = models.CharField(max_length=150)

    class Meta:
        default_permissions = ()
        permissions = [("set_up_vendors", "Can set up vendors and take them out of the sandbox")]

    def __str__(self) -> str:
        return self.vendor


class Rb2bToken(models.Model):
    """A token of RB2B's address that a Lead made. Its hash needs no key: none can be lost."""

    sha256 = models.CharField(max_length=64, unique=True)
    slot = models.PositiveSmallIntegerField(help_text="One live token each.")
    prefix = models.CharField(max_length=8, help_text="How it begins, to tell it by.")
    made_at = models.DateTimeField(default=timezone.now)
    made_by_name = models.CharField(max_length=150)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["slot"], condition=Q(revoked_at=None), name="one_live_token_a_slot"
            )
        ]

    def __str__(self) -> str:
        return f"{self.prefix}…"


class SetUpProof(models.Model):
    """The newest test of a part of the set-up; it holds for the values that it was made with."""

    part = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField(default=timezone.now)
    ok = models.BooleanField()
    text = models.CharField(max_length=300)
    fingerprint = models.CharField(max_length=64, help_text="Of the values it was made with.")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.part}: {'works' if self.ok else 'does not'}"


class SetUpCount(models.Model):
    """The one row of how many parts of the set-up are done, for the top of every page."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    done = models.PositiveSmallIntegerField()
    parts = models.PositiveSmallIntegerField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.done} of {self.parts}"


class SetUpChange(AppendOnly):
    """Who entered or removed a secret, took a vendor live or put it back. Never a value."""

    class What(models.TextChoices):
        ENTERED = "entered", "Entered"
        REMOVED = "removed", "Removed"
        WENT_LIVE = "went_live", "Went live"
        SANDBOXED = "sandboxed", "Put back into the sandbox"

    what = models.CharField(max_length=10, choices=What.choices)
    about = models.CharField(max_length=40, help_text="The setting's name, or the vendor's.")
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    by_name = models.CharField(max_length=150)

    class Meta:
        default_permissions = ()
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.about}: {self.what}"
