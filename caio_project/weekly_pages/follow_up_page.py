"""Follow-ups on or off, with what it means for the day's sends and who turned it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from approvals.forms import ReasonForm
from approvals.views.pages import SeeOther, render_page, viewer_page
from caio_project.lib import calendar
from caio_project.lib.words.role_words import ask_a_lead
from leads.models import Switch
from outreach.control import phase
from outreach.drafting import follow_ups
from outreach.drafting.template_choice import FOLLOW_UPS
from outreach.lifecycle.transitions import OPEN
from outreach.limits import current_limits
from outreach.models import ControlChange, EmailTemplate, Message

TURN_PERMISSION = "leads.change_switch"
SHOWN_CHANGES = 20


@dataclass(frozen=True)
class FollowUpOutlook:
    """Follow-ups that come due today, and the day's limit they share with first emails."""

    due_today: int
    waiting: int
    daily: int

    @property
    def sentence(self) -> str:
        if not self.daily:
            return "Nothing is sent in this phase, so follow-ups are drafted and not sent."
        if not self.due_today:
            return (
                "No second or third email is due today. Follow-ups count toward the same daily "
                f"limit of {self.daily} as first emails."
            )
        most = min(self.due_today, self.daily)
        return (
            f"With follow-ups on, up to {most} of today's {self.daily} sends are second or third "
            "emails. They count toward the same daily limit as first emails."
        )


@viewer_page
@require_http_methods(["GET", "HEAD", "POST"])
def follow_ups_page(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _render(request, ReasonForm())
    if not request.user.has_perm(TURN_PERMISSION):
        raise PermissionDenied(ask_a_lead("turn follow-ups on or off"))
    form, wanted = ReasonForm(request.POST), request.POST.get("turn", "")
    if not form.is_valid() or wanted not in ("on", "off"):
        return _render(request, form, 422)
    turned = follow_ups.turn_follow_ups(
        wanted == "on", by=request.user, reason=form.cleaned_data["reason"]
    )
    if turned:
        messages.success(request, f"Follow-ups are {wanted}.")
    else:
        messages.info(request, f"Follow-ups were {wanted} already. Nothing was changed.")
    return SeeOther(reverse("follow-ups"))


def _render(request: HttpRequest, form: ReasonForm, status: int = 200) -> HttpResponse:
    switch = Switch.objects.filter(name=follow_ups.SWITCH_NAME).first()
    changes = ControlChange.objects.filter(what=follow_ups.SWITCH_NAME).select_related("reason")
    context: dict[str, Any] = {
        "form": form,
        "switch": switch,
        "outlook": follow_up_outlook(timezone.now()),
        "changes": changes[:SHOWN_CHANGES],
        "lacks_templates": _lacking_templates(),
    }
    return render_page(request, "caio_project/weekly_pages/follow_ups.html", context, status)


def follow_up_outlook(now: datetime) -> FollowUpOutlook:
    end_of_day = calendar.next_day(now, settings.TEAM_TIME_ZONE)
    due = sum(
        follow_ups.first_emails_due(step, end_of_day).count()
        for step in follow_ups.DELAY_AFTER_FIRST
    )
    waiting = Message.objects.filter(step__gt=1, status__in=OPEN).count()
    limits = current_limits.read_limits(phase.current_control(), now)
    return FollowUpOutlook(due, waiting, limits.of_day.limit)


def _lacking_templates() -> list[str]:
    active = set(EmailTemplate.objects.filter(active=True).values_list("angle", flat=True))
    names = {2: "second email", 3: "third email"}
    return [names[step] for step, angle in FOLLOW_UPS.items() if angle not in active]
