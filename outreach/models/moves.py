"""Every change of an email's state, and what a person typed about it."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from caio_project.lib.db.append_only import AppendOnly
from outreach.models.messages import Message


class Move(AppendOnly):
    """One change of state of one email, written in the transaction of the change."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="moves")
    from_status = models.CharField(max_length=10)
    to_status = models.CharField(max_length=10)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    why = models.CharField(max_length=60, help_text="A code, never typed text.")
    tag = models.CharField(max_length=30, blank=True)
    version = models.PositiveIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["to_status", "-at"], name="move_by_status"),
            models.Index(fields=["from_status", "-at"], name="move_by_origin"),
        ]
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.from_status} -> {self.to_status}"


class MoveReason(models.Model):
    """What a person typed about a move. Erasable; drafting and checks read it."""

    move = models.OneToOneField(Move, on_delete=models.PROTECT, related_name="reason")
    text = models.TextField()
