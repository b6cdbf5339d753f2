"""What is done beside a decision: put an email off, or write a colleague a note about it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from approvals import forms
from approvals.decisions import snoozing
from approvals.decisions.decisions import DecisionRefused
from approvals.desk import notes
from approvals.views.desk_answers import render_desk
from approvals.views.pages import find_message, redirect_to_desk, redirect_to_next, reviewer_action
from outreach.models import Message


@reviewer_action
def snooze_email(request: HttpRequest, message: Message) -> HttpResponse:
    is_back = request.POST.get("do") == "back"
    form = forms.VersionForm(request.POST) if is_back else forms.SnoozeForm(request.POST)
    if not form.is_valid():
        problem = f"Not snoozed. {snoozing.BAD_DAY}"
        return render_desk(request, message, 422, problem=problem)
    version = form.cleaned_data["version"]
    try:
        if is_back:
            returned = snoozing.bring_back(message, version, request.user)
            messages.success(request, f"Back in the queue: {returned.lead}.")
            return redirect_to_desk(request, returned)
        put_off = snoozing.snooze(message, version, form.cleaned_data["day"], request.user)
    except DecisionRefused as refused:
        current = find_message(message.public_id)
        return render_desk(request, current, 409, problem=refused.text)
    back = f"{form.cleaned_data['day']:%A, %B %-d}"
    messages.success(request, f"Snoozed: {put_off.lead}. It comes back on {back}.")
    return redirect_to_next(request, after=message)


@reviewer_action
def write_note(request: HttpRequest, message: Message) -> HttpResponse:
    form = forms.NoteForm(request.POST)
    if not form.is_valid():
        return render_desk(request, message, 422, note_form=form)
    try:
        notes.write_note(message, form.cleaned_data["note"], request.user)
    except notes.NobodyMentioned as error:
        form.add_error("note", str(error))
        return render_desk(request, message, 422, note_form=form)
    messages.success(request, "Note saved.")
    return redirect_to_desk(request, message)
