"""The form of an owner rule; lists are typed with one value a line."""

import re
from collections.abc import Callable
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextareaWidget

from leads import normal
from leads.field_values import countries, shared_hosts
from leads.models import OwnerRule, TeamMember
from leads.scoring_rules import Tier

SOURCES = (
    ("rb2b", "RB2B: a visit"),
    ("api", "The API"),
    ("import", "A file of visitors"),
    ("ghl", "GoHighLevel's contacts"),
    ("history", "Before this system"),
)


class LinesField(forms.CharField):
    """One value a line. `read` normalises a value and returns "" for an invalid one."""

    def __init__(self, read: Callable[[str], str], what: str, **more: Any):
        widget = UnfoldAdminTextareaWidget(attrs={"rows": 3, "spellcheck": "false"})
        super().__init__(required=False, widget=widget, **more)
        self._read, self._what = read, what

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:  # type: ignore[override]
        found: list[str] = []
        for line in super().clean(value).splitlines():
            if not line.strip():
                continue
            if not (known := self._read(line.strip()))[:200]:
                raise forms.ValidationError(f"“{line.strip()[:60]}” is no {self._what}.")
            found.append(known[:200])
        return list(dict.fromkeys(found))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class OwnerRuleForm(forms.ModelForm):
    ASKED = (
        "countries",
        "states",
        "industries",
        "domains",
        "employees_from",
        "employees_to",
        "tiers",
        "sources",
    )

    countries = LinesField(
        countries.country_code, "country", help_text="A code or a name, one a line: US"
    )
    states = LinesField(
        lambda text: normal.us_state(text) or text.upper(), "state",
        help_text="One a line: OH. The person's own; where it is not known, their company's.",
    )  # fmt: skip
    industries = LinesField(
        lambda text: text if re.search(r"[^\W_]", text) else "", "industry",
        help_text="Words of an industry, one a line: “logistics” fits “Logistics & Supply Chain”.",
    )  # fmt: skip
    domains = LinesField(
        shared_hosts.employer_domain, "domain of one company", help_text="One a line: northline.com"
    )
    tiers = forms.MultipleChoiceField(
        choices=Tier.choices, required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
    sources = forms.MultipleChoiceField(
        choices=SOURCES,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        label="How they became known",
    )

    class Meta:
        model = OwnerRule
        fields = (
            "name", "position", "member", "active", "countries", "states", "industries",
            "employees_from", "employees_to", "domains", "tiers", "sources",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if "member" in self.fields:
            mine = self.instance.member_id or 0
            members = TeamMember.objects.filter(active=True) | TeamMember.objects.filter(pk=mine)
            self.fields["member"].queryset = members  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        least, most = typed.get("employees_from"), typed.get("employees_to")
        if least is not None and most is not None and most < least:
            self.add_error("employees_to", f"It is below {least}.")
        return typed
