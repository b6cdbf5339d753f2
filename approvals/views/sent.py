"""What left, what waits to leave, what nobody is sure of; the notices; halt and resume."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from approvals import forms
from approvals.decisions import withdrawing
from approvals.decisions.decisions import Decider, DecisionRefused
from approvals.desk import email_sheet
from approvals.escalation import availability, ladder_rows, notices
from approvals.sent import answers, sent_emails
from approvals.views.pages import SeeOther, redirect_back, render_page, reviewer_action, viewer_page
from caio_project.lib.web.client_input import read_id
from caio_project.lib.words.role_words import ask_a_lead, ask_for_reviewer_role
from outreach.control import phase
from outreach.drafting import manual_queue
from outreach.guardrails import guardrails
from outreach.lifecycle.transitions import IllegalMove, StaleMessage
from outreach.limits import forecast_by_day
from outreach.models import Message, ReplyKind, SandboxEmail
from outreach.sending import uncertain

DEFAULT_HALT_REASON = "Halted from the page"


@viewer_page
@require_safe
def sent_page(request: HttpRequest) -> HttpResponse:
    return render_sent_page(request)


def render_sent_page(request: HttpRequest, status: int = 200, **more: Any) -> HttpResponse:
    """The page, also after something on it was refused."""
    waiting, more_wait = sent_emails.waiting_to_leave()
    drains = forecast_by_day.forecast_queue(timezone.now())
    kept, older = sent_emails.sandbox_emails(read_id(request.GET.get("before", "")))
    answered, older_answers = answers.newest_replies(read_id(request.GET.get("answers_before", "")))
    needs_you = answers.replies_needing_someone()
    context = {
        "needs_you": needs_you,
        "needs": len(needs_you),
        "answers": answered,
        "older_answers": older_answers,
        "kinds": ReplyKind.choices,
        "uncertain": sent_emails.uncertain_emails(),
        "failed": sent_emails.failed_emails(),
        "now_leaving": sent_emails.approvals_within_undo(),
        "waiting": waiting,
        "drains": drains,
        "by_day": forecast_by_day.rows_by_day(drains),
        "drains_when": forecast_by_day.describe_forecast(drains),
        "more_wait": more_wait,
        "sent": sent_emails.sent_today(),
        "sent_count": sent_emails.messages_sent_today().count(),
        "kept": kept,
        "older": older,
        "comes_back": _count_coming_back(),
        "decides": request.user.has_perm("approvals.decide"),
        "sorts": request.user.has_perm("outreach.correct_reply"),
        "takes_back": request.user.has_perm("outreach.take_back_stop"),
        "unplaced": answers.count_unplaced(),
    }
    return render_page(request, "approvals/sent/sent.html", {**context, **more}, status)


def _count_coming_back() -> int:
    if manual_queue.why_none_comes_back():
        return 0
    return manual_queue.kept_first_emails()[: manual_queue.MOST_LEADS].count()


@viewer_page
@require_safe
def sandbox_email_page(request: HttpRequest, pk: int) -> HttpResponse:
    kept = get_object_or_404(
        SandboxEmail.objects.select_related("message__lead__company", "message__sender"), pk=pk
    )
    return render_page(
        request,
        "approvals/sent/kept.html",
        {"kept": kept, "shown": email_sheet.html_as_paragraphs(kept.shown_html)},
    )


@viewer_page
@require_POST
def bring_back_sandboxed(request: HttpRequest) -> HttpResponse:
    """Queue the people approved in the sandbox anew, once GoHighLevel is connected."""
    if not request.user.has_perm("outreach.queue_segment"):
        raise PermissionDenied(ask_a_lead("bring people back"))
    if reason := manual_queue.why_none_comes_back():
        return render_sent_page(request, 409, problem=f"{reason} Nobody was brought back.")
    selection = manual_queue.select_sandboxed()
    if not selection.leads:
        problem = f"Nobody can come back into the queue. {_left_out_words(selection)}".rstrip()
        return render_sent_page(request, 409, problem=problem)
    try:
        queued = manual_queue.queue_selection(selection, request.user).queued
    except IntegrityError:
        text = "An email to one of them was opened meanwhile. Nobody was brought back; try again."
        return render_sent_page(request, 409, problem=text)
    messages.success(
        request,
        f"{queued} {'person comes' if queued == 1 else 'people come'} back into the queue: "
        f"new drafts are being written. {_left_out_words(selection)}".rstrip(),
    )
    return SeeOther(reverse("sent"))


def _left_out_words(selection: manual_queue.Selection) -> str:
    reasons = [f"{n}: {why}" for why, n in selection.left_out.most_common()]
    return f"Left out: {' '.join(reasons)}" if reasons else ""


@reviewer_action
def withdraw_email(request: HttpRequest, message: Message) -> HttpResponse:
    form = forms.VersionForm(request.POST)
    if not form.is_valid():
        problem = f"{message.lead}: the form was incomplete. Nothing was withdrawn."
        return render_sent_page(request, 422, problem=problem)
    decider = Decider(request.user, "desk")
    try:
        withdrawing.withdraw(message, form.cleaned_data["version"], decider)
    except DecisionRefused as refused:
        problem = f"Not withdrawn: {message.lead}. {refused.text}"
        return render_sent_page(request, 409, problem=problem)
    messages.success(request, f"Withdrawn: {message.lead}. It will not be sent.")
    return SeeOther(reverse("sent"))


@reviewer_action
def settle_uncertain(request: HttpRequest, message: Message) -> HttpResponse:
    form = forms.SettleForm(request.POST)
    if not sent_emails.may_settle(message):
        problem = (
            f"{message.lead}: nothing was recorded. "
            "Say what happened only after we have looked for 15 minutes."
        )
        return render_sent_page(request, 409, problem=problem)
    if not form.is_valid():
        return render_sent_page(request, 422, settling=message.pk, form=form)
    was_sent = form.cleaned_data["was_sent"] == "yes"
    try:
        uncertain.settle_by_person(
            message, was_sent=was_sent, by=request.user, reason=form.cleaned_data["reason"]
        )
    except (StaleMessage, IllegalMove):
        return render_sent_page(
            request, 409, problem=f"{message.lead}: it was settled meanwhile. Nothing was recorded."
        )
    word = "recorded as sent" if was_sent else "back in the queue, to be decided anew"
    messages.success(request, f"{message.lead}: {word}.")
    return SeeOther(reverse("sent"))


@viewer_page
@require_safe
def notices_page(request: HttpRequest) -> HttpResponse:
    rows, older = notices.newest_notices(read_id(request.GET.get("before", "")))
    context = {
        "notices": rows,
        "older": older,
        "outcomes": notices.find_outcomes(rows),
        "overdue": notices.overdue_emails(),
        "on": availability.who_is_on(ladder_rows.load_plan().people, timezone.now()),
    }
    return render_page(request, "approvals/sent/notices.html", context)


@viewer_page
@require_POST
def halt_sending(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("outreach.halt"):
        raise PermissionDenied(ask_for_reviewer_role("halt sending"))
    phase.halt_sending(
        by=request.user, reason=request.POST.get("reason", "").strip()[:500] or DEFAULT_HALT_REASON
    )
    messages.success(request, "Sending is halted. Nothing is sent until a Lead resumes.")
    return redirect_back(request)


@viewer_page
def resume_sending(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("outreach.resume"):
        raise PermissionDenied(ask_a_lead("resume sending"))
    form = forms.ReasonForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render_page(
            request,
            "approvals/sent/resume.html",
            {
                "form": form,
                "control": phase.current_control(),
                "stands": guardrails.standing_halts(),
            },
            422 if request.method == "POST" else 200,
        )
    phase.resume_sending(by=request.user, reason=form.cleaned_data["reason"])
    messages.success(
        request, "Sending has resumed. Everything approved is checked again before it is sent."
    )
    return SeeOther(reverse("overview"))
