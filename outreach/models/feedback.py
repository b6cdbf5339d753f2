"""What came back: email events, replies, meetings, opportunities."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from caio_project.lib.db.append_only import AppendOnly
from leads.models import Lead
from outreach.choices import EventKind
from outreach.content.email_footer import hide_personal_links
from outreach.models.messages import Message


class EmailEvent(AppendOnly):
    """One event of one sent email. Ids and codes only."""

    key = models.CharField(
        max_length=64, unique=True, help_text="Of the event, not of its delivery: it counts once."
    )
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=12, choices=EventKind.choices)
    code = models.CharField(
        max_length=60, blank=True, help_text="What the provider calls the cause."
    )
    source = models.CharField(max_length=20, help_text="webhook, poll, unsubscribe page …")
    at = models.DateTimeField(help_text="When it happened.")
    noted_at = models.DateTimeField(default=timezone.now, help_text="When we learned of it.")

    class Meta:
        indexes = [
            models.Index(fields=["kind", "-at"], name="email_event_by_kind"),
            models.Index(fields=["message", "kind"], name="email_event_of_email"),
        ]
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"


class ReplyKind(models.TextChoices):
    POSITIVE = "positive", "Positive"
    QUESTION = "question", "Question"
    OBJECTION = "objection", "Objection"
    NOT_NOW = "not_now", "Not now"
    NEGATIVE = "negative", "Negative"
    STOP = "stop", "Asks to stop"
    OUT_OF_OFFICE = "out_of_office", "Out of office, or another automatic answer"


WANT_AN_ANSWER = (ReplyKind.POSITIVE, ReplyKind.QUESTION)


class Fate(models.TextChoices):
    GONE = "gone", "No longer there"
    UNDELIVERABLE = "undeliverable", "The address does not exist"
    DELAYED = "delayed", "Not delivered yet"


class ReplyQuerySet(models.QuerySet["Reply"]):
    """Replies by the kind that counts: a person's correction before the machine's sorting."""

    def of_kind(self, *kinds: str) -> "ReplyQuerySet":
        return self.filter(Q(corrected_to__in=kinds) | Q(corrected_to="", sorted_as__in=kinds))

    def by_people(self) -> "ReplyQuerySet":
        return self.of_kind(*(kind for kind in ReplyKind.values if kind != ReplyKind.OUT_OF_OFFICE))

    def counted(self) -> "ReplyQuerySet":
        """For the reply rate: without automatic replies and requests to stop."""
        return self.by_people().of_kind(
            *(kind for kind in ReplyKind.values if kind != ReplyKind.STOP)
        )


class FollowsLeadMerges(models.Model):
    """A row that moves to the merged lead, and back where the merge is undone."""

    written_for = models.ForeignKey(
        Lead,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
        help_text=(
            "Whose it was before a merge took it to its lead; back there when that is undone."
        ),
    )

    class Meta:
        abstract = True


class Reply(FollowsLeadMerges):
    """One message from a person we wrote to. Its text is in ReplyText."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    ghl_message_id = models.CharField(
        max_length=80, unique=True, help_text="GoHighLevel's id: each counts once."
    )
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="replies")
    message = models.ForeignKey(
        Message,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="replies",
        help_text="The newest email that had left when it came; empty where there was none.",
    )
    channel = models.CharField(max_length=20, default="email")
    received_at = models.DateTimeField()
    noted_at = models.DateTimeField(default=timezone.now, help_text="When we learned of it.")
    source = models.CharField(max_length=20, help_text="webhook, poll, final check …")
    sorted_as = models.CharField(
        max_length=14, choices=ReplyKind.choices, help_text="By the machine."
    )
    is_sure = models.BooleanField(
        default=True, help_text="False where the machine asks a person to look."
    )
    corrected_to = models.CharField(max_length=14, choices=ReplyKind.choices, blank=True)
    corrected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    corrected_at = models.DateTimeField(null=True, blank=True)
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Who answers it.",
    )
    taken_at = models.DateTimeField(null=True, blank=True)
    fate = models.CharField(
        max_length=14,
        blank=True,
        choices=Fate.choices,
        help_text="What became of the address, as the reply says.",
    )
    taken_back_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Who took back what the machine had taken for a stop; why is in its text.",
    )
    taken_back_at = models.DateTimeField(null=True, blank=True)
    dnd_is_ours = models.BooleanField(
        default=False,
        help_text="Do-not-disturb at GoHighLevel was set by us for the stop that was taken back.",
    )

    objects = ReplyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "replies"
        permissions = [
            ("correct_reply", "Can correct how a reply is sorted"),
            ("take_back_stop", "Can take back what the machine took for a stop"),
        ]
        indexes = [
            models.Index(fields=["-received_at"], name="reply_newest"),
            models.Index(fields=["lead", "-received_at"], name="reply_of_lead"),
            models.Index(
                fields=["corrected_at"],
                name="reply_corrected",
                condition=Q(corrected_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead}: {self.kind}"

    @property
    def kind(self) -> str:
        return self.corrected_to or self.sorted_as


class ReplyText(models.Model):
    reply = models.OneToOneField(Reply, on_delete=models.CASCADE, related_name="text")
    subject = models.CharField(max_length=300, blank=True)
    body = models.TextField(help_text="As it came, as plain text.")
    said = models.TextField(help_text="Without what it quotes and without its signature.")
    decided_by = models.JSONField(
        default=list, help_text="The words that decided how it is sorted."
    )
    successor = models.CharField(
        max_length=200, blank=True, help_text="What it says of whom to write to instead."
    )
    taken_back_why = models.CharField(
        max_length=500, blank=True, help_text="Why a person took its stop back."
    )

    def __str__(self) -> str:
        return self.shown_answer[:80]

    @property
    def shown_words(self) -> list[str]:
        return [hide_personal_links(word) for word in self.decided_by if isinstance(word, str)]

    @property
    def shown_answer(self) -> str:
        """What they said, without the link that it may quote."""
        return hide_personal_links(self.said)


class Meeting(FollowsLeadMerges):
    """An appointment at GoHighLevel with a known lead."""

    DELETED = "deleted"  # our word for what is gone there
    OFF = ("cancelled", "invalid", "noshow", DELETED)

    ghl_id = models.CharField(max_length=80, unique=True)
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="meetings")
    message = models.ForeignKey(
        Message,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="meetings",
        help_text="The newest email that had left when it was booked; empty where there was none.",
    )
    calendar_id = models.CharField(max_length=80, blank=True)
    status = models.CharField(
        max_length=20, help_text="GoHighLevel's word: confirmed, cancelled, showed, noshow …"
    )
    booked_at = models.DateTimeField()
    starts_at = models.DateTimeField()
    changed_at = models.DateTimeField(
        help_text="GoHighLevel's time of the newest change: an older one is ignored."
    )
    noted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["-booked_at"], name="meeting_newest")]

    def __str__(self) -> str:
        return f"{self.lead}: {self.starts_at:%Y-%m-%d %H:%M}"


