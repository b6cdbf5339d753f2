"""Who they are, why they might care, and whether we may speak to them.

Inbound events keep the raw body (personal, erasable); visits append; leads and companies are upserted; suppressions
say no with a reason.
"""

import secrets
import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import URLValidator
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

from caio_project.lib.models import Counter
from leads import normal, scoring


class Kind(models.TextChoices):
    """What sort of person a lead is. Only `live` ones can ever be written to."""

    LIVE = "live", "Live"
    TEST = "test", "Test visitor"
    EXAMPLE = "example", "Example visitor"
    TRAINING = "training", "Training"


class InboundEvent(models.Model):
    """A body as it came in, stored before anybody looks at it."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        PROCESSED = "processed", "Processed"
        PARKED = "parked", "Parked"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    source = models.CharField(max_length=20)
    body_sha256 = models.CharField(max_length=64)
    body = models.BinaryField(help_text="Personal. Blank after an erasure.")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.LIVE)
    received_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it is parked, for a person to read.")
    deliveries = models.PositiveIntegerField(default=1)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    processed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "body_sha256"], name="inbound_event_once")]
        indexes = [
            models.Index(fields=["not_before"], name="inbound_event_due", condition=Q(state="waiting")),
            models.Index(fields=["state", "received_at"], name="inbound_event_by_state"),
            models.Index(fields=["-received_at"], name="inbound_event_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.received_at:%Y-%m-%d %H:%M:%S}"


class TeamMember(models.Model):
    """One of us: who signs an email, and whose past gives a warm connection."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    name = models.CharField(max_length=120)
    title = models.CharField(max_length=120, blank=True)
    email = models.EmailField(blank=True, help_text="Where replies and notices for this person go.")
    booking_url = models.CharField(max_length=200, blank=True, validators=[URLValidator(["https", "http"])])
    slack_user_id = models.CharField(max_length=40, blank=True)
    ghl_user_id = models.CharField(max_length=40, blank=True)
    is_default_sender = models.BooleanField(default=False)
    notice_order = models.PositiveSmallIntegerField(
        default=0, help_text="Who is told when a HOT email waits: 1 first, 2 next. 0 is never told."
    )
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_default_sender"], condition=Q(is_default_sender=True), name="one_default_sender"
            )
        ]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PastEmployer(models.Model):
    """Where a team member worked before, and when."""

    member = models.ForeignKey(TeamMember, on_delete=models.CASCADE, related_name="past_employers")
    company_name = models.CharField(max_length=200)
    domain = models.CharField(max_length=253, blank=True)
    from_year = models.PositiveSmallIntegerField(null=True, blank=True)
    to_year = models.PositiveSmallIntegerField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.member}: {self.company_name}"


class KnownContact(models.Model):
    """Somebody a team member knows."""

    member = models.ForeignKey(TeamMember, on_delete=models.CASCADE, related_name="known_contacts")
    name = models.CharField(max_length=200)
    company_name = models.CharField(max_length=200, blank=True)
    domain = models.CharField(max_length=253, blank=True)
    linkedin_key = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True)

    def __str__(self) -> str:
        return f"{self.member} knows {self.name}"

    def clean(self) -> None:
        """What people type is compared with normalised values, so it is normalised here."""
        if self.linkedin_key:
            key = self.linkedin_key.strip().lower()
            self.linkedin_key = key if key.startswith("in/") else normal.linkedin_key(key)
            if not self.linkedin_key:
                raise ValidationError({"linkedin_key": "It is no LinkedIn address of a person."})
        self.email = normal.email(self.email) if self.email else ""


class PageTrigger(models.Model):
    """What a page says about intent. The first active trigger by priority that matches the path counts."""

    label = models.CharField(max_length=80)
    pattern = models.CharField(max_length=200, help_text="Of the path only; * is any text: /pricing*")
    category = models.CharField(max_length=40)
    points = models.PositiveSmallIntegerField()
    angle = models.CharField(max_length=40, blank=True)
    topic = models.CharField(max_length=80, blank=True, help_text='Reads well after "reading about".')
    priority = models.PositiveSmallIntegerField(default=100)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["priority", "pk"]

    def __str__(self) -> str:
        return f"{self.label} ({self.pattern})"


