"""Email templates: shown as the emails they become, then published as a new version."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import (
    UnfoldAdminSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from caio_project.lib.web.admin_classes import NoDeleteAdmin
from caio_project.lib.words.diff import diff_words
from leads.field_values.languages import ENGLISH, LANGUAGE_CHOICES
from leads.models import Kind, Lead
from leads.scoring_rules import Tier
from outreach.content import style
from outreach.email_templates import preview, publishing
from outreach.models import EmailTemplate

PLACE = ("key", "tier", "angle", "signal", "language")


class TemplateForm(forms.ModelForm):
    """Valid only once the person has seen what this text becomes; else it says what is wrong."""

    tier = forms.ChoiceField(choices=Tier.choices, widget=UnfoldAdminSelectWidget)
    angle = forms.ChoiceField(
        widget=UnfoldAdminSelectWidget, help_text=EmailTemplate._meta.get_field("angle").help_text
    )
    language = forms.ChoiceField(
        choices=LANGUAGE_CHOICES,
        initial=ENGLISH,
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text=EmailTemplate._meta.get_field("language").help_text,
    )
    chosen = forms.ModelMultipleChoiceField(
        queryset=Lead.objects.none(),
        required=False,
        label="Show it also for",
        widget=UnfoldAdminSelectMultipleWidget,
        help_text="Leads seen last. Ten made-up people are always shown.",
    )
    other_subjects = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text="One a line. Each email gets the first one that no neighbor in the queue has.",
    )
    proof: preview.TemplatePreview | None = None

    class Meta:
        model = EmailTemplate
        fields = (
            "tier", "angle", "signal", "language", "name", "subject", "other_subjects", "body",
        )  # fmt: skip
        widgets = {"body": UnfoldAdminTextareaWidget(attrs={"rows": 28})}
        help_texts = {
            "body": "{{ field }} is required; [if field], [unless field] or [title ceo] on a line "
            "of its own governs "
            f"the paragraph below it. Fields: {', '.join(style.FIELD_EXAMPLES)}. Titles: "
            f"{', '.join(style.TITLE_FAMILIES)}."
        }

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.initial["other_subjects"] = "\n".join(self.instance.other_subjects)
        if "angle" in self.fields:
            angles = [(one, one.replace("_", " ")) for one in publishing.template_angles()]
            self.fields["angle"].choices = angles  # type: ignore[attr-defined]
        lately = Lead.objects.filter(kind__in=[Kind.LIVE, Kind.EXAMPLE], assessments__isnull=False)
        newest = (
            lately.select_related("company")
            .order_by("-last_seen_at", "-pk")
            .values("pk")
            .distinct()[:50]
        )
        chosen = Lead.objects.filter(pk__in=list(newest.values_list("pk", flat=True)))
        self.fields["chosen"].queryset = chosen  # type: ignore[attr-defined]

    def clean_other_subjects(self) -> list[str]:
        lines = map(str.strip, self.cleaned_data["other_subjects"].splitlines())
        return [line[:200] for line in lines if line]

    def typed(self) -> EmailTemplate:
        """What was typed, as a template of its own; the row that emails point to is left alone."""
        of = {name: getattr(self.instance, name) for name in PLACE}
        typed = EmailTemplate(
            **{**of, **{k: v for k, v in self.cleaned_data.items() if k != "chosen"}}
        )
        typed.subject, typed.body = typed.subject.strip(), typed.body.replace("\r\n", "\n").strip()
        typed.language = typed.language or ENGLISH
        typed.key = typed.key or publishing.template_key(typed)
        return typed

    def _post_clean(self) -> None:
        """Not Django's, which would write what was typed into the row that emails point to."""
        if self.errors:
            return
        self.proof = found = preview.preview_template(self.typed(), self.cleaned_data["chosen"])
        for problem in found.errors:
            self.add_error(problem.field if problem.field in self.fields else None, problem.text)
        if found.errors or (
            self.data.get("shown") == found.fingerprint and "_continue" not in self.data
        ):
            return
        for problem in found.problems:
            self.add_error(
                problem.field if problem.field in self.fields else None, f"Warning: {problem.text}"
            )
        self.add_error(
            None,
            "Nothing is published yet. Read the emails below, then publish or change the text.",
        )

    def save(self, commit: bool = True) -> EmailTemplate:
        return self.typed()

    def save_m2m(self) -> None:
        pass


@admin.register(EmailTemplate)
class EmailTemplateAdmin(NoDeleteAdmin):
    form = TemplateForm
    list_display = (
        "key",
        "version",
        "name",
        "tier",
        "angle",
        "signal",
        "active",
        "created_at",
        "written_by",
    )
    list_filter = ("active", "tier", "angle", "signal", "language")
    list_select_related = ("created_by",)
    search_fields = ("key", "name", "subject", "body")
    actions = ("compare", "retire")
    change_form_after_template = "outreach/admin/admin_proof.html"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        place = ("key", "version", "active") if obj else ()
        more = ("chosen",) if self.has_change_permission(request, obj) else ()
        changes = (
            ("changes",) if obj and request.method == "GET" else ()
        )  # else those against the active one are shown
        return (
            *place,
            "tier",
            "angle",
            "signal",
            "language",
            "name",
            "subject",
            "other_subjects",
            "body",
            *more,
            *changes,
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("key", "version", "active", *PLACE[1:], "changes") if obj else ()

    def has_retire_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)

    @admin.display(description="by")
    def written_by(self, template: EmailTemplate) -> str:
        return str(template.created_by or ("the starting set" if template.seeded else ""))

    @admin.display(description="Changes")
    def changes(self, template: EmailTemplate) -> str:
        before = EmailTemplate.objects.filter(
            key=template.key, version__lt=template.version
        ).first()
        if before is None:
            return "This is the first version."
        return render_to_string(
            "outreach/admin/_changes.html",
            {
                "diff": diff_words(preview.template_text(before), preview.template_text(template)),
                "before": before,
            },
        )

    def save_model(self, request: HttpRequest, obj: EmailTemplate, form: Any, change: bool) -> None:
        """The version that emails point to stays as it is; what was typed becomes the next one."""
        stored = publishing.publish_version(obj, request.user, instead_of=form.proof.before)
        obj.pk, obj.version = stored.pk, stored.version

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except publishing.PublishedMeanwhile as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(reverse("admin:outreach_emailtemplate_changelist"))

    @admin.action(description="Compare two versions")
    def compare(
        self, request: HttpRequest, queryset: QuerySet[EmailTemplate]
    ) -> HttpResponse | None:
        chosen = list(queryset.order_by("key", "version")[:3])
        if len(chosen) != 2:
            messages.error(request, "Choose two versions.")
            return None
        old, new = chosen
        context = {
            **self.admin_site.each_context(request),
            "title": f"From {old} to {new}",
            "diff": diff_words(preview.template_text(old), preview.template_text(new)),
            "back": reverse("admin:outreach_emailtemplate_changelist"),
            "opts": self.model._meta,
        }
        return TemplateResponse(request, "outreach/admin/admin_compare.html", context)

    @admin.action(description="Take out of use", permissions=["retire"])
    def retire(self, request: HttpRequest, queryset: QuerySet[EmailTemplate]) -> None:
        for template in queryset.filter(active=True):
            try:
                publishing.retire_template(template)
            except publishing.StillNeeded as error:
                messages.error(request, str(error))
            else:
                self.log_change(request, template, "Taken out of use.")
                messages.success(
                    request, f"{template} is out of use. Emails drafted from it stay as they are."
                )
