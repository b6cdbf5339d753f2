"""What people type into the pages."""

from typing import Any

from django import forms

from approvals.decisions.decisions import MIN_REASON_LENGTH
from approvals.quality.dimensions import DIMENSIONS, LEVELS, Dimension
from approvals.quality.scores import LONGEST_COMMENT
from approvals.training.seeding import MOST_EMAILS
from outreach.choices import Tag


class VersionForm(forms.Form):
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class InsteadForm(VersionForm):
    """Write to this colleague instead."""

    colleague = forms.UUIDField()


class SnoozeForm(VersionForm):
    day = forms.DateField()


class NoteForm(forms.Form):
    note = forms.CharField(
        max_length=1000, error_messages={"required": "Write something first. Nothing was saved."}
    )


class RejectManyForm(forms.Form):
    tag = forms.ChoiceField(
        label="Why?",
        choices=Tag.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose why."},
    )
    reason = forms.CharField(
        label="What should be different?",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "data-least": MIN_REASON_LENGTH}),
        error_messages={"required": "Say what should be different, in 20 characters or more."},
    )

    def clean_reason(self) -> str:
        reason: str = self.cleaned_data["reason"].strip()
        if len(reason) < MIN_REASON_LENGTH:
            more = MIN_REASON_LENGTH - len(reason)
            raise forms.ValidationError(
                f"{more} more character{'' if more == 1 else 's'}: say what should be different."
            )
        return reason


class RejectForm(VersionForm, RejectManyForm):
    """One email at one text."""


class EditForm(VersionForm):
    subject = forms.CharField(
        max_length=200, error_messages={"required": "An email needs a subject."}
    )
    body = forms.CharField(
        label="Text",
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 16}),
        error_messages={"required": "An email needs a text."},
    )

    tag = forms.ChoiceField(
        label="What was wrong? Leave it open if you like.",
        required=False,
        choices=[("", "Not said"), *Tag.choices],
        error_messages={"invalid_choice": "Choose what was wrong from the list."},
    )

    def clean_subject(self) -> str:
        return " ".join(self.cleaned_data["subject"].split())

    def clean_body(self) -> str:
        return self.cleaned_data["body"].replace("\r\n", "\n").strip()


class ScoreForm(VersionForm):
    """A mark from 1 to 5 for each dimension of an email's quality."""

    comment = forms.CharField(
        label="Comment", required=False, max_length=LONGEST_COMMENT, widget=forms.Textarea
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for one in DIMENSIONS:
            self.fields[one.name] = forms.TypedChoiceField(
                label=one.label,
                choices=[(level, str(level)) for level in LEVELS],
                coerce=int,
                error_messages={
                    "required": f"{one.label}: choose 1 to 5.",
                    "invalid_choice": f"{one.label}: choose a whole number from 1 to 5.",
                },
            )

    def rows(self) -> list[tuple[Dimension, forms.BoundField, str]]:
        """Each dimension with its field and the mark chosen, as text."""
        return [(one, self[one.name], str(self[one.name].value() or "")) for one in DIMENSIONS]


class TrainingForm(forms.Form):
    count = forms.IntegerField(
        label="How many",
        min_value=1,
        max_value=MOST_EMAILS,
        error_messages={"required": f"How many: from 1 to {MOST_EMAILS}."},
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="Why?",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why, in a few words."},
    )


class ReopenForm(VersionForm, ReasonForm):
    """One email at one text, with the reason."""


class SettleForm(ReasonForm):
    was_sent = forms.ChoiceField(choices=[("yes", "It was sent"), ("no", "It was not sent")])
