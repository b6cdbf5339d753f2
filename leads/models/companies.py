"""Companies that visitors work for."""

import re

from django.db import models
from django.db.models import Q
from django.utils import timezone

from leads.models.events import Kind


class Company(models.Model):
    """One row for each registrable domain; without a domain, for each normalised name."""

    domain = models.CharField(max_length=253, null=True, blank=True, unique=True)
    name = models.CharField(max_length=200, blank=True)
    name_key = models.CharField(max_length=200, blank=True)
    industry = models.CharField(max_length=120, blank=True)
    employees = models.CharField(
        max_length=40, blank=True, help_text="As it was told: a number or a band."
    )
    employees_from = models.PositiveIntegerField(
        null=True, blank=True, help_text="The lower end; empty is unknown."
    )
    revenue = models.CharField(max_length=80, blank=True)
    linkedin_url = models.CharField(max_length=500, blank=True)
    city = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=100, blank=True)
    technologies = models.JSONField(default=list, blank=True)
    open_roles = models.PositiveIntegerField(null=True, blank=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.LIVE)
    sources = models.JSONField(
        default=dict, blank=True, help_text="Field: where it came from and when."
    )
    enriched_at = models.DateTimeField(
        null=True, blank=True, help_text="When Clay last answered what we asked of it."
    )
    created_at = models.DateTimeField(default=timezone.now)
    people_due_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Set when something new is known that changes the score of its people.",
    )

    class Meta:
        verbose_name_plural = "companies"
        constraints = [
            models.UniqueConstraint(
                fields=["name_key"],
                condition=Q(domain=None) & ~Q(name_key=""),
                name="company_name_once_without_domain",
            )
        ]
        indexes = [
            models.Index(fields=["name_key"], name="company_by_name"),
            models.Index(
                fields=["people_due_at"],
                name="company_due",
                condition=Q(people_due_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.domain or "unknown company"

    @property
    def people_words(self) -> str:
        """How many work there, as it was told: "201-500 people"; "" where nobody told."""
        told = re.sub(r"\s*\b(employees|people|staff|fte)\W*$", "", self.employees, flags=re.I)
        return f"{told} people" if told else ""
