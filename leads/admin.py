"""Windows on what came in and on people; the tables that the team edits."""

import hashlib
import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.admin import ModelAdmin, TabularInline
from unfold.widgets import UnfoldAdminTextareaWidget

from caio_project.lib.admin import NoDelete, ReadOnly, Rows
from leads import backtest, rules
from leads.models import (
    Assessment,
    Company,
    Enrichment,
    InboundEvent,
    KnownContact,
    Lead,
    Merge,
    PageTrigger,
    PastEmployer,
    ScoringRules,
    Suppression,
    Switch,
    TeamMember,
    Visit,
)


@admin.register(InboundEvent)
class InboundEvents(ReadOnly):
    list_display = ("received_at", "source", "state", "reason", "kind", "deliveries", "attempts")
    list_filter = ("state", "source", "kind")
    search_fields = ("=public_id", "reason")
    date_hierarchy = None
    fields = (
        "public_id", "source", "kind", "state", "reason", "received_at", "processed_at", "deliveries", "attempts",
        "not_before", "body_as_text",
    )  # fmt: skip
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("body")

    @admin.display(description="body")
    def body_as_text(self, event: InboundEvent) -> str:
        """The first 4,000 characters, escaped."""
        return format_html(
            "<pre style='white-space:pre-wrap'>{}</pre>", bytes(event.body)[:4000].decode("utf-8", "replace")
        )


class Visits(Rows):
    model = Visit
    fields = ("seen_at", "path", "referrer", "is_repeat")
    ordering = ("-seen_at",)


class Enrichments(Rows):
    model = Enrichment
    fields = ("created_at", "state", "outcome", "reason", "gained", "answered_at")


class Assessments(Rows):
    model = Assessment
    fields = ("made_at", "intent", "tier", "angle", "reasons")


@admin.register(Lead)
class Leads(ReadOnly):
    list_display = ("__str__", "title", "company", "email", "address", "kind", "owner", "last_seen_at")
    list_filter = ("kind", "address", "owner")
    list_select_related = ("company", "owner")
    search_fields = ("first_name", "last_name", "email", "company__name")
    inlines = (Visits, Enrichments, Assessments)
    ordering = ("-last_seen_at",)
    show_full_result_count = False


@admin.register(Merge)
class Merges(ReadOnly):
    """Merging and undoing is done on the lead's page, where both can be looked at."""

    list_display = ("survivor", "loser", "state", "source", "doubt", "merged_at", "merged_by", "ended_at", "ended_by")
    list_filter = ("state", "source")
    list_select_related = ("survivor", "loser", "merged_by", "ended_by")
    ordering = ("-pk",)


@admin.register(Company)
class Companies(ReadOnly):
    list_display = ("__str__", "domain", "industry", "employees", "kind")
    list_filter = ("kind",)
    search_fields = ("name", "domain")


@admin.register(Suppression)
class Suppressions(NoDelete):
    list_display = ("value", "scope", "reason", "source", "created_at", "expires_at")
    list_filter = ("reason", "scope")
    search_fields = ("value",)
    fields = ("scope", "value", "reason", "source", "expires_at")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class PastEmployers(TabularInline):
    model = PastEmployer
    extra = 0


class KnownContacts(TabularInline):
    model = KnownContact
    extra = 0


@admin.register(TeamMember)
class TeamMembers(NoDelete):
    list_display = ("name", "title", "email", "is_default_sender", "notice_order", "active")
    inlines = (PastEmployers, KnownContacts)


@admin.register(PageTrigger)
class PageTriggers(ModelAdmin):
    list_display = ("label", "pattern", "category", "points", "angle", "topic", "priority", "active")
    list_filter = ("category", "active")


class Indented(json.JSONEncoder):
    """Rules as people read them."""

    def __init__(self, **options: Any):
        super().__init__(**{**options, "indent": 2})


