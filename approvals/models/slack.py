"""What Slack shows of an email, and what was clicked there."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.models import Lead
from outreach.models import Message


class SlackCard(models.Model):
    """One message in Slack about one email. The card is a view: the email's row decides.

    It holds no text of the email. `status`, `version`, `is_critical` and `control` say what the
    card was made from; where they differ from the rows, the card is written again.
    """

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="slack_cards")
    channel = models.CharField(max_length=40, help_text="Slack's id of the channel.")
    ts = models.CharField(max_length=40, help_text="Slack's name of the message there.")
    mention = models.CharField(max_length=40, blank=True, help_text="Slack user id of who is told.")
    direct_to = models.CharField(
        max_length=40,
        blank=True,
        help_text="Slack user id of who alone sees it; empty: the channel.",
    )
    status = models.CharField(max_length=10)
    version = models.PositiveIntegerField()
    is_critical = models.BooleanField(default=False)
    control = models.CharField(max_length=40, help_text="Phase, and whether sending is halted.")
    shown_sha256 = models.CharField(max_length=64, blank=True, help_text="Of what the card says.")
    posted_at = models.DateTimeField(default=timezone.now)
    written_at = models.DateTimeField(default=timezone.now)
    compared_at = models.DateTimeField(
        default=timezone.now, help_text="When it was last compared with the rows."
    )
    look_at = models.DateTimeField(
        default=timezone.now, help_text="When it is compared with the rows in any case."
    )
    ended_at = models.DateTimeField(
        null=True, blank=True, help_text="Nothing about it changes any more."
    )
    erased_at = models.DateTimeField(null=True, blank=True, help_text="It names nobody any more.")
    lease_until = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "ts"], name="slack_card_once")]
        indexes = [
            models.Index(fields=["look_at"], name="slack_card_open", condition=Q(ended_at=None)),
            models.Index(fields=["-posted_at"], name="slack_card_newest"),
        ]

    def __str__(self) -> str:
        return f"Card {self.ts} about {self.message}"


class SlackClick(models.Model):
    """Something pressed in Slack, stored before it is answered and worked off afterwards.

    What was typed is kept until it is decided; the answer until it is given.
    """

    class What(models.TextChoices):
        APPROVE = "approve", "Approve"
        REJECT = "reject", "Reject"
        REJECT_FORM = "reject_form", "Reject, the form"
        UNDO = "undo", "Undo"

    key = models.CharField(max_length=64, unique=True, help_text="Of the click, not of its body.")
    what = models.CharField(max_length=12, choices=What.choices)
    slack_user_id = models.CharField(max_length=40)
    message = models.ForeignKey(
        Message, null=True, on_delete=models.CASCADE, related_name="slack_clicks"
    )
    version = models.PositiveIntegerField(default=0)
    channel = models.CharField(max_length=40, blank=True)
    ts = models.CharField(max_length=40, blank=True)
    response_url = models.CharField(max_length=500, blank=True)
    tag = models.CharField(max_length=30, blank=True)
    reason = models.TextField(blank=True, help_text="Personal; empty once it is decided.")
    received_at = models.DateTimeField(default=timezone.now)
    retries = models.PositiveSmallIntegerField(default=0, help_text="How often it came again.")
    outcome = models.CharField(
        max_length=20, blank=True, help_text="What came of it; empty while it is undecided."
    )
    answer = models.CharField(max_length=500, blank=True, help_text="Empty once it is given.")
    answered_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["not_before"], name="slack_click_due", condition=Q(done_at=None)),
            models.Index(fields=["-received_at"], name="slack_click_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.get_what_display()} by {self.slack_user_id}"


class SlackPost(models.Model):
    """A notice in Slack that names a person and is no card, kept so that it can be blanked."""

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="slack_posts")
    channel = models.CharField(max_length=40, help_text="Slack's id of the channel.")
    ts = models.CharField(max_length=40, help_text="Slack's name of the message there.")
    posted_at = models.DateTimeField(default=timezone.now)
    erased_at = models.DateTimeField(null=True, blank=True, help_text="It names nobody any more.")
    lease_until = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["channel", "ts"], name="slack_post_once")]

    def __str__(self) -> str:
        return f"Notice {self.ts}"