class Opportunity(FollowsLeadMerges):
    """`lead` is empty for one that did not come through us."""

    OPEN, DELETED = "open", "deleted"  # the second is our word for what is gone there

    ghl_id = models.CharField(max_length=80, unique=True)
    lead = models.ForeignKey(
        Lead, null=True, blank=True, on_delete=models.SET_NULL, related_name="opportunities"
    )
    ghl_contact_id = models.CharField(max_length=80, blank=True)
    pipeline_id = models.CharField(max_length=80, blank=True)
    stage_id = models.CharField(max_length=80, blank=True)
    status = models.CharField(max_length=20, help_text="open, won, lost or abandoned.")
    value = models.DecimalField(
        max_digits=14, decimal_places=2, default=0, help_text="In the location's currency."
    )
    opened_at = models.DateTimeField()
    changed_at = models.DateTimeField(
        help_text="GoHighLevel's time of the newest change: an older one is ignored."
    )
    seen_at = models.DateTimeField(
        default=timezone.now, help_text="When GoHighLevel last listed it."
    )

    class Meta:
        verbose_name_plural = "opportunities"
        indexes = [models.Index(fields=["status", "pipeline_id"], name="opportunity_open")]

    def __str__(self) -> str:
        return f"{self.ghl_id}: {self.status}"


class SyncCursor(models.Model):
    """How far one kind of polling at GoHighLevel has come."""

    name = models.CharField(max_length=40, primary_key=True)
    position = models.CharField(max_length=300, blank=True)
    polled_at = models.DateTimeField(
        null=True, blank=True, help_text="When it last came to its end."
    )
    not_before = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="In a row that failed.")
    error = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return self.name
