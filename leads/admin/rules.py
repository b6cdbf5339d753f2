"""Scoring rules in the admin: edit drafts, preview them, publish one."""

import hashlib
import json
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from caio_project.lib.web.admin_classes import NoDeleteAdmin
from leads.admin.rules_form import RulesForm
from leads.models import ScoringRules
from leads.scoring import backtest, rule_versions


@admin.register(ScoringRules)
class ScoringRulesAdmin(NoDeleteAdmin):
    form = RulesForm
    list_display = (
        "version",
        "name",
        "state",
        "created_at",
        "created_by",
        "published_at",
        "published_by",
    )
    list_filter = ("state",)
    fieldsets = (
        (None, {"fields": ("name",)}),
        ("Numbers and words", {"fields": ("rules",), "classes": ("collapse",)}),
    )
    change_form_after_template = "leads/admin/admin_pages.html"
    list_before_template = "leads/admin/_scoring_in_force.html"
    actions = ("see_moves", "publish_rules", "copy_as_draft")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        is_ours = ScoringRules.objects.filter(state=ScoringRules.State.PUBLISHED).exists()
        rules = rule_versions.current_rules()
        context = {
            "built_in": None if is_ours else rules,
            "built_in_count": len(rules.pages) + len(rules.titles) + len(rules.sizes),
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (
            obj is None or obj.state == ScoringRules.State.DRAFT
        )

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("leads.publish_scoringrules")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        now = rule_versions.current_rules().as_dict()
        del now["version"]  # a new number is given on save
        return {"rules": now, **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: ScoringRules, form: Any, change: bool) -> None:
        if not change:
            obj.created_by = request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)

    @admin.action(description="See who would move…", permissions=["view"])
    def see_moves(
        self, request: HttpRequest, queryset: QuerySet[ScoringRules]
    ) -> HttpResponse | None:
        row = self._only_one(request, queryset)
        return (
            self._preview_page(request, row, f"Who would move under {row}", publish=False)
            if row
            else None
        )

    @admin.action(description="Publish…", permissions=["publish"])
    def publish_rules(
        self, request: HttpRequest, queryset: QuerySet[ScoringRules]
    ) -> HttpResponse | None:
        """Show which leads would change; publish on a confirmed POST of exactly what was shown."""
        if not self.has_publish_permission(request):
            raise PermissionDenied
        row = self._only_one(request, queryset)
        if row is None:
            return None
        if row.state != ScoringRules.State.DRAFT:
            messages.error(
                request, "Only a draft can be published. Copy this one as a draft first."
            )
            return None
        if request.POST.get("confirmed") != _rules_hash(row):
            if "confirmed" in request.POST:
                messages.warning(request, "It was changed meanwhile. Look at it again.")
            return self._preview_page(request, row, f"Publish {row}?", publish=True)
        try:
            rule_versions.publish_rules(row, request.user)
        except (rule_versions.PublishRefused, ValueError) as error:
            messages.error(request, str(error))
            return None
        self.log_change(request, row, "Published.")
        messages.success(
            request,
            f"Version {row.version} is published. Leads seen within 30 days are scored anew.",
        )
        return None

    @admin.action(description="Copy as a draft", permissions=["add"])
    def copy_as_draft(self, request: HttpRequest, queryset: QuerySet[ScoringRules]) -> None:
        row = self._only_one(request, queryset)
        if row is None:
            return
        name = f"Copy of {row.version}: {row.name}"[:120]
        copy = ScoringRules.objects.create(name=name, rules=row.rules, created_by=request.user)  # type: ignore[misc]
        self.log_addition(request, copy, f"Copied from version {row.version}.")
        messages.success(request, f"Version {copy.version} is a draft.")

    def _only_one(
        self, request: HttpRequest, queryset: QuerySet[ScoringRules]
    ) -> ScoringRules | None:
        chosen = list(queryset[:2])
        if len(chosen) != 1:
            messages.error(request, "Choose one version. Nothing was done.")
            return None
        return chosen[0]

    def _preview_page(
        self, request: HttpRequest, row: ScoringRules, title: str, *, publish: bool
    ) -> HttpResponse | None:
        try:
            version = row.parsed()
            found = backtest.preview_rules(version)
        except ValueError as error:
            messages.error(request, str(error))
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "row": row,
            "found": found,
            "pages": backtest.compare_pages(version),
            "shadowed": version.shadowed_triggers(),
            "publish": publish,
            "fingerprint": _rules_hash(row),
            "back": reverse("admin:leads_scoringrules_changelist"),
            "opts": self.model._meta,
        }
        return TemplateResponse(request, "leads/admin/admin_rules.html", context)


def _rules_hash(row: ScoringRules) -> str:
    return hashlib.sha256(json.dumps(row.rules, sort_keys=True).encode()).hexdigest()
