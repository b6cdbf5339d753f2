"""The approval list: filters, search, approve and reject. Decisions only by POST, each email
answered for itself.
"""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display

from approvals import escalation_admin
from approvals.decisions import bulk, claims, decisions, refusal_words
from approvals.decisions.judgement import Refusal
from approvals.desk import desk, email_sheet, reading_proof
from approvals.forms import RejectManyForm
from approvals.learning import edits
from approvals.models import Approval, Decision, Notice
from approvals.queue import review_queue
from caio_project.lib.web.admin_classes import ReadOnlyAdmin
from caio_project.lib.web.client_input import read_id
from leads.models import Kind
from outreach.choices import Status, Tag
from outreach.content import email_footer
from outreach.models import Message
from outreach.review import review_actions

__all__ = ["escalation_admin"]  # registers its own

MAX_AT_ONCE = 20


class BulkRejectForm(RejectManyForm):
    """As on the desk, with a list in place of eleven buttons. No tag is chosen beforehand."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tag"].widget = forms.Select(choices=[("", "Choose why"), *Tag.choices])


@admin.register(Approval)
class ApprovalAdmin(ReadOnlyAdmin):
    list_display = (
        "who",
        "subject",
        "shown_kind",
        "shown_band",
        "shown_status",
        "intent",
        "tier",
        "due_at",
        "open_desk",
    )
    list_filter = ("status", "band", "tier", "kind")
    list_select_related = ("lead__company",)
    list_per_page = 50
    search_fields = (
        "lead__first_name",
        "lead__last_name",
        "lead__company__name",
        "to_address",
        "texts__subject",
    )
    ordering = review_queue.QUEUE_ORDER
    actions = ("approve_emails", "reject_emails")
    show_full_result_count = False
    fields = (
        "who",
        "to_address",
        "subject",
        "text_shown",
        "status",
        "band",
        "critical_reason",
        "intent",
        "tier",
        "history_shown",
        "edits_shown",
    )
    readonly_fields = ("who", "subject", "text_shown", "history_shown", "edits_shown")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("approvals.decide")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("texts")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        if request.POST.get("action") in self.actions and not self.has_decide_permission(request):
            raise PermissionDenied(refusal_words.FIXED[Refusal.NO_PERMISSION])
        if not request.GET and request.method == "GET":
            held = request.GET.copy()
            held["status__exact"] = Status.HELD
            request.GET = held  # type: ignore[assignment]
        return super().changelist_view(request, extra_context)

    @admin.display(description="To")
    def who(self, message: Message) -> str:
        lead = message.lead
        return ", ".join(part for part in (str(lead), lead.title, str(lead.company or "")) if part)

    @admin.display(description="Subject")
    def subject(self, message: Message) -> str:
        text = _current_text(message)
        return text.subject if text else ""

    @admin.display(description="Text")
    def text_shown(self, message: Message) -> str:
        text = _current_text(message)
        return (
            format_html(
                "<div style='white-space:pre-wrap'>{}\n\n{}</div>",
                text.body,
                _shown_footer(message),
            )
            if text
            else ""
        )

    @admin.display(description="History")
    def history_shown(self, message: Message) -> str:
        """As on the desk."""
        entries = desk.message_history(message)
        return render_to_string("approvals/admin/_history.html", {"entries": entries})

    @admin.display(description="Edits")
    def edits_shown(self, message: Message) -> str:
        return render_to_string("approvals/admin/_edits.html", {"edits": edits.edits_of(message)})

    @display(
        description="Band",
        label={"CRITICAL": "danger", "HOT": "warning", "WARM": "info", "LOW": "default"},
    )
    def shown_band(self, message: Message) -> str:
        return "CRITICAL" if message.critical_reason else message.get_band_display()

    @display(
        description="Kind",
        label={"Example visitor": "warning", "Test visitor": "warning", "Training": "warning"},
    )
    def shown_kind(self, message: Message) -> str:
        """Empty for live leads; test, example and training ones are named."""
        return "" if message.kind == Kind.LIVE else message.get_kind_display()

    @display(description="Status", label=True)
    def shown_status(self, message: Message) -> str:
        return message.get_status_display()

    @admin.display(description="desk")
    def open_desk(self, message: Message) -> str:
        return format_html('<a href="{}">Review</a>', f"/sales/queue/{message.public_id}")

    @admin.action(description="Approve…", permissions=["decide"])
    def approve_emails(
        self, request: HttpRequest, queryset: QuerySet[Message]
    ) -> HttpResponse | None:
        return self._decide(request, queryset, "Approve")

    @admin.action(description="Reject…", permissions=["decide"])
    def reject_emails(
        self, request: HttpRequest, queryset: QuerySet[Message]
    ) -> HttpResponse | None:
        form = BulkRejectForm(request.POST if "confirmed" in request.POST else None)
        return self._decide(request, queryset, "Reject", form)

    def _decide(
        self, request: HttpRequest, queryset: QuerySet[Message], verb: str, form: Any = None
    ) -> HttpResponse | None:
        rows = _chosen_rows(request, queryset)
        chosen = list(rows[: MAX_AT_ONCE + 1])
        if len(chosen) > MAX_AT_ONCE:
            text = f"{MAX_AT_ONCE} at once are the most that can be read. Nothing was decided."
            messages.error(request, text)
            return None
        if "confirmed" not in request.POST or (form is not None and not form.is_valid()):
            return self._page(request, chosen, f"{verb.lower()}_emails", verb, form)
        word = bulk.approved_word() if form is None else "Rejected"
        self._report(request, word, self._decide_confirmed(request, chosen, form))
        return None

    def _decide_confirmed(
        self, request: HttpRequest, chosen: list[Message], form: Any
    ) -> list[bulk.BatchResult]:
        selected = [_read_selection(request, message) for message in chosen]
        decider = decisions.Decider(request.user, "admin")
        if form is None:
            return bulk.approve_batch(selected, decider, whole_text_shown=True)
        typed = bulk.RejectionText(form.cleaned_data["tag"], form.cleaned_data["reason"])
        return bulk.reject_batch(selected, decider, typed)

    def _report(self, request: HttpRequest, word: str, results: list[bulk.BatchResult]) -> None:
        for result in results:
            if not result.is_done:
                messages.warning(request, f"{result.message.lead}: {result.problem}.")
        if done := sum(result.is_done for result in results):
            messages.success(request, f"{word} {done} of {len(results)}.")

    def _email_to_read(self, request: HttpRequest, message: Message) -> tuple[Any, ...]:
        proof = reading_proof.sign_proof(message, request.user)
        before = email_sheet.thread_before(message)
        return message, message.text, _shown_footer(message), proof, before

    def _page(
        self, request: HttpRequest, chosen: list[Message], action: str, verb: str, form: Any
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"{verb} {len(chosen)}: read every text",
            "emails": [self._email_to_read(request, message) for message in chosen],
            "action": action,
            "verb": verb,
            "form": form,
            "back": reverse("admin:approvals_approval_changelist"),
            "opts": self.model._meta,
        }
        for message in chosen:
            review_actions.mark_opened(message)
        return TemplateResponse(request, "approvals/admin/admin_decide.html", context)


def _chosen_rows(request: HttpRequest, queryset: QuerySet[Message]) -> QuerySet[Message]:
    """Also what a colleague decided meanwhile, which a filter of the list leaves out by now."""
    if request.POST.get("select_across", "0") == "0":
        named = [read_id(one) for one in request.POST.getlist("_selected_action")]
        queryset = Approval.objects.filter(pk__in=named)
    return queryset.select_related("lead__company").order_by(*review_queue.QUEUE_ORDER)


def _read_selection(request: HttpRequest, message: Message) -> bulk.SelectedEmail:
    """The version that was on this person's screen, and a reading where it was there so long."""
    proof = request.POST.get(f"shown_{message.pk}", "")
    shown = reading_proof.shown_version(message, request.user, proof, 0)
    if reading_proof.proven_version(message, request.user, proof) == message.version:
        claims.record_reading(message, request.user)
    return bulk.SelectedEmail(message, shown or message.version, is_shown=bool(shown))


def _shown_footer(message: Message) -> str:
    text = _current_text(message)
    return email_footer.hide_personal_links(text.footer) if text else ""


def _current_text(message: Message) -> Any:
    return next((text for text in message.texts.all() if text.version == message.version), None)


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    list_display = (
        "at",
        "message",
        "verdict",
        "tag",
        "by_name",
        "channel",
        "phase",
        "edited",
        "is_evidence",
        "typed",
    )
    list_filter = ("verdict", "channel", "tag", "is_evidence")
    list_select_related = ("message__lead", "reason")
    ordering = ("-at",)

    @admin.display(description="reason")
    def typed(self, decision: Decision) -> str:
        return decision.reason.text if hasattr(decision, "reason") else ""


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at",
        "text",
        "to",
        "instead_of",
        "skipped",
        "channel",
        "told_at",
        "direct_at",
        "attempts",
        "error",
    )
    list_filter = ("channel", "skipped")
    list_select_related = ("to", "instead_of")
