"""The queue and the desk. A GET changes nothing; every decision is a POST that names the text it decides on."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from approvals import forms
from approvals.decisions import decisions
from approvals.decisions.decisions import Decider
from approvals.desk import batch, desk, reading_proof
from approvals.queue import review_queue
from approvals.views.pages import (
    SeeOther,
    deciding,
    find,
    must_decide,
    page,
    remember_skip,
    show,
    to_desk,
    to_next,
)
from outreach.choices import Phase, Status, Tag
from outreach.control import phase
from outreach.lifecycle.transitions import IllegalMove, Stale
from outreach.models import Message
from outreach.review import review_actions

NOT_READ = "Not approved: it was not on the screen long enough to be read, as it stands now."


@page
@require_safe
def queue_page(request: HttpRequest) -> HttpResponse:
    name = request.GET.get("show", "")
    name = name if name in review_queue.FILTERS else ""
    words = request.GET.get("search", "").strip()[:100]
    rows = review_queue.searched(review_queue.by_filter(name, request.user), words)
    found = review_queue.page(rows, request.user, request.GET.get("after", ""))
    context = {
        "page": found,
        "chips": review_queue.chips(request.user),
        "filter": name,
        "search": words,
        "after": request.GET.get("after", ""),
    }
    return show(request, "approvals/queue/queue.html", context)


@page
@require_POST
def next_email(request: HttpRequest) -> HttpResponse:
    """Take the next email and go to it."""
    must_decide(request)
    message = review_queue.next_for(request.user, skipped=request.session.get("skipped", ()))
    if message is None:
        messages.info(request, "Nothing waits here.")
    elif review_queue.take(message, request.user).user_id == request.user.pk:
        review_queue.give_back_others(request.user, message)
        return to_desk(message)
    return to_next(request)


@page
@require_safe
def desk_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    return _desk(request, find(public_id))


@deciding
def read(request: HttpRequest, message: Message) -> HttpResponse:
    """The email has been on the screen for a while: take it and remember who read which text."""
    form = forms.Version(request.POST)
    if not form.is_valid() or form.cleaned_data["version"] != message.version:
        return HttpResponse(decisions.how_it_stands(message), status=409, content_type="text/plain")
    if message.status in (Status.HELD, Status.BLOCKED):
        claim = review_queue.open_desk(message, request.user)
        if claim.user_id != request.user.pk:
            return HttpResponse(desk.who_has(claim), status=409, content_type="text/plain")
    return HttpResponse(status=204)


@deciding
def approve(request: HttpRequest, message: Message) -> HttpResponse:
    form = forms.Version(request.POST)
    if not form.is_valid():
        return _desk(request, message, 422, problem="The form was incomplete. Nothing was decided.")
    version = form.cleaned_data["version"]
    if claim := review_queue.holder(message, request.user):
        return _taken(request, message, claim)
    undecided = message.status == Status.HELD and message.version == version
    if undecided and reading_proof.version(message, request.POST.get("shown", "")) != version:
        return _desk(request, message, 422, problem=NOT_READ)
    in_shadow = phase.control().phase == Phase.SHADOW
    try:
        approved = decisions.approve(message, version, Decider(request.user, "desk"))
    except decisions.TooLate as late:
        return _too_late(request, late.message, version)
    except decisions.Refused as refused:
        return _desk(request, find(message.public_id), 422, problem=f"Not approved. {refused.text}")
    review_queue.give_back(approved, request.user)
    messages.success(request, desk.approved_words(approved, in_shadow))
    return to_next(request, after=message)


@page
def reject(request: HttpRequest, public_id: Any) -> HttpResponse:
    must_decide(request)
    message = find(public_id)
    if request.method != "POST":
        return _desk(
            request, message, mode="reject", form=forms.Reject(initial={"version": message.version})
        )
    form = forms.Reject(request.POST)
    if claim := review_queue.holder(message, request.user):
        return _taken(request, message, claim, mode="reject", form=form)
    if not form.is_valid():
        return _desk(request, message, 422, mode="reject", form=form)
    version, tag, reason = (form.cleaned_data[name] for name in ("version", "tag", "reason"))
    try:
        rejected = decisions.reject(
            message, version, Decider(request.user, "desk"), tag=tag, reason=reason
        )
    except decisions.TooLate as late:
        again = forms.Reject({**request.POST.dict(), "version": late.message.version})
        return _too_late(request, late.message, version, mode="reject", form=again)
    except decisions.Refused as refused:
        form.add_error(refused.field or None, refused.text)
        return _desk(request, message, 422, mode="reject", form=form)
    review_queue.give_back(rejected, request.user)
    messages.success(request, f"Rejected: {rejected.lead}. {Tag(tag).label}.")
    return to_next(request, after=message)


@page
def edit(request: HttpRequest, public_id: Any) -> HttpResponse:
    must_decide(request)
    message = find(public_id)
    text = message.text
    if text is None or message.status not in (Status.HELD, Status.BLOCKED):
        return to_desk(message) if request.method != "POST" else _too_late(request, message, -1)
    shown = {"version": message.version, "subject": text.subject, "body": text.body}
    if request.method != "POST":
        return _desk(request, message, mode="edit", form=forms.Edit(initial=shown))
    form = forms.Edit(request.POST)
    if claim := review_queue.holder(message, request.user):
        return _taken(request, message, claim, mode="edit", form=form)
    if request.POST.get("do") == "restore":
        first = desk.original(message) or text
        form = forms.Edit({**shown, "subject": first.subject, "body": first.body})
        return _desk(request, message, mode="edit", form=form, restored=True)
    if not form.is_valid():
        return _desk(request, message, 422, mode="edit", form=form)
    typed = form.cleaned_data
    diff = desk.typed_diff(message, typed["subject"], typed["body"])
    if request.POST.get("do") == "compare":
        return _desk(request, message, mode="edit", form=form, diff=diff)
    try:
        saved = review_actions.edit(
            message, typed["version"], subject=typed["subject"], body=typed["body"], by=request.user
        )
    except Stale:
        return _edited_meanwhile(request, find(public_id), form)
    except IllegalMove:
        return _too_late(request, find(public_id), typed["version"], mode="edit", form=form)
    review_queue.open_desk(saved, request.user)
    messages.success(request, f"Saved. {diff.sentence}.")
    return to_desk(saved)


@deciding
def undo(request: HttpRequest, message: Message) -> HttpResponse:
    """Take an approval back and show the email again."""
    try:
        undone = review_actions.undo(message, by=request.user)
    except (Stale, IllegalMove):
        current = find(message.public_id)
        return _desk(request, current, 409, strip=desk.too_late_to_undo(current))
    messages.success(request, f"Undone: {undone.lead}. It waits for a decision again.")
    return to_desk(undone)


@deciding
def skip(request: HttpRequest, message: Message) -> HttpResponse:
    """To the end of this person's list; no record of a no."""
    review_queue.give_back(message, request.user)
    remember_skip(request, message)
    return to_next(request, after=message)


