"""Requests to the language model, their results, and the tokens used on each day."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from outreach.models.messages import Message


class ModelDraft(models.Model):
    """One request to reword or shorten a text. Neither question nor answer is kept here."""

    class Purpose(models.TextChoices):
        REWORD = "reword", "Reword a template's text"
        SHORTER = "shorter", "Shorten, asked by a person"

    class State(models.TextChoices):
        DUE = "due", "To be asked"
        USED = "used", "Written by the model"
        FELL_BACK = "fell_back", "The text before it stands"

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="model_drafts")
    for_version = models.PositiveIntegerField(
        help_text="Of the text that it may follow; of no other."
    )
    purpose = models.CharField(max_length=8, choices=Purpose.choices, default=Purpose.REWORD)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.DUE)
    why = models.CharField(
        max_length=200, blank=True, help_text="Why the text before it stands, as a sentence."
    )
    model = models.CharField(max_length=80, blank=True)
    prompt_version = models.PositiveSmallIntegerField(default=0)
    question_sha256 = models.CharField(max_length=64, blank=True)
    tokens = models.PositiveIntegerField(
        default=0, help_text="As counted there; where it said none, as estimated."
    )
    created_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = "draft by the language model"
        verbose_name_plural = "drafts by the language model"
        constraints = [
            models.UniqueConstraint(
                fields=["message", "for_version", "purpose"], name="model_asked_once_a_text"
            )
        ]
        indexes = [
            models.Index(fields=["created_at"], name="model_draft_due", condition=Q(state="due")),
            models.Index(fields=["-settled_at"], name="model_draft_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.message}: {self.get_state_display()}"


class ModelTokens(models.Model):
    day = models.DateField(primary_key=True)
    used = models.PositiveIntegerField(default=0)
    used_up = models.BooleanField(
        default=False, help_text="Whether the last who asked was refused."
    )

    class Meta:
        verbose_name_plural = "model tokens"

    def __str__(self) -> str:
        return f"{self.day}: {self.used}"
