"""The evaluations on record."""

from django.contrib import admin

from caio_project.lib.web.admin_classes import ReadOnlyAdmin
from metrics.models import GateEvaluation


@admin.register(GateEvaluation)
class GateEvaluationAdmin(ReadOnlyAdmin):
    list_display = ("at", "target", "verdict", "sha256")
    list_filter = ("target", "verdict")
