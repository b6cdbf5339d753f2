"""A shorter text by the language model: asked by POST, looked for by GET while it is written."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from approvals import forms
from approvals.decisions import claims, decisions
from approvals.decisions.decisions import Decider
from approvals.decisions.judgement import Action, Refusal
from approvals.desk import shorter_text as shorter_words
from approvals.views.desk_answers import render_claimed, render_conflict, render_desk
from approvals.views.pages import (
    desk_address,
    find_message,
    redirect_to_desk,
    require_decide_permission,
    viewer_page,
)
from outreach.drafting.language_model import shorten
from outreach.lifecycle.transitions import IllegalMove, StaleMessage
from outreach.models import Message

INCOMPLETE = "The form was incomplete. Nothing was changed."


@viewer_page
@require_http_methods(["GET", "HEAD", "POST"])
def shorter_text(request: HttpRequest, public_id: Any) -> HttpResponse:
    require_decide_permission(request)
    message = find_message(public_id)
    if request.method == "POST":
        return _ask(request, message)
    state = shorter_words.describe(message)
    if "HX-Request" not in request.headers:
        return redirect_to_desk(request, message)
    if not state.is_offered or request.GET.get("version") != str(message.version):
        headers = {"HX-Redirect": desk_address(message.public_id, request)}
        return HttpResponse(status=204, headers=headers)
    context = {"message": message, "shorter": state}
    return render(request, "approvals/desk/_shorter.html", context)


def _ask(request: HttpRequest, message: Message) -> HttpResponse:
    form, decider = forms.VersionForm(request.POST), Decider(request.user, "desk")
    if not form.is_valid():
        return render_desk(request, message, 422, problem=INCOMPLETE)
    version = form.cleaned_data["version"]
    refusal = decisions.find_refusal(Action.EDIT, message, version, decider)
    if refusal == Refusal.CLAIMED:
        return render_claimed(request, message)
    if refusal is not None:
        return render_conflict(request, message, version)
    try:
        shorten.request_shorter(message, version, by=request.user)
    except (StaleMessage, IllegalMove):
        return render_conflict(request, message, version)
    except shorten.CannotShorten as why:
        return render_desk(request, message, 422, problem=f"Not shortened. {why}")
    claims.take_for_review(message, request.user)
    return redirect_to_desk(request, message)
