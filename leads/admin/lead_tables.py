"""Read-only pages of leads, and the tables that the team edits."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest

from caio_project.lib.web.admin_classes import (
    LabelledInline,
    NoDeleteAdmin,
    ReadOnlyAdmin,
    ReadOnlyInline,
)
from leads import normal
from leads.models import (
    Assessment,
    Company,
    Enrichment,
    Erasure,
    KnownContact,
    Lead,
    Merge,
    PastEmployer,
    Suppression,
    TeamMember,
    Visit,
)
from leads.scoring import assess
from leads.suppression import suppression


class VisitRows(ReadOnlyInline):
    model = Visit
    fields = ("seen_at", "path", "referrer", "is_repeat")
    ordering = ("-seen_at",)


class EnrichmentRows(ReadOnlyInline):
    model = Enrichment
    fields = ("created_at", "state", "outcome", "reason", "gained", "answered_at")


class AssessmentRows(ReadOnlyInline):
    model = Assessment
    fields = ("made_at", "intent", "tier", "angle", "reasons")


@admin.register(Lead)
class LeadAdmin(ReadOnlyAdmin):
    list_display = (
        "__str__",
        "title",
        "company",
        "email",
        "address",
        "kind",
        "owner",
        "last_seen_at",
    )
    list_filter = ("kind", "address", "owner", "owner_how")
    list_select_related = ("company", "owner")
    search_fields = ("first_name", "last_name", "email", "company__name")
    inlines = (VisitRows, EnrichmentRows, AssessmentRows)
    ordering = ("-last_seen_at",)
    show_full_result_count = False


@admin.register(Merge)
class MergeAdmin(ReadOnlyAdmin):
    """Read only: merging and undoing is done on the lead's page, which compares both."""

    list_display = (
        "survivor",
        "loser",
        "state",
        "source",
        "doubt",
        "merged_at",
        "merged_by",
        "ended_at",
        "ended_by",
    )
    list_filter = ("state", "source")
    list_select_related = ("survivor", "loser", "merged_by", "ended_by")
    ordering = ("-pk",)


@admin.register(Company)
class CompanyAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "domain", "industry", "employees", "kind")
    list_filter = ("kind",)
    search_fields = ("name", "domain")


@admin.register(Suppression)
class SuppressionAdmin(NoDeleteAdmin):
    list_display = ("value", "scope", "reason", "source", "created_at", "expires_at")
    list_filter = ("reason", "scope")
    search_fields = ("value",)
    fields = ("scope", "value", "reason", "source", "expires_at")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        for value in suppression.values_to_stop(obj.value, obj.reason)[1:]:
            Suppression.objects.get_or_create(
                scope=obj.scope,
                value=value,
                reason=obj.reason,
                defaults={"source": obj.source, "expires_at": obj.expires_at},
            )
        if obj.note_text:
            messages.warning(request, obj.note_text)


class PastEmployerInline(LabelledInline):
    model = PastEmployer


class KnownContactForm(forms.ModelForm):
    def clean(self) -> Any:
        found, typed = super().clean(), self.cleaned_data
        address = normal.clean_email(typed.get("email") or "")
        if suppression.is_marked(address, normal.linkedin_key(typed.get("linkedin_key") or "")):
            raise forms.ValidationError("This person was erased: nothing is stored about them.")
        return found


class KnownContactInline(LabelledInline):
    model = KnownContact
    form = KnownContactForm


@admin.register(TeamMember)
class TeamMemberAdmin(NoDeleteAdmin):
    list_display = ("name", "title", "email", "is_default_sender", "notice_order", "active")
    inlines = (PastEmployerInline, KnownContactInline)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if form.has_changed() or any(formset.has_changed() for formset in formsets):
            transaction.on_commit(assess.mark_recently_seen)


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyAdmin):
    """Who erased somebody and when; whom, nobody can tell any more."""

    list_display = ("at", "source", "by", "leads_then")
    list_filter = ("source",)
    list_select_related = ("by",)
    fields = ("public_id", "at", "source", "by", "leads")

    @admin.display(description="leads")
    def leads_then(self, erasure: Erasure) -> int:
        return len(erasure.leads)
