"""Rows that belong to no app: counters, API keys, access events, and those of its packages."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from rest_framework_api_key.models import AbstractAPIKey

from caio_project.lib.api.models import ApiKeyMinute as ApiKeyMinute
from caio_project.lib.api.models import IdempotentAnswer as IdempotentAnswer
from caio_project.lib.db.append_only import AppendOnly
from caio_project.lib.file_imports.models import FileImport as FileImport
from caio_project.lib.file_imports.models import ImportedFile as ImportedFile
from caio_project.lib.heartbeats.models import HEARTBEAT_INTERVAL as HEARTBEAT_INTERVAL
from caio_project.lib.heartbeats.models import Heartbeat as Heartbeat
from caio_project.lib.vendor_access.models import LiveVendor as LiveVendor
from caio_project.lib.vendor_access.models import Rb2bToken as Rb2bToken
from caio_project.lib.vendor_access.models import SetUpChange as SetUpChange
from caio_project.lib.vendor_access.models import SetUpCount as SetUpCount
from caio_project.lib.vendor_access.models import SetUpProof as SetUpProof
from caio_project.lib.vendor_access.models import StoredSecret as StoredSecret
from caio_project.lib.webhooks_out.models import WebhookAttempt as WebhookAttempt
from caio_project.lib.webhooks_out.models import WebhookChange as WebhookChange
from caio_project.lib.webhooks_out.models import WebhookDelivery as WebhookDelivery
from caio_project.lib.webhooks_out.models import WebhookEndpoint as WebhookEndpoint
from caio_project.lib.webhooks_out.models import WebhookEvent as WebhookEvent


class Counter(models.Model):
    """A counter whose numbers become visible in order, unlike a sequence's.

    The UPDATE locks the row until the caller's transaction ends: who has seen N has seen all before
    N.
    """

    name = models.CharField(max_length=40, primary_key=True)
    value = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name}={self.value}"

    @classmethod
    def next(cls, name: str) -> int:
        """The next number of `name`; call it inside the transaction that stores it."""
        if not cls.objects.filter(name=name).update(value=models.F("value") + 1):
            cls.objects.get_or_create(name=name)
            cls.objects.filter(name=name).update(value=models.F("value") + 1)
        return cls.objects.values_list("value", flat=True).get(name=name)


SCOPES = {
    "leads:read": "leads.view_lead",
    "leads:write": "leads.add_inboundevent",
    "messages:read": "outreach.view_message",
    "approvals:decide": "approvals.decide",
    "approvals:reopen": "approvals.reopen",
    "outreach:halt": "outreach.halt",
    "metrics:read": "metrics.view_gateevaluation",
    "webhooks:manage": "lib.manage_webhooks",
}


class ApiKey(AbstractAPIKey):
    """An API key with scopes; what it decides counts as its user's decision, where it has one."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT
    )
    scopes = models.JSONField(default=list)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta(AbstractAPIKey.Meta):
        verbose_name = "API key"
        verbose_name_plural = "API keys"


