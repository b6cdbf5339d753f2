"""The team: members, their past employers and their contacts."""

import re

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q

from leads import normal
from leads.field_values import shared_hosts


class TeamMember(models.Model):
    """A team member, who signs emails and whose past gives warm connections."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    name = models.CharField(max_length=120)
    title = models.CharField(max_length=120, blank=True)
    email = models.EmailField(blank=True, help_text="Where replies and notices for this person go.")
    booking_url = models.CharField(
        max_length=200, blank=True, validators=[URLValidator(["https", "http"])]
    )
    slack_user_id = models.CharField(
        max_length=40, blank=True,
        help_text="Like U012AB3CD, from their profile in Slack. They decide there as their login.",
    )  # fmt: skip
    ghl_user_id = models.CharField(
        "GHL user id", max_length=40, blank=True,
        help_text="Their id at GoHighLevel: leads that are assigned to them there are theirs here.",
    )  # fmt: skip
    is_default_sender = models.BooleanField(default=False)
    notice_order = models.PositiveSmallIntegerField(
        default=0, help_text="Who is told when a HOT email waits: 1 first, 2 next. 0 is never told."
    )
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_default_sender"],
                condition=Q(is_default_sender=True),
                name="one_default_sender",
            )
        ]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.slack_user_id = self.slack_user_id.strip().upper()
        if self.slack_user_id and (why_not := self._why_no_slack_user()):
            raise ValidationError({"slack_user_id": why_not})

    def _why_no_slack_user(self) -> str:
        """Why this Slack user could not decide as this person; "" where they can."""
        if not re.fullmatch(r"[UW][A-Z0-9]{2,39}", self.slack_user_id):
            return f"“{self.slack_user_id}” is no Slack user id; one looks like U012AB3CD."
        others = TeamMember.objects.filter(slack_user_id__iexact=self.slack_user_id)
        if other := others.exclude(pk=self.pk).first():
            return f"{other} has this Slack user id already."
        if self.user_id is None:
            return "Choose their login above first: whoever presses in Slack decides as that user."
        return ""


def _company_domain(typed: str) -> str:
    """The domain of a typed website. Raises ValidationError where it is none of one company."""
    found = shared_hosts.employer_domain(typed)
    if typed and not found:
        raise ValidationError({"domain": f"“{typed}” is no domain of one company."})
    return found


class PastEmployer(models.Model):
    member = models.ForeignKey(TeamMember, on_delete=models.CASCADE, related_name="past_employers")
    company_name = models.CharField(max_length=200)
    domain = models.CharField(max_length=253, blank=True)
    from_year = models.PositiveSmallIntegerField(null=True, blank=True)
    to_year = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="Without both years nobody is told that you were there together.",
    )

    def __str__(self) -> str:
        return f"{self.member}: {self.company_name}"

    def clean(self) -> None:
        self.domain = _company_domain(self.domain)
        if self.from_year and self.to_year and self.to_year < self.from_year:
            raise ValidationError({"to_year": f"It is before {self.from_year}."})


class KnownContact(models.Model):
    member = models.ForeignKey(TeamMember, on_delete=models.CASCADE, related_name="known_contacts")
    name = models.CharField(max_length=200)
    company_name = models.CharField(max_length=200, blank=True)
    domain = models.CharField(max_length=253, blank=True)
    linkedin_key = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True)
    name_key = models.CharField(max_length=200, blank=True, editable=False)
    company_key = models.CharField(max_length=200, blank=True, editable=False)

    class Meta:
        indexes = [
            models.Index(fields=[name], name=f"contact_by_{name}")
            for name in ("linkedin_key", "email", "domain", "name_key", "company_key")
        ]

    def __str__(self) -> str:
        return f"{self.member} knows {self.name}"

    def clean(self) -> None:
        """Normalise what was typed, for it is compared with normalised values."""
        if self.linkedin_key:
            self.linkedin_key = normal.linkedin_key(self.linkedin_key)
            if not self.linkedin_key:
                raise ValidationError({"linkedin_key": "It is no LinkedIn address of a person."})
        if self.email and not normal.clean_email(self.email):
            raise ValidationError({"email": "It is no email address."})
        self.domain = _company_domain(self.domain)
        self.normalise()

    def normalise(self) -> None:
        self.email, self.domain = (
            normal.clean_email(self.email),
            shared_hosts.employer_domain(self.domain),
        )
        self.name_key, self.company_key = (
            normal.person_key(self.name),
            normal.company_key(self.company_name),
        )
