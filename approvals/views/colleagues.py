"""Write to a colleague instead."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from approvals import forms
from approvals.decisions import claims, colleague_choice, decisions
from approvals.decisions.decisions import Decider
from approvals.desk import status_words
from approvals.views.desk_answers import render_desk
from approvals.views.pages import find_message, redirect_to_desk, reviewer_action
from outreach.models import Message


@reviewer_action
def write_instead(request: HttpRequest, message: Message) -> HttpResponse:
    form = forms.InsteadForm(request.POST)
    if not form.is_valid():
        return _render_refusal(request, message, 422, "The form was incomplete.")
    colleague = find_message(form.cleaned_data["colleague"])
    decider = Decider(request.user, "desk")
    try:
        chosen = colleague_choice.write_instead(
            message, form.cleaned_data["version"], colleague, decider
        )
    except decisions.DecisionConflict as late:
        return _render_refusal(request, message, 409, late.text)
    except decisions.DecisionRefused as refused:
        return _render_refusal(request, message, 422, refused.text)
    claims.release_claim(message, request.user)
    messages.success(
        request, f"{chosen.lead} is in the queue now. The email to {message.lead} is on hold."
    )
    return redirect_to_desk(request, chosen)


def _render_refusal(request: HttpRequest, message: Any, status: int, text: str) -> HttpResponse:
    current = find_message(message.public_id)
    return render_desk(request, current, status, strip=status_words.StatusLine("warn", text))
