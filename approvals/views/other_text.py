"""Another text for an email on the desk: a test to oneself, another template, a snippet."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from approvals import forms
from approvals.decisions import claims, decisions, refusal_words
from approvals.decisions.decisions import Decider
from approvals.decisions.judgement import Action, Refusal
from approvals.desk import send_test
from approvals.views.desk_answers import render_claimed, render_conflict, render_desk
from approvals.views.pages import (
    find_message,
    redirect_to_desk,
    render_page,
    require_decide_permission,
    reviewer_action,
    viewer_page,
)
from caio_project.lib.web.client_input import read_id
from leads.models import Kind
from outreach.lifecycle.transitions import IllegalMove, StaleMessage
from outreach.models import Message, Snippet
from outreach.review import other_texts

NOT_AS_SHOWN = "Not changed: the email is another one by now. It is below as it stands."
NO_LONGER_FITS = "Not changed: that template does not fit any more, or a check stops its text."


@reviewer_action
def send_test_email(request: HttpRequest, message: Message) -> HttpResponse:
    try:
        address = send_test.send_test(message, request.user)
    except send_test.TestNotSent as why:
        messages.error(request, str(why))
    else:
        messages.success(request, f"Test sent to {address}. It is not counted as a send.")
    return redirect_to_desk(request, message)


@viewer_page
def other_texts_page(request: HttpRequest, public_id: Any) -> HttpResponse:
    """GET lists what other templates would say; POST takes one of them."""
    require_decide_permission(request)
    message = find_message(public_id)
    if message.status not in other_texts.UNDECIDED or message.kind == Kind.TRAINING:
        return redirect_to_desk(request, message)
    if request.method == "POST":
        return _take_text(request, message)
    return _render_texts(request, message)


def _take_text(request: HttpRequest, message: Message) -> HttpResponse:
    form = forms.VersionForm(request.POST)
    chosen = read_id(request.POST.get("template", ""))
    if refused := _claimed_by_another(request, message):
        return _render_texts(request, message, 409, refused)
    if not form.is_valid() or not chosen:
        return _render_texts(request, message, 422, "Choose one of the texts below.")
    version = form.cleaned_data["version"]
    try:
        changed = other_texts.use_template(message, version, chosen, by=request.user)
    except (StaleMessage, IllegalMove):
        return _render_texts(request, find_message(message.public_id), 409, NOT_AS_SHOWN)
    except other_texts.TextGone:
        return _render_texts(request, message, 409, NO_LONGER_FITS)
    claims.claim_message(changed, request.user)
    messages.success(request, "Text replaced. Read it before you approve.")
    return redirect_to_desk(request, changed)


def _claimed_by_another(request: HttpRequest, message: Message) -> str:
    decider = Decider(request.user, "desk")
    refusal = decisions.find_refusal(Action.EDIT, message, message.version, decider)
    if refusal != Refusal.CLAIMED:
        return ""
    claim = claims.colleague_claim(message, request.user)
    return refusal_words.refusal_sentence(refusal, message, claim)


def _render_texts(
    request: HttpRequest, message: Message, status: int = 200, problem: str = ""
) -> HttpResponse:
    context = {
        "message": message,
        "lead": message.lead,
        "texts": other_texts.list_other_texts(message),
        "problem": problem,
    }
    return render_page(request, "approvals/desk/other_texts.html", context, status)


@viewer_page
@require_POST
def insert_snippet(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Show the edit form again with a snippet at the end of the text. Nothing is saved."""
    require_decide_permission(request)
    message = find_message(public_id)
    if message.status not in other_texts.UNDECIDED:
        return render_conflict(request, message, -1)
    if _claimed_by_another(request, message):
        form = forms.EditForm(request.POST)
        return render_claimed(request, message, mode="edit", form=form)
    typed = {name: request.POST.get(name, "") for name in ("version", "subject", "body", "tag")}
    snippet = Snippet.objects.filter(pk=read_id(request.POST.get("snippet", ""))).first()
    if snippet:
        typed["body"] = f"{typed['body'].rstrip()}\n\n{snippet.text}".lstrip()
    return render_desk(request, message, mode="edit", form=forms.EditForm(initial=typed))
