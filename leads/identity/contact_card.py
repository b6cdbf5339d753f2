"""What webhooks may say of a person beside the id, read when they are sent."""

from typing import Any
from uuid import UUID

from leads.models import Lead
from leads.suppression import suppression


def read_contact_card(public_id: UUID) -> dict[str, Any] | None:
    """Of the lead, or of the one that it was merged into; None where erased or unknown."""
    rows = Lead.rows.select_related("company", "merged_into__company")
    found = rows.filter(public_id=public_id).first()
    if found is None:
        return None
    person = found.merged_into or found
    if suppression.is_erased(person):
        return None
    return {
        "id": str(person.public_id),
        "name": person.name,
        "title": person.title,
        "company": person.company.name if person.company else "",
        "email": person.email or "",
    }
