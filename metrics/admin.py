"""The evaluations of gates on record."""

import json

from django.contrib import admin

from caio_project.lib.web.admin_classes import ReadOnlyAdmin
from metrics.gates.gate_words import stored_gate_texts
from metrics.models import Baseline, GateEvaluation, SignOff


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
