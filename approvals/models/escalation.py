"""Who is told of an email that waits: ladders, the business calendar, absences, delegates."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from approvals.choices import Channel, Count, Who
from leads.models import TeamMember
from outreach.choices import Band


class EscalationLadder(models.Model):
    """The steps for one band. A CRITICAL email follows its own band where CRITICAL has none."""

    band = models.CharField(max_length=10, choices=Band.choices, unique=True)
    opened_extra_minutes = models.PositiveSmallIntegerField(
        default=0, help_text="Later steps wait so much longer once somebody has opened the email."
    )
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        default_permissions = ("view",)
        permissions = [("change_escalation", "Can change who is told when")]

    def __str__(self) -> str:
        return f"Ladder of {self.get_band_display()}"


class LadderStep(models.Model):
    """One step: told once it has waited so long. Steps go by number."""

    ladder = models.ForeignKey(EscalationLadder, on_delete=models.CASCADE, related_name="steps")
    number = models.PositiveSmallIntegerField()
    after_minutes = models.PositiveIntegerField()
    counts = models.CharField(max_length=10, choices=Count.choices, default=Count.BUSINESS)
    who = models.CharField(max_length=10, choices=Who.choices, default=Who.NEXT)
    person = models.ForeignKey(
        TeamMember, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.SLACK)
    window_days = models.CharField(
        max_length=7, blank=True, help_text="Weekdays as digits, 0 for Monday; empty for every day."
    )
    window_from = models.TimeField(null=True, blank=True)
    window_until = models.TimeField(null=True, blank=True, help_text="00:00: the end of the day.")

    class Meta:
        ordering = ["number"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["ladder", "number"], name="one_step_a_number")
        ]

    def __str__(self) -> str:
        return f"{self.ladder}, step {self.number + 1}"


class Absence(models.Model):
    """A person is not available until then; what was over early ends when it was ended."""

    member = models.ForeignKey(TeamMember, on_delete=models.CASCADE, related_name="absences")
    start = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["start"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["until"], name="absence_until")]

    def __str__(self) -> str:
        return f"{self.member} until {self.until:%Y-%m-%d %H:%M}"


class Delegate(models.Model):
    """Who stands in for a person on these days of the team's calendar, both included."""

    member = models.ForeignKey(TeamMember, on_delete=models.CASCADE, related_name="delegates")
    delegate = models.ForeignKey(TeamMember, on_delete=models.CASCADE, related_name="stands_in")
    first_day = models.DateField()
    last_day = models.DateField()
    ended_at = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["first_day"]
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")), name="delegate_days_in_order"
            ),
            models.CheckConstraint(
                condition=~Q(delegate=F("member")), name="delegate_is_somebody_else"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.delegate} for {self.member}"
