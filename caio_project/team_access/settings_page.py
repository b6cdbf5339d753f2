"""What a person sets for themselves: name, time zone, undo wait, theme, notices, when away."""

import unicodedata
from typing import Any

from allauth.mfa.models import Authenticator
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from approvals.escalation import availability
from approvals.views.escalation import away
from approvals.views.escalation.forms import AwayForm, DelegateForm
from approvals.views.pages import SeeOther, render_page
from caio_project.lib.models import MUST_ARRIVE, UNDO_WAITS, NoticeChoice, PersonalSettings, Theme
from caio_project.lib.vendor_access.access import vendor_value
from caio_project.team_access import reader_zone

NOTICES = {
    "notices_of_emails": ("Emails that wait for a decision", MUST_ARRIVE),
    "notices_of_answers": ("Positive answers", MUST_ARRIVE),
    "notices_of_notes": ("Notes of colleagues that name you", NoticeChoice.choices),
    "notices_of_incidents": ("Incidents and alarms", MUST_ARRIVE),
}
CHOSEN = ("time_zone", "undo_seconds", "theme", "stays_on_decided", *NOTICES)
SWITCHES = {"keys": "keys_off", "numbers": "numbers_still"}
STATES = {"on": False, "off": True}  # of the field, which says that it is off
NOBODYS = {"the machine", "the system"}  # pages and records say so of what no person did


class SettingsForm(forms.Form):
    """An empty zone stands for the team's. The name must be nobody else's: decisions bear it."""

    display_name = forms.CharField(required=False, max_length=100, label="Display name")
    time_zone = forms.CharField(
        required=False,
        max_length=50,
        label="Time zone",
        widget=forms.TextInput({"list": "zones", "autocomplete": "off"}),
    )

    undo_seconds = forms.TypedChoiceField(
        required=False,
        label="Time to undo a decision",
        coerce=int,
        empty_value=None,
        error_messages={"invalid_choice": "Time to undo a decision: choose one of the list."},
    )

    theme = forms.ChoiceField(
        required=False,
        label="Theme",
        choices=[("", "As the device"), *Theme.choices],
        error_messages={"invalid_choice": "Theme: choose one of the list."},
    )

    stays_on_decided = forms.BooleanField(
        required=False, label="After a decision, stay on the decided email"
    )

    def __init__(self, user: Any, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.user = user
        usual = f"The team's, {settings.UNDO_SECONDS} seconds"
        longer = [(n, words) for n, words in UNDO_WAITS if n >= settings.UNDO_SECONDS]
        for name, (label, choices) in NOTICES.items():
            self.fields[name] = forms.ChoiceField(
                required=False,
                label=label,
                choices=[("", "As the team has set it"), *choices],
                error_messages={"invalid_choice": f"{label}: choose one of the list."},
            )
        self.fields["undo_seconds"].choices = [("", usual), *longer]  # type: ignore[attr-defined]

    @property
    def notice_fields(self) -> list[Any]:
        return [self[name] for name in NOTICES]

    def clean_display_name(self) -> str:
        name = " ".join(str(self.cleaned_data["display_name"]).split())
        others = User.objects.exclude(pk=self.user.pk)
        taken = {_same_looking(other.get_full_name()) for other in others.exclude(first_name="")}
        taken |= {_same_looking(one) for one in others.values_list("username", flat=True)}
        if _same_looking(name) in taken | NOBODYS:
            raise forms.ValidationError(f"Display name: “{name}” is somebody else's here.")
        if not name.isprintable():
            raise forms.ValidationError("Display name: letters, digits and signs only.")
        return name

    def clean_time_zone(self) -> str:
        name = str(self.cleaned_data["time_zone"]).strip().replace(" ", "_")
        if name and name not in reader_zone.zone_names():
            raise forms.ValidationError(
                f"Time zone: “{name}” is not known. Choose one of the list, "
                "such as America/Chicago."
            )
        return name


@login_required
@never_cache
def personal_settings(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    row = PersonalSettings.objects.filter(user=user).first()
    is_posted = request.method == "POST"
    stored = {name: getattr(row, name) or "" for name in CHOSEN} if row else {}
    stored["display_name"] = user.get_full_name()
    form = SettingsForm(user, request.POST if is_posted else None, initial=stored)
    if not is_posted or not form.is_valid():
        context = {
            "form": form,
            "zones": sorted(reader_zone.zone_names()),
            "team_zone": settings.TEAM_TIME_ZONE,
            "keys": Authenticator.objects.filter(user=user, type="webauthn").order_by("pk"),
            **_availability(user),
        }
        template = "caio_project/team_access/personal_settings.html"
        return render_page(request, template, context, 422 if is_posted else 200)
    PersonalSettings.objects.update_or_create(
        user=user, defaults={name: form.cleaned_data[name] for name in CHOSEN}
    )
    _rename(user, form.cleaned_data["display_name"])
    zone = form.cleaned_data["time_zone"] or settings.TEAM_TIME_ZONE
    messages.success(request, f"Saved. Times are shown in {zone}.")
    return SeeOther(reverse("personal-settings"))


@login_required
@require_POST
def set_switch(request: HttpRequest) -> HttpResponse:
    """Keys, or numbers that move, on or off for the person in every browser."""
    user: Any = request.user
    field = SWITCHES.get(request.POST.get("switch", ""))
    is_off = STATES.get(request.POST.get("state", ""))
    if field is None or is_off is None:
        text = f"switch: {' or '.join(SWITCHES)}; state: {' or '.join(STATES)}."
        return HttpResponse(text, status=422, content_type="text/plain; charset=utf-8")
    PersonalSettings.objects.update_or_create(user=user, defaults={field: is_off})
    return HttpResponse(status=204)


def _same_looking(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _rename(user: Any, name: str) -> None:
    if name != user.get_full_name():
        first, _, last = name.rpartition(" ") if " " in name else (name, "", "")
        User.objects.filter(pk=user.pk).update(first_name=first[:150], last_name=last[:150])


def _availability(user: Any) -> dict[str, Any]:
    member = away.own_member(user)
    if not user.has_perm("outreach.view_message"):
        return {}
    delegates = availability.current_delegates()
    return {
        "may_be_away": True,
        "member": member,
        "away_until": availability.away_until(member) if member else None,
        "mine": [row for row in delegates if row.member == member],
        "of_others": [row for row in delegates if row.delegate == member],
        "slack_connected": bool(vendor_value("SLACK_BOT_TOKEN")),
        "email_connected": bool(settings.EMAIL_URL),
        "away_form": AwayForm(),
        "delegate_form": DelegateForm(),
    }
