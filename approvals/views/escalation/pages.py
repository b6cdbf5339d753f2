"""Who is told when, with a preview of the coming week; what a Lead edits there."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST, require_safe

from approvals.escalation import availability, ladder_rows, preview
from approvals.escalation.ladder_rules import Ladder
from approvals.models import EscalationLadder, LadderStep
from approvals.views.escalation.forms import (
    WEEKDAYS,
    AwayForm,
    CalendarForm,
    DelegateForm,
    LadderForm,
    StepFormSet,
    active_members,
    typed_steps,
)
from approvals.views.pages import SeeOther, render_page, viewer_page
from caio_project.lib.vendor_access.access import vendor_value
from caio_project.lib.words.role_words import ask_a_lead
from leads.models import TeamMember
from outreach.choices import Band
from outreach.limits import office_hours, team_calendar
from outreach.models import DayOff, TeamCalendar

CHANGE = "approvals.change_escalation"
NOT_A_LEAD = ask_a_lead("change who is told when")
CHANGED_MEANWHILE = "Somebody saved another version meanwhile. Yours is below and is not saved."
MOST_ORDER = 99
MOST_DAYS_AWAY = 366  # that the preview looks back or ahead


def require_lead(request: HttpRequest) -> None:
    if not request.user.has_perm(CHANGE):
        raise PermissionDenied(NOT_A_LEAD)


@viewer_page
@require_safe
def escalation_page(request: HttpRequest) -> HttpResponse:
    return render_overview(request)


def render_overview(request: HttpRequest, status: int = 200, **more: Any) -> HttpResponse:
    plan, now = ladder_rows.load_plan(), timezone.now()
    held = _moment(request.GET.get("held", "")) or now
    saved = {row.band: row for row in EscalationLadder.objects.select_related("changed_by")}
    context = {
        "bands": [
            {
                "band": band,
                "label": Band(band).label,
                "row": saved.get(band),
                "ladder": plan.ladders[band],
                "steps": [_step_words(step, plan.people) for step in plan.ladders[band].steps],
                "asked": preview.preview_at(plan.ladders[band], plan.hours, plan.people, held),
                "week": preview.preview_week(plan.ladders[band], plan.hours, plan.people, now),
            }
            for band in Band.values
        ],
        "held": held,
        "is_asked": "held" in request.GET,
        "days": _week_words(plan),
        "zone": plan.hours.zone,
        "country": plan.hours.country,
        "days_off": DayOff.objects.filter(day__gte=timezone.localdate()),
        "on": availability.who_is_on(plan.people, now),
        "members": active_members(),
        "delegates": availability.current_delegates(),
        "away_form": AwayForm(),
        "delegate_form": DelegateForm(),
        "may_change": request.user.has_perm(CHANGE),
        "slack": bool(vendor_value("SLACK_BOT_TOKEN")),
        "email": bool(settings.EMAIL_URL),
    }
    return render_page(request, "approvals/escalation/overview.html", {**context, **more}, status)


def _moment(text: str) -> datetime | None:
    """A moment of the reader's zone within a year of now; None for anything else."""
    try:
        found = parse_datetime(text)
        found = timezone.make_aware(found) if found and timezone.is_naive(found) else found
    except (ValueError, OverflowError):
        return None
    near = found is not None and abs(found - timezone.now()) < timedelta(days=MOST_DAYS_AWAY)
    return found if near else None


