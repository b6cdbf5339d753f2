"""Imports GoHighLevel's contacts that are unknown here as leads, so that Clay can be asked about
them.

They never visited, so no email is drafted for them automatically. A contact whom GoHighLevel must
not write to is stopped here as well and never becomes a lead.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from caio_project.lib import http
from caio_project.lib.vendor_access.access import vendor_value
from leads import locks, normal
from leads.identity import company_matching, field_filling, lead_matching
from leads.inbound import events, parked
from leads.integrations import ghl, ghl_contact_data, ghl_contact_list
from leads.integrations import ghl_refusals as refusals
from leads.integrations.background_calls import call_patiently
from leads.models import Bookmark, Kind, Lead
from leads.ownership import owner_assignment
from leads.suppression import suppression

SOURCE = "ghl"
# After the end: contacts that had no address may have one by now
READ_AGAIN_AFTER = timedelta(days=7)
Reason = suppression.Reason


@dataclass
class ContactImport:
    read: int = 0
    new: int = 0  # leads now
    known: int = 0
    stopped: int = 0  # must not be written to
    without_address: int = 0
    gone: int = 0  # deleted since the list was made
    ended: bool = False  # there are no more
    error: str = ""


def import_contacts(
    most: int, progress: Callable[[ContactImport], None] = lambda taken: None
) -> ContactImport:
    """Continue where the last run stopped, until `most` contacts became leads, or to the end.

    Where GoHighLevel fails, `error` says why and the next run continues there.
    """
    taken, place = ContactImport(), _current_bookmark()
    while taken.new < most and not taken.ended and not taken.error:
        position = place.position
        try:
            page = call_patiently(lambda: ghl_contact_list.list_contacts(place.position))
            for listed in page:
                if taken.new >= most:
                    break
                _import_contact(listed, taken)
                place.position = listed.position
                progress(taken)
            else:
                taken.ended = len(page) < ghl_contact_list.PAGE_SIZE
        except http.HttpError as failure:
            taken.error = failure.detail
        _save_bookmark(place, position, taken.ended)
    if taken.new:  # what they wrote before they were known here concerns them now
        events.process_again(parked.UNPLACED_MESSAGE)
    return taken


def _current_bookmark() -> Bookmark:
    # A week after the end was reached, it starts from the beginning.
    place, _ = Bookmark.objects.get_or_create(
        name=f"{SOURCE}:contacts:{vendor_value('GHL_LOCATION_ID')}"[:80]
    )
    if place.ended_at and place.ended_at < timezone.now() - READ_AGAIN_AFTER:
        place.position, place.ended_at = None, None
        place.save()
    return place


def _save_bookmark(place: Bookmark, before: Any, ended: bool) -> None:
    # A parallel run may have moved it; reading contacts twice changes nothing.
    place.ended_at = timezone.now() if ended else None
    if ended or place.position != before:
        place.save()


def _import_contact(listed: ghl_contact_data.ListedContact, taken: ContactImport) -> None:
    taken.read += 1
    if _count_if_known(normal.clean_email(listed.email), taken):
        return
    contact = _read_contact(listed)
    if contact is None:
        taken.gone += 1
        return
    address = normal.clean_email(contact.email)
    if address != normal.clean_email(listed.email) and _count_if_known(address, taken):
        return
    if reason := contact_stop_reason(contact):
        suppression.suppress(address, reason, SOURCE)
        taken.stopped += 1
    elif create_lead(contact, address) is None:
        taken.known += 1
    else:
        taken.new += 1


def _read_contact(listed: ghl_contact_data.ListedContact) -> ghl_contact_data.Contact | None:
    # Only the contact itself says whether it may be written to; None where it was deleted.
    try:
        return call_patiently(lambda: ghl.get_contact(listed.id))
    except http.RequestRefused as failure:
        if failure.status == 404 or refusals.refusal_code(failure) == refusals.CONTACT_GONE:
            return None
        raise


def _count_if_known(address: str, taken: ContactImport) -> bool:
    # Count an address that brings no lead, whatever else GoHighLevel knows about it.
    stop = suppression.find_stop(address) if address else None
    if not address:
        taken.without_address += 1
    elif stop and stop.stops_person:
        taken.stopped += 1
    elif lead_matching.find_lead(address, ""):
        taken.known += 1
    else:
        return False
    return True


def contact_stop_reason(contact: ghl_contact_data.Contact) -> str:
    if contact.email_blocked:
        return Reason.UNSUBSCRIBED
    if contact.is_customer:
        return Reason.CUSTOMER
    stops = sorted(contact.tags & settings.GHL_STOP_TAGS)
    if not stops:
        return ""
    return next((tag for tag in stops if tag in Reason.values), Reason.MANUAL)


def create_lead(contact: ghl_contact_data.Contact, address: str) -> Lead | None:
    return locks.retry_until_unchanged(lambda: _create_lead(contact, address))


def _create_lead(contact: ghl_contact_data.Contact, address: str) -> Lead | None:
    if lead_matching.lock_leads_known_by(address, ""):
        return None
    who = contact.person
    company = company_matching.find_or_create_company(
        who.company_name, who.website, address, Kind.LIVE, SOURCE
    )
    seen = contact.added_at or timezone.now()
    lead = lead_matching.new_lead(
        SOURCE,
        address,
        kind=Kind.LIVE,
        first_seen_at=seen,
        last_seen_at=seen,
        ghl_assigned_to=contact.assigned_to[:60],
    )
    state = normal.us_state(who.state) if who.country in ("", "US") else ""
    field_filling.fill_fields(
        lead,
        SOURCE,
        first_name=who.first_name,
        last_name=who.last_name,
        city=who.city,
        state=state or who.state,
        country=who.country,
        company=company,
    )
    lead_matching.update_address_state(lead)
    owner_assignment.update_owner(lead)
    return lead
