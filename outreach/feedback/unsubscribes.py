"""Stops emails for good: by the link in every email, a reply, or do-not-disturb at GoHighLevel.

Tokens never expire, and an unknown one is answered like any other. No vendor can lift a stop.
"""

import re
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from leads import locks
from leads.models import Lead
from leads.suppression import suppression
from outreach.choices import EventKind
from outreach.contact_history import contact_matching
from outreach.feedback import email_events
from outreach.integrations.ghl.ghl_facts import DoNotDisturbFact
from outreach.models import Message, OptOut, Reply

TOKEN_PATTERN = re.compile(r"[\w-]{1,40}", re.ASCII)
UNSUBSCRIBED = suppression.Reason.UNSUBSCRIBED


def unsubscribe_by_token(token: str) -> bool:
    if not TOKEN_PATTERN.fullmatch(token):
        return False
    message = Message.objects.select_related("lead").filter(unsubscribe_token=token).first()
    if message is None:
        return False
    with transaction.atomic():
        person = locks.lock_lead(message.lead_id)
        email_events.record_event(
            message, EventKind.UNSUBSCRIBED, "", "unsubscribe page", timezone.now()
        )
        stop_everywhere(person, "unsubscribe link", message.to_address)
    return True


def apply_do_not_disturb(fact: DoNotDisturbFact) -> Lead | None:
    """Lifting do-not-disturb at GoHighLevel changes nothing here."""
    lead = contact_matching.find_lead(fact.contact_id, fact.address)
    if lead is not None and _is_our_block(lead, fact):
        return lead
    if fact.is_blocked:
        person = locks.lock_lead(lead.pk) if lead else None
        stop_everywhere(person, "do not disturb at GoHighLevel", fact.address)
    return lead


def _is_our_block(lead: Lead, fact: DoNotDisturbFact) -> bool:
    """Whether do-not-disturb was set by us, for a stop that a person has taken back since.

    Where it was lifted in between, the next one is the recipient's own.
    """
    ours = Reply.objects.filter(lead__in=suppression.rows_of(lead), dnd_is_ours=True)
    if not fact.is_blocked:
        ours.update(dnd_is_ours=False)
        return False
    return ours.exists()


def stop_everywhere(
    person: Lead | None, source: str, *addresses: str, reason: str = UNSUBSCRIBED
) -> None:
    """Stop a lead with all their addresses. Needs a transaction with the lead locked."""
    rows = suppression.rows_of(person) if person else []
    theirs = {mail for row in rows for mail in (row.email, row.personal_email) if mail}
    for address in theirs | {one for one in addresses if one} or {""}:
        email_events.stop_address(address, reason, source, person)
    if Reply.objects.filter(lead__in=rows).exclude(taken_back_at=None).exists():
        _tell_ghl_again(rows)


def _tell_ghl_again(rows: Sequence[Lead]) -> None:
    """A stop that was taken back holds again: do-not-disturb may have been lifted in between."""
    told = OptOut.objects.filter(suppression__lead__in=rows, suppression__expires_at=None)
    told.exclude(told_at=None).update(told_at=None, outcome="", not_before=timezone.now())
