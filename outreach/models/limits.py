"""What limits and deadlines are counted by."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class Place(models.Model):
    """A time zone and the country and state whose holidays count; blank where not known.

    Emails to one place may leave at the same times, so the queue has one line for each. Where a
    field is blank the team's holds.
    """

    zone = models.CharField(max_length=40, blank=True)
    country = models.CharField(max_length=2, blank=True)
    state = models.CharField(max_length=3, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["zone", "country", "state"], name="place_once")
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, (self.country, self.state, self.zone))) or "not known"


class SendingDomain(models.Model):
    """A domain that emails are sent from, and its warm-up. Without a row it counts as new."""

    name = models.CharField(max_length=253, primary_key=True)
    warm_up_since = models.DateField(
        null=True,
        blank=True,
        help_text="Day of the team's calendar; empty: established, it warms up no more.",
    )
    set_at = models.DateTimeField(default=timezone.now)
    set_by = models.CharField(max_length=150)
    reason = models.TextField(blank=True)

    class Meta:
        default_permissions = ("view",)
        permissions = [("warm_up_sendingdomain", "Can set the warm-up of a sending domain")]

    def __str__(self) -> str:
        return self.name


class TeamCalendar(models.Model):
    """The team's working hours; what is empty is taken from the server's settings. One row."""

    time_zone = models.CharField(max_length=50, blank=True)
    country = models.CharField(
        max_length=2, blank=True, help_text="Whose public holidays are free, such as US."
    )
    keeps_public_holidays = models.BooleanField(default=True)
    hours = models.JSONField(
        default=list, blank=True, help_text='Seven, Monday first: "08:00-18:00", or "" for closed.'
    )
    lunch = models.CharField(max_length=11, blank=True, help_text="Such as 12:00-13:00.")
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        db_table = "approvals_teamcalendar"
        default_permissions = ("view",)

    def __str__(self) -> str:
        return "Business calendar"


class DayOff(models.Model):
    """A day on which the team does not work, beside public holidays."""

    day = models.DateField(unique=True)
    name = models.CharField(max_length=80, blank=True)

    class Meta:
        db_table = "approvals_dayoff"
        ordering = ["day"]
        default_permissions = ("view",)
        verbose_name_plural = "days off"

    def __str__(self) -> str:
        return f"{self.day} {self.name}".rstrip()
