"""What left, or may have: counted, committed before the call."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from outreach.choices import Transport
from outreach.content.email_footer import hide_personal_links
from outreach.models.messages import Message


class DailySlots(models.Model):
    day = models.DateField(primary_key=True)
    used = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.day}: {self.used}"


class SendIntentQuerySet(models.QuerySet["SendIntent"]):
    def may_have_left(self) -> "SendIntentQuerySet":
        """Without those of which it is certain that nothing was sent."""
        return self.exclude(outcome__in=SendIntent.NOTHING_LEFT)


class SendIntent(models.Model):
    """Committed before the call: a slot is claimed, and from now on this email may leave."""

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
    from_domain = models.CharField(
        max_length=253,
        blank=True,
        default="",
        db_default="",
        help_text="Ours, whose warm-up it counts for.",
    )
    claimed_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.OPEN)
    settled_at = models.DateTimeField(null=True, blank=True)
    looked_at = models.DateTimeField(
        null=True, blank=True, help_text="When GHL's conversation was last read for it."
    )
    looks = models.PositiveSmallIntegerField(default=0)

    objects = SendIntentQuerySet.as_manager()

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
            models.Index(fields=["day", "from_domain"], name="intent_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.message}: {self.outcome}"


class SandboxEmail(models.Model):
    """What would have been sent, kept to be looked at. Erasable."""

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

    @property
    def shown_html(self) -> str:
        return hide_personal_links(self.html)
