"""What is allowed now, and who changed it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from caio_project.lib.db.append_only import AppendOnly
from leads.models import TeamMember
from outreach.choices import Phase


class Control(models.Model):
    """The one row of what is allowed now, read by sending and by every page."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    phase = models.CharField(max_length=12, choices=Phase.choices, default=Phase.PARALLEL)
    phase_since = models.DateTimeField(default=timezone.now)
    phase_by = models.CharField(max_length=150, default="installation")
    phase_reason = models.TextField(default="A new installation starts here.")
    auto_approve = models.BooleanField(default=False)
    auto_max_intent = models.PositiveSmallIntegerField(
        default=40, help_text="The machine approves only under it."
    )
    auto_no_warm_connections = models.BooleanField(default=True)
    halted = models.BooleanField(default=False)
    halted_at = models.DateTimeField(null=True, blank=True)
    halted_by = models.CharField(max_length=150, blank=True)
    halt_reason = models.TextField(blank=True)
    away_until = models.DateTimeField(
        null=True, blank=True, help_text="GoHighLevel cannot be used before."
    )
    away_for = models.CharField(max_length=300, blank=True)
    away_failures = models.PositiveSmallIntegerField(
        default=0, help_text="Since it last took an email."
    )

    rest_until = models.DateTimeField(
        null=True, blank=True, help_text="A guardrail lets nothing be sent before."
    )
    rest_for = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="control_is_one_row")]
        permissions = [
            ("halt", "Can halt sending"),
            ("resume", "Can resume sending"),
            ("promote", "Can change the phase"),
            ("auto_approve", "Can turn automatic approval on"),
        ]

    def __str__(self) -> str:
        return self.phase


class CheckBasis(models.Model):
    """The one row of what blocked drafts were last checked against."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    mark = models.CharField(max_length=64)
    since = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="check_basis_is_one_row")]
        default_permissions = ()

    def __str__(self) -> str:
        return self.mark[:12]


class ControlChange(AppendOnly):
    """A change of phase, halt or switch: who, when, what. The typed reason is a row of its own."""

    what = models.CharField(max_length=20)
    before = models.CharField(max_length=20)
    after = models.CharField(max_length=20)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    by_name = models.CharField(max_length=150)
    override = models.BooleanField(default=False)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.what}: {self.before} -> {self.after}"


class ControlReason(models.Model):
    change = models.OneToOneField(ControlChange, on_delete=models.PROTECT, related_name="reason")
    text = models.TextField()


class ApprovalRule(models.Model):
    """A segment whose emails a person decides. It takes approvals from the machine and gives none.

    All conditions that are filled in must hold. A rule is never changed, only ended.
    """

    name = models.CharField(max_length=80, unique=True)
    templates = models.JSONField(default=list, blank=True, help_text="Keys of templates.")
    tiers = models.JSONField(default=list, blank=True)
    industries = models.JSONField(default=list, blank=True, help_text="Words of an industry.")
    countries = models.JSONField(default=list, blank=True, help_text="Codes: US.")
    employees_from = models.PositiveIntegerField("employees, at least", null=True, blank=True)
    employees_to = models.PositiveIntegerField("employees, at most", null=True, blank=True)
    owner = models.ForeignKey(
        TeamMember, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    from_intent = models.PositiveSmallIntegerField(
        default=0, help_text="It holds for scores from here on."
    )
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.CharField(max_length=150)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        default_permissions = ("view", "add", "change")

    def __str__(self) -> str:
        return self.name


class TemplateRun(models.Model):
    """How many emails of a template the machine has approved since a person read one of it."""

    template_key = models.CharField(max_length=60, unique=True)
    approved = models.PositiveSmallIntegerField(default=0)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.template_key}: {self.approved} in a row"
