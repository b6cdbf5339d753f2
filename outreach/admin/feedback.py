"""Windows on what came back: events, answers, meetings, deals, and how far polling has come."""

from django.contrib import admin

from caio_project.lib.web.admin_classes import ReadOnlyAdmin, ReadOnlyInline
from outreach.content.email_footer import hide_personal_links
from outreach.models import EmailEvent, Meeting, Opportunity, Reply, ReplyText, SyncCursor


@admin.register(EmailEvent)
class EmailEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "kind", "code", "message", "source", "noted_at")
    list_filter = ("kind", "source")
    list_select_related = ("message__lead",)
    search_fields = ("=message__to_address",)
    show_full_result_count = False


class ReplyTextInline(ReadOnlyInline):
    model = ReplyText
    fields = ("subject", "shown_answer", "shown_words", "shown_body")

    @admin.display(description="body")
    def shown_body(self, text: ReplyText) -> str:
        """As it came; it may quote the link of our email."""
        return hide_personal_links(text.body)


@admin.register(Reply)
class ReplyAdmin(ReadOnlyAdmin):
    list_display = (
        "received_at",
        "lead",
        "sorted_as",
        "is_sure",
        "corrected_to",
        "corrected_by",
        "taken_by",
        "channel",
        "source",
    )
    list_filter = ("sorted_as", "corrected_to", "is_sure", "channel", "source")
    list_select_related = ("lead", "corrected_by", "taken_by")
    search_fields = ("=lead__email", "lead__last_name", "=ghl_message_id")
    inlines = (ReplyTextInline,)
    show_full_result_count = False


@admin.register(Meeting)
class MeetingAdmin(ReadOnlyAdmin):
    list_display = ("starts_at", "lead", "status", "booked_at", "changed_at")
    list_filter = ("status",)
    list_select_related = ("lead",)


@admin.register(Opportunity)
class OpportunityAdmin(ReadOnlyAdmin):
    list_display = (
        "ghl_id",
        "status",
        "value",
        "lead",
        "pipeline_id",
        "stage_id",
        "opened_at",
        "changed_at",
    )
    list_filter = ("status", "pipeline_id")
    list_select_related = ("lead",)
    search_fields = ("=ghl_id", "=lead__email")


@admin.register(SyncCursor)
class SyncCursorAdmin(ReadOnlyAdmin):
    list_display = ("name", "polled_at", "not_before", "attempts", "error", "position")
