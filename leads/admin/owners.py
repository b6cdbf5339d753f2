"""Owner rules in the admin: saving a rule first shows which leads would change owner."""

import hashlib
import json
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.decorators import action

from caio_project.lib.web.admin_classes import NoDeleteAdmin, ReadOnlyAdmin
from leads.admin.owners_form import OwnerRuleForm
from leads.models import OwnerChange, OwnerRule, OwnerRun, TeamMember
from leads.ownership import owner_assignment, owner_preview

CHANGE_LIST = "admin:leads_ownerrule_changelist"


@admin.register(OwnerRule)
class OwnerRuleAdmin(NoDeleteAdmin):
    """Rules are never deleted, for owner changes refer to them; they are taken out of use."""

    form = OwnerRuleForm
    list_display = ("position", "name", "member", "active", "conditions", "leads_now")
    list_display_links = ("name",)
    list_filter = ("active", "member")
    list_select_related = ("member",)
    ordering = ("position", "pk")
    fieldsets = (
        (None, {"fields": ("name", "position", "member", "active")}),
        (
            "Whom it fits: all that is filled in must hold, and one line of each is enough",
            {"fields": OwnerRuleForm.ASKED},
        ),
    )
    actions_list = ("apply_rules",)
    list_before_template = "leads/admin/_owners_in_force.html"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        context = {
            "own_rules": OwnerRule.objects.filter(active=True).count(),
            "default_owner": TeamMember.objects.filter(is_default_sender=True, active=True).first(),
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> QuerySet[OwnerRule]:
        return super().get_queryset(request).annotate(count=Count("leads"))

    @admin.display(description="fits")
    def conditions(self, rule: OwnerRule) -> str:
        return rule.in_words()

    @admin.display(description="leads now")
    def leads_now(self, rule: Any) -> int:
        return int(rule.count)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        """Show a preview on the first POST; save on the second, if the preview still holds."""
        if request.method == "POST" and self._may_store(request, object_id):
            rule = self._typed_rule(request, object_id)
            if rule is not None and request.POST.get("confirmed") != _rules_mark(rule):
                if "confirmed" in request.POST:
                    messages.warning(request, "The rules were changed meanwhile. Look at it again.")
                return self._confirm_rule(request, rule)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def _may_store(self, request: HttpRequest, object_id: str | None) -> bool:
        return (
            self.has_change_permission(request) if object_id else self.has_add_permission(request)
        )

    def _typed_rule(self, request: HttpRequest, object_id: str | None) -> OwnerRule | None:
        stored = self.get_object(request, object_id) if object_id else None
        form = self.get_form(request, stored, change=stored is not None)(
            request.POST, instance=stored
        )
        return form.save(commit=False) if form.is_valid() else None

    def _confirm_rule(self, request: HttpRequest, rule: OwnerRule) -> HttpResponse:
        hidden = [
            (name, value)
            for name, values in request.POST.lists()
            if name not in ("csrfmiddlewaretoken", "confirmed", "apply")
            for value in values
        ]
        found = owner_preview.preview_owners(owner_preview.rules_with(rule))
        return self._preview_page(
            request,
            f"Store the rule {rule}?",
            found,
            rule=rule,
            hidden=hidden,
            mark=_rules_mark(rule),
        )

    def _preview_page(
        self, request: HttpRequest, title: str, found: owner_preview.OwnerPreview, **more: Any
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "found": found,
            "opts": self.model._meta,
            "back": reverse(CHANGE_LIST),
            **more,
        }
        return TemplateResponse(request, "leads/admin/admin_owner_rule.html", context)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if "apply" in request.POST:
            self._start_run(request)

    def _start_run(self, request: HttpRequest) -> None:
        owner_assignment.apply_to_all(request.user)
        messages.success(
            request,
            "The rules are being applied to all leads. “Owner runs” shows how far they are.",
        )

    def has_apply_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_change_permission(request)

    @action(description="Apply to existing leads…", url_path="apply", permissions=["apply"])
    def apply_rules(self, request: HttpRequest) -> HttpResponse:
        """Show which leads would change owner; a POST of what is still true starts the run."""
        found = owner_preview.preview_owners()
        shown = _preview_mark(found)
        if request.method == "POST" and request.POST.get("confirmed") == shown:
            self._start_run(request)
            return HttpResponseRedirect(reverse(CHANGE_LIST))
        if request.method == "POST":
            messages.warning(request, "Leads or rules have changed meanwhile. Look at it again.")
        return self._preview_page(request, "Apply the rules to existing leads?", found, mark=shown)


def _rules_mark(rule: OwnerRule) -> str:
    """Identify all rules as they would be, so that what is saved is what was shown."""
    rows = [
        [
            str(getattr(one, name))
            for name in ("name", "position", "member_id", "active", *OwnerRuleForm.ASKED)
        ]
        for one in owner_preview.rules_with(rule)
    ]
    return hashlib.sha256(json.dumps([rows, rule.active, rule.name]).encode()).hexdigest()[:20]


def _preview_mark(found: owner_preview.OwnerPreview) -> str:
    rows = [[move.count, move.before, move.after] for move in found.moves]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:20]


@admin.register(OwnerRun)
class OwnerRunAdmin(ReadOnlyAdmin):
    list_display = ("started_at", "by", "looked_at", "moved", "ended_at")


@admin.register(OwnerChange)
class OwnerChangeAdmin(ReadOnlyAdmin):
    list_display = ("at", "lead", "owner", "how", "rule", "by")
    list_filter = ("how", "owner", "rule")
    list_select_related = ("lead", "owner", "rule", "by")
    show_full_result_count = False
