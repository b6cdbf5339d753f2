"""The form that chooses whom to write to: a tier, or a pasted list."""

import csv
import io
from typing import Any

from django import forms

from caio_project.lib.files import UnreadableFile
from leads.models import Lead
from leads.scoring_rules import Tier
from outreach.drafting import manual_queue

LIST = "list"
SHOWN_ERRORS = 5


class SegmentForm(forms.Form):
    group = forms.ChoiceField(
        label="Who",
        choices=[
            *((tier.value, f"{tier.label} leads, best score first") for tier in Tier),
            (LIST, "The people listed below"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose who to email."},
    )
    people = forms.CharField(
        label="List",
        required=False,
        max_length=200_000,
        help_text="One email address or LinkedIn URL a line. They must be leads already.",
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    limit = forms.IntegerField(
        label="Emails at most",
        min_value=1,
        max_value=manual_queue.MOST_LEADS,
        initial=25,
        error_messages={"required": "Say how many emails at most."},
    )
    leads: list[Lead]
    what: str

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        self.leads, self.what = [], cleaned.get("group", "")
        if self.what == LIST and "people" in cleaned:
            self._read_list(cleaned["people"])
        return cleaned

    def _read_list(self, typed: str) -> None:
        lines = [line.strip(" ,;") for line in typed.splitlines() if line.strip(" ,;")]
        if not lines:
            self.add_error("people", "List at least one person, or choose a tier.")
            return
        raw = _as_csv(lines)
        try:
            self.leads, report = manual_queue.read_leads(raw)
        except UnreadableFile as error:
            self.add_error("people", str(error))
            return
        self.what = manual_queue.list_name(raw)
        for line, text in report.errors[:SHOWN_ERRORS]:
            self.add_error("people", f"Line {line - 1}: {text.removeprefix('email: ')}")
        if report.errors:
            wrong = len(report.errors) + report.more_errors
            self.add_error("people", f"{wrong} of {report.read} lines are wrong.")


def _as_csv(lines: list[str]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["email", "linkedin_url"])
    for line in lines:
        writer.writerow([line, ""] if "@" in line else ["", line])
    return text.getvalue().encode()
