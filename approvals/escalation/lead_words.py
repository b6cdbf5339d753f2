"""Whom a notice is about, in one line."""

from leads.models import Lead

MAX_NAME_LENGTH = 200


def lead_words(lead: Lead) -> str:
    who = f"{lead.name or 'Somebody'}{lead.kind_mark}" + (
        f", {lead.company}" if lead.company else ""
    )
    # Visitor data: of any length, and with line breaks.
    return " ".join(who.split())[:MAX_NAME_LENGTH]
