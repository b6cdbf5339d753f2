"""Owner rules, and every change of an owner."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from caio_project.lib.db.append_only import AppendOnly
from leads import owner_rules
from leads.models.team import TeamMember


class OwnerHow(models.TextChoices):
    """The origin of an owner, the strongest first."""

    HAND = owner_rules.HAND, "By hand"
    GHL = owner_rules.GHL, "GoHighLevel"
    RULE = owner_rules.RULE, "By a rule"
    DEFAULT = owner_rules.DEFAULT, "Default sender"


class OwnerRule(models.Model):
    """Which leads a member gets. The first rule that fits counts; an empty condition fits all."""

    name = models.CharField(
        max_length=80, unique=True, help_text="As it is said beside a lead: “East coast”."
    )
    position = models.PositiveSmallIntegerField(
        default=10, help_text="The lowest number is asked first."
    )
    member = models.ForeignKey(
        TeamMember, on_delete=models.PROTECT, related_name="owner_rules", verbose_name="owner"
    )
    active = models.BooleanField("in use", default=True)
    countries = models.JSONField(default=list, blank=True)
    states = models.JSONField(default=list, blank=True)
    industries = models.JSONField(default=list, blank=True)
    domains = models.JSONField(default=list, blank=True)
    employees_from = models.PositiveIntegerField("employees, at least", null=True, blank=True)
    employees_to = models.PositiveIntegerField("employees, at most", null=True, blank=True)
    tiers = models.JSONField(default=list, blank=True)
    sources = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.name

    def in_words(self) -> str:
        lists = {
            "country": self.countries,
            "state": self.states,
            "industry": self.industries,
            "domain": self.domains,
            "": [tier.replace("_", " ") for tier in self.tiers],
            "from": self.sources,
        }
        conditions = [
            f"{label} {' or '.join(values)}".strip() for label, values in lists.items() if values
        ]
        if self.employees_from is not None:
            conditions.append(f"{self.employees_from} people or more")
        if self.employees_to is not None:
            conditions.append(f"{self.employees_to} people at most")
        return "; ".join(conditions) or "everybody"

    def as_rule(self) -> owner_rules.OwnershipRule:
        listed = {name: frozenset(getattr(self, name)) for name in owner_rules.LIST_CONDITIONS}
        return owner_rules.OwnershipRule(
            pk=self.pk or 0,
            member=self.member_id,
            employees_from=self.employees_from,
            employees_to=self.employees_to,
            **listed,
        )


class OwnerChange(AppendOnly):
    """A lead got another owner, or the same owner in another way."""

    lead = models.ForeignKey("leads.Lead", on_delete=models.PROTECT, related_name="owner_changes")
    owner = models.ForeignKey(TeamMember, null=True, on_delete=models.PROTECT, related_name="+")
    how = models.CharField(max_length=8, choices=OwnerHow.choices, blank=True)
    rule = models.ForeignKey(OwnerRule, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["-pk"]
        default_permissions = ("view",)
        permissions = [("assign_owner", "Can give a lead an owner")]

    def __str__(self) -> str:
        return f"{self.lead}: {self.owner or 'nobody'}"


class OwnerRun(models.Model):
    """The rules in force, applied to all leads: started by a Lead, carried out by a sweep."""

    started_at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    after = models.BigIntegerField(default=0, help_text="The last lead that was looked at.")
    looked_at = models.PositiveIntegerField(default=0)
    moved = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"Owners by the rules of {self.started_at:%Y-%m-%d %H:%M}"
