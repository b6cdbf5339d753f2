"""Admin windows on webhooks out, to look at. Secrets are never shown, not even sealed."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from caio_project.lib.models import WebhookChange, WebhookDelivery, WebhookEndpoint, WebhookEvent
from caio_project.lib.web.admin_classes import ReadOnlyAdmin, ReadOnlyInline
from caio_project.lib.webhooks_out.models import WebhookAttempt
from leads.inbound import masking

MANAGE, READ_PERSONAL = "lib.manage_webhooks", "leads.read_inboundevent"


class ForManagers:
    """Shown to whoever may manage webhooks: these tables have no permission to view."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(MANAGE)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(MANAGE)


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ForManagers, ReadOnlyAdmin):
    list_display = ("description", "url", "is_active", "failures", "last_ok_at", "end_code")
    fields = (
        "public_id", "url", "description", "events", "with_person", "old_secret_until",
        "is_active", "ended_at", "end_code", "failures", "rests_until", "last_ok_at",
        "created_at", "created_by", "created_by_name",
    )  # fmt: skip
    list_filter = ("is_active",)
    search_fields = ("description", "url")


@admin.register(WebhookChange)
class WebhookChangeAdmin(ForManagers, ReadOnlyAdmin):
    list_display = ("at", "endpoint", "what", "by_name")
    fields = (*list_display, "by")
    list_filter = ("what",)
    list_select_related = ("endpoint",)


@admin.register(WebhookEvent)
class WebhookEventAdmin(ForManagers, ReadOnlyAdmin):
    list_display = ("at", "type", "event_id", "lead")
    fields = (*list_display, "data")
    list_filter = ("type",)
    search_fields = ("=event_id",)
    ordering = ("-pk",)
    show_full_result_count = False


class AttemptInline(ForManagers, ReadOnlyInline):
    """What a receiver answered may be personal: it is read with the permission for it alone."""

    model = WebhookAttempt
    fields = ("at", "status", "code", "ms", "answer")
    readonly_fields = fields

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        self.may_read = request.user.has_perm(READ_PERSONAL)
        return super().get_formset(request, obj, **kwargs)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="Answer")
    def answer(self, row: WebhookAttempt) -> str:
        return row.response if self.may_read or not row.response else masking.HIDDEN


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ForManagers, ReadOnlyAdmin):
    list_display = ("event", "endpoint", "state", "attempts", "not_before", "delivered_at")
    fields = (*list_display, "public_id", "end_code", "started_at")
    list_filter = ("state",)
    list_select_related = ("event", "endpoint")
    search_fields = ("=event__event_id",)
    ordering = ("-pk",)
    show_full_result_count = False
    inlines = (AttemptInline,)
