"""What we would say, and the only door through which anything leaves."""

import secrets
import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from caio_project.lib.append_only import AppendOnly
from leads.models import Assessment, Kind, Lead, TeamMember
from outreach.policy import Band, Phase
from outreach.states import Status


class Control(models.Model):
    """The one row that says what is allowed now. The sending door reads it, and so does every page."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    phase = models.CharField(max_length=12, choices=Phase.choices, default=Phase.PARALLEL)
    phase_since = models.DateTimeField(default=timezone.now)
    phase_by = models.CharField(max_length=150, default="installation")
    phase_reason = models.TextField(default="A new installation starts here.")
    auto_approve = models.BooleanField(default=False)
    auto_max_intent = models.PositiveSmallIntegerField(default=40)
    auto_no_warm_connections = models.BooleanField(default=True)
    halted = models.BooleanField(default=False)
    halted_at = models.DateTimeField(null=True, blank=True)
    halted_by = models.CharField(max_length=150, blank=True)
    halt_reason = models.TextField(blank=True)
    last_claim_at = models.DateTimeField(null=True, blank=True, help_text="When the last slot was claimed: the gap.")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="control_is_one_row")]
        permissions = [
            ("halt", "Can halt sending"),
            ("resume", "Can resume sending"),
            ("promote", "Can change the phase"),
        ]

    def __str__(self) -> str:
        return self.phase


class ControlChange(AppendOnly):
    """Every change of phase, halt or switch: who, when, what. The typed reason is a row of its own."""

    what = models.CharField(max_length=20)
    before = models.CharField(max_length=20)
    after = models.CharField(max_length=20)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=150)
    override = models.BooleanField(default=False)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.what}: {self.before} -> {self.after}"


class ControlReason(models.Model):
    """Typed text, erasable."""

    change = models.OneToOneField(ControlChange, on_delete=models.PROTECT, related_name="reason")
    text = models.TextField()


class DailySlots(models.Model):
    """How many sends were claimed on one day of the team's calendar."""

    day = models.DateField(primary_key=True)
    used = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.day}: {self.used}"


class Signal(models.TextChoices):
    """What is known beside the angle that a template may rest on, the strongest first."""

    WARM_CONNECTION = "warm_connection", "Warm connection"
    HIGH_INTENT_PAGE = "high_intent_page", "High-intent page"
    HIRING = "hiring", "Hiring"
    TECH_STACK = "tech_stack", "Tech stack"


class EmailTemplate(models.Model):
    """One version of one template. A change is a new version; the old ones stay, because emails point to them."""

    class Tier(models.TextChoices):
        FIRST = "tier_1", "Tier 1"
        SECOND = "tier_2", "Tier 2"
        THIRD = "tier_3", "Tier 3"

    key = models.CharField(max_length=60)
    version = models.PositiveIntegerField(default=1)
    tier = models.CharField(max_length=10, choices=Tier.choices)
    angle = models.CharField(max_length=40, help_text="What the email speaks of; the score gives it to each lead.")
    signal = models.CharField(
        max_length=20, choices=Signal.choices, blank=True,
        help_text="What must be known besides. Empty: used where no template fits a signal.",
    )  # fmt: skip
    name = models.CharField(max_length=120, help_text="What the review desk calls it.")
    subject = models.CharField(max_length=200)
    body = models.TextField()
    active = models.BooleanField(default=True)
    seeded = models.BooleanField(default=False, help_text="From the starting set: a newer one may follow it by itself.")
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "version"], name="template_version_once"),
            models.UniqueConstraint(fields=["key"], condition=Q(active=True), name="one_active_version"),
        ]
        ordering = ["key", "-version"]

    def __str__(self) -> str:
        return f"{self.key} v{self.version}"


class Transport(models.TextChoices):
    GHL = "ghl", "GoHighLevel"
    SANDBOX = "sandbox", "Sandbox"


def new_unsubscribe_token() -> str:
    return secrets.token_urlsafe(24)


class Segment(AppendOnly):
    """Known leads queued by hand, all at once: who did it, by which filter, and how many it came to."""

    what = models.CharField(max_length=40, help_text="A tier, or the sha256 of a file, shortened.")
    looked_at = models.PositiveIntegerField(help_text="Leads that the filter found.")
    queued = models.PositiveIntegerField()
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-pk"]
        default_permissions = ("view",)
        permissions = [("queue_segment", "Can queue emails to known leads")]

    def __str__(self) -> str:
        return f"{self.queued} of {self.what}"


