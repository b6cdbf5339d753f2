"""The evaluations of gates on record."""

import json

from django.contrib import admin

from caio_project.lib.web.admin_classes import ReadOnlyAdmin, ReadOnlyInline
from metrics.gates.gate_words import stored_gate_texts
from metrics.models import (
    Baseline,
    DetectorState,
    Digest,
    DmarcReport,
    DmarcSource,
    DomainDay,
    GateEvaluation,
    Incident,
    IncidentMove,
    MonthlyTarget,
    SignOff,
    UnitPrice,
)


@admin.register(GateEvaluation)
class GateEvaluationAdmin(ReadOnlyAdmin):
    list_display = ("at", "target", "verdict", "sha256")
    list_filter = ("target", "verdict")
    fields = (
        "target",
        "at",
        "verdict",
        "gates_in_words",
        "metric_version",
        "policy_version",
        "before",
        "sha256",
    )
    readonly_fields = ("gates_in_words",)

    @admin.display(description="gates")
    def gates_in_words(self, row: GateEvaluation) -> str:
        return json.dumps([stored_gate_texts(gate) for gate in row.gates], ensure_ascii=False)


@admin.register(Baseline)
class BaselineAdmin(ReadOnlyAdmin):
    list_display = ("at", "by", "emails", "reply_rate", "meetings", "pipeline_value")


@admin.register(SignOff)
class SignOffAdmin(ReadOnlyAdmin):
    list_display = ("at", "by", "evaluation", "text")


@admin.register(MonthlyTarget)
class MonthlyTargetAdmin(ReadOnlyAdmin):
    list_display = ("at", "by", "month", "sent", "reply_percent", "meetings", "pipeline_value")


@admin.register(UnitPrice)
class UnitPriceAdmin(ReadOnlyAdmin):
    list_display = ("at", "by", "starts_on", "clay_credit", "million_tokens", "review_hour")


class IncidentMoveInline(ReadOnlyInline):
    model = IncidentMove
    fields = ("at", "kind", "numbers", "by_name")
    verbose_name_plural = "story"


@admin.register(Incident)
class IncidentAdmin(ReadOnlyAdmin):
    list_display = ("opened_at", "cause", "subject", "action", "closed_at", "closed_as", "parent")
    list_filter = ("cause", "closed_as")
    inlines = (IncidentMoveInline,)


@admin.register(DetectorState)
class DetectorStateAdmin(ReadOnlyAdmin):
    list_display = ("name", "looked_at", "not_before", "failures", "error")


@admin.register(Digest)
class DigestAdmin(ReadOnlyAdmin):
    list_display = ("kind", "day", "made_at", "slack_at", "email_at", "ended_at", "error")
    list_filter = ("kind",)


@admin.register(DomainDay)
class DomainDayAdmin(ReadOnlyAdmin):
    list_display = ("day", "domain", "score", "window", "spf", "dkim", "dmarc", "verdicts")
    list_filter = ("domain",)


@admin.register(DmarcReport)
class DmarcReportAdmin(ReadOnlyAdmin):
    list_display = ("ends_at", "domain", "organisation", "messages", "imported_at")
    list_filter = ("domain",)
    search_fields = ("organisation", "report_id")


@admin.register(DmarcSource)
class DmarcSourceAdmin(ReadOnlyAdmin):
    list_display = ("report", "address", "organisation", "messages", "dkim", "spf", "disposition")
    list_filter = ("dkim", "spf")
    list_select_related = ("report",)
    search_fields = ("address", "organisation")
