"""Forms of the phase pages."""

from typing import Any

from django import forms


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
