"""The queue and the desk. A GET changes nothing; every decision is a POST that names the text it
decides on.
"""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST, require_safe

from approvals import forms
from approvals.decisions import claims, decisions, refusal_words, undo
from approvals.decisions.decisions import Decider
from approvals.decisions.judgement import Action, Refusal
from approvals.desk import desk, reading_proof, status_words
from approvals.learning import edits
from approvals.queue import blocked_lane, review_queue, what_waits
from approvals.queue.queue_view import QueueView
from approvals.views.desk_answers import (
    NOT_CHECKED_OUT,
    render_claimed,
    render_conflict,
    render_desk,
    render_refusal,
    render_unread,
)
from approvals.views.pages import (
    find_message,
    redirect_after_decision,
    redirect_to_desk,
    redirect_to_next,
    remember_skip,
    render_page,
    require_decide_permission,
    reviewer_action,
    viewer_page,
)
from leads.models import Kind
from outreach.choices import Phase, Status, Tag
from outreach.control import phase
from outreach.lifecycle.transitions import IllegalMove, StaleMessage
from outreach.models import Message
from outreach.review import review_actions

DECIDED = "decided"  # a strip with Undo says the same, where there is one
INCOMPLETE = "The form was incomplete."
NOT_EDITED = "Emails for practice are not edited: approve or reject them."


@viewer_page
@require_safe
def queue_page(request: HttpRequest) -> HttpResponse:
    view = QueueView.read(request.GET)
    waits = what_waits.what_waits()
    is_lane = view.show == "blocked" and not view.words
    lane = blocked_lane.blocked_groups(waits) if is_lane else []
    found = review_queue.QueuePage([], "")
    if not lane:
        after = request.GET.get("after", "")
        found = review_queue.load_page(view.messages(request.user), request.user, after)
    context = {
        "page": found,
        "chips": review_queue.filter_chips(request.user, view.show),
        "view": view,
        "filter": view.show,
        "search": view.words,
        "after": request.GET.get("after", ""),
        "waits": waits,
        "lane": lane,
        "blocked_total": waits.blocked_by(),
    }
    return render_page(request, "approvals/queue/queue.html", context)


@viewer_page
@require_POST
def open_next_email(request: HttpRequest) -> HttpResponse:
    require_decide_permission(request)
    message = review_queue.next_message_for(
        request.user,
        skipped=request.session.get("skipped", ()),
        among=QueueView.read(request.GET).messages(request.user),
    )
    if message is None:
        messages.info(request, "No email waits for review.")
    elif claims.claim_message(message, request.user).user_id == request.user.pk:
        claims.release_other_claims(request.user, message)
        return redirect_to_desk(request, message)
    return redirect_to_next(request)


@viewer_page
@require_safe
def desk_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    return render_desk(request, find_message(public_id))


@reviewer_action
def record_read(request: HttpRequest, message: Message) -> HttpResponse:
    """The email has been on the screen for a while: claim it, and record the reading where its end
    was seen and the time was long enough.
    """
    form = forms.VersionForm(request.POST)
    if not form.is_valid() or form.cleaned_data["version"] != message.version:
        return HttpResponse(
            refusal_words.describe_current_state(message), status=409, content_type="text/plain"
        )
    proof = request.POST.get("shown", "")
    if reading_proof.shown_version(message, request.user, proof) != message.version:
        return HttpResponse(NOT_CHECKED_OUT, status=422, content_type="text/plain")
    if message.status in (Status.HELD, Status.BLOCKED):
        claim = claims.take_for_review(message, request.user)
        if claim.user_id != request.user.pk:
            return HttpResponse(
                refusal_words.claim_sentence(claim), status=409, content_type="text/plain"
            )
        if "end" in request.POST and _proven_version(request, message) == message.version:
            claims.record_reading(message, request.user)
    return HttpResponse(status=204)


@reviewer_action
def approve_email(request: HttpRequest, message: Message) -> HttpResponse:
    form = forms.VersionForm(request.POST)
    if not form.is_valid():
        return render_desk(request, message, 422, problem=f"{INCOMPLETE} Nothing was decided.")
    version, decider = form.cleaned_data["version"], Decider(request.user, "desk")
    refusal = decisions.find_refusal(Action.APPROVE, message, version, decider)
    if refusal is None and _proven_version(request, message) != version:
        return render_unread(request, message)
    in_shadow = phase.current_control().phase == Phase.SHADOW or message.kind == Kind.TRAINING
    try:
        approved = decisions.approve(message, version, decider)
    except decisions.DecisionConflict as late:
        return render_refusal(request, late, version)
    except decisions.DecisionRefused as refused:
        return render_desk(
            request, find_message(message.public_id), 422, problem=f"Not approved. {refused.text}"
        )
    claims.release_claim(approved, request.user)
    said = status_words.approved_sentence(approved, in_shadow)
    messages.success(request, said, extra_tags=DECIDED)
    return redirect_after_decision(request, message)


