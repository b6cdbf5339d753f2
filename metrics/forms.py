"""Forms of the phase pages, of figures and of experiments."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms

from metrics.figures.definitions import Dimension
from metrics.figures.export import KINDS
from metrics.figures.reading import MOST_DAYS
from metrics.performance import performance_page, targets_page
from outreach.drafting import template_choice
from outreach.experiments import experiments
from outreach.models import Experiment

FIRST_DAY = date(2020, 1, 1)  # nothing was counted before


class DayInput(forms.DateInput):
    """A day as browsers take one, whatever language they speak."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def known_day(day: date) -> date:
    if not FIRST_DAY <= day <= targets_page.team_today() + timedelta(days=366):
        raise forms.ValidationError(f"Choose a day from {FIRST_DAY} to a year from today.")
    return day


def price_field(name: str, places: int) -> forms.DecimalField:
    return forms.DecimalField(
        label=targets_page.PRICE_WORDS[name],
        required=False,
        min_value=0,
        max_value=100_000,
        decimal_places=places,
    )


class WarmUpForm(forms.Form):
    """Whether our sending domain is warmed up."""

    warm_up = forms.TypedChoiceField(
        label="The domain is",
        choices=[("yes", "New: warm it up from today on"), ("no", "Established: no warm-up")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one."},
    )
    reason = forms.CharField(
        label="Why?",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why, in a few words."},
    )


class AutoApprovalForm(forms.Form):
    """Automatic approval on or off, with its limits."""

    on = forms.TypedChoiceField(
        label="Automatic approval",
        choices=[("yes", "On"), ("no", "Off")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose on or off."},
    )
    under_intent = forms.IntegerField(
        label="Only emails that score under", min_value=0, max_value=100
    )
    warm_connections = forms.BooleanField(label="Also with a warm connection", required=False)
    reason = forms.CharField(
        label="Why?",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why, in a few words."},
    )

    def for_stopping(self) -> "AutoApprovalForm":
        self.fields["on"].choices = [("no", "Off")]  # type: ignore[attr-defined]
        for name in ("under_intent", "warm_connections"):
            del self.fields[name]
        return self

    def limits(self) -> dict[str, Any]:
        """Keyword arguments for `phase`'s switch; {} where the form has no limits."""
        if "under_intent" not in self.fields:
            return {}
        cleaned = self.cleaned_data
        return {"under_intent": cleaned["under_intent"], "no_warm": not cleaned["warm_connections"]}


class PerformanceForm(forms.Form):
    """Which days and which emails the charts are about."""

    days = forms.TypedChoiceField(
        label="Period",
        choices=[(days, f"{days} days") for days in performance_page.PERIODS],
        coerce=int,
        initial=performance_page.USUAL_PERIOD,
        error_messages={"invalid_choice": "Period: choose one of the list."},
    )
    part = forms.ChoiceField(
        label="Emails",
        required=False,
        choices=performance_page.part_choices,
        error_messages={"invalid_choice": "Emails: nothing of that name was counted."},
    )


class PeriodForm(forms.Form):
    """Days, both included."""

    start = forms.DateField(
        label="First day", widget=DayInput, error_messages={"required": "Choose the first day."}
    )
    end = forms.DateField(
        label="Last day", widget=DayInput, error_messages={"required": "Choose the last day."}
    )

    def clean_start(self) -> date:
        return known_day(self.cleaned_data["start"])

    def clean_end(self) -> date:
        return known_day(self.cleaned_data["end"])

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        start, end = found.get("start"), found.get("end")
        if start and end and end < start:
            self.add_error("end", "It is before the first day.")
        elif start and end and (end - start).days >= MOST_DAYS:
            self.add_error("start", f"A period has at most {MOST_DAYS} days.")
        return found


class ExportForm(PeriodForm):
    """Which days, by what, as which file."""

    by = forms.ChoiceField(
        label="Broken down by",
        choices=[("day", "Day"), *((one.value, one.capitalize()) for one in Dimension)],
        error_messages={"required": "Choose one."},
    )
    file = forms.ChoiceField(
        label="File",
        choices=[(kind, kind.upper()) for kind in KINDS],
        error_messages={"required": "Choose one."},
    )


class TargetsForm(forms.Form):
    """What a month and the ones after it are to reach."""

    month = forms.TypedChoiceField(
        label="From the month on",
        choices=targets_page.month_choices,
        coerce=date.fromisoformat,
        error_messages={"required": "Choose a month.", "invalid_choice": "Choose one of the list."},
    )
    sent = forms.IntegerField(label="Emails sent in a month", min_value=1, max_value=1_000_000)
    reply_percent = forms.DecimalField(
        label="Reply rate, in percent",
        min_value=Decimal("0.01"),
        max_value=Decimal("99.99"),
        decimal_places=2,
    )
    meetings = forms.IntegerField(label="Meetings in a month", min_value=1, max_value=100_000)
    pipeline_value = forms.IntegerField(
        label="Open pipeline, in dollars", min_value=1, max_value=1_000_000_000_000
    )


class PricesForm(forms.Form):
    """What things cost from a day on; empty is not known. Without those in `fixed`."""

    starts_on = forms.DateField(
        label="From the day on", widget=DayInput, error_messages={"required": "Choose a day."}
    )
    clay_credit = price_field("clay_credit", 4)
    million_tokens = price_field("million_tokens", 4)
    review_hour = price_field("review_hour", 2)

    def __init__(self, fixed: set[str], *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for name in fixed:
            del self.fields[name]

    def clean_starts_on(self) -> date:
        return known_day(self.cleaned_data["starts_on"])


class ExperimentForm(forms.Form):
    """An A/B test to start. `shown` is the fingerprint of the preview that was read."""

    template = forms.ChoiceField(error_messages={"required": "Choose a template."})
    kind = forms.ChoiceField(
        label="What version B changes",
        choices=[
            (Experiment.Kind.SUBJECT, "The subject"),
            (Experiment.Kind.CALL_TO_ACTION, "The closing question"),
        ],
        initial=Experiment.Kind.SUBJECT,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what version B changes."},
    )
    text = forms.CharField(
        label="Version B says",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write the text of version B."},
    )
    per_version = forms.IntegerField(
        label="Emails for each version",
        min_value=experiments.FEWEST_EMAILS // 2,
        max_value=experiments.MOST_EMAILS // 2,
        initial=25,
        error_messages={"required": "Say how many emails each version gets."},
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        tested = Experiment.objects.filter(ended_at=None).values("template_key")
        free = template_choice.first_emails().exclude(key__in=tested).order_by("key")
        self.fields["template"].choices = [  # type: ignore[attr-defined]
            (one.key, f"{one.get_tier_display()}: {one.name}") for one in free
        ]

    def clean_text(self) -> str:
        return self.cleaned_data["text"].replace("\r\n", "\n").strip()

    @property
    def size(self) -> int:
        return 2 * self.cleaned_data["per_version"]
