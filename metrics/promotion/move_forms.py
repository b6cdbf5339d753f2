"""Forms that move the phase: up, up in spite of the gates, down."""

from typing import Any

from django import forms

from metrics.promotion import promotion
from outreach.choices import Phase


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


class OverrideForm(PromotionForm):
    """The same, where the reason stands in place of the gates."""

    def __init__(self, target: Phase, *args: Any):
        super().__init__(target, *args, auto_id="anyway_%s")
        text = self.fields["text"]
        text.label = "Why move without the gates?"
        text.help_text = f"At least {promotion.SHORTEST_OVERRIDE} characters."
        text.error_messages["required"] = "Say why it moves without the gates."

    def clean_text(self) -> str:
        text = str(self.cleaned_data["text"])
        if (short := promotion.SHORTEST_OVERRIDE - len(text)) > 0:
            raise forms.ValidationError(f"{short} more characters: say why it moves without them.")
        return text


class DemotionForm(forms.Form):
    """Where to, of the phases below, and why."""

    to = forms.ChoiceField(
        label="Move down to",
        error_messages={
            "required": "Choose a phase.",
            "invalid_choice": "The phase is not above that one any more.",
        },
    )
    reason = forms.CharField(
        label="Why?",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why, in a few words."},
    )

    def __init__(self, below: list[Phase], *args: Any):
        """`below`: the nearest first."""
        super().__init__(*args)
        self.fields["to"].choices = [(one.value, one.label) for one in below]  # type: ignore[attr-defined]
