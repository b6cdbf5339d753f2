"""What emails are made from."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.field_values import languages
from leads.scoring_rules import Tier


class Signal(models.TextChoices):
    """What a template may rest on beside its angle, strongest first."""

    WARM_CONNECTION = "warm_connection", "Warm connection"
    WANTS_TO_TALK = "wants_to_talk", "Demo or contact page"
    ASKS_PRICE = "asks_price", "Pricing page"
    CASE_STUDY = "case_study", "Case study"
    HIGH_INTENT_PAGE = "high_intent_page", "High-intent page"
    HIRING = "hiring", "Hiring"
    TECH_STACK = "tech_stack", "Tech stack"


class EmailTemplate(models.Model):
    """One version of one template. A change is a new version; emails point to old ones."""

    key = models.CharField(max_length=60)
    version = models.PositiveIntegerField(default=1)
    tier = models.CharField(max_length=10, choices=Tier.choices)
    angle = models.CharField(
        max_length=40, help_text="What the email speaks of; the score gives it to each lead."
    )
    signal = models.CharField(
        max_length=20,
        choices=Signal.choices,
        blank=True,
        help_text="What must be known besides. Empty: used where no template fits a signal.",
    )
    language = models.CharField(
        max_length=8,
        default=languages.ENGLISH,
        db_default=languages.ENGLISH,
        help_text="People who read another one get it only after a person has looked.",
    )
    name = models.CharField(max_length=120, help_text="What the review desk calls it.")
    subject = models.CharField(max_length=200)
    other_subjects = models.JSONField(
        default=list,
        blank=True,
        help_text="Each email gets the first one that no neighbor in the queue has.",
    )
    body = models.TextField()
    active = models.BooleanField(default=True)
    seeded = models.BooleanField(
        default=False, help_text="From the starting set: a newer one may follow it by itself."
    )
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "version"], name="template_version_once"),
            models.UniqueConstraint(
                fields=["key"], condition=Q(active=True), name="one_active_version"
            ),
        ]
        ordering = ["key", "-version"]

    def __str__(self) -> str:
        return f"{self.key} v{self.version}"

    @property
    def subjects(self) -> list[str]:
        return [self.subject, *self.other_subjects]
