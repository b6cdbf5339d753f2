"""The form of a rules version: pages as table rows, everything else as JSON."""

import json
import re
from typing import Any

from django import forms
from django.utils.functional import cached_property
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from leads.models import ScoringRules
from leads.scoring import rule_versions
from leads.scoring_rules import (
    MAX_LABEL_LENGTH,
    MAX_NAME_LENGTH,
    MAX_PAGES,
    MAX_PATTERN_LENGTH,
    InvalidRules,
    parse_rules,
)

BLANK_ROWS = 3
PAGE_FIELD = re.compile(r"pages\[(\d+)\]\.(\w+)")


class IndentedEncoder(json.JSONEncoder):
    def __init__(self, **options: Any):
        super().__init__(**{**options, "indent": 2})


class ShallowDecoder(json.JSONDecoder):
    """Reports JSON that is nested too deeply as invalid JSON."""

    def decode(self, s: str, *args: Any) -> Any:
        try:
            return super().decode(s, *args)
        except RecursionError as error:
            raise json.JSONDecodeError("Nested too deeply", s[:1], 0) from error


def _text_cell(longest: int, size: int, **attrs: str) -> forms.CharField:
    """A table cell. Its content is validated by the rules reader, not here a second time."""
    width = f"min-width:{size}rem"
    return forms.CharField(
        required=False,
        widget=UnfoldAdminTextInputWidget({"maxlength": longest, "style": width, **attrs}),
    )


class PageForm(forms.Form):
    label = _text_cell(MAX_LABEL_LENGTH, 9)
    pattern = _text_cell(MAX_PATTERN_LENGTH, 10, placeholder="/pricing*")
    points = forms.IntegerField(
        required=False, widget=UnfoldAdminIntegerFieldWidget({"style": "min-width:5rem"})
    )
    category = _text_cell(MAX_NAME_LENGTH, 7)
    angle = _text_cell(MAX_NAME_LENGTH, 8, list="angles")
    topic = _text_cell(MAX_LABEL_LENGTH, 14)
    active = forms.BooleanField(required=False, initial=True, widget=UnfoldBooleanWidget)

    def as_page(self) -> dict[str, Any]:
        return {name: self.cleaned_data.get(name) for name in self.base_fields}

    def in_columns(self) -> list[forms.BoundField]:
        return [self[name] for name in COLUMN_HEADS]

    @property
    def is_empty(self) -> bool:
        return not any(
            value or value == 0 for name, value in self.as_page().items() if name != "active"
        )


class PageFormSet(forms.BaseFormSet):  # type: ignore[type-arg]
    """The table, ordered by number. Rows without a number come last; empty rows are ignored."""

    ordering_widget = UnfoldAdminIntegerFieldWidget({"style": "min-width:4.5rem;width:4.5rem"})  # type: ignore[assignment]
    deletion_widget = UnfoldBooleanWidget

    def add_fields(self, form: forms.Form, index: int | None) -> None:
        super().add_fields(form, index)
        for name, field in form.fields.items():
            row = "" if index is None else f" {index + 1}"
            field.widget.attrs["aria-label"] = f"{COLUMN_HEADS[name]}, row{row}"

    @property
    def heads(self) -> list[str]:
        return list(COLUMN_HEADS.values())


COLUMN_HEADS = {
    "ORDER": "Order",
    "label": "Label",
    "pattern": "Path",
    "points": "Points",
    "category": "Category",
    "angle": "Angle",
    "topic": "Topic",
    "active": "In use",
    "DELETE": "Remove",
}
PagesFormSet = forms.formset_factory(
    PageForm,
    PageFormSet,
    extra=BLANK_ROWS,
    can_order=True,
    can_delete=True,
    max_num=MAX_PAGES,
    validate_max=True,
)


class RulesForm(forms.ModelForm):
    """`pages` are the rows of a formset; every error of a row is shown at its cell."""

    rules = forms.JSONField(
        encoder=IndentedEncoder,
        decoder=ShallowDecoder,
        label="Numbers and words",
        widget=UnfoldAdminTextareaWidget(
            attrs={"rows": 30, "spellcheck": "false", "style": "font-family:monospace"}
        ),
        help_text=ScoringRules._meta.get_field("rules").help_text,
    )

    class Meta:
        model = ScoringRules
        fields = ("name", "rules")

    class Media:
        js = (forms.Script("caio/rows.js", defer=True),)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        stored = self.instance.rules if self.instance.pk else self.initial.get("rules")
        text = dict(stored) if isinstance(stored, dict) else {}
        self._rows = text.pop("pages", [])
        self.initial["rules"] = text
        # Posted rows replace the stored ones, whatever was stored meanwhile.
        self.pages = (
            PagesFormSet(self.data, prefix="pages")
            if self.is_bound
            else PagesFormSet(prefix="pages", initial=self._rows)
        )
        self.angles = rule_versions.email_angles()

    @cached_property
    def changed_data(self) -> list[str]:
        pages = self.cleaned_data.get("rules", {}).get("pages", self._rows)
        return [*super().changed_data, *(["pages"] if pages != self._rows else [])]

    def clean(self) -> None:
        """Validate text and table together. Errors of a row are shown at its cell."""
        typed, rows = self.cleaned_data.get("rules"), self._rows_typed()
        if rows is None:
            self.add_error(None, "Some pages cannot be read; it says so at each.")
        elif isinstance(typed, dict) and "pages" in typed:
            self.add_error("rules", "pages: are the rows of the table, not part of this text.")
        elif "rules" in self.cleaned_data:
            whole = (
                {**typed, "pages": [form.as_page() for form in rows]}
                if isinstance(typed, dict)
                else typed
            )
            try:
                self.cleaned_data["rules"] = parse_rules(whole).as_dict()
            except InvalidRules as error:
                self._add_errors(error, rows)

    def _rows_typed(self) -> list[PageForm] | None:
        """The non-empty rows in order; None where one is invalid."""
        return (
            [form for form in self.pages.ordered_forms if not form.is_empty]
            if self.pages.is_valid()
            else None
        )

    def _add_errors(self, error: InvalidRules, rows: list[PageForm]) -> None:
        for name, text in error.errors:
            if place := PAGE_FIELD.fullmatch(name):
                rows[int(place[1])].add_error(place[2], f"It {text}.")
            else:
                self.add_error("rules", f"{name}: {text}.")
        if any(form.errors for form in rows):
            self.add_error(None, "Some pages cannot be as they are; it says so at each.")