class AccessEvent(AppendOnly):
    """A sign-in, a refused one, or a change of a password, second factor, role, session or key."""

    class Kind(models.TextChoices):
        SIGNED_IN = "signed_in", "Signed in"
        PASSWORD_REFUSED = "password_refused", "Wrong name or password"
        CODE_REFUSED = "code_refused", "Wrong second factor"
        THROTTLED = "throttled", "Refused: too many tries"
        SIGNED_OUT = "signed_out", "Signed out"
        PASSWORD_CHANGED = "password_changed", "Password changed"
        RESET_ASKED = "reset_asked", "Asked for a new password"
        FACTOR_ADDED = "factor_added", "Second factor added"
        FACTOR_REMOVED = "factor_removed", "Second factor removed"
        CODES_RENEWED = "codes_renewed", "Recovery codes made"
        KEY_CREATED = "key_created", "API key created"
        KEY_REVOKED = "key_revoked", "API key revoked"
        PERSON_EXPORTED = "person_exported", "Data of a person exported"
        PERSON_ERASED = "person_erased", "Person erased"
        SSO_REFUSED = "sso_refused", "Single sign-on refused"
        SSO_LINKED = "sso_linked", "Linked to single sign-on"
        SSO_UNLINKED = "sso_unlinked", "Unlinked from single sign-on"
        ACCOUNT_MADE = "account_made", "Account made"
        ROLES_CHANGED = "roles_changed", "Roles changed"
        SESSION_ENDED = "session_ended", "Session ended"

    REFUSED = (Kind.PASSWORD_REFUSED, Kind.CODE_REFUSED, Kind.THROTTLED, Kind.SSO_REFUSED)

    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Whose account; empty where no account has the name that was typed.",
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who did it; empty for a command.",
    )
    address = models.GenericIPAddressField("IP address", null=True)
    about = models.CharField(max_length=100, blank=True)

    class Meta:
        permissions = [("end_sessions", "Can end the sessions of others")]
        indexes = [
            models.Index(fields=["-at"], name="access_newest"),
            models.Index(fields=["user", "-at"], name="access_of_user"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d %H:%M}"


UNDO_WAITS = [(30, "30 seconds"), (120, "2 minutes"), (300, "5 minutes")]


class Theme(models.TextChoices):
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class NoticeChoice(models.TextChoices):
    SLACK = "slack", "Slack"
    EMAIL = "email", "Email"
    PAGE = "page", "Only on the page Notices"


MUST_ARRIVE = [one for one in NoticeChoice.choices if one[0] != NoticeChoice.PAGE]


def _notice_field(choices: list[tuple[str, str]]) -> "models.CharField[str, str]":
    return models.CharField(
        default="",
        db_default="",
        max_length=5,
        blank=True,
        choices=choices,
        help_text="Empty for the team's.",
    )


class PersonalSettings(models.Model):
    """What a person has chosen for the pages; without a row the team's settings hold."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="personal_settings"
    )
    time_zone = models.CharField(
        max_length=50, blank=True, help_text="Such as America/Chicago; empty for the team's."
    )
    undo_seconds = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        choices=UNDO_WAITS,
        help_text="How long their decisions can be undone; empty for the team's.",
    )
    theme = models.CharField(
        default="",
        db_default="",
        max_length=5,
        blank=True,
        choices=Theme.choices,
        help_text="Empty for the device's.",
    )
    keys_off = models.BooleanField(default=False, db_default=False)
    numbers_still = models.BooleanField(
        default=False, db_default=False, help_text="Times of day in place of countdowns."
    )
    stays_on_decided = models.BooleanField(
        default=False, db_default=False, help_text="After a decision the next email is not opened."
    )

    notices_of_emails = _notice_field(MUST_ARRIVE)
    notices_of_answers = _notice_field(MUST_ARRIVE)
    notices_of_notes = _notice_field(NoticeChoice.choices)
    notices_of_incidents = _notice_field(MUST_ARRIVE)

    def __str__(self) -> str:
        return f"Settings of {self.user}"

    @classmethod
    def undo_wait_of(cls, user: Any) -> timedelta:
        """How long this person's decisions can be undone: never shorter than the team's."""
        rows = cls.objects.filter(user=user) if user is not None else cls.objects.none()
        return _at_least_the_teams(rows.values_list("undo_seconds", flat=True).first())

    @classmethod
    def longest_undo_wait(cls) -> timedelta:
        return _at_least_the_teams(cls.objects.aggregate(most=models.Max("undo_seconds"))["most"])


def _at_least_the_teams(own: int | None) -> timedelta:
    return timedelta(seconds=max(settings.UNDO_SECONDS, own or 0))


class DiagnosisRun(models.Model):
    """A diagnosis that a person asked for on the page, with what it found."""

    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    is_running = models.BooleanField(default=True)
    ended_at = models.DateTimeField(null=True)
    ok = models.BooleanField(null=True)
    stages = models.JSONField(default=list, help_text="Name, state, waiting and text of each.")
    verdict = models.TextField(blank=True)
    attempts = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        default_permissions = ("view",)
        permissions = [("run_diagnosis", "Can run the diagnosis")]
        constraints = [
            models.UniqueConstraint(
                fields=["is_running"], condition=Q(is_running=True), name="one_diagnosis_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"Diagnosis of {self.at:%Y-%m-%d %H:%M}"


class Release(models.Model):
    """A commit that has run on this database, and when it first did."""

    commit = models.CharField(max_length=64, primary_key=True)
    first_seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.commit[:7]


class RunningProcess(models.Model):
    """A process of the product that was seen lately, and the commit that it runs."""

    class Part(models.TextChoices):
        WEB = "web", "web"
        WORKER = "worker", "worker"
        BEAT = "beat", "beat"

    token = models.CharField(max_length=32, primary_key=True)
    part = models.CharField(max_length=6, choices=Part.choices)
    commit = models.CharField(max_length=64)
    seen_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.part} {self.commit[:7]}"
