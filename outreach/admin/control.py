"""What limits sending: phase, halt, sending domains, guardrails, domain health."""

from django.contrib import admin

from caio_project.lib.web.admin_classes import ReadOnlyAdmin
from outreach.models import (
    ApprovalRule,
    Control,
    ControlChange,
    GuardrailBreach,
    HealthVerdict,
    SendingDomain,
)


@admin.register(Control)
class ControlAdmin(ReadOnlyAdmin):
    list_display = ("phase", "phase_since", "phase_by", "halted", "halted_by", "halt_reason")


@admin.register(ControlChange)
class ControlChangeAdmin(ReadOnlyAdmin):
    list_display = ("at", "what", "before", "after", "by_name", "override", "typed")
    list_filter = ("what",)

    @admin.display(description="reason")
    def typed(self, change: ControlChange) -> str:
        return change.reason.text if hasattr(change, "reason") else ""


@admin.register(SendingDomain)
class SendingDomainAdmin(ReadOnlyAdmin):
    list_display = ("name", "warm_up_since", "set_at", "set_by", "reason")


@admin.register(GuardrailBreach)
class GuardrailBreachAdmin(ReadOnlyAdmin):
    list_display = ("at", "guardrail", "level", "action", "events", "phase_before", "phase_after")
    list_filter = ("guardrail", "level", "action")


@admin.register(HealthVerdict)
class HealthVerdictAdmin(ReadOnlyAdmin):
    list_display = ("evaluated_at", "domain", "score", "spf", "dkim", "dmarc", "reasons")
    list_filter = ("domain",)


@admin.register(ApprovalRule)
class ApprovalRuleAdmin(ReadOnlyAdmin):
    """Rules are added and ended on their page, which asks for a reason."""

    list_display = ("name", "created_at", "created_by", "ended_at", "from_intent", "owner")
    list_filter = ("owner",)
    list_select_related = ("owner",)
