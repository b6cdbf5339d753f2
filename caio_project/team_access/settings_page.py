"""What a person sets for themselves: the time zone of the pages."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache

from approvals.views.pages import SeeOther, render_page
from caio_project.lib.models import PersonalSettings
from caio_project.team_access import reader_zone


class SettingsForm(forms.Form):
    """An empty zone stands for the team's."""

    time_zone = forms.CharField(
        required=False,
        max_length=50,
        label="Time zone",
        widget=forms.TextInput({"list": "zones", "autocomplete": "off"}),
    )

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
    stored = {"time_zone": row.time_zone if row else ""}
    form = SettingsForm(request.POST if is_posted else None, initial=stored)
    if not is_posted or not form.is_valid():
        context = {
            "form": form,
            "zones": sorted(reader_zone.zone_names()),
            "team_zone": settings.TEAM_TIME_ZONE,
        }
        template = "caio_project/team_access/personal_settings.html"
        return render_page(request, template, context, 422 if is_posted else 200)
    PersonalSettings.objects.update_or_create(
        user=user, defaults={"time_zone": form.cleaned_data["time_zone"]}
    )
    zone = form.cleaned_data["time_zone"] or settings.TEAM_TIME_ZONE
    messages.success(request, f"Saved. Times are shown in {zone}.")
    return SeeOther(reverse("personal-settings"))
