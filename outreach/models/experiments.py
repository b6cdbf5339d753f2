"""A/B tests of a template against a variant: which email got which, and how a test ended."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from caio_project.lib.db.append_only import AppendOnly
from outreach.models.messages import Message
from outreach.models.templates import EmailTemplate


class Experiment(models.Model):
    """One 50/50 test over the next emails of a template. Only a person ends it."""

    class Kind(models.TextChoices):
        SUBJECT = "subject", "Subject"
        CALL_TO_ACTION = "call_to_action", "Call to action"

    class Verdict(models.TextChoices):
        A = "a", "A is better"
        B = "b", "B is better"
        INCONCLUSIVE = "inconclusive", "Inconclusive"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=14, choices=Kind.choices)
    template_key = models.CharField(max_length=60)
    template_a = models.ForeignKey(
        EmailTemplate, on_delete=models.PROTECT, related_name="+", help_text="As it was."
    )
    template_b = models.ForeignKey(
        EmailTemplate, on_delete=models.PROTECT, related_name="+", help_text="The variant."
    )
    size = models.PositiveIntegerField(help_text="Emails, both sides together.")
    assigned = models.PositiveIntegerField(default=0)
    plan = models.JSONField(default=dict, help_text="What was shown before it began.")
    started_at = models.DateTimeField(default=timezone.now)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    verdict = models.CharField(max_length=12, choices=Verdict.choices, blank=True)
    result = models.JSONField(default=dict, help_text="What was counted when it ended.")

    class Meta:
        ordering = ["-pk"]
        default_permissions = ("view",)
        permissions = [("run_experiment", "Can start and end experiments")]
        constraints = [
            models.UniqueConstraint(
                fields=["template_key"],
                condition=Q(ended_at=None),
                name="one_running_test_a_template",
            ),
            models.CheckConstraint(
                condition=Q(assigned__lte=F("size")), name="no_more_assigned_than_planned"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.template_key}"


class Assignment(AppendOnly):
    """The version that one email got when it was drafted. A person always gets the same one."""

    A, B = "a", "b"

    experiment = models.ForeignKey(Experiment, on_delete=models.PROTECT, related_name="assignments")
    message = models.OneToOneField(Message, on_delete=models.PROTECT, related_name="assignment")
    variant = models.CharField(max_length=1, choices=[(A, "A"), (B, "B")])
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.message}: {self.variant}"
