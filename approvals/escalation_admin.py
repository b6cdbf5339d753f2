"""Ladders, calendar, absences and delegates to look at, edited at /sales/settings; Slack's rows."""

from django.contrib import admin

from approvals.models import Absence, Delegate, EscalationLadder, LadderStep, SlackCard, SlackClick
from caio_project.lib.web.admin_classes import ReadOnlyAdmin, ReadOnlyInline
from outreach.models import DayOff, TeamCalendar


class StepInline(ReadOnlyInline):
    model = LadderStep
    fields = ("number", "after_minutes", "counts", "who", "person", "channel")


@admin.register(EscalationLadder)
class EscalationLadderAdmin(ReadOnlyAdmin):
    list_display = ("band", "opened_extra_minutes", "changed_at", "changed_by")
    inlines = (StepInline,)


@admin.register(TeamCalendar)
class TeamCalendarAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "time_zone", "country", "lunch", "changed_at", "changed_by")


@admin.register(DayOff)
class DayOffAdmin(ReadOnlyAdmin):
    list_display = ("day", "name")


@admin.register(Absence)
class AbsenceAdmin(ReadOnlyAdmin):
    list_display = ("member", "start", "until", "by", "at")
    list_select_related = ("member", "by")


@admin.register(Delegate)
class DelegateAdmin(ReadOnlyAdmin):
    list_display = ("member", "delegate", "first_day", "last_day", "ended_at", "by", "at")
    list_select_related = ("member", "delegate", "by")


@admin.register(SlackCard)
class SlackCardAdmin(ReadOnlyAdmin):
    list_display = (
        "posted_at",
        "message",
        "direct_to",
        "status",
        "version",
        "written_at",
        "ended_at",
        "error",
    )
    list_select_related = ("message__lead",)
    ordering = ("-posted_at",)


@admin.register(SlackClick)
class SlackClickAdmin(ReadOnlyAdmin):
    list_display = (
        "received_at",
        "what",
        "slack_user_id",
        "message",
        "outcome",
        "answered_at",
        "retries",
        "error",
    )
    list_filter = ("what", "outcome")
    list_select_related = ("message__lead",)
    ordering = ("-received_at",)
    exclude = ("response_url",)
