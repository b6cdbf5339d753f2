"""Emails in the admin, read only, with experiments, segments and model drafts."""

from django.contrib import admin

from caio_project.lib.web.admin_classes import ReadOnlyAdmin, ReadOnlyInline
from outreach.models import (
    Assignment,
    Experiment,
    GhlLook,
    Message,
    MessageText,
    ModelDraft,
    Move,
    Segment,
    SendIntent,
)


class MessageTextInline(ReadOnlyInline):
    model = MessageText
    fields = (
        "version",
        "subject",
        "body",
        "author",
        "language_model",
        "prompt_version",
        "created_at",
    )


class MoveInline(ReadOnlyInline):
    model = Move
    fields = ("at", "from_status", "to_status", "why", "tag", "by", "version")


class SendIntentInline(ReadOnlyInline):
    model = SendIntent
    fields = ("claimed_at", "transport", "phase", "outcome", "settled_at", "looks", "looked_at")


class GhlCheckInline(ReadOnlyInline):
    model = GhlLook
    verbose_name_plural = "looks at GoHighLevel"
    fields = (
        "looked_at",
        "due_at",
        "contact_id",
        "outbound_at",
        "inbound_at",
        "deals",
        "seen",
        "error",
    )


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = (
        "__str__",
        "status",
        "band",
        "tier",
        "intent",
        "transport",
        "created_at",
        "sent_at",
        "error",
    )
    list_filter = ("status", "band", "kind", "transport", "tier", "by_machine")
    list_select_related = ("lead",)
    search_fields = ("lead__first_name", "lead__last_name", "to_address", "=public_id")
    inlines = (MessageTextInline, MoveInline, SendIntentInline, GhlCheckInline)
    exclude = ("verdicts", "unsubscribe_token")
    ordering = ("-created_at",)
    show_full_result_count = False


@admin.register(ModelDraft)
class ModelDraftAdmin(ReadOnlyAdmin):
    list_display = (
        "message",
        "purpose",
        "asked_by",
        "state",
        "why",
        "model",
        "prompt_version",
        "tokens",
        "created_at",
        "settled_at",
        "attempts",
    )
    list_filter = ("purpose", "state", "model")
    list_select_related = ("message__lead", "asked_by")
    ordering = ("-created_at",)
    show_full_result_count = False


class AssignmentInline(ReadOnlyInline):
    model = Assignment
    fields = ("message", "variant", "at")


@admin.register(Experiment)
class ExperimentAdmin(ReadOnlyAdmin):
    """A test is ended on the page of experiments, where it can be looked at."""

    list_display = (
        "__str__",
        "size",
        "assigned",
        "started_at",
        "started_by",
        "ended_at",
        "ended_by",
        "verdict",
    )
    list_filter = ("kind", "verdict")
    list_select_related = ("started_by", "ended_by")
    inlines = (AssignmentInline,)


@admin.register(Segment)
class SegmentAdmin(ReadOnlyAdmin):
    list_display = ("at", "by", "what", "queued", "looked_at")
    list_select_related = ("by",)
