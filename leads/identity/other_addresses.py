"""Further addresses of a person: named beside the one we write to, or replaced by a better one.

Each is a row of its own that is part of the lead, as after a merge. So who comes by it is found, a
stop or an erasure of it holds for the person, and nobody is written to a second time at it.
"""

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import Q

from leads import locks, normal
from leads.identity import lead_matching
from leads.models import Lead, Suppression, field_source
from leads.suppression import suppression


def lock_lead_at(addresses: list[str], first_name: str, last_name: str) -> list[Lead]:
    """The lead known by one of the further addresses of a body, locked; [] where there is none, or
    its name is another. Raises locks.LeadsChanged.
    """
    for address in addresses:
        lead = None if _is_shared(address) else lead_matching.find_lead(address, "")
        if lead is None:
            continue
        names = (lead.first_name, lead.last_name), (first_name, last_name)
        if not lead_matching.have_other_names(*names):
            return lead_matching.lock_leads_known_by(address, "")
    return []


def keep_address(lead: Lead, address: str, source: str, *, is_dead: bool = False) -> None:
    """Remember that the person of the locked `lead` also has a normalised `address`.

    A mailbox that several people read is left out. Where somebody else is known by the address, an
    opt-out of it holds for this person as well. Raises locks.LeadsChanged.
    """
    if not address or address in (lead.email, lead.personal_email) or _is_shared(address):
        return
    known = Lead.rows.filter(Q(email=address) | Q(personal_email=address)).order_by("pk").first()
    if known is None:
        _add_part(lead, address, source, is_dead)
    elif lead.pk not in (known.pk, known.merged_into_id):
        _copy_stops(lead, address)


def keep_personal(lead: Lead, addresses: Iterable[str], source: str) -> None:
    """Remember those of `addresses` that are personal mailboxes. Raises locks.LeadsChanged."""
    for address in addresses:
        stop = suppression.stop_by_lists(address)
        if stop is not None and stop.reason == Suppression.Reason.PERSONAL:
            keep_address(lead, address, source)


def _is_shared(address: str) -> bool:
    stop = suppression.stop_by_lists(address)
    return stop is not None and stop.reason != Suppression.Reason.PERSONAL


def _add_part(lead: Lead, address: str, source: str, is_dead: bool) -> None:
    try:
        with transaction.atomic():
            Lead.rows.create(
                kind=lead.kind,
                email=address,
                email_invalid=is_dead,
                merged_into=lead,
                sources={"email": field_source(source)},
            )
    except IntegrityError as error:
        raise locks.LeadsChanged from error


def _copy_stops(lead: Lead, address: str) -> None:
    mailboxes = {address, normal.mailbox_address(address)}
    for row in suppression.rows_in_force().filter(
        scope=Suppression.Scope.ADDRESS, value__in=mailboxes
    ):
        suppression.copy_suppression(lead, row)


def release_address(lead: Lead, address: str) -> None:
    """Let `lead` itself have an address that was only kept for it, unless its mailbox is dead."""
    kept = Lead.rows.filter(email=address, merged_into=lead, email_invalid=False)
    kept.filter(merges_away=None).delete()
