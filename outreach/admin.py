"""Windows on emails and their moves; templates, of which a change is a new version."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest

from caio_project.lib.admin import NoDelete, ReadOnly, Rows
from outreach.models import Control, ControlChange, EmailTemplate, Message, MessageText, Move, SandboxEmail, SendIntent


class Texts(Rows):
    model = MessageText
    fields = ("version", "subject", "body", "author", "created_at")


class Moves(Rows):
    model = Move
    fields = ("at", "from_status", "to_status", "why", "tag", "by", "version")


class Intents(Rows):
    model = SendIntent
    fields = ("claimed_at", "transport", "phase", "outcome", "settled_at", "looks", "looked_at")


@admin.register(Message)
class Messages(ReadOnly):
    list_display = ("__str__", "status", "band", "tier", "intent", "transport", "created_at", "sent_at", "error")
    list_filter = ("status", "band", "kind", "transport", "tier")
    list_select_related = ("lead",)
    search_fields = ("lead__first_name", "lead__last_name", "to_address", "=public_id")
    inlines = (Texts, Moves, Intents)
    exclude = ("verdicts", "unsubscribe_token")
    ordering = ("-created_at",)
    show_full_result_count = False


@admin.register(EmailTemplate)
class EmailTemplates(NoDelete):
    list_display = ("key", "version", "name", "tier", "angle", "active", "created_at", "created_by")
    list_filter = ("active", "tier", "angle")
    fields = ("key", "tier", "angle", "name", "subject", "body")
    search_fields = ("key", "name", "subject", "body")

    def save_model(self, request: HttpRequest, obj: EmailTemplate, form: Any, change: bool) -> None:
        """The version that emails point to stays as it is; what was typed becomes the next one."""
        with transaction.atomic():
            newest = EmailTemplate.objects.filter(key=obj.key).order_by("-version").first()
            EmailTemplate.objects.filter(key=obj.key, active=True).update(active=False)
            obj.pk, obj.version, obj.active = None, (newest.version + 1 if newest else 1), True
            obj._state.adding = True
            obj.created_by = request.user  # type: ignore[assignment]
            obj.save()


@admin.register(SandboxEmail)
class SandboxEmails(ReadOnly):
    list_display = ("kept_at", "to_address", "subject")
    search_fields = ("to_address", "subject")


@admin.register(Control)
class Controls(ReadOnly):
    list_display = ("phase", "phase_since", "phase_by", "halted", "halted_by", "halt_reason")


@admin.register(ControlChange)
class ControlChanges(ReadOnly):
    list_display = ("at", "what", "before", "after", "by_name", "override", "typed")
    list_filter = ("what",)

    @admin.display(description="reason")
    def typed(self, change: ControlChange) -> str:
        return change.reason.text if hasattr(change, "reason") else ""
