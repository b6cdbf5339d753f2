"""Leads, their companies and visits, and merges of leads."""

import uuid
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Subquery
from django.db.models.functions import Coalesce, Lower
from django.utils import timezone

from leads.models.companies import Company
from leads.models.events import InboundEvent, Kind
from leads.models.owners import OwnerHow, OwnerRule
from leads.models.team import TeamMember
from leads.scoring_rules import Tier

PERSON_FIELDS = ("email", "personal_email", "linkedin_key", "first_name", "last_name", "title")


def field_source(source: str, at: Any = None) -> dict[str, str]:
    return {"source": source, "at": (at or timezone.now()).isoformat()}


class LeadManager(models.Manager["Lead"]):
    """Leaves out leads that were merged into another one."""

    def get_queryset(self) -> models.QuerySet["Lead"]:
        return super().get_queryset().filter(merged_into=None)


def person_of(pk: Any) -> Subquery:
    """The id of the lead that row `pk` was merged into, or `pk`, as a subquery.

    Compare it with `=`: then it is evaluated once and looked up by index. `IN (subquery) OR ...`
    reads the whole table.
    """
    rows = Lead.rows.filter(pk=pk).order_by()
    return Subquery(rows.values(person=Coalesce("merged_into_id", "pk"))[:1])


class Lead(models.Model):
    """One person. A merged lead points to the surviving one and is kept for its references."""

    class Address(models.TextChoices):
        USABLE = "usable", "Usable"
        NONE = "no_address", "No address to write to"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.LIVE)
    email = models.CharField(
        max_length=254, null=True, blank=True, unique=True, help_text="Normalised."
    )
    email_verified = models.BooleanField(default=False)
    email_invalid = models.BooleanField(
        default=False, help_text="Clay says that the address does not exist."
    )
    personal_email = models.CharField(
        max_length=254, blank=True, db_index=True, help_text="Known, not to be used."
    )
    address = models.CharField(max_length=12, choices=Address.choices, default=Address.NONE)
    linkedin_key = models.CharField(
        max_length=200, null=True, blank=True, unique=True, help_text="in/name, normalised."
    )
    first_name = models.CharField(max_length=100, blank=True)
    last_name = models.CharField(max_length=100, blank=True)
    title = models.CharField(max_length=200, blank=True)
    company = models.ForeignKey(
        Company, null=True, blank=True, on_delete=models.SET_NULL, related_name="leads"
    )
    city = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=2, blank=True)
    past_employers = models.JSONField(
        default=list, blank=True, help_text="[{name, domain, from_year, to_year}]"
    )
    owner = models.ForeignKey(TeamMember, null=True, blank=True, on_delete=models.SET_NULL)
    owner_how = models.CharField(max_length=8, choices=OwnerHow.choices, blank=True)
    owner_rule = models.ForeignKey(
        OwnerRule, null=True, blank=True, on_delete=models.PROTECT, related_name="leads"
    )
    owner_facts = models.CharField(
        max_length=16, blank=True, help_text="A mark of what the rules had read."
    )
    ghl_assigned_to = models.CharField(
        max_length=60, blank=True, help_text="GoHighLevel's user, as it last said."
    )
    sources = models.JSONField(
        default=dict, blank=True, help_text="Field: where it came from and when."
    )
    first_seen_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)
    score = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Of the newest assessment."
    )
    tier = models.CharField(
        max_length=10, choices=Tier.choices, blank=True, help_text="Of the newest assessment."
    )
    needs_assessment_at = models.DateTimeField(
        null=True, blank=True, help_text="Set when something new is known."
    )
    draft_due_at = models.DateTimeField(
        null=True, blank=True, help_text="Set by a new assessment, until drafting has looked at it."
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)
    merged_into = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="parts",
        editable=False,
        help_text="The lead that this one turned out to be; never one that is merged away itself.",
    )

    objects: ClassVar[LeadManager] = LeadManager()
    rows: ClassVar[models.Manager["Lead"]] = models.Manager()  # merged leads as well

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(merged_into=F("pk")), name="lead_is_not_its_own_part"
            )
        ]
        indexes = [
            models.Index(
                fields=["needs_assessment_at"],
                name="lead_due",
                condition=Q(needs_assessment_at__isnull=False),
            ),
            models.Index(
                fields=["draft_due_at"],
                name="lead_to_draft",
                condition=Q(draft_due_at__isnull=False),
            ),
            models.Index(fields=["-last_seen_at", "-id"], name="lead_newest"),
            models.Index(fields=["-score", "-id"], name="lead_hottest"),
            models.Index(
                fields=["ghl_assigned_to"],
                name="lead_of_ghl_user",
                condition=~Q(ghl_assigned_to=""),
            ),
            models.Index(Lower("last_name"), Lower("first_name"), name="lead_by_name"),
        ]

    def __str__(self) -> str:
        called = self.name or self.email or self.linkedin_key or f"lead {self.pk}"
        return f"{called}{self.kind_mark}"

    @property
    def kind_mark(self) -> str:
        """Stands behind the name of whoever is no real person: " (example)"."""
        return "" if self.kind == Kind.LIVE else f" ({self.kind})"

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def came_by(self) -> str:
        """The first source of personal data: rb2b, api, import, ghl, history; "" if unknown."""
        entries = [one for name, one in self.sources.items() if name in PERSON_FIELDS]
        if not entries:
            return ""
        return min(entries, key=lambda one: datetime.fromisoformat(one["at"]))["source"]

    @property
    def is_deliverable(self) -> bool:
        """False for example, training and test leads, which are never emailed."""
        return self.kind == Kind.LIVE

    def correlation_id(self, until: datetime | None = None) -> str:
        """Of the newest visit, until then where a time is given; else the lead's own public id."""
        visits = Visit.objects.filter(lead=self.pk, event__isnull=False)
        if until is not None:
            visits = visits.filter(received_at__lte=until)
        newest = visits.order_by("-received_at", "-pk").values_list("event__public_id", flat=True)
        return str(newest.first() or self.public_id)


