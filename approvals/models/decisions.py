"""What a person decided about it, and who is asked when nobody does."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from approvals.choices import Channel as NoticeChannel
from approvals.choices import SkipReason
from caio_project.lib.db.append_only import AppendOnly
from leads.models import TeamMember
from outreach.choices import Tag
from outreach.models import Message, Reply


class Verdict(models.TextChoices):
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"
    WOULD_APPROVE = "would_approve", "Would approve (nothing is sent)"
    WOULD_REJECT = "would_reject", "Would reject (nothing is sent)"


class DecisionQuerySet(models.QuerySet["Decision"]):
    def standing(self) -> "DecisionQuerySet":
        """Those that nobody has taken back."""
        return self.filter(undo=None)

    def last_standing(self) -> "Decision | None":
        return self.standing().order_by("-pk").first()


class Decision(AppendOnly):
    """What a person or key decided about one text. Bound to its hash; never changed."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="decisions")
    verdict = models.CharField(max_length=14, choices=Verdict.choices)
    version = models.PositiveIntegerField()
    text_sha256 = models.CharField(max_length=64)
    tag = models.CharField(max_length=30, choices=Tag.choices, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    by_name = models.CharField(max_length=150)
    channel = models.CharField(max_length=10, help_text="desk, admin, api or slack")
    phase = models.CharField(max_length=12)
    edited = models.BooleanField(help_text="The text was a person's by then.")
    held_at = models.DateTimeField()
    at = models.DateTimeField(default=timezone.now)
    is_evidence = models.BooleanField(
        help_text="A named person's decision about an email that can really leave."
    )

    objects = DecisionQuerySet.as_manager()

    class Meta:
        permissions = [
            ("decide", "Can approve and reject emails"),
            ("reopen", "Can reopen emails after the time to undo"),
        ]
        indexes = [models.Index(fields=["-at"], name="decision_newest")]

    def __str__(self) -> str:
        return f"{self.message}: {self.verdict}"


class DecisionReason(models.Model):
    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="reason")
    text = models.TextField()


class DecisionUndo(AppendOnly):
    """Who took a decision back, and when. The decision itself stays as it was."""

    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="undo")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    by_name = models.CharField(max_length=150)
    channel = models.CharField(max_length=10)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.decision}, taken back"


class Reading(models.Model):
    """This person had this text of this email on the screen."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="readings")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    version = models.PositiveIntegerField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "user", "version"], name="reading_once")
        ]


class Snooze(AppendOnly):
    """Who put an email off until when; without `until`, who brought it back early."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="snoozes")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    until = models.DateTimeField(null=True)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.message} until {self.until}"


class TakeOver(AppendOnly):
    """A Lead took an email over that a colleague had on the desk."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="take_overs")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    from_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.message}, taken over from {self.from_user}"


class Note(models.Model):
    """What a person wrote to colleagues about an email. Erasable."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="notes")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=1000)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.text


class EditTag(AppendOnly):
    """What was wrong with the text that a person replaced by `version`, where they said so."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="edit_tags")
    version = models.PositiveIntegerField(help_text="Of the text that they wrote.")
    tag = models.CharField(max_length=30, choices=Tag.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.message} v{self.version}: {self.tag}"


class Claim(models.Model):
    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="claim")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    until = models.DateTimeField()


class Notice(models.Model):
    """Something a person must be told: whom, by which channel, and whether it arrived."""

    Channel = NoticeChannel

    key = models.CharField(
        max_length=80, unique=True, help_text="Once per event: held round and step."
    )
    message = models.ForeignKey(
        Message, null=True, on_delete=models.CASCADE, related_name="notices"
    )
    reply = models.ForeignKey(
        Reply,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="notices",
        help_text="An answer to tell of; its words are read when it is told, and not kept here.",
    )
    note = models.ForeignKey(
        Note, null=True, blank=True, on_delete=models.CASCADE, related_name="notices"
    )
    step = models.PositiveSmallIntegerField(default=0)
    to = models.ForeignKey(TeamMember, null=True, blank=True, on_delete=models.SET_NULL)
    instead_of = models.ForeignKey(
        TeamMember,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Whose delegate the person told is.",
    )
    text = models.CharField(max_length=300)
    wanted = models.CharField(
        max_length=10, choices=NoticeChannel.choices, blank=True, help_text="What the ladder names."
    )
    skipped = models.CharField(
        max_length=20, choices=SkipReason.choices, blank=True, help_text="Why nobody was told."
    )
    planned_at = models.DateTimeField(null=True, blank=True, help_text="When the ladder said so.")
    channel = models.CharField(max_length=10, choices=NoticeChannel.choices, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    not_before = models.DateTimeField(default=timezone.now)
    told_at = models.DateTimeField(null=True, blank=True)
    direct_at = models.DateTimeField(
        null=True, blank=True, help_text="When Slack took the message to this person alone."
    )
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["not_before"], name="notice_due", condition=Q(told_at=None)),
            models.Index(fields=["-created_at"], name="notice_newest"),
        ]

    def __str__(self) -> str:
        return self.text


class Approval(Message):
    class Meta:
        proxy = True
        verbose_name = "email to decide"
        verbose_name_plural = "approval list"
        default_permissions = ("view",)
