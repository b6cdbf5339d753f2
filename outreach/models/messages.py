"""Emails and their texts."""

import secrets
import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.models import Assessment, Kind, Lead, TeamMember
from leads.scoring_rules import Tier
from outreach.choices import Band, Status, Transport
from outreach.models.history import Segment
from outreach.models.limits import Place
from outreach.models.templates import EmailTemplate


def _index_of_known(field: str, name: str) -> models.Index:
    return models.Index(fields=[field], name=name, condition=~Q(**{field: ""}))


def new_unsubscribe_token() -> str:
    return secrets.token_urlsafe(24)


class Message(models.Model):
    """One email to one lead, from its request to what became of it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="messages")
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
    assessment = models.ForeignKey(Assessment, null=True, on_delete=models.SET_NULL)
    segment = models.ForeignKey(
        Segment,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="messages",
        help_text="Queued by hand.",
    )
    step = models.PositiveSmallIntegerField(
        default=1, help_text="1 is the first email, 2 and 3 are its follow-ups."
    )
    follows = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="followed_by",
        help_text="The first email of the thread that this one continues.",
    )
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.LIVE)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    version = models.PositiveIntegerField(default=0, help_text="Of the text; 0 is not yet written.")
    to_address = models.CharField(
        max_length=254, blank=True, help_text="Personal. Blank after an erasure."
    )
    domain = models.CharField(max_length=253, blank=True)
    sender = models.ForeignKey(TeamMember, null=True, on_delete=models.SET_NULL)
    template = models.ForeignKey(EmailTemplate, null=True, on_delete=models.PROTECT)
    template_why = models.CharField(max_length=200, blank=True)
    band = models.CharField(max_length=10, choices=Band.choices, default=Band.LOW)
    critical_reason = models.CharField(max_length=200, blank=True)
    rank = models.PositiveSmallIntegerField(default=2, help_text="0 most urgent.")
    queue_turn = models.PositiveSmallIntegerField(
        default=101, help_text="Within its rank: 0 is overdue, then the highest score first."
    )
    tier = models.CharField(max_length=10, choices=Tier.choices, blank=True)
    intent = models.PositiveSmallIntegerField(default=0)
    verdicts = models.JSONField(
        default=dict, help_text="What each phase's machine would decide; hidden until then."
    )
    fingerprint = models.BigIntegerField(default=0, db_default=0, editable=False)
    guards = models.JSONField(default=list, help_text="[{guard, passed, text, clear}]")
    blocked_by = models.CharField(max_length=40, blank=True)

    transport = models.CharField(
        max_length=10,
        choices=Transport.choices,
        blank=True,
        help_text="Pinned at approval; it leaves by no other.",
    )
    unsubscribe_token = models.CharField(max_length=40, unique=True, default=new_unsubscribe_token)
    created_at = models.DateTimeField(default=timezone.now)
    held_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(
        null=True, blank=True, help_text="When a person first had it on the screen."
    )
    chosen_at = models.DateTimeField(
        null=True, blank=True, help_text="When a person chose it instead of a colleague's."
    )
    waits_since = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When its wait for a decision began; a snoozed email's, when it comes back.",
    )
    due_at = models.DateTimeField(null=True, blank=True)
    offer_ends_at = models.DateTimeField(
        null=True, blank=True, help_text="The first of the times that its text offers."
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    snoozed_until = models.DateTimeField(
        null=True, blank=True, help_text="Put off by a person; back in the queue from then on."
    )
    cleared_at = models.DateTimeField(null=True, blank=True)
    by_machine = models.BooleanField(
        default=False, help_text="Approved by the machine, by no person."
    )
    machine_looks_at = models.DateTimeField(
        default=timezone.now, help_text="When the machine looks whether it may approve it."
    )
    place = models.ForeignKey(
        Place,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        db_index=False,
        help_text="Whose hours it keeps; empty in the sandbox.",
    )
    not_before = models.DateTimeField(default=timezone.now)
    waiting_for = models.CharField(
        max_length=40, blank=True, help_text="What it waits for of its own."
    )
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)
    uncertain_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    ghl_contact_id = models.CharField(max_length=60, blank=True)
    ghl_conversation_id = models.CharField(max_length=60, blank=True)
    ghl_message_id = models.CharField(max_length=60, blank=True)
    ghl_email_message_id = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(transport=Transport.GHL) | Q(kind=Kind.LIVE),
                name="only_live_people_leave_by_ghl",
            ),
            # A second first email to a person while one is open is a bug somewhere above.
            models.UniqueConstraint(
                fields=["lead"],
                condition=Q(
                    status__in=["draft", "blocked", "held", "cleared", "sending", "uncertain"]
                ),
                name="one_open_email_per_lead",
            ),
            models.UniqueConstraint(
                fields=["follows", "step"],
                condition=Q(follows__isnull=False),
                name="each_follow_up_once",
            ),
            models.CheckConstraint(
                condition=Q(step=1, follows=None) | Q(step__gt=1, follows__isnull=False),
                name="follow_ups_follow",
            ),
        ]
        indexes = [
            models.Index(
                fields=["not_before"], name="message_to_draft", condition=Q(status="draft")
            ),
            models.Index(
                fields=["rank", "due_at", "id"], name="message_queue", condition=Q(status="held")
            ),
            models.Index(
                fields=["band", "held_at"], name="message_escalation", condition=Q(status="held")
            ),
            models.Index(
                fields=["rank", "queue_turn", "due_at", "id"],
                name="message_in_queue",
                condition=Q(status="held"),
            ),
            models.Index(
                fields=["due_at"],
                name="message_turning_late",
                condition=Q(status="held", queue_turn__gt=0),
            ),
            models.Index(fields=["fingerprint"], name="message_copies", condition=Q(status="held")),
            # The last two so that the index alone tells which are passed over.
            models.Index(
                fields=["place", "rank", "cleared_at", "id", "domain", "not_before"],
                name="message_to_send",
                condition=Q(status="cleared"),
            ),
            # For lists of the whole queue. Its own condition keeps it from `send_order`, which asks
            # for one place: where few emails are for that place PostgreSQL would read all of it.
            models.Index(
                fields=["rank", "cleared_at", "id"],
                name="message_in_turn",
                condition=Q(status="cleared") & ~Q(transport=""),
            ),
            models.Index(
                fields=["waiting_for", "not_before"],
                name="message_aside",
                condition=Q(status="cleared") & ~Q(waiting_for=""),
            ),
            models.Index(
                fields=["machine_looks_at"],
                name="message_for_machine",
                condition=Q(status="held", opened_at=None),
            ),
            models.Index(
                fields=["by_machine"], name="message_by_machine", condition=Q(status="cleared")
            ),
            models.Index(
                fields=["lease_until"], name="message_leaving", condition=Q(status="sending")
            ),
            models.Index(
                fields=["uncertain_at"], name="message_uncertain", condition=Q(status="uncertain")
            ),
            models.Index(
                fields=["offer_ends_at"],
                name="message_offer_ends",
                condition=Q(status__in=["held", "blocked"], offer_ends_at__isnull=False),
            ),
            models.Index(
                fields=["expires_at"],
                name="message_expiring",
                condition=Q(status__in=["held", "blocked"]),
            ),
            # Whether one is due, and how many there are by cause, is in the index alone.
            models.Index(
                fields=["rank", "not_before", "blocked_by", "kind"],
                name="message_blocked",
                condition=Q(status="blocked"),
            ),
            models.Index(
                fields=["snoozed_until"],
                name="message_snoozed",
                condition=Q(status="held", snoozed_until__isnull=False),
            ),
            models.Index(fields=["status", "-sent_at"], name="message_by_status"),
            models.Index(
                fields=["kind", "status", "transport"], name="message_counted"
            ),  # for queue-status
            models.Index(fields=["to_address"], name="message_by_address"),
            _index_of_known("ghl_contact_id", "message_by_contact"),
            _index_of_known("ghl_message_id", "message_ghl_message"),
            _index_of_known("ghl_conversation_id", "message_ghl_conversation"),
            _index_of_known("ghl_email_message_id", "message_by_email_id"),
            models.Index(fields=["-created_at"], name="message_newest"),
        ]

    def __str__(self) -> str:
        return f"Email {self.pk} to {self.lead}"

    @property
    def priority(self) -> str:
        return Band.CRITICAL if self.critical_reason else self.band

    def correlation_id(self) -> str:
        return self.lead.correlation_id((self.follows or self).created_at)

    @property
    def text(self) -> "MessageText | None":
        return self.texts.filter(version=self.version).first()


class MessageText(models.Model):
    """One version of an email's text. Personal, erasable; never changed, only followed."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="texts")
    version = models.PositiveIntegerField()
    subject = models.CharField(max_length=200)
    body = models.TextField(help_text="What the person reads, without signature and footer.")
    footer = models.TextField(help_text="Signature, postal address and unsubscribe line.")
    phrases = models.JSONField(
        default=list, help_text="[{text, field, source}] for every fact in the text."
    )
    sha256 = models.CharField(max_length=64)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    language_model = models.CharField(
        max_length=80, blank=True, help_text="Which one wrote it; empty: none."
    )
    prompt_version = models.PositiveSmallIntegerField(
        default=0, help_text="What the language model was asked."
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "version"], name="text_version_once")
        ]
        ordering = ["version"]

    def __str__(self) -> str:
        return self.subject
