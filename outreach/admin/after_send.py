"""What is done at GoHighLevel after a send, and the sandbox's own mailbox."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from caio_project.lib.web.admin_classes import ReadOnlyAdmin
from outreach.models import AfterSend, OptOut, SandboxEmail
from outreach.sending import after_send


@admin.register(AfterSend)
class AfterSendAdmin(ReadOnlyAdmin):
    list_display = ("message", "what", "state", "created_at", "settled_at", "attempts", "error")
    list_filter = ("state", "what")
    list_select_related = ("message__lead",)
    ordering = ("-created_at",)
    actions = ("do_again",)
    show_full_result_count = False

    def has_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("outreach.repeat_aftersend")

    @admin.action(
        description="Do once more what was refused or is uncertain", permissions=["again"]
    )
    def do_again(self, request: HttpRequest, queryset: QuerySet[AfterSend]) -> None:
        messages.success(request, f"{after_send.retry_failed(queryset)} will be done once more.")


@admin.register(OptOut)
class OptOutAdmin(ReadOnlyAdmin):
    list_display = (
        "suppression",
        "outcome",
        "told_at",
        "created_at",
        "attempts",
        "not_before",
        "error",
    )
    list_filter = (("told_at", admin.EmptyFieldListFilter), "outcome")
    list_select_related = ("suppression",)
    ordering = ("-pk",)
    show_full_result_count = False


@admin.register(SandboxEmail)
class SandboxEmailAdmin(ReadOnlyAdmin):
    list_display = ("kept_at", "to_address", "subject")
    fields = ("message", "kept_at", "from_address", "to_address", "subject", "shown_html")
    readonly_fields = ("shown_html",)
    search_fields = ("to_address", "subject")
