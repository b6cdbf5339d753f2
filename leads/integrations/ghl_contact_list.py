"""GoHighLevel API v2: the list of all contacts."""

from typing import Any

from django.conf import settings

from caio_project.lib import http
from leads.integrations.ghl import CONTACTS_VERSION, call_ghl
from leads.integrations.ghl_contact_data import ListedContact, contact_email

PAGE_SIZE = 100  # the most that one search answers


def list_contacts(after: list[Any] | None = None) -> list[ListedContact]:
    """The next PAGE_SIZE contacts after a position, oldest first; fewer at the end.

    By position and not by page, because pages end at 10,000 contacts. A position holds for this
    order only, and a contact that was just added may be missing for seconds. Source: POST
    /contacts/search.
    """
    body: dict[str, Any] = {
        "locationId": settings.GHL_LOCATION_ID,
        "pageLimit": PAGE_SIZE,
        "sort": [{"field": "dateAdded", "direction": "asc"}],
    }
    if after:
        body["searchAfter"] = after
    found = call_ghl(
        "POST", "/contacts/search", version=CONTACTS_VERSION, json=body, repeatable=True
    )
    rows = found.get("contacts") if isinstance(found, dict) else None
    if not isinstance(rows, list) or not all(
        isinstance(row, dict) and row.get("searchAfter") for row in rows
    ):
        raise http.ServiceUnavailable(
            "GoHighLevel answered a search without contacts and their positions"
        )
    return [
        ListedContact(str(row.get("id") or ""), contact_email(row), list(row["searchAfter"]))
        for row in rows
    ]
