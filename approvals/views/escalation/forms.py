"""What is typed about ladders, the business calendar, absences and delegates."""

from datetime import date, time
from typing import Any
from zoneinfo import available_timezones

import holidays
from django import forms
from django.forms import BaseFormSet, formset_factory

from approvals.choices import Channel, Count, Who
from approvals.models import LadderStep
from caio_project.lib.calendar import WorkingHours
from leads.models import TeamMember
from outreach.models import DayOff, TeamCalendar

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MOST_STEPS = 10
MOST_MINUTES = 14 * 24 * 60
MOST_DAYS_OFF = 200
BAD_SPAN = "Write it as 08:00-18:00, the end after the start; leave it empty for closed."


def active_members() -> Any:
    return TeamMember.objects.filter(active=True).order_by("name")


class LadderForm(forms.Form):
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    opened_extra_minutes = forms.IntegerField(
        label="Once somebody has opened the email, later steps wait so many minutes longer",
        min_value=0,
        max_value=MOST_MINUTES,
    )


class StepForm(forms.Form):
    after_minutes = forms.IntegerField(
        label="After minutes",
        min_value=0,
        max_value=MOST_MINUTES,
        error_messages={
            "required": "After minutes: write a number, such as 30.",
            "invalid": "After minutes: write a whole number, such as 30.",
        },
    )
    counts = forms.ChoiceField(label="Counted in", choices=Count.choices, initial=Count.BUSINESS)
    who = forms.ChoiceField(label="Who", choices=Who.choices, initial=Who.NEXT)
    person = forms.ModelChoiceField(
        TeamMember.objects.none(), label="Person", required=False, empty_label="(not one person)"
    )
    channel = forms.ChoiceField(label="By", choices=Channel.choices, initial=Channel.SLACK)
    window_from = forms.TimeField(label="Not before", required=False)
    window_until = forms.TimeField(label="Not after", required=False)
    window_days = forms.MultipleChoiceField(
        label="Only on",
        required=False,
        choices=[(str(n), name[:3]) for n, name in enumerate(WEEKDAYS)],
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["person"].queryset = active_members()  # type: ignore[attr-defined]
        for name in ("window_from", "window_until"):
            self.fields[name].widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or {}
        if typed.get("who") == Who.PERSON and not typed.get("person"):
            self.add_error("person", "Person: choose who is told at this step.")
        begins, ends = typed.get("window_from"), typed.get("window_until")
        if ends and ends != time(0) and ends <= (begins or time(0)):
            self.add_error("window_until", "Not after: it must be later than “Not before”.")
        return typed

    def as_row(self, number: int) -> LadderStep:
        typed = self.cleaned_data
        return LadderStep(
            number=number,
            after_minutes=typed["after_minutes"],
            counts=typed["counts"],
            who=typed["who"],
            person=typed["person"] if typed["who"] == Who.PERSON else None,
            channel=typed["channel"],
            window_from=typed["window_from"],
            window_until=typed["window_until"],
            window_days="".join(sorted(typed["window_days"])),
        )


def typed_steps(steps: "BaseFormSet[StepForm]") -> list[LadderStep]:
    """The steps of a valid form set, without those that were left empty or are to be removed."""
    kept = [
        form
        for form in steps.forms
        if form.has_changed() and form.cleaned_data and not form.cleaned_data.get("DELETE")
    ]
    return [form.as_row(number) for number, form in enumerate(kept)]


StepFormSet = formset_factory(
    StepForm,
    extra=1,
    can_delete=True,
    max_num=MOST_STEPS,
    validate_max=True,
    absolute_max=MOST_STEPS + 5,
)


def read_hours(text: str) -> str:
    """ "8:00 - 18:00" as "08:00-18:00"; "" stays. Raises ValidationError for anything else."""
    text = text.strip().replace("–", "-").replace(" ", "")
    if not text:
        return ""
    try:
        hours = WorkingHours.parse(text)
    except ValueError as error:
        raise forms.ValidationError(BAD_SPAN) from error
    end = "24:00" if hours.end == time(0) else f"{hours.end:%H:%M}"
    return f"{hours.start:%H:%M}-{end}"


class CalendarForm(forms.Form):
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    time_zone = forms.CharField(label="Time zone", max_length=50, required=False)
    country = forms.CharField(label="Country of public holidays", max_length=2, required=False)
    keeps_public_holidays = forms.BooleanField(label="Public holidays are free", required=False)
    lunch = forms.CharField(
        label="Lunch", max_length=20, required=False, help_text="Such as 12:00-13:00, or empty."
    )
    days_off = forms.CharField(
        label="Days off",
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="One a line: 2026-12-24 Christmas Eve",
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for number, name in enumerate(WEEKDAYS):
            self.fields[f"day_{number}"] = forms.CharField(
                label=name, max_length=20, required=False, validators=[_check_hours]
            )

    @property
    def day_fields(self) -> list[Any]:
        return [self[f"day_{number}"] for number in range(len(WEEKDAYS))]

    def clean_time_zone(self) -> str:
        name: str = self.cleaned_data["time_zone"].strip().replace(" ", "_")
        if name and name not in available_timezones():
            raise forms.ValidationError(
                f"Time zone: “{name}” is not known, unlike America/Chicago."
            )
        return name

    def clean_country(self) -> str:
        code: str = self.cleaned_data["country"].strip().upper()
        if code and code not in holidays.list_supported_countries():
            raise forms.ValidationError(f"Country: no holidays are known of “{code}”.")
        return code

    def clean_lunch(self) -> str:
        return read_hours(self.cleaned_data["lunch"])

    def clean_days_off(self) -> list[DayOff]:
        found: dict[date, DayOff] = {}
        for number, line in enumerate(self.cleaned_data["days_off"].splitlines(), 1):
            typed, _, name = line.strip().partition(" ")
            if not typed:
                continue
            try:
                day = date.fromisoformat(typed)
            except ValueError as error:
                text = f"Days off, line {number}: “{typed[:20]}” is no day such as 2026-12-24."
                raise forms.ValidationError(text) from error
            found[day] = DayOff(day=day, name=name.strip()[:80])
        if len(found) > MOST_DAYS_OFF:
            raise forms.ValidationError(f"Days off: at most {MOST_DAYS_OFF}.")
        return list(found.values())

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or {}
        days = [typed.get(f"day_{n}", "?") for n in range(len(WEEKDAYS))]
        if not any(day.strip() for day in days):
            self.add_error("day_0", "Monday: at least one day needs working hours.")
        return typed

    def as_row(self) -> TeamCalendar:
        typed = self.cleaned_data
        return TeamCalendar(
            time_zone=typed["time_zone"],
            country=typed["country"],
            keeps_public_holidays=typed["keeps_public_holidays"],
            hours=[read_hours(typed[f"day_{n}"]) for n in range(len(WEEKDAYS))],
            lunch=typed["lunch"],
        )


def _check_hours(text: str) -> None:
    read_hours(text)


class AwayForm(forms.Form):
    until = forms.DateTimeField(
        label="Not available until",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        error_messages={
            "required": "Not available until: choose a day and a time.",
            "invalid": "Not available until: choose a day and a time.",
        },
    )


class DelegateForm(forms.Form):
    delegate = forms.ModelChoiceField(
        TeamMember.objects.none(),
        label="Who stands in",
        error_messages={
            "required": "Who stands in: choose somebody.",
            "invalid_choice": "Who stands in: this person is not on the team.",
        },
    )
    first_day = forms.DateField(
        label="From",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": "From: choose a day.", "invalid": "From: choose a day."},
    )
    last_day = forms.DateField(
        label="To, included",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": "To: choose a day.", "invalid": "To: choose a day."},
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["delegate"].queryset = active_members()  # type: ignore[attr-defined]
