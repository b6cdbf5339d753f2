"""The form of a rule for automatic approval, and a rule in words."""

from typing import Any

from django import forms

from leads.field_values import countries
from leads.models import TeamMember
from leads.scoring_rules import Tier
from outreach.models import ApprovalRule, EmailTemplate

WHY = {"required": "Say why, in a few words."}
MOST_VALUES = 20


class ListedField(forms.CharField):
    """Values with commas or line breaks between them, as a list."""

    def __init__(self, **more: Any):
        super().__init__(required=False, max_length=500, **more)

    def clean(self, value: Any) -> list[str]:  # type: ignore[override]
        typed = super().clean(value).replace("\n", ",").split(",")
        found = list(dict.fromkeys(one.strip() for one in typed if one.strip()))
        if len(found) > MOST_VALUES:
            raise forms.ValidationError(f"{MOST_VALUES} at most.")
        return found


class ApprovalRuleForm(forms.ModelForm):
    templates = forms.MultipleChoiceField(
        label="Templates", required=False, widget=forms.CheckboxSelectMultiple
    )
    tiers = forms.MultipleChoiceField(
        label="Tiers", required=False, choices=Tier.choices, widget=forms.CheckboxSelectMultiple
    )
    industries = ListedField(label="Industries", help_text="With commas: logistics, health care")
    countries = ListedField(label="Countries", help_text="Codes or names, with commas: US, Canada")
    owner = forms.ModelChoiceField(
        TeamMember.objects.filter(active=True), label="Owner", required=False, empty_label="Anybody"
    )
    from_intent = forms.IntegerField(
        label="Only from this score on", min_value=0, max_value=100, help_text="0: any score."
    )
    reason = forms.CharField(
        label="Why?", max_length=500, widget=forms.Textarea(attrs={"rows": 3}), error_messages=WHY
    )

    class Meta:
        model = ApprovalRule
        fields = (
            "name", "templates", "tiers", "industries", "countries", "employees_from",
            "employees_to", "owner", "from_intent",
        )  # fmt: skip
        labels = {
            "name": "Name of the rule",
            "employees_from": "Employees, at least",
            "employees_to": "Employees, at most",
        }
        error_messages = {
            "name": {"required": "Give it a name.", "unique": "There is a rule of that name."}
        }

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        active = EmailTemplate.objects.filter(active=True).order_by("name")
        choices = dict(active.values_list("key", "name"))
        self.fields["templates"].choices = list(choices.items())  # type: ignore[attr-defined]

    def clean_countries(self) -> list[str]:
        found = []
        for typed in self.cleaned_data["countries"]:
            if not (code := countries.country_code(typed)):
                raise forms.ValidationError(f"“{typed[:60]}” is no country.")
            found.append(code)
        return list(dict.fromkeys(found))

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        least, most = typed.get("employees_from"), typed.get("employees_to")
        if least is not None and most is not None and most < least:
            self.add_error("employees_to", f"It is below {least}.")
        return typed


class EndRuleForm(forms.Form):
    rule = forms.ModelChoiceField(ApprovalRule.objects.all())
    reason = forms.CharField(max_length=500, error_messages=WHY)


def rule_words(rule: ApprovalRule) -> str:
    """ "tier 1; industry logistics or retail; 500 people or more; score 20 or more"."""
    lists = {
        "template": rule.templates,
        "": [tier.replace("_", " ") for tier in rule.tiers],
        "industry": rule.industries,
        "country": rule.countries,
    }
    words = [f"{label} {' or '.join(values)}".strip() for label, values in lists.items() if values]
    if rule.employees_from is not None:
        words.append(f"{rule.employees_from} people or more")
    if rule.employees_to is not None:
        words.append(f"{rule.employees_to} people at most")
    if rule.owner:
        words.append(f"owner {rule.owner}")
    if rule.from_intent:
        words.append(f"score {rule.from_intent} or more")
    return "; ".join(words)
