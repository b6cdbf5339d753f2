"""What is re-read of automatic approvals: the draw of each day, the emails, and judgements."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from caio_project.lib.db.append_only import AppendOnly
from outreach.choices import Tag
from outreach.models import Message


class RereadingDraw(AppendOnly):
    """What chance drew of one day's automatic approvals. `seed` and the day's list repeat it."""

    day = models.DateField(unique=True, help_text="In the team's zone.")
    seed = models.CharField(max_length=32)
    one_in = models.PositiveSmallIntegerField()
    approved = models.PositiveIntegerField(help_text="By the machine on that day.")
    drawn = models.PositiveIntegerField(help_text="By chance, of these and of the month's rest.")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ("view",)
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"{self.day}: {self.drawn} of {self.approved}"


class RereadingItem(models.Model):
    """One email to re-read. What it is (drawn, risky, a person's, a test) no reader sees."""

    class Fault(models.TextChoices):
        WRONG_NAME = "wrong_name", "The first name is not the recipient's"
        WRONG_COMPANY = "wrong_company", "The company is not the recipient's"
        PLACEHOLDER = "placeholder", "A field was not filled in"
        INVENTED_FACT = "invented_fact", "A fact has no source"
        NO_FOOTER = "no_footer", "Address and unsubscribe line are missing"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="rereadings")
    version = models.PositiveIntegerField(help_text="The text that is read.")
    draw = models.ForeignKey(
        RereadingDraw,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="items",
        help_text="Drawn by chance: counts for the override rate.",
    )
    machine = models.BooleanField(help_text="The machine approved it.")
    approved_at = models.DateTimeField(null=True, blank=True, help_text="By the machine.")
    triggers = models.JSONField(default=list, help_text="Codes of RiskTrigger.")
    fault = models.CharField(
        max_length=20, choices=Fault.choices, blank=True, help_text="Put into the text shown."
    )
    order = models.PositiveIntegerField(default=0, help_text="By chance, so that kinds are mixed.")
    created_at = models.DateTimeField(default=timezone.now)
    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    shown_at = models.DateTimeField(null=True, blank=True, help_text="To the reader.")

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["message"], condition=Q(fault=""), name="reread_each_email_once"
            )
        ]
        indexes = [models.Index(fields=["order", "id"], name="rereading_order")]

    def __str__(self) -> str:
        return f"Re-reading {self.pk}"


class Rereading(AppendOnly):
    """What a person said of an email that they re-read; never changed."""

    class Judgement(models.TextChoices):
        APPROVE = "approve", "I would approve"
        EDIT = "edit", "I would edit it first"
        REJECT = "reject", "I would reject"

    OVERRIDING = (Judgement.EDIT, Judgement.REJECT)

    item = models.OneToOneField(RereadingItem, on_delete=models.PROTECT, related_name="rereading")
    judgement = models.CharField(max_length=8, choices=Judgement.choices)
    tag = models.CharField(max_length=30, choices=Tag.choices, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="rereadings"
    )
    by_name = models.CharField(max_length=150)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ("view",)
        indexes = [models.Index(fields=["by", "-at"], name="rereading_of_person")]

    def __str__(self) -> str:
        return f"{self.item}: {self.judgement}"


class RereadingReason(models.Model):
    """What the person typed. Erasable."""

    rereading = models.OneToOneField(Rereading, on_delete=models.PROTECT, related_name="reason")
    text = models.TextField()

    class Meta:
        default_permissions = ()