class Company(models.Model):
    """One company for each registrable domain; without a domain, for each normalised name."""

    domain = models.CharField(max_length=253, null=True, blank=True, unique=True)
    name = models.CharField(max_length=200, blank=True)
    name_key = models.CharField(max_length=200, blank=True)
    industry = models.CharField(max_length=120, blank=True)
    employees = models.CharField(max_length=40, blank=True, help_text="As it was told: a number or a band.")
    employees_from = models.PositiveIntegerField(null=True, blank=True, help_text="The lower end; empty is unknown.")
    revenue = models.CharField(max_length=80, blank=True)
    linkedin_url = models.CharField(max_length=500, blank=True)
    city = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=100, blank=True)
    technologies = models.JSONField(default=list, blank=True)
    open_roles = models.PositiveIntegerField(null=True, blank=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.LIVE)
    sources = models.JSONField(default=dict, blank=True, help_text="Field: where it came from and when.")
    enriched_at = models.DateTimeField(null=True, blank=True, help_text="When Clay last answered what we asked of it.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "companies"
        constraints = [
            models.UniqueConstraint(
                fields=["name_key"], condition=Q(domain=None) & ~Q(name_key=""), name="company_name_once_without_domain"
            )
        ]

    def __str__(self) -> str:
        return self.name or self.domain or "unknown company"


class People(models.Manager["Lead"]):
    """Leads that stand for a person: those that became part of another are left out, wherever nobody asks for them."""

    def get_queryset(self) -> models.QuerySet["Lead"]:
        return super().get_queryset().filter(merged_into=None)


class Lead(models.Model):
    """One person. A lead that turned out to be somebody we knew points to them and is kept for what points to it."""

    class Address(models.TextChoices):
        USABLE = "usable", "Usable"
        NONE = "no_address", "No address to write to"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.LIVE)
    email = models.CharField(max_length=254, null=True, blank=True, unique=True, help_text="Normalised.")
    email_verified = models.BooleanField(default=False)
    email_invalid = models.BooleanField(default=False, help_text="Clay says that the address does not exist.")
    personal_email = models.CharField(max_length=254, blank=True, db_index=True, help_text="Known, not to be used.")
    address = models.CharField(max_length=12, choices=Address.choices, default=Address.NONE)
    linkedin_key = models.CharField(
        max_length=200, null=True, blank=True, unique=True, help_text="in/name, normalised."
    )
    first_name = models.CharField(max_length=100, blank=True)
    last_name = models.CharField(max_length=100, blank=True)
    title = models.CharField(max_length=200, blank=True)
    company = models.ForeignKey(Company, null=True, blank=True, on_delete=models.SET_NULL, related_name="leads")
    city = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=2, blank=True)
    past_employers = models.JSONField(default=list, blank=True, help_text="[{name, domain, from_year, to_year}]")
    owner = models.ForeignKey(TeamMember, null=True, blank=True, on_delete=models.SET_NULL)
    sources = models.JSONField(default=dict, blank=True, help_text="Field: where it came from and when.")
    first_seen_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)
    score = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Of the newest assessment.")
    tier = models.CharField(max_length=10, blank=True, help_text="Of the newest assessment.")
    needs_assessment_at = models.DateTimeField(null=True, blank=True, help_text="Set when something new is known.")
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="parts", editable=False,
        help_text="The lead that this one turned out to be; never one that is merged away itself.",
    )  # fmt: skip

    objects: ClassVar[People] = People()
    rows: ClassVar[models.Manager["Lead"]] = models.Manager()  # those merged away as well

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(merged_into=F("pk")), name="lead_is_not_its_own_part")]
        indexes = [
            models.Index(
                fields=["needs_assessment_at"], name="lead_due", condition=Q(needs_assessment_at__isnull=False)
            ),
            models.Index(fields=["-last_seen_at", "-id"], name="lead_newest"),
            models.Index(fields=["-score", "-id"], name="lead_hottest"),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.linkedin_key or f"lead {self.pk}"

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def is_deliverable(self) -> bool:
        """False for example, training and test people: they cannot be written to, by type."""
        return self.kind == Kind.LIVE


class Merge(models.Model):
    """Two leads that are one person, or may be: which two, what showed it, who decided, and what became of each field.

    Pairs are kept apart for good by a person's word: a merge that was undone or declined is not made again by itself.
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
    doubt = models.CharField(max_length=300, blank=True, help_text="Why it waited for a person. Personal.")
    noticed_at = models.DateTimeField(default=timezone.now)
    merged_at = models.DateTimeField(null=True, blank=True)
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    reason = models.CharField(max_length=300, blank=True, help_text="What the person typed. Erasable.")
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When it was undone or declined.")
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    ended_reason = models.CharField(max_length=300, blank=True, help_text="What the person typed. Erasable.")
    fields = models.JSONField(
        default=dict, blank=True, help_text="{field: {survivor, loser, after}}, each [value, source]. Personal."
    )
    moved = models.JSONField(default=dict, blank=True, help_text="{table: ids} that the survivor took over.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["loser"], condition=Q(state="merged"), name="merged_away_once"),
            models.UniqueConstraint(
                fields=["survivor", "loser"], condition=Q(state="proposed"), name="one_open_proposal_per_pair"
            ),
            models.CheckConstraint(condition=~Q(survivor=F("loser")), name="merge_is_of_two"),
        ]
        permissions = [("decide_merge", "Can merge leads, keep them apart and undo a merge")]

    def __str__(self) -> str:
        return f"{self.survivor_id} and {self.loser_id}: {self.get_state_display()}"


class Visit(models.Model):
    """One page view of one person or company; appended, never changed."""

    event = models.OneToOneField(InboundEvent, null=True, on_delete=models.SET_NULL, related_name="visit")
    event_key = models.CharField(max_length=64, unique=True, help_text="Derived, for RB2B sends no event id.")
    lead = models.ForeignKey(Lead, null=True, blank=True, on_delete=models.CASCADE, related_name="visits")
    company = models.ForeignKey(Company, null=True, blank=True, on_delete=models.CASCADE, related_name="visits")
    url = models.CharField(max_length=1000, blank=True)
    path = models.CharField(max_length=500, blank=True)
    referrer = models.CharField(max_length=1000, blank=True)
    is_repeat = models.BooleanField(default=False)
    seen_at = models.DateTimeField()
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["lead", "-seen_at"], name="visit_of_lead"),
            models.Index(fields=["company", "-seen_at"], name="visit_of_company"),
        ]

    def __str__(self) -> str:
        return f"{self.path or '/'} {self.seen_at:%Y-%m-%d %H:%M}"


class Suppression(models.Model):
    """An address, a domain or a person we must not write to. Rows are added and expire; a merge never lifts one."""

    class Scope(models.TextChoices):
        ADDRESS = "address", "Address"
        DOMAIN = "domain", "Domain"
        PERSON = "person", "Person"
        ADDRESS_HASH = "address_hash", "Erased address"

    class Reason(models.TextChoices):
        UNSUBSCRIBED = "unsubscribed", "Unsubscribed"
        BOUNCED = "bounced", "Hard bounce"
        COMPLAINED = "complained", "Complained of spam"
        INVALID = "invalid", "Invalid address"
        CUSTOMER = "customer", "Customer"
        COMPETITOR = "competitor", "Competitor"
        OWN_DOMAIN = "own_domain", "Our own domain"
        PERSONAL = "personal", "Personal mailbox"
        ROLE = "role", "Role mailbox"
        DISPOSABLE = "disposable", "Disposable mailbox"
        ERASED = "erased", "Erased person"
        MANUAL = "manual", "By hand"

    scope = models.CharField(max_length=14, choices=Scope.choices)
    value = models.CharField(max_length=254, help_text="Normalised address, domain, lead id or hash.")
    reason = models.CharField(max_length=14, choices=Reason.choices)
    source = models.CharField(max_length=40, help_text="Who or what said so.")
    lead = models.ForeignKey(Lead, null=True, blank=True, on_delete=models.SET_NULL, related_name="suppressions")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope", "value", "reason"], name="suppression_once"),
        ]

    def __str__(self) -> str:
        return f"{self.value}: {self.get_reason_display()}"

    def clean(self) -> None:
        """A row in another spelling would never match, so what people type is normalised or refused."""
        forms = {self.Scope.ADDRESS: normal.email, self.Scope.DOMAIN: normal.host}
        if (form := forms.get(self.Scope(self.scope)) if self.scope in self.Scope.values else None) is not None:
            self.value = form(self.value)
            if not self.value:
                raise ValidationError({"value": f"It is no {self.get_scope_display().lower()}."})


def new_request_id() -> str:
    """Unguessable: it is the callback's proof that it answers a question of ours."""
    return f"enr_{secrets.token_urlsafe(24)}"


class Enrichment(models.Model):
    """One question to Clay about one lead."""

    class State(models.TextChoices):
        DUE = "due", "Due"
        REQUESTED = "requested", "Waiting for Clay"
        SETTLED = "settled", "Settled"

    class Outcome(models.TextChoices):
        ANSWERED = "answered", "Answered"
        PARTIAL = "partial", "Went on with partial data"
        LATE = "late", "Answered late"
        SKIPPED = "skipped", "Not asked"
        FAILED = "failed", "Push failed"

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="enrichments")
    request_id = models.CharField(max_length=60, unique=True, default=new_request_id)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DUE)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    not_before = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    requested_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    gained = models.JSONField(default=list, blank=True, help_text="Fields that the answer brought.")
    asks_person = models.BooleanField(default=True)
    asks_company = models.BooleanField(default=True)
    company_known_at = models.DateTimeField(
        null=True, blank=True, help_text="When Clay said what it was not asked again about the company."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lead"], condition=~Q(state="settled"), name="one_open_enrichment_per_lead")
        ]
        indexes = [
            models.Index(fields=["state", "not_before"], name="enrichment_due", condition=~Q(state="settled")),
            models.Index(fields=["lead", "-created_at"], name="enrichment_of_lead"),
            models.Index(fields=["settled_at"], name="enrichment_settled"),
            models.Index(fields=["-requested_at"], name="enrichment_requested"),
            models.Index(fields=["-answered_at"], name="enrichment_answered"),
        ]

    def __str__(self) -> str:
        return f"{self.lead}: {self.get_state_display()}"


