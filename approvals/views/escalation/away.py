"""Not available until, and who stands in: of oneself, or by a Lead of anybody."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from approvals.escalation import availability
from approvals.models import Delegate
from approvals.views.escalation.forms import AwayForm, DelegateForm, active_members
from approvals.views.escalation.pages import render_overview, require_lead
from approvals.views.pages import SeeOther, viewer_page
from caio_project.lib.web.client_input import read_id
from caio_project.lib.words.clock_words import day_clock_words
from leads.models import TeamMember

NO_MEMBER = "You are not on the team list, so nobody tells you anything. Nothing was changed."
GONE = "This person is not on the team any more. Nothing was changed."


@viewer_page
@require_POST
def set_own(request: HttpRequest) -> HttpResponse:
    member = own_member(request.user)
    if member is None:
        messages.error(request, NO_MEMBER)
        return SeeOther(reverse("personal-settings"))
    problem = _change(request, member)
    if problem:
        messages.error(request, f"Nothing was changed. {problem}")
    return SeeOther(reverse("personal-settings"))


@viewer_page
@require_POST
def set_of_member(request: HttpRequest) -> HttpResponse:
    require_lead(request)
    member = active_members().filter(pk=read_id(request.POST.get("member", ""))).first()
    if member is None:
        return render_overview(request, 422, problem=GONE)
    if problem := _change(request, member):
        said = f"Nothing was changed for {member.name}. {problem}"
        return render_overview(request, 422, problem=said)
    return SeeOther(reverse("escalation"))


def own_member(user: Any) -> TeamMember | None:
    return TeamMember.objects.filter(user=user, active=True).first()


def _change(request: HttpRequest, member: TeamMember) -> str:
    """Do what `do` names; the sentence of the refusal, or ""."""
    does = {"away": _set_away, "back": _set_back, "delegate": _set_delegate, "end": _end_delegate}
    act = does.get(request.POST.get("do", ""))
    return act(request, member) if act else "Choose what to do."


def _set_away(request: HttpRequest, member: TeamMember) -> str:
    form = AwayForm(request.POST)
    if not form.is_valid():
        return _first_error(form)
    try:
        row = availability.set_absence(member, form.cleaned_data["until"], request.user)
    except availability.AvailabilityRefused as refused:
        return f"Not available until: {refused.text}"
    messages.success(request, f"{member.name} is not available until {day_clock_words(row.until)}.")
    return ""


def _set_back(request: HttpRequest, member: TeamMember) -> str:
    if not availability.end_absence(member):
        return f"{member.name} is available already."
    messages.success(request, f"{member.name} is available again.")
    return ""


def _set_delegate(request: HttpRequest, member: TeamMember) -> str:
    form = DelegateForm(request.POST)
    if not form.is_valid():
        return _first_error(form)
    typed = form.cleaned_data
    days = typed["first_day"], typed["last_day"]
    try:
        row = availability.set_delegate(member, typed["delegate"], days, request.user)
    except availability.AvailabilityRefused as refused:
        return f"{form.fields[refused.field].label}: {refused.text}"
    messages.success(
        request,
        f"{row.delegate} stands in for {member.name} from {row.first_day:%b %-d} "
        f"to {row.last_day:%b %-d}.",
    )
    return ""


def _end_delegate(request: HttpRequest, member: TeamMember) -> str:
    wanted = read_id(request.POST.get("delegate", ""))
    row = Delegate.objects.filter(pk=wanted, member=member).first()
    if row is None or row.ended_at:
        return "That delegate stands in no more."
    availability.end_delegate(row)
    messages.success(request, f"{row.delegate} no longer stands in for {member.name}.")
    return ""


def _first_error(form: forms.Form) -> str:
    return str(next(iter(form.errors.values()))[0])
