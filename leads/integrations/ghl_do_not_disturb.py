"""GoHighLevel API v2: setting do-not-disturb for email at a contact."""

from leads.integrations.ghl import CONTACTS_VERSION, call_ghl
from leads.integrations.ghl_contact_data import BLOCKED_STATUSES, parse_contact


def block_email(contact_id: str) -> None:
    """Set do-not-disturb for email, unless it is set; repeatable. Source: PUT
    /contacts/{contactId}.

    What is blocked on other channels is sent along, in case a PUT replaces all of them. What is
    allowed is never sent: it could lift a block that was set this moment.
    """
    found = (
        call_ghl("GET", f"/contacts/{contact_id}", version=CONTACTS_VERSION).get("contact") or {}
    )
    if parse_contact(found).email_blocked:
        return
    block = {"status": "active", "message": "Asked us to stop", "code": "103"}
    now = {
        name: one
        for name, one in (found.get("dndSettings") or {}).items()
        if one.get("status") in BLOCKED_STATUSES
    }
    body = {"dndSettings": {**now, "Email": block}}
    call_ghl("PUT", f"/contacts/{contact_id}", version=CONTACTS_VERSION, json=body, repeatable=True)
