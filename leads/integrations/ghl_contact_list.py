"""GoHighLevel API v2: the list of all contacts, and whether our token and location are taken."""

from typing import Any

from django.conf import settings

from caio_project.lib import http
from caio_project.lib.vendor_access.access import vendor_value
from leads.integrations import ghl_tokens
from leads.integrations.ghl import CONTACTS_VERSION, call_ghl
from leads.integrations.ghl_contact_data import ListedContact, contact_email
from leads.integrations.ghl_refusals import Misconfigured as Misconfigured
from leads.integrations.ghl_refusals import as_misconfigured

DUPLICATES_PATH = "/contacts/search/duplicate"
PAGE_SIZE = 100  # the most that one search answers


def list_contacts(after: list[Any] | None = None) -> list[ListedContact]:
    """The next PAGE_SIZE contacts after a position, oldest first; fewer at the end.

    By position and not by page, because pages end at 10,000 contacts. A position holds for this
    order only, and a contact that was just added may be missing for seconds. Source: POST
    /contacts/search.
    """
    body: dict[str, Any] = {
        "locationId": vendor_value("GHL_LOCATION_ID"),
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


def read_location(email: str, deadline: float) -> None:
    """Ask for a contact of the location, for the page of the set-up.

    It is asked outside of the shared rate, which leaves room for it, and raises no alarm. Raises
    Misconfigured and lib.http's errors.
    """
    token = ghl_tokens.current_token()
    headers = {
        "Authorization": f"Bearer {token.text}",
        "Version": CONTACTS_VERSION,
        "Accept": "application/json",
    }
    params = {"locationId": vendor_value("GHL_LOCATION_ID"), "email": email}
    content = http.RequestContent(headers, params)
    try:
        answer = http.send_request(
            "GET", settings.GHL_BASE_URL + DUPLICATES_PATH, content, deadline=deadline
        )
    except http.HttpError as failure:
        raise as_misconfigured(failure, "GET", DUPLICATES_PATH) or failure from failure
    if b'"contact"' not in answer.body:
        raise http.ServiceUnavailable("GoHighLevel answered something else than a contact")
