"""Pages of re-reading: one email at a time, blind, and what came of it in figures."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from approvals.forms import RejectManyForm
from approvals.models import Rereading, RereadingDraw
from approvals.rereading import blind_view, override_rate, reading
from approvals.rereading.reading import Judgement, RereadingRefused, Typed
from approvals.views.pages import SeeOther, render_page, require_decide_permission, viewer_page
from outreach.control import phase

WITH_REASON = (Judgement.EDIT.value, Judgement.REJECT.value)
GONE = (
    "A colleague has re-read this email, it waits for a decision again, or it was erased. "
    "Your answer was not stored."
)


@viewer_page
@require_safe
def rereading_page(request: HttpRequest) -> HttpResponse:
    require_decide_permission(request)
    say = request.GET.get("say", "")
    return _render(request, say=say if say in WITH_REASON else "")


@viewer_page
@require_POST
def take_next(request: HttpRequest) -> HttpResponse:
    require_decide_permission(request)
    try:
        item = reading.take_next(request.user, more="more" in request.POST)
    except RereadingRefused as refused:
        messages.info(request, refused.text)
        item = None
    else:
        if item is None:
            messages.info(request, "No email waits for a second look.")
    return SeeOther(reverse("rereading"))


@viewer_page
@require_POST
def store_judgement(request: HttpRequest) -> HttpResponse:
    require_decide_permission(request)
    judgement = request.POST.get("judgement", "")
    item = reading.current_item(request.user)
    if item is None or str(item.public_id) != request.POST.get("item", ""):
        messages.warning(request, GONE)
        return SeeOther(reverse("rereading"))
    form = RejectManyForm(request.POST) if judgement in WITH_REASON else None
    if form is not None and not form.is_valid():
        return _render(request, 422, say=judgement, form=form)
    given = form.cleaned_data if form is not None else {}
    typed = Typed(judgement, given.get("tag", ""), given.get("reason", ""))
    try:
        made = reading.store_judgement(item, request.user, typed)
    except RereadingRefused as refused:
        return _render(request, 422, problem=refused.text)
    messages.success(request, _answer(made))
    _take_following(request)
    return SeeOther(reverse("rereading"))


def _answer(made: Rereading) -> str:
    """Say that it is stored; of a test also which fault the email had."""
    said = f"Stored: {made.get_judgement_display()}."
    if not made.item.fault:
        return said
    found = "You found it." if made.judgement != Judgement.APPROVE else "You missed it."
    return f"{said} This was a test, and no email: {made.item.get_fault_display()}. {found}"


def _take_following(request: HttpRequest) -> None:
    try:
        reading.take_next(request.user)
    except RereadingRefused:
        pass  # the page says that today's are done


def _render(request: HttpRequest, status: int = 200, **more: Any) -> HttpResponse:
    item = reading.current_item(request.user)
    shown = blind_view.blind_email(item) if item else None
    if item is not None and shown is None:
        item = None
    context = {
        "item": item,
        "email": shown,
        "say": "",
        "form": RejectManyForm(),
        "today": reading.count_today(request.user),
        "a_day": reading.A_DAY,
        "waits": reading.has_next(request.user, beside=item),
        **more,
    }
    return render_page(request, "approvals/rereading/rereading.html", context, status)


@viewer_page
@require_safe
def rate_page(request: HttpRequest) -> HttpResponse:
    since = override_rate.counted_since(phase.current_control())
    emails = override_rate.load_drawn(since)
    context = {
        "since": since,
        "rate": override_rate.count_rate(emails),
        "groups": [
            (f"By {name}", override_rate.rates_by(emails, group))
            for name, group in override_rate.GROUPS.items()
        ],
        "checks": override_rate.reader_checks(),
        "draws": RereadingDraw.objects.all()[:14],
    }
    return render_page(request, "approvals/rereading/rate.html", context)
