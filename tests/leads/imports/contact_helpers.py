"""Helpers of the tests beside."""

from typing import Any

from leads.imports import ghl_contacts
from leads.models import Lead


def taken(most: int = 50) -> dict[str, Any]:
    """What was not zero."""
    return {
        name: value for name, value in vars(ghl_contacts.import_contacts(most)).items() if value
    }


def lead() -> Lead:
    return Lead.objects.get()
