"""Forms of the phase pages and of experiments."""

from typing import Any

from django import forms

from metrics.performance import performance_page
from outreach.choices import Phase
from outreach.drafting import template_choice
from outreach.experiments import experiments
from outreach.models import Experiment


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


class PromotionForm(forms.Form):
    """The name of the phase, typed, and what the person answers for."""

    name = forms.CharField(
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Type the name of the phase."},
    )
    text = forms.CharField(
        label="What do you answer for?",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say what you answer for, in a sentence."},
    )

    def __init__(self, target: Phase, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.target = target
        self.fields["name"].label = f"Type {target.label} to confirm"

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip()
        if name.casefold() not in (self.target.value, self.target.label.casefold()):
            raise forms.ValidationError(f"It is not {self.target.label}.")
        return name


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