@page
@require_POST
def many(request: HttpRequest) -> HttpResponse:
    """Decide the selected emails, each by itself, and answer for each."""
    must_decide(request)
    try:
        chosen = batch.chosen(request.POST.getlist("selected"))
    except decisions.Refused as refused:
        messages.error(request, refused.text)
        return _to_queue()
    if not chosen:
        messages.info(request, "No email was selected.")
        return _to_queue()
    decider = Decider(request.user, "desk")
    if request.POST.get("action") == "approve":
        in_shadow = phase.control().phase == Phase.SHADOW
        answers = batch.approve(chosen, decider)
        messages.success(
            request, batch.said(answers, "Recorded as approved" if in_shadow else "Approved")
        )
        return _to_queue()
    form = forms.RejectMany(
        request.POST if "tag" in request.POST or "reason" in request.POST else None
    )
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return show(
            request, "approvals/desk/reject_many.html", {"chosen": chosen, "form": form}, status
        )
    answers = batch.reject(
        chosen, decider, tag=form.cleaned_data["tag"], reason=form.cleaned_data["reason"]
    )
    messages.success(request, batch.said(answers, "Rejected"))
    return _to_queue()


def _to_queue() -> HttpResponse:
    return SeeOther(reverse("queue"))


def _desk(request: HttpRequest, message: Message, status: int = 200, **more: Any) -> HttpResponse:
    context = {"mode": "look", **desk.page(message, request.user)}
    if context["decidable"] is False and more.get("mode") and status == 200:
        return to_desk(message)
    context.update({name: value for name, value in more.items() if value is not None})
    return show(request, "approvals/desk/desk.html", context, status)


def _taken(request: HttpRequest, message: Message, claim: Any, **more: Any) -> HttpResponse:
    text = f"{desk.who_has(claim)}{desk.NOT_RECORDED}"
    return _desk(request, message, 409, strip=desk.Strip("warn", text), **more)


def _too_late(request: HttpRequest, message: Message, shown: int, **more: Any) -> HttpResponse:
    message = find(message.public_id)
    strip, changes = desk.conflict(message, shown)
    if message.status not in (Status.HELD, Status.BLOCKED):
        more = {}  # nothing is left to type into
    return _desk(request, message, 409, strip=strip, changes=changes, **more)


def _edited_meanwhile(request: HttpRequest, message: Message, form: forms.Edit) -> HttpResponse:
    text = message.text
    if text is None or message.status not in (Status.HELD, Status.BLOCKED):
        return _too_late(request, message, -1)
    again = forms.Edit({**form.cleaned_data, "version": message.version})
    return _desk(
        request, message, 409, mode="edit", form=again, strip=desk.saved_meanwhile(text), theirs=text,
        diff=desk.typed_diff(message, form.cleaned_data["subject"], form.cleaned_data["body"]),
    )  # fmt: skip
