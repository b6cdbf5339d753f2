"""The form of a template on our pages: the admin's, with at most five people to preview it for."""

from typing import Any

from django import forms

from leads.field_values.languages import LANGUAGE_CHOICES
from leads.models import Lead
from leads.scoring_rules import Tier
from outreach.admin.templates import TemplateForm
from outreach.email_templates import preview

MOST_CHOSEN = 5
SHOWN_PEOPLE = 20


class TemplatePageForm(TemplateForm):
    tier = forms.ChoiceField(choices=Tier.choices)
    angle = forms.ChoiceField(label="What the email is about")
    chosen = forms.ModelMultipleChoiceField(
        queryset=Lead.objects.none(),
        required=False,
        label=f"Preview it for (up to {MOST_CHOSEN})",
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta(TemplateForm.Meta):
        fields = TemplateForm.Meta.fields
        widgets = {"body": forms.Textarea(attrs={"rows": 20})}

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        # Widgets of the admin's theme draw their arrow by a font that these pages do not have.
        self.fields["language"].widget = forms.Select(choices=LANGUAGE_CHOICES)
        self.fields["other_subjects"].widget = forms.Textarea(attrs={"rows": 4})
        chosen: Any = self.fields["chosen"]
        fitting = [lead.pk for lead in preview.recent_leads(self.instance)[:MOST_CHOSEN]]
        newest = chosen.queryset.order_by("-last_seen_at", "-pk").values_list("pk", flat=True)
        offered = list(dict.fromkeys([*fitting, *newest]))[:SHOWN_PEOPLE]
        chosen.queryset = Lead.objects.filter(pk__in=offered).select_related("company")
        chosen.label_from_instance = _person_label
        self.initial.setdefault("chosen", (fitting or offered)[:MOST_CHOSEN])
        if self.instance.key:
            for name in ("tier", "angle", "signal", "language"):
                self.fields.pop(name, None)

    def clean_chosen(self) -> Any:
        chosen = self.cleaned_data["chosen"]
        if len(chosen) > MOST_CHOSEN:
            raise forms.ValidationError(f"Choose up to {MOST_CHOSEN} people.")
        return chosen

    def first_preview(self) -> preview.TemplatePreview:
        """The preview of the text as it is stored, before anything was typed."""
        chosen = Lead.objects.filter(pk__in=self.initial["chosen"]).select_related("company")
        return preview.preview_template(self.instance, chosen)


def _person_label(lead: Lead) -> str:
    job = ", ".join(str(part) for part in (lead.title, lead.company) if part)
    return f"{lead}, {job}" if job else str(lead)
