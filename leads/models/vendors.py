"""Questions to Clay, and limits, breakers and tokens that all workers share."""

import secrets

from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.models.people import Lead


def new_request_id() -> str:
    """Unguessable: with it a callback proves that it answers our question."""
    return f"enr_{secrets.token_urlsafe(24)}"


class Enrichment(models.Model):
    class State(models.TextChoices):
        DUE = "due", "Due"
        REQUESTED = "requested", "Waiting for Clay"
        SETTLED = "settled", "Settled"

    class Outcome(models.TextChoices):
        ANSWERED = "answered", "Answered"
        PARTIAL = "partial", "Went on with partial data"
        LATE = "late", "Answered late"
        SKIPPED = "skipped", "Not asked"
        UNASKED = "unasked", "Answered without being asked"
        FAILED = "failed", "Push failed"

    NOT_ASKED = (Outcome.SKIPPED, Outcome.UNASKED)

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="enrichments")
    request_id = models.CharField(max_length=60, unique=True, default=new_request_id)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DUE)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    not_before = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    requested_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    gained = models.JSONField(default=list, blank=True, help_text="Fields that the answer brought.")
    is_test = models.BooleanField(
        default=False,
        help_text="About a test visitor, to see whether Clay answers; "
        "nothing it says is taken over.",
    )
    asks_person = models.BooleanField(default=True)
    asks_company = models.BooleanField(default=True)
    company_known_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When Clay said what it was not asked again about the company.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lead"], condition=~Q(state="settled"), name="one_open_enrichment_per_lead"
            )
        ]
        indexes = [
            models.Index(
                fields=["state", "not_before"], name="enrichment_due", condition=~Q(state="settled")
            ),
            models.Index(fields=["lead", "-created_at"], name="enrichment_of_lead"),
            models.Index(fields=["settled_at"], name="enrichment_settled"),
            models.Index(fields=["-requested_at"], name="enrichment_requested"),
            models.Index(fields=["-answered_at"], name="enrichment_answered"),
        ]

    def __str__(self) -> str:
        return f"{self.lead}: {self.get_state_display()}"


class RateWindow(models.Model):
    """Calls to one vendor that all workers together have claimed: of the current window, or the
    turn of the next one.
    """

    vendor = models.CharField(max_length=20, primary_key=True)
    window = models.BigIntegerField(default=0)
    used = models.PositiveIntegerField(default=0)
    next_turn = models.FloatField(
        default=0, db_default=0, help_text="Unix time of the next call, where calls have a pace."
    )
    paused_until = models.DateTimeField(
        null=True, blank=True, help_text="Nobody asks before: the vendor said so."
    )
    paused_for = models.CharField(max_length=120, blank=True, help_text="Why.")

    def __str__(self) -> str:
        return f"{self.vendor}: {self.used}"


class Breaker(models.Model):
    """Whether a vendor may be called; one row that all workers and the status pages read."""

    vendor = models.CharField(max_length=20, primary_key=True)
    failures = models.PositiveIntegerField(default=0, help_text="Pushes that failed in a row.")
    opened_at = models.DateTimeField(null=True, blank=True, help_text="Empty while it is closed.")
    probe_at = models.DateTimeField(
        null=True, blank=True, help_text="When one request may try again."
    )
    openings = models.PositiveIntegerField(
        default=0, help_text="In a row: each waits longer for its probe."
    )
    reason = models.CharField(max_length=300, blank=True)
    changed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.vendor}: {'open' if self.opened_at else 'closed'}"


class Budget(models.Model):
    """Lifetime submissions to one webhook of a vendor, by all workers together."""

    key = models.CharField(
        max_length=80, primary_key=True, help_text="Vendor and a hash of the webhook's address."
    )
    used = models.PositiveIntegerField(default=0)
    before_us = models.PositiveIntegerField(
        null=True, help_text="What of it was set as used before us."
    )

    def __str__(self) -> str:
        return f"{self.key}: {self.used}"


class GhlTokens(models.Model):
    """The sealed OAuth tokens for GoHighLevel: one row, changed only by the holder of its lease."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    user_type = models.CharField(
        max_length=10, default="Location", help_text="Whose the refresh token is."
    )
    company_id = models.CharField(max_length=60, blank=True)
    generation = models.PositiveIntegerField(default=0, help_text="Of the access token.")
    access = models.TextField(blank=True, help_text="Sealed. What calls carry.")
    access_until = models.DateTimeField(default=timezone.now)
    refresh = models.TextField(blank=True, help_text="Sealed. It can be used once.")
    company_access = models.TextField(
        blank=True, help_text="Sealed. Gives the location's, where we connected as one."
    )
    company_until = models.DateTimeField(null=True, blank=True)
    spent_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When the refresh token was handed in; empty once the next one is here.",
    )
    not_before = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    connected_at = models.DateTimeField(null=True, blank=True)
    renewed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "GoHighLevel tokens"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="ghl_tokens_are_one_row")]

    def __str__(self) -> str:
        return f"GoHighLevel tokens until {self.access_until:%Y-%m-%d %H:%M}"


class SharedValue(models.Model):
    """A value that all processes share until it expires; `lib.db.caches` reads and writes it."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)


class Bookmark(models.Model):
    """The position in a long list at a vendor, so that the next reader continues there."""

    name = models.CharField(max_length=80, primary_key=True)
    position = models.JSONField(
        null=True, blank=True, help_text="As the vendor gave it; empty is the beginning."
    )
    ended_at = models.DateTimeField(
        null=True, blank=True, help_text="When it last came to the end of the list."
    )

    def __str__(self) -> str:
        return self.name
