"""Store what a person typed about a lead in a field of which nothing is known."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from leads import locks
from leads.field_values.person_names import spoken_names
from leads.field_values.texts import repaired_text
from leads.identity import field_filling
from leads.models import Lead
from leads.suppression import suppression

LONGEST = {"first_name": 100, "title": 200}
LABELS = {"first_name": "First name", "title": "Job title"}


class FieldRefused(Exception):
    """Nothing was stored; the text says why and names the field."""


def missing_fields(lead: Lead) -> list[str]:
    return [name for name in LABELS if not getattr(lead, name)]


def store_typed_field(lead: Lead, name: str, typed: str, by: str) -> Lead:
    """Fill `name` of the lead, which is scored anew then; `by` is the person's name.

    Raises FieldRefused for a field that is none of LABELS, for a text that is no value of it, and
    where something is known by now.
    """
    if name not in LABELS:
        raise FieldRefused("Only the first name and the job title can be typed here.")
    value = _typed_value(name, typed, lead.last_name)
    with transaction.atomic():
        lead = locks.lock_lead(lead.pk)
        if suppression.is_erased(lead):
            raise FieldRefused("This person was erased: nothing is stored about them.")
        known = getattr(lead, name)
        if known:
            raise FieldRefused(f"{LABELS[name]} is known by now: {known}.")
        values: dict[str, Any] = {name: value}
        field_filling.fill_fields(lead, f"typed by {by}", **values)
        Lead.objects.filter(pk=lead.pk).update(needs_assessment_at=timezone.now(), attempts=0)
    return lead


def _typed_value(name: str, typed: str, last_name: str) -> str:
    text = repaired_text(typed)
    if not text:
        raise FieldRefused(f"{LABELS[name]}: type it first.")
    if len(text) > LONGEST[name]:
        raise FieldRefused(f"{LABELS[name]}: at most {LONGEST[name]} characters.")
    value = spoken_names(text, last_name)[0] if name == "first_name" else text
    if not value:
        raise FieldRefused(f"{LABELS[name]}: “{text}” is no name.")
    return value