@viewer_page
def reject_email(request: HttpRequest, public_id: Any) -> HttpResponse:
    require_decide_permission(request)
    message = find_message(public_id)
    if request.method != "POST":
        return render_desk(
            request,
            message,
            mode="reject",
            form=forms.RejectForm(initial={"version": message.version}),
        )
    if "use" in request.POST:
        return render_desk(request, message, mode="reject", form=_with_used_reason(request))
    form, decider = forms.RejectForm(request.POST), Decider(request.user, "desk")
    refusal = decisions.find_refusal(Action.REJECT, message, message.version, decider)
    if refusal == Refusal.CLAIMED:
        return render_claimed(request, message, mode="reject", form=form)
    if not form.is_valid():
        return render_desk(request, message, 422, mode="reject", form=form)
    version, tag, reason = (form.cleaned_data[name] for name in ("version", "tag", "reason"))
    try:
        rejected = decisions.reject(message, version, decider, tag=tag, reason=reason)
    except decisions.DecisionConflict as late:
        again = forms.RejectForm({**request.POST.dict(), "version": late.message.version})
        return render_refusal(request, late, version, mode="reject", form=again)
    except decisions.DecisionRefused as refused:
        form.add_error(refused.field or None, refused.text)
        return render_desk(request, message, 422, mode="reject", form=form)
    claims.release_claim(rejected, request.user)
    said = f"Rejected: {rejected.lead}. {Tag(tag).label}."
    messages.success(request, said, extra_tags=DECIDED)
    return redirect_after_decision(request, message)


def _with_used_reason(request: HttpRequest) -> forms.RejectForm:
    typed = {"version": request.POST.get("version", ""), "tag": request.POST.get("tag", "")}
    return forms.RejectForm(initial={**typed, "reason": request.POST["use"]})


@viewer_page
def edit_email(request: HttpRequest, public_id: Any) -> HttpResponse:
    require_decide_permission(request)
    message = find_message(public_id)
    text = message.text
    if message.kind == Kind.TRAINING:
        messages.info(request, NOT_EDITED)
        return redirect_to_desk(request, message)
    if text is None or message.status not in (Status.HELD, Status.BLOCKED):
        return (
            redirect_to_desk(request, message)
            if request.method != "POST"
            else render_conflict(request, message, -1)
        )
    shown = {"version": message.version, "subject": text.subject, "body": text.body}
    if request.method != "POST":
        return render_desk(request, message, mode="edit", form=forms.EditForm(initial=shown))
    form = forms.EditForm(request.POST)
    decider = Decider(request.user, "desk")
    refusal = decisions.find_refusal(Action.EDIT, message, message.version, decider)
    if refusal == Refusal.CLAIMED:
        return render_claimed(request, message, mode="edit", form=form)
    if request.POST.get("do") == "restore":
        first = desk.last_machine_text(message) or text
        restored = {
            "subject": first.subject,
            "body": first.body,
            "tag": request.POST.get("tag", ""),
        }
        form = forms.EditForm({**shown, **restored})
        return render_desk(request, message, mode="edit", form=form, restored=True)
    if not form.is_valid():
        return render_desk(request, message, 422, mode="edit", form=form)
    if request.POST.get("do") == "compare":
        diff = desk.typed_diff(message, form.cleaned_data["subject"], form.cleaned_data["body"])
        return render_desk(request, message, mode="edit", form=form, diff=diff)
    return _save_edit(request, message, form)


def _save_edit(request: HttpRequest, message: Message, form: forms.EditForm) -> HttpResponse:
    version, tag = form.cleaned_data["version"], form.cleaned_data["tag"]
    typed = {name: form.cleaned_data[name] for name in ("subject", "body")}
    said = desk.typed_diff(message, **typed).sentence
    # Only whoever had read the whole email knows the rest of what they changed.
    was_read = claims.has_read(message, request.user, version) or (
        _proven_version(request, message) == version
    )
    try:
        saved = review_actions.edit_text(message, version, **typed, by=request.user)
    except StaleMessage:
        return _render_edit_conflict(request, find_message(message.public_id), form)
    except IllegalMove:
        current = find_message(message.public_id)
        return render_conflict(request, current, version, mode="edit", form=form)
    edits.tag_edit(saved, version, tag, request.user)
    claim = claims.take_for_review(saved, request.user)
    if was_read and saved.version != version and claim.user_id == request.user.pk:
        claims.record_reading(saved, request.user)
    _say_saved(request, saved, said)
    return redirect_to_desk(request, saved)


def _say_saved(request: HttpRequest, saved: Message, sentence: str) -> None:
    if saved.status == Status.BLOCKED:
        messages.warning(request, f"Saved, but it can't be approved: {saved.error}")
    else:
        messages.success(request, f"Saved. {sentence}.")


@reviewer_action
def undo_decision(request: HttpRequest, message: Message) -> HttpResponse:
    form = forms.VersionForm(request.POST)
    if not form.is_valid():
        return render_desk(request, message, 422, problem=f"{INCOMPLETE} Nothing was undone.")
    try:
        undone = undo.undo(message, form.cleaned_data["version"], Decider(request.user, "desk"))
    except decisions.DecisionRefused as refused:
        current = find_message(message.public_id)
        line = status_words.StatusLine("warn", refused.text)
        return render_desk(request, current, 409, strip=line)
    claims.claim_message(undone, request.user)
    messages.success(request, f"Undone: {undone.lead}. It waits for a decision again.")
    return redirect_to_desk(request, undone)


@reviewer_action
def skip_email(request: HttpRequest, message: Message) -> HttpResponse:
    claims.release_claim(message, request.user)
    remember_skip(request, message)
    return redirect_to_next(request, after=message)


def _proven_version(request: HttpRequest, message: Message) -> int:
    return reading_proof.proven_version(message, request.user, request.POST.get("shown", ""))


def _render_edit_conflict(
    request: HttpRequest, message: Message, form: forms.EditForm
) -> HttpResponse:
    text = message.text
    if text is None or message.status not in (Status.HELD, Status.BLOCKED):
        return render_conflict(request, message, -1)
    again = forms.EditForm({**form.cleaned_data, "version": message.version})
    return render_desk(
        request,
        message,
        409,
        mode="edit",
        form=again,
        strip=status_words.saved_meanwhile_line(text),
        theirs=text,
        diff=desk.typed_diff(message, form.cleaned_data["subject"], form.cleaned_data["body"]),
    )
