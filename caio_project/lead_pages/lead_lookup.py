"""Find the lead of a page's address."""

from typing import Any

from django.shortcuts import get_object_or_404

from leads.identity import merging
from leads.models import Lead


def find_lead(public_id: Any) -> Lead:
    """Return the surviving lead for a merged one; 404 where there is none."""
    related = [
        f"{into}{name}"
        for into in ("", "merged_into__")
        for name in ("company", "owner", "owner_rule")
    ]
    rows = Lead.rows.select_related(*related)
    return merging.surviving_lead(get_object_or_404(rows, public_id=public_id))