class Merge(models.Model):
    """Two leads that are, or may be, one person: the evidence, the decision and the fields.

    A merge that was undone or declined is never made again automatically.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", "Waiting for a person"
        MERGED = "merged", "Merged"
        UNDONE = "undone", "Undone"
        DECLINED = "declined", "Kept apart"

    survivor = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="merges")
    loser = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="merges_away")
    state = models.CharField(max_length=10, choices=State.choices)
    source = models.CharField(max_length=20, help_text="What showed it: rb2b, clay … or a person.")
    doubt = models.CharField(
        max_length=300, blank=True, help_text="Why it waited for a person. Personal."
    )
    noticed_at = models.DateTimeField(default=timezone.now)
    merged_at = models.DateTimeField(null=True, blank=True)
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    reason = models.CharField(
        max_length=300, blank=True, help_text="What the person typed. Erasable."
    )
    ended_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was undone or declined."
    )
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    ended_reason = models.CharField(
        max_length=300, blank=True, help_text="What the person typed. Erasable."
    )
    fields = models.JSONField(
        default=dict,
        blank=True,
        help_text="{field: {survivor, loser, after}}, each [value, source]. Personal.",
    )
    moved = models.JSONField(
        default=dict, blank=True, help_text="{table: ids} that the survivor took over."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["loser"], condition=Q(state="merged"), name="merged_away_once"
            ),
            models.UniqueConstraint(
                fields=["survivor", "loser"],
                condition=Q(state="proposed"),
                name="one_open_proposal_per_pair",
            ),
            models.CheckConstraint(condition=~Q(survivor=F("loser")), name="merge_is_of_two"),
        ]
        permissions = [("decide_merge", "Can merge leads, keep them apart and undo a merge")]

    def __str__(self) -> str:
        return f"{self.survivor_id} and {self.loser_id}: {self.get_state_display()}"


class Visit(models.Model):
    """One page view of a person or a company; appended, never changed."""

    event = models.OneToOneField(
        InboundEvent, null=True, on_delete=models.SET_NULL, related_name="visit"
    )
    event_key = models.CharField(
        max_length=64, unique=True, help_text="Derived, for RB2B sends no event id."
    )
    lead = models.ForeignKey(
        Lead, null=True, blank=True, on_delete=models.CASCADE, related_name="visits"
    )
    company = models.ForeignKey(
        Company, null=True, blank=True, on_delete=models.CASCADE, related_name="visits"
    )
    url = models.CharField(max_length=1000, blank=True)
    path = models.CharField(max_length=500, blank=True)
    referrer = models.CharField(max_length=1000, blank=True)
    visitor_id = models.CharField(
        max_length=100,
        blank=True,
        default="",
        db_default="",
        help_text="The visitor's id in RB2B's older bodies; Clay may answer by it.",
    )
    is_repeat = models.BooleanField(default=False)
    seen_at = models.DateTimeField()
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["lead", "-seen_at"], name="visit_of_lead"),
            models.Index(fields=["company", "-seen_at"], name="visit_of_company"),
            models.Index(fields=["received_at"], name="visit_by_receipt"),
            models.Index(
                fields=["visitor_id"], name="visit_by_visitor_id", condition=~Q(visitor_id="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.path or '/'} {self.seen_at:%Y-%m-%d %H:%M}"