class Shallow(json.JSONDecoder):
    """What is nested too deeply to be read is no JSON either."""

    def decode(self, s: str, *args: Any) -> Any:
        try:
            return super().decode(s, *args)
        except RecursionError as error:
            raise json.JSONDecodeError("Nested too deeply", s[:1], 0) from error


class RulesForm(forms.ModelForm):
    rules = forms.JSONField(
        encoder=Indented,
        decoder=Shallow,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 40, "spellcheck": "false", "style": "font-family:monospace"}),
        help_text=ScoringRules._meta.get_field("rules").help_text,
    )

    class Meta:
        model = ScoringRules
        fields = ("name", "rules")


@admin.register(ScoringRules)
class ScoringRulesAdmin(NoDelete):
    """Drafts are edited; publishing goes over a page that shows who would move."""

    form = RulesForm
    list_display = ("version", "name", "state", "created_at", "created_by", "published_at", "published_by")
    list_filter = ("state",)
    fields = ("name", "rules")
    actions = ("see_moves", "publish_rules", "copy_as_draft")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.state == ScoringRules.State.DRAFT)

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("leads.publish_scoringrules")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        now = rules.current().as_dict()
        del now["version"]  # a number is given when it is stored
        return {"rules": now, **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: ScoringRules, form: Any, change: bool) -> None:
        if not change:
            obj.created_by = request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)

    @admin.action(description="See who would move…", permissions=["view"])
    def see_moves(self, request: HttpRequest, queryset: QuerySet[ScoringRules]) -> HttpResponse | None:
        row = self._only_one(request, queryset)
        return self._page(request, row, f"Who would move under {row}", publish=False) if row else None

    @admin.action(description="Publish…", permissions=["publish"])
    def publish_rules(self, request: HttpRequest, queryset: QuerySet[ScoringRules]) -> HttpResponse | None:
        """First a page with who would move; then publishing, of exactly what was shown."""
        if not self.has_publish_permission(request):
            raise PermissionDenied
        row = self._only_one(request, queryset)
        if row is None:
            return None
        if row.state != ScoringRules.State.DRAFT:
            messages.error(request, "Only a draft can be published. Copy this one as a draft first.")
            return None
        if request.POST.get("confirmed") != _fingerprint(row):
            if "confirmed" in request.POST:
                messages.warning(request, "It was changed meanwhile. Look at it again.")
            return self._page(request, row, f"Publish {row}?", publish=True)
        try:
            rules.publish(row, request.user)
        except (rules.Refused, ValueError) as error:
            messages.error(request, str(error))
            return None
        self.log_change(request, row, "Published.")
        messages.success(request, f"Version {row.version} is published. Leads seen within 30 days are scored anew.")
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

    def _only_one(self, request: HttpRequest, queryset: QuerySet[ScoringRules]) -> ScoringRules | None:
        chosen = list(queryset[:2])
        if len(chosen) != 1:
            messages.error(request, "Choose one version. Nothing was done.")
            return None
        return chosen[0]

    def _page(self, request: HttpRequest, row: ScoringRules, title: str, *, publish: bool) -> HttpResponse | None:
        try:
            found = backtest.preview(row.parsed())
        except ValueError as error:
            messages.error(request, str(error))
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "row": row,
            "found": found,
            "publish": publish,
            "fingerprint": _fingerprint(row),
            "back": reverse("admin:leads_scoringrules_changelist"),
            "opts": self.model._meta,
        }
        return TemplateResponse(request, "leads/admin_rules.html", context)


def _fingerprint(row: ScoringRules) -> str:
    return hashlib.sha256(json.dumps(row.rules, sort_keys=True).encode()).hexdigest()


@admin.register(Switch)
class Switches(NoDelete):
    list_display = ("name", "on", "changed_at", "changed_by")
    fields = ("name", "on")

    def save_model(self, request: HttpRequest, obj: Switch, form: Any, change: bool) -> None:
        obj.changed_by, obj.changed_at = request.user, timezone.now()  # type: ignore[assignment]
        super().save_model(request, obj, form, change)
