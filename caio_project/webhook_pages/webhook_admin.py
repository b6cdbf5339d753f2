"""The tables of webhooks out in the admin, read-only. Secrets are never shown, not even sealed."""

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


class DeliveryInline(ForManagers, ReadOnlyInline):
    model = WebhookDelivery
    verbose_name_plural = "webhook deliveries"
    fields = ("endpoint", "state", "attempts", "not_before", "delivered_at", "end_code")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(WebhookEvent)
class WebhookEventAdmin(ForManagers, ReadOnlyAdmin):
    list_display = ("at", "type", "event_id", "lead")
    fields = (*list_display, "data")
    list_filter = ("type",)
    search_fields = ("=event_id",)
    ordering = ("-pk",)
    show_full_result_count = False
    inlines = (DeliveryInline,)


@admin.register(WebhookAttempt)
class WebhookAttemptAdmin(ForManagers, ReadOnlyAdmin):
    """What a receiver answered may be personal: it is read with the permission for it alone."""

    list_display = ("at", "delivery", "status", "code", "ms")
    fields = (*list_display, "answer")
    readonly_fields = ("answer",)
    list_filter = ("code",)
    list_select_related = ("delivery",)
    search_fields = ("=delivery__event__event_id",)
    ordering = ("-pk",)
    show_full_result_count = False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        may_read = request.user.has_perm(READ_PERSONAL)
        return (*self.list_display, "response" if may_read else "answer")

    @admin.display(description="Response")
    def answer(self, row: WebhookAttempt) -> str:
        return masking.HIDDEN if row.response else ""