class Assessment(models.Model):
    """What we make of a lead at one moment: the score, its points and reasons, the fit. A newer one replaces it."""

    seq = models.BigIntegerField(unique=True, help_text="Increasing in the order of commits; what drafting reads by.")
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="assessments")
    made_at = models.DateTimeField(default=timezone.now)
    rules_version = models.CharField(max_length=20)
    intent = models.PositiveSmallIntegerField()
    reasons = models.JSONField(help_text="[{code, points, text}]; the points add up to the score.")
    icp = models.PositiveSmallIntegerField()
    icp_reasons = models.JSONField(default=list)
    tier = models.CharField(max_length=10)
    angle = models.CharField(max_length=40)
    topic = models.CharField(max_length=80, blank=True)
    warm = models.JSONField(null=True, blank=True, help_text="{member, company, sentence} of the best connection.")

    class Meta:
        indexes = [models.Index(fields=["lead", "-seq"], name="assessment_of_lead")]
        ordering = ["-seq"]

    def __str__(self) -> str:
        return f"{self.lead}: {self.intent}"


class ScoringRules(models.Model):
    """A version of the rules of the score. Drafts are edited; what was published stays, for assessments name it."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        RETIRED = "retired", "Retired"

    version = models.PositiveIntegerField(unique=True, editable=False)
    name = models.CharField(max_length=120, help_text="What is different in it, and why.")
    rules = models.JSONField(help_text="Words are plain text, found as whole words; a pattern in them means nothing.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    marked_to = models.BigIntegerField(
        null=True, blank=True, editable=False, help_text="Leads up to this id wait for a new score; empty: all do."
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
        """Of drafts only; `leads.rules.publish` is the way out of being one."""
        with transaction.atomic():
            self._only_drafts()
            if self._state.adding and self.version is None:
                self.version = Counter.next("scoring_rules")
            if isinstance(self.rules, dict):
                self.rules = {name: value for name, value in self.rules.items() if name != "version"}
            super().save(*args, **kwargs)

    def clean(self) -> None:
        try:
            scoring.Rules.parse(self.rules)
        except scoring.BadRules as error:
            raise ValidationError({"rules": [f"{name}: {text}." for name, text in error.errors]}) from error

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        with transaction.atomic():
            self._only_drafts()
            return super().delete(*args, **kwargs)

    def parsed(self) -> scoring.Rules:
        """Raises scoring.BadRules."""
        return scoring.Rules.parse(self.rules, version=str(self.version))

    def _only_drafts(self) -> None:
        stored = type(self).objects.select_for_update().filter(pk=self.pk).values_list("state", flat=True).first()
        if self.state != self.State.DRAFT or stored not in (None, self.State.DRAFT):
            raise PermissionDenied("Rules that were published do not change; copy them as a draft.")


class Switch(models.Model):
    """A switch that takes effect at once, and who threw it."""

    name = models.CharField(max_length=40, primary_key=True)
    on = models.BooleanField(default=True)
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)

    def __str__(self) -> str:
        return f"{self.name}: {'on' if self.on else 'off'}"


class RateWindow(models.Model):
    """How many calls to one vendor were claimed in the current window, by all workers together."""

    vendor = models.CharField(max_length=20, primary_key=True)
    window = models.BigIntegerField(default=0)
    used = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.vendor}: {self.used}"


class Breaker(models.Model):
    """Whether a vendor is asked at all: one row, shared by all workers and seen on the status pages."""

    vendor = models.CharField(max_length=20, primary_key=True)
    failures = models.PositiveIntegerField(default=0, help_text="Pushes that failed in a row.")
    opened_at = models.DateTimeField(null=True, blank=True, help_text="Empty while it is closed.")
    probe_at = models.DateTimeField(null=True, blank=True, help_text="When one request may try again.")
    openings = models.PositiveIntegerField(default=0, help_text="In a row: each waits longer for its probe.")
    reason = models.CharField(max_length=300, blank=True)
    changed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.vendor}: {'open' if self.opened_at else 'closed'}"


class Budget(models.Model):
    """How many submissions one webhook of a vendor has had in its life, by all workers together."""

    key = models.CharField(max_length=80, primary_key=True, help_text="Vendor and a hash of the webhook's address.")
    used = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.key}: {self.used}"


class Alarm(models.Model):
    """Something below that a person must know. Open until it is over; told by approvals, once for each opening."""

    key = models.CharField(max_length=80, help_text="What is wrong, such as clay:breaker.")
    text = models.CharField(max_length=300)
    opened_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=Q(closed_at=None), name="one_open_alarm_per_key")
        ]
        indexes = [models.Index(fields=["-opened_at"], name="alarm_newest")]

    def __str__(self) -> str:
        return self.text


def sourced(source: str, at: Any = None) -> dict[str, str]:
    """What `sources` keeps for one field."""
    return {"source": source, "at": (at or timezone.now()).isoformat()}
