"""What left, what waits to leave, what nobody is sure of; the notices; halt and resume."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from approvals import forms
from approvals.desk import desk
from approvals.escalation import notices
from approvals.sent import answers, sent_emails
from approvals.views.pages import SeeOther, back, deciding, page, show
from outreach.control import phase
from outreach.lifecycle.transitions import IllegalMove, Stale
from outreach.limits import forecast_by_day
from outreach.models import Message, ReplyKind, SandboxEmail
from outreach.review import review_actions
from outreach.sending import uncertain

HALTED_FROM_PAGE = "Halted from the page"


@page
@require_safe
def sent_page(request: HttpRequest) -> HttpResponse:
    return sent(request)


def sent(request: HttpRequest, status: int = 200, **more: Any) -> HttpResponse:
    """The page, also after something on it was refused."""
    waiting, more_wait = sent_emails.waiting_to_leave()
    drains = forecast_by_day.now_and_with_undecided(timezone.now())
    kept, older = sent_emails.kept(_number(request.GET.get("before", "")))
    answered, older_answers = answers.newest(_number(request.GET.get("answers_before", "")))
    needs_you = answers.needs_you()
    context = {
        "needs_you": needs_you,
        "needs": len(needs_you),
        "answers": answered,
        "older_answers": older_answers,
        "kinds": ReplyKind.choices,
        "uncertain": sent_emails.uncertain(),
        "failed": sent_emails.failed(),
        "now_leaving": sent_emails.leaving_now(),
        "waiting": waiting,
        "drains": drains,
        "by_day": forecast_by_day.by_day(drains),
        "drains_when": forecast_by_day.sentence(drains),
        "more_wait": more_wait,
        "sent": sent_emails.sent_today(),
        "kept": kept,
        "older": older,
        "decides": request.user.has_perm("approvals.decide"),
        "sorts": request.user.has_perm("outreach.correct_reply"),
    }
    return show(request, "approvals/sent/sent.html", {**context, **more}, status)


@page
@require_safe
def kept_page(request: HttpRequest, pk: int) -> HttpResponse:
    kept = get_object_or_404(
        SandboxEmail.objects.select_related("message__lead__company", "message__sender"), pk=pk
    )
    return show(
        request, "approvals/sent/kept.html", {"kept": kept, "shown": desk.as_text(kept.html)}
    )


@deciding
def withdraw(request: HttpRequest, message: Message) -> HttpResponse:
    """Take an approved email that has not left out of the way for good."""
    try:
        review_actions.withdraw(message, by=request.user)
    except (Stale, IllegalMove):
        message.refresh_from_db()
        messages.error(
            request, f"Not withdrawn: {message.lead}. {desk.too_late_to_undo(message).text}"
        )
    else:
        messages.success(request, f"Withdrawn: {message.lead}. It will not be sent.")
    return SeeOther(reverse("sent"))


@deciding
def settle(request: HttpRequest, message: Message) -> HttpResponse:
    """A person has looked at GoHighLevel and says whether an uncertain email left."""
    form = forms.Settle(request.POST)
    if not sent_emails.may_settle(message):
        problem = f"{message.lead}: nothing was recorded. Say what happened only after we have looked for 15 minutes."
        return sent(request, 409, problem=problem)
    if not form.is_valid():
        return sent(request, 422, settling=message.pk, form=form)
    was_sent = form.cleaned_data["was_sent"] == "yes"
    try:
        uncertain.settle_by_person(
            message, was_sent=was_sent, by=request.user, reason=form.cleaned_data["reason"]
        )
    except (Stale, IllegalMove):
        return sent(
            request, 409, problem=f"{message.lead}: it was settled meanwhile. Nothing was recorded."
        )
    word = "recorded as sent" if was_sent else "back in the queue, to be decided anew"
    messages.success(request, f"{message.lead}: {word}.")
    return SeeOther(reverse("sent"))


@page
@require_safe
def notices_page(request: HttpRequest) -> HttpResponse:
    rows, older = notices.newest(_number(request.GET.get("before", "")))
    return show(request, "approvals/sent/notices.html", {"notices": rows, "older": older})


@page
@require_POST
def halt(request: HttpRequest) -> HttpResponse:
    """Stop sending at once."""
    if not request.user.has_perm("outreach.halt"):
        raise PermissionDenied("Reviewers and Leads can halt sending. Nothing was changed.")
    phase.halt(
        by=request.user, reason=request.POST.get("reason", "").strip()[:500] or HALTED_FROM_PAGE
    )
    messages.success(request, "Sending is halted. Nothing leaves until a Lead resumes.")
    return back(request)


@page
def resume(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("outreach.resume"):
        raise PermissionDenied("Only a Lead can resume sending. Nothing was changed.")
    form = forms.Reason(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return show(
            request,
            "approvals/sent/resume.html",
            {"form": form},
            422 if request.method == "POST" else 200,
        )
    phase.resume(by=request.user, reason=form.cleaned_data["reason"])
    messages.success(
        request, "Sending goes on. Everything approved is judged again before it leaves."
    )
    return SeeOther(reverse("overview"))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
