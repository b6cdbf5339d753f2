"""The form that scores an email, beside the email itself, and what all scores average."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from approvals import forms
from approvals.models import ScoreSource
from approvals.quality import scores, summary
from approvals.quality.dimensions import NAMES
from approvals.quality.score_exchange import MOST_EMAILS
from approvals.views.desk_answers import render_desk
from approvals.views.pages import (
    find_message,
    redirect_to_desk,
    render_page,
    require_decide_permission,
    viewer_page,
)
from outreach.models import Message


@viewer_page
@require_safe
def quality_page(request: HttpRequest) -> HttpResponse:
    return render_quality(request)


def render_quality(request: HttpRequest, status: int = 200, **more: Any) -> HttpResponse:
    """`more` says what was wrong with a file of scores."""
    found = summary.summarize_scores()
    tables = [
        ("dimensions", "By dimension", found.dimensions),
        ("templates", "By template", found.templates),
        ("drafters", "By who wrote the text", found.drafters),
        ("reviewers", "By reviewer", found.reviewers),
    ]
    context = {"found": found, "tables": tables, "most": MOST_EMAILS, **more}
    return render_page(request, "approvals/quality/quality.html", context, status)


@viewer_page
def score_email(request: HttpRequest, public_id: Any) -> HttpResponse:
    """GET shows the form, filled with this person's newest score; POST stores another one."""
    require_decide_permission(request)
    message = find_message(public_id)
    if scores.scorable_text(message) is None:
        messages.error(request, scores.NO_TEXT)
        return redirect_to_desk(request, message)
    if request.method != "POST":
        form = forms.ScoreForm(initial=_initial_values(message, request.user))
        return render_desk(request, message, mode="score", form=form)
    form = forms.ScoreForm(request.POST)
    if not form.is_valid():
        return render_desk(request, message, 422, mode="score", form=form)
    typed = form.cleaned_data
    marks = scores.Marks({name: typed[name] for name in NAMES}, typed["comment"])
    try:
        score = scores.give_score(
            message, typed["version"], marks, by=request.user, source=ScoreSource.DESK
        )
    except scores.NotScored as refused:
        form = forms.ScoreForm({**request.POST.dict(), "version": message.version})
        form.add_error(None, str(refused))
        return render_desk(request, message, 409, mode="score", form=form)
    messages.success(request, f"Scored: {message.lead}, {score.mean:.1f} of 5.")
    return redirect_to_desk(request, message)


def _initial_values(message: Message, user: Any) -> dict[str, Any]:
    values: dict[str, Any] = {"version": message.version}
    if mine := scores.my_score(message, user):
        values |= {name: getattr(mine, name) for name in NAMES}
        values["comment"] = mine.comment.text if hasattr(mine, "comment") else ""
    return values
