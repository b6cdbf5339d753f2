"""What GoHighLevel is still to be told: after a send, and about opt-outs."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.models import Suppression
from outreach.models.messages import Message


class AfterSend(models.Model):
    """One thing to do at GoHighLevel after an email left: tag the contact, or add it to the
    workflow.
    """

    class What(models.TextChoices):
        TAGS = "tags", "Tag the contact"
        WORKFLOW = "workflow", "Add the contact to the workflow"

    class State(models.TextChoices):
        DUE = "due", "Due"
        ASKING = "asking", "Call under way, or the process died in it"
        DONE = "done", "Done"
        KEPT = "kept", "Kept: the email went into the sandbox"
        DROPPED = "dropped", "Not done any more"
        REFUSED = "refused", "Refused"
        UNCERTAIN = "uncertain", "May be done"

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="after")
    what = models.CharField(max_length=10, choices=What.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DUE)
    not_before = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "thing to do after a send"
        verbose_name_plural = "things to do after a send"
        permissions = [("repeat_aftersend", "Can have GoHighLevel told again")]
        constraints = [models.UniqueConstraint(fields=["message", "what"], name="after_send_once")]
        indexes = [
            models.Index(
                fields=["not_before"],
                name="after_send_due",
                condition=Q(state__in=["due", "asking"]),
            ),
            models.Index(fields=["-created_at"], name="after_send_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.get_what_display()}: {self.get_state_display()}"


class OptOut(models.Model):
    """One stop that GoHighLevel must be told of, tried until it is done."""

    class Outcome(models.TextChoices):
        BLOCKED = "blocked", "Blocked there"
        NOBODY = "nobody", "There is no such contact"
        NOT_LIVE = "not_live", "Not a real person"
        ENDED = "ended", "The stop was taken back before"

    suppression = models.OneToOneField(
        Suppression, on_delete=models.PROTECT, related_name="opt_out"
    )
    not_before = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    told_at = models.DateTimeField(null=True, blank=True, help_text="Empty while it is not done.")
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)

    class Meta:
        verbose_name = "opt-out for GoHighLevel"
        verbose_name_plural = "opt-outs for GoHighLevel"
        indexes = [
            models.Index(fields=["not_before"], name="opt_out_due", condition=Q(told_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.suppression_id}: {self.outcome or 'not told yet'}"