def _step_words(step: Any, people: Any) -> dict[str, Any]:
    person = people.find(step.person)
    return {"step": step, "minutes": int(step.after.total_seconds() // 60), "person": person}


def _week_words(plan: ladder_rows.Plan) -> list[tuple[str, str]]:
    return [
        (name, ", ".join(f"{one.start:%H:%M}-{one.end:%H:%M}" for one in spans) or "closed")
        for name, spans in zip(WEEKDAYS, plan.hours.week, strict=True)
    ]


@viewer_page
def ladder_page(request: HttpRequest) -> HttpResponse:
    """GET shows the ladder of ?band= to edit; POST saves it, or shows what it would do."""
    require_lead(request)
    asked = request.POST if request.method == "POST" else request.GET
    band = asked.get("band", "")
    band = band if band in Band.values else Band.HOT.value
    row = EscalationLadder.objects.filter(band=band).first()
    if request.method != "POST":
        ladder = ladder_rows.load_plan().ladders[band]
        form = LadderForm(initial={"seen": _stamp(row), "opened_extra_minutes": _extra(ladder)})
        steps = StepFormSet(initial=[_initial(step) for step in ladder.steps], prefix="step")
        return _render_ladder(request, band, form, steps)
    form, steps = LadderForm(request.POST), StepFormSet(request.POST, prefix="step")
    if not (form.is_valid() and steps.is_valid()):
        return _render_ladder(request, band, form, steps, 422)
    extra, rows = form.cleaned_data["opened_extra_minutes"], typed_steps(steps)
    if request.POST.get("do") == "preview":
        plan = ladder_rows.load_plan()
        typed = ladder_rows.ladder_from(rows, extra, plan.hours.zone)
        week = preview.preview_week(typed, plan.hours, plan.people, timezone.now())
        return _render_ladder(request, band, form, steps, week=week)
    if form.cleaned_data["seen"] != _stamp(row):
        form = LadderForm({**form.cleaned_data, "seen": _stamp(row)})
        return _render_ladder(request, band, form, steps, 409, problem=CHANGED_MEANWHILE)
    _save_ladder(band, rows, extra, request.user)
    messages.success(request, f"Saved: who is told of {Band(band).label} emails.")
    return SeeOther(reverse("escalation"))


def _extra(ladder: Ladder) -> int:
    return int(ladder.opened_extra.total_seconds() // 60)


def _stamp(row: EscalationLadder | TeamCalendar | None) -> str:
    return row.changed_at.isoformat() if row else ""


def _initial(step: Any) -> dict[str, Any]:
    row = ladder_rows.step_as_row(step)
    return {
        "after_minutes": row.after_minutes,
        "counts": row.counts,
        "who": row.who,
        "person": row.person_id,
        "channel": row.channel,
        "window_from": row.window_from,
        "window_until": row.window_until,
        "window_days": list(row.window_days),
    }


@transaction.atomic
def _save_ladder(band: str, rows: list[LadderStep], extra: int, by: Any) -> None:
    ladder, _ = EscalationLadder.objects.update_or_create(
        band=band,
        defaults={"opened_extra_minutes": extra, "changed_at": timezone.now(), "changed_by": by},
    )
    ladder.steps.all().delete()
    for row in rows:
        row.ladder = ladder
    LadderStep.objects.bulk_create(rows)


def _render_ladder(
    request: HttpRequest, band: str, form: Any, steps: Any, status: int = 200, **more: Any
) -> HttpResponse:
    context = {"band": band, "label": Band(band).label, "form": form, "steps": steps, **more}
    return render_page(request, "approvals/escalation/ladder.html", context, status)


@viewer_page
def calendar_page(request: HttpRequest) -> HttpResponse:
    require_lead(request)
    row = TeamCalendar.objects.first()
    if request.method != "POST":
        return _render_calendar(request, CalendarForm(initial=_calendar_initial(row)))
    form = CalendarForm(request.POST)
    if not form.is_valid():
        return _render_calendar(request, form, 422)
    if form.cleaned_data["seen"] != _stamp(row):
        again = CalendarForm({**request.POST.dict(), "seen": _stamp(row)})
        return _render_calendar(request, again, 409, problem=CHANGED_MEANWHILE)
    with transaction.atomic():
        saved = form.as_row()
        saved.pk = row.pk if row else None
        saved.changed_at, saved.changed_by = timezone.now(), request.user  # type: ignore[assignment]
        saved.save()
        DayOff.objects.all().delete()
        DayOff.objects.bulk_create(form.cleaned_data["days_off"])
    team_calendar.forget_calendar()
    messages.success(request, "Saved: the business calendar.")
    return SeeOther(reverse("escalation"))


def _calendar_initial(row: TeamCalendar | None) -> dict[str, Any]:
    hours = row.hours if row and row.hours else team_calendar.usual_hours()
    row = row or TeamCalendar()
    return {
        "seen": _stamp(row) if row.pk else "",
        "time_zone": row.time_zone,
        "country": row.country,
        "keeps_public_holidays": row.keeps_public_holidays,
        "lunch": row.lunch,
        "days_off": "\n".join(str(day) for day in DayOff.objects.all()),
        **{f"day_{number}": text for number, text in enumerate(hours)},
    }


def _render_calendar(
    request: HttpRequest, form: CalendarForm, status: int = 200, **more: Any
) -> HttpResponse:
    context = {
        "form": form,
        "team_zone": settings.TEAM_TIME_ZONE,
        "team_country": office_hours.team_country(),
        **more,
    }
    return render_page(request, "approvals/escalation/calendar.html", context, status)


@viewer_page
@require_POST
def save_order(request: HttpRequest) -> HttpResponse:
    """Who is told first, second, third; 0 is left out. Two may not have one number."""
    require_lead(request)
    members, order, problem = list(active_members()), {}, ""
    for member in members:
        text = request.POST.get(f"order_{member.pk}", str(member.notice_order)).strip() or "0"
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(MOST_ORDER))):
            problem = f"{member.name}: “{text[:20]}” is no number from 0 to {MOST_ORDER}."
            break
        order[member.pk] = int(text)
    numbers = [number for number in order.values() if number]
    if not problem and len(set(numbers)) < len(numbers):
        problem = "Two people have the same number."
    if problem:
        typed = {member.pk: request.POST.get(f"order_{member.pk}", "") for member in members}
        problem = f"The order was not saved. {problem}"
        return render_overview(request, 422, problem=problem, typed_order=typed)
    for member in members:
        member.notice_order = order[member.pk]
    TeamMember.objects.bulk_update(members, ["notice_order"])
    messages.success(request, "Saved: the order of people.")
    return SeeOther(reverse("escalation"))
