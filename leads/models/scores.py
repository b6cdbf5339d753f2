"""Assessments of leads, and the versions of the scoring rules."""

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from caio_project.lib.models import Counter
from leads.models.people import Lead
from leads.scoring_rules import Rules, Tier, parse_rules


class Assessment(models.Model):
    """The score and fit of a lead at one moment, with reasons. A newer one replaces it."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="assessments")
    made_at = models.DateTimeField(default=timezone.now)
    rules_version = models.CharField(max_length=20)
    intent = models.PositiveSmallIntegerField()
    reasons = models.JSONField(help_text="[{code, points, text}]; the points add up to the score.")
    icp = models.PositiveSmallIntegerField()
    icp_reasons = models.JSONField(default=list)
    tier = models.CharField(max_length=10, choices=Tier.choices)
    angle = models.CharField(max_length=40)
    topic = models.CharField(max_length=80, blank=True)
    warm = models.JSONField(
        null=True, blank=True, help_text="The strongest connection, by leads.scoring.connections."
    )

    class Meta:
        indexes = [
            models.Index(fields=["lead", "-id"], name="assessment_of_lead"),
            models.Index(fields=["made_at"], name="assessment_by_time"),
        ]
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.lead}: {self.intent}"


class ScoringRules(models.Model):
    """A version of the scoring rules. Published ones stay, for assessments refer to them."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        RETIRED = "retired", "Retired"

    version = models.PositiveIntegerField(unique=True, editable=False)
    name = models.CharField(max_length=120, help_text="What is different in it, and why.")
    rules = models.JSONField(
        help_text="Words are plain text, found as whole words; a pattern in them means nothing."
    )
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.DRAFT, editable=False
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
    )
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
    )
    marked_to = models.BigIntegerField(
        null=True,
        blank=True,
        editable=False,
        help_text="Leads up to this id wait for a new score; empty: all do.",
    )

    class Meta:
        verbose_name = verbose_name_plural = "scoring rules"
        ordering = ["-version"]
        permissions = [("publish_scoringrules", "Can publish scoring rules")]
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="published"), name="one_published_scoring_rules"
            )
        ]

    def __str__(self) -> str:
        return f"{self.version}: {self.name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save a draft; publishing is done by `rule_versions.publish_rules` alone."""
        with transaction.atomic():
            self._only_drafts()
            if self._state.adding and self.version is None:
                self.version = Counter.next("scoring_rules")
            if isinstance(self.rules, dict):
                self.rules = {
                    name: value for name, value in self.rules.items() if name != "version"
                }
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        with transaction.atomic():
            self._only_drafts()
            return super().delete(*args, **kwargs)

    def parsed(self) -> Rules:
        return parse_rules(self.rules, version=str(self.version))

    def _only_drafts(self) -> None:
        stored = (
            type(self)
            .objects.select_for_update()
            .filter(pk=self.pk)
            .values_list("state", flat=True)
            .first()
        )
        if self.state != self.State.DRAFT or stored not in (None, self.State.DRAFT):
            raise PermissionDenied("Rules that were published do not change; copy them as a draft.")
