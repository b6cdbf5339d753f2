"""What is done beside a decision: put an email off, take it over, reopen it, write a note."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from approvals import forms
from approvals.decisions import claims, refusal_words, reopening, snoozing
from approvals.decisions.decisions import Decider, DecisionRefused
from approvals.decisions.judgement import Refusal
from approvals.desk import notes, status_words
from approvals.views.desk_answers import render_desk
from approvals.views.pages import find_message, redirect_to_desk, redirect_to_next, reviewer_action
from caio_project.lib.words.role_words import ask_a_lead
from outreach.choices import Status
from outreach.control import phase
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
def take_over(request: HttpRequest, message: Message) -> HttpResponse:
    """A Lead gets an email that a colleague has; what they typed stays on their page."""
    if not request.user.has_perm(reopening.PERMISSION):
        raise PermissionDenied(ask_a_lead("take an email over"))
    if message.status not in (Status.HELD, Status.BLOCKED):
        said = refusal_words.describe_current_state(message)
        messages.info(request, said.removesuffix(refusal_words.NOT_RECORDED))
        return redirect_to_desk(request, message)
    claim = claims.take_over(message, request.user)
    whose = f", in place of {phase.actor_name(claim.user)}" if claim else ""
    messages.success(request, f"You have this email for 10 minutes{whose}.")
    return redirect_to_desk(request, message)


@reviewer_action
def reopen_email(request: HttpRequest, message: Message) -> HttpResponse:
    form, decider = forms.ReopenForm(request.POST), Decider(request.user, "desk")
    if reopening.find_refusal(message, message.version, decider) == Refusal.NOT_A_LEAD:
        raise PermissionDenied(ask_a_lead("reopen an email"))
    if not form.is_valid():
        return render_desk(request, message, 422, reopen_form=form)
    typed = form.cleaned_data
    try:
        reopened = reopening.reopen(message, typed["version"], decider, reason=typed["reason"])
    except DecisionRefused as refused:
        line = status_words.StatusLine("warn", refused.text)
        return render_desk(request, find_message(message.public_id), 409, strip=line)
    messages.success(request, f"Reopened: {reopened.lead}. It waits for a decision again.")
    return redirect_to_desk(request, reopened)


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
