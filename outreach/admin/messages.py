"""Windows on emails and their moves; templates, which are published over what they become."""

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

from caio_project.lib.diff import diff_words
from caio_project.lib.web.admin_classes import NoDeleteAdmin, ReadOnlyAdmin, ReadOnlyInline
from leads.models import Kind, Lead
from outreach.content import style
from outreach.email_templates import preview, publishing
from outreach.models import (
    AfterSend,
    Assignment,
    Control,
    ControlChange,
    EmailTemplate,
    Experiment,
    GhlLook,
    GuardrailBreach,
    HealthVerdict,
    Message,
    MessageText,
    ModelDraft,
    Move,
    OptOut,
    SandboxEmail,
    Segment,
    SendingDomain,
    SendIntent,
)
from outreach.sending import after_send


class MessageTextInline(ReadOnlyInline):
    model = MessageText
    fields = (
        "version",
        "subject",
        "body",
        "author",
        "language_model",
        "prompt_version",
        "created_at",
    )


class MoveInline(ReadOnlyInline):
    model = Move
    fields = ("at", "from_status", "to_status", "why", "tag", "by", "version")


class SendIntentInline(ReadOnlyInline):
    model = SendIntent
    fields = ("claimed_at", "transport", "phase", "outcome", "settled_at", "looks", "looked_at")


class GhlCheckInline(ReadOnlyInline):
    model = GhlLook
    verbose_name_plural = "looks at GoHighLevel"
    fields = (
        "looked_at",
        "due_at",
        "contact_id",
        "outbound_at",
        "inbound_at",
        "deals",
        "seen",
        "error",
    )


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = (
        "__str__",
        "status",
        "band",
        "tier",
        "intent",
        "transport",
        "created_at",
        "sent_at",
        "error",
    )
    list_filter = ("status", "band", "kind", "transport", "tier", "by_machine")
    list_select_related = ("lead",)
    search_fields = ("lead__first_name", "lead__last_name", "to_address", "=public_id")
    inlines = (MessageTextInline, MoveInline, SendIntentInline, GhlCheckInline)
    exclude = ("verdicts", "unsubscribe_token")
    ordering = ("-created_at",)
    show_full_result_count = False


@admin.register(ModelDraft)
class ModelDraftAdmin(ReadOnlyAdmin):
    list_display = (
        "message",
        "state",
        "why",
        "model",
        "prompt_version",
        "tokens",
        "created_at",
        "settled_at",
        "attempts",
    )
    list_filter = ("state", "model")
    list_select_related = ("message__lead",)
    ordering = ("-created_at",)
    show_full_result_count = False


class AssignmentInline(ReadOnlyInline):
    model = Assignment
    fields = ("message", "variant", "at")


@admin.register(Experiment)
class ExperimentAdmin(ReadOnlyAdmin):
    """A test is ended on the page of experiments, where it can be looked at."""

    list_display = (
        "__str__",
        "size",
        "assigned",
        "started_at",
        "started_by",
        "ended_at",
        "ended_by",
        "verdict",
    )
    list_filter = ("kind", "verdict")
    list_select_related = ("started_by", "ended_by")
    inlines = (AssignmentInline,)


@admin.register(Segment)
class SegmentAdmin(ReadOnlyAdmin):
    list_display = ("at", "by", "what", "queued", "looked_at")
    list_select_related = ("by",)


class TemplateForm(forms.ModelForm):
    """Is valid only once the person has been shown what this very text becomes; until then it says what is wrong."""

    tier = forms.ChoiceField(choices=EmailTemplate.Tier.choices, widget=UnfoldAdminSelectWidget)
    angle = forms.ChoiceField(
        widget=UnfoldAdminSelectWidget, help_text=EmailTemplate._meta.get_field("angle").help_text
    )
    chosen = forms.ModelMultipleChoiceField(
        queryset=Lead.objects.none(), required=False, label="Show it also for", widget=UnfoldAdminSelectMultipleWidget,
        help_text="Leads seen last. Ten made-up people are always shown.",
    )  # fmt: skip
    proof: preview.TemplatePreview | None = None

    class Meta:
        model = EmailTemplate
        fields = ("tier", "angle", "signal", "name", "subject", "body")
        widgets = {"body": UnfoldAdminTextareaWidget(attrs={"rows": 28})}
        help_texts = {
            "body": "{{ field }} is required; [if field], [unless field] or [title ceo] on a line of its own governs "
            f"the paragraph below it. Fields: {', '.join(style.FIELD_EXAMPLES)}. Titles: {', '.join(style.TITLE_FAMILIES)}."
        }

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
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

    def typed(self) -> EmailTemplate:
        """What was typed, as a template of its own; the row that emails point to is left alone."""
        of = {name: getattr(self.instance, name) for name in ("key", "tier", "angle", "signal")}
        typed = EmailTemplate(
            **{**of, **{k: v for k, v in self.cleaned_data.items() if k != "chosen"}}
        )
        typed.subject, typed.body = typed.subject.strip(), typed.body.replace("\r\n", "\n").strip()
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
        """There is nothing of the kind."""


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
    list_filter = ("active", "tier", "angle", "signal")
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
        return (*place, "tier", "angle", "signal", "name", "subject", "body", *more, *changes)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("key", "version", "active", "tier", "angle", "signal", "changes") if obj else ()

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
    search_fields = ("to_address", "subject")


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
