"""Stopping for good, whoever says it and where: the link in every email, a reply, do-not-disturb at GoHighLevel.

Tokens never expire, and an unknown one looks like any other. Nothing here is ever lifted by a vendor.
"""

import re

from django.db import transaction
from django.utils import timezone

from leads import locks
from leads.models import Lead
from leads.suppression import suppression
from outreach.choices import EventKind
from outreach.contact_history import contact_matching
from outreach.feedback import email_events
from outreach.integrations.ghl.ghl_facts import Blocked
from outreach.models import Message

TOKEN = re.compile(r"[\w-]{1,40}", re.ASCII)
UNSUBSCRIBED = suppression.Reason.UNSUBSCRIBED


def stop(token: str) -> bool:
    """Suppress the address and the person behind `token` and withdraw what has not left; False for an unknown token."""
    if not TOKEN.fullmatch(token):
        return False
    message = Message.objects.select_related("lead").filter(unsubscribe_token=token).first()
    if message is None:
        return False
    with transaction.atomic():
        person = locks.people(message.lead_id)[0]
        email_events.note(message, EventKind.UNSUBSCRIBED, "", "unsubscribe page", timezone.now())
        everywhere(person, "unsubscribe link", message.to_address)
    return True


def hear(fact: Blocked) -> Lead | None:
    """Do-not-disturb for email at GoHighLevel stops here too; that it was lifted there changes nothing."""
    lead = contact_matching.person(fact.contact_id, fact.address)
    if fact.is_blocked:
        person = locks.people(lead.pk)[0] if lead else None
        everywhere(person, "do not disturb at GoHighLevel", fact.address)
    return lead


def everywhere(person: Lead | None, source: str, *addresses: str) -> None:
    """Stop a person with every address that is theirs, at once. Call it inside a transaction, with them locked."""
    rows = suppression.rows_of(person) if person else []
    theirs = {mail for row in rows for mail in (row.email, row.personal_email) if mail}
    for address in theirs | {one for one in addresses if one} or {""}:
        email_events.stop(address, UNSUBSCRIBED, source, person)