class Message(models.Model):
    """One email to one person, from the wish to write it to what became of it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="messages")
    written_for = models.ForeignKey(
        Lead, null=True, blank=True, on_delete=models.PROTECT, related_name="+", editable=False,
        help_text="Whose it was before a merge took it to its lead; back there when that is undone.",
    )  # fmt: skip
    assessment = models.ForeignKey(Assessment, null=True, on_delete=models.SET_NULL)
    segment = models.ForeignKey(
        Segment, null=True, blank=True, on_delete=models.PROTECT, related_name="messages", help_text="Queued by hand."
    )
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.LIVE)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    version = models.PositiveIntegerField(default=0, help_text="Of the text; 0 is not yet written.")
    to_address = models.CharField(max_length=254, blank=True, help_text="Personal. Blank after an erasure.")
    domain = models.CharField(max_length=253, blank=True)
    sender = models.ForeignKey(TeamMember, null=True, on_delete=models.SET_NULL)
    template = models.ForeignKey(EmailTemplate, null=True, on_delete=models.PROTECT)
    template_why = models.CharField(max_length=200, blank=True)

    band = models.CharField(max_length=10, choices=Band.choices, default=Band.LOW)
    critical_reason = models.CharField(max_length=200, blank=True)
    rank = models.PositiveSmallIntegerField(default=2, help_text="0 most urgent.")
    tier = models.CharField(max_length=10, blank=True)
    intent = models.PositiveSmallIntegerField(default=0)
    verdicts = models.JSONField(default=dict, help_text="What each phase's machine would decide; hidden until then.")
    guards = models.JSONField(default=list, help_text="[{guard, passed, text, clear}]")
    blocked_by = models.CharField(max_length=40, blank=True)

    transport = models.CharField(
        max_length=10, choices=Transport.choices, blank=True, help_text="Pinned at approval; it leaves by no other."
    )
    unsubscribe_token = models.CharField(max_length=40, unique=True, default=new_unsubscribe_token)
    created_at = models.DateTimeField(default=timezone.now)
    held_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True, help_text="When a person first had it on the screen.")
    due_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    cleared_at = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(default=timezone.now)
    waiting_for = models.CharField(max_length=40, blank=True, help_text="The limit that deferred it last.")
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
                condition=~Q(transport=Transport.GHL) | Q(kind=Kind.LIVE), name="only_live_people_leave_by_ghl"
            ),
            # A second first email to a person while one is open is a bug somewhere above.
            models.UniqueConstraint(
                fields=["lead"],
                condition=Q(status__in=["draft", "blocked", "held", "cleared", "sending", "uncertain"]),
                name="one_open_email_per_lead",
            ),
        ]
        indexes = [
            models.Index(fields=["not_before"], name="message_to_draft", condition=Q(status="draft")),
            models.Index(fields=["rank", "due_at", "id"], name="message_queue", condition=Q(status="held")),
            models.Index(fields=["rank", "not_before"], name="message_to_send", condition=Q(status="cleared")),
            models.Index(fields=["lease_until"], name="message_leaving", condition=Q(status="sending")),
            models.Index(fields=["uncertain_at"], name="message_uncertain", condition=Q(status="uncertain")),
            models.Index(fields=["expires_at"], name="message_expiring", condition=Q(status__in=["held", "blocked"])),
            models.Index(fields=["status", "-sent_at"], name="message_by_status"),
            models.Index(fields=["to_address"], name="message_by_address"),
            models.Index(fields=["-created_at"], name="message_newest"),
        ]

    def __str__(self) -> str:
        return f"Email {self.pk} to {self.lead}"

    @property
    def priority(self) -> str:
        return Band.CRITICAL if self.critical_reason else self.band

    @property
    def text(self) -> "MessageText | None":
        """The current text."""
        return self.texts.filter(version=self.version).first()


class MessageText(models.Model):
    """One version of the text of an email. Personal, erasable; never changed, only followed by another."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="texts")
    version = models.PositiveIntegerField()
    subject = models.CharField(max_length=200)
    body = models.TextField(help_text="What the person reads, without signature and footer.")
    footer = models.TextField(help_text="Signature, postal address and unsubscribe line.")
    phrases = models.JSONField(default=list, help_text="[{text, field, source}] for every fact in the text.")
    sha256 = models.CharField(max_length=64)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "version"], name="text_version_once")]
        ordering = ["version"]

    def __str__(self) -> str:
        return self.subject


class Move(AppendOnly):
    """One change of state of one email, written in the transaction of the change."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="moves")
    from_status = models.CharField(max_length=10)
    to_status = models.CharField(max_length=10)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    why = models.CharField(max_length=60, help_text="A code, never typed text.")
    tag = models.CharField(max_length=30, blank=True)
    version = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["to_status", "-at"], name="move_by_status")]
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.from_status} -> {self.to_status}"


class MoveReason(models.Model):
    """What a person typed about a move. Erasable; drafting and guards read it for the next email."""

    move = models.OneToOneField(Move, on_delete=models.PROTECT, related_name="reason")
    text = models.TextField()


class SendIntent(models.Model):
    """Committed before the call: that a slot was claimed and that this email may leave from this moment on."""

    class Outcome(models.TextChoices):
        OPEN = "open", "Call under way, or the process died in it"
        SENT = "sent", "Sent"
        REFUSED = "refused", "Refused"
        NOT_SENT = "not_sent", "Certainly not sent"
        UNCERTAIN = "uncertain", "Uncertain"

    NOTHING_LEFT = (Outcome.REFUSED, Outcome.NOT_SENT)

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="intents")
    transport = models.CharField(max_length=10, choices=Transport.choices)
    phase = models.CharField(max_length=12)
    day = models.DateField()
    domain = models.CharField(max_length=253)
    claimed_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.OPEN)
    settled_at = models.DateTimeField(null=True, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True, help_text="When GHL's conversation was last read for it.")
    looks = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["message"],
                condition=Q(outcome__in=["open", "sent", "uncertain"]),
                name="at_most_one_send",
            )
        ]
        indexes = [
            models.Index(fields=["-claimed_at"], name="intent_newest"),
            models.Index(fields=["domain", "-claimed_at"], name="intent_by_domain"),
        ]

    def __str__(self) -> str:
        return f"{self.message}: {self.outcome}"


class SandboxEmail(models.Model):
    """What would have been sent, kept for a person to see. Personal, erasable."""

    message = models.OneToOneField(Message, on_delete=models.PROTECT, related_name="kept")
    kept_at = models.DateTimeField(default=timezone.now)
    from_address = models.CharField(max_length=254, blank=True)
    to_address = models.CharField(max_length=254)
    subject = models.CharField(max_length=200)
    html = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["-kept_at"], name="sandbox_newest")]

    def __str__(self) -> str:
        return self.subject


class Position(models.Model):
    """How far a reader of an increasing sequence has come."""

    reader = models.CharField(max_length=40, primary_key=True)
    seq = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.reader} at {self.seq}"
