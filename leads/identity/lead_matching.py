"""Finds or makes the one lead of each person, in whatever order things arrive."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from leads import locks, normal
from leads.field_values.work_history import PastJob
from leads.identity.field_filling import set_fields
from leads.integrations.rb2b import Visitor
from leads.models import Company, Lead, field_source
from leads.ownership import owner_assignment
from leads.suppression import allowed_countries, suppression

ADDRESS_STATE = ("address", "personal_email")


def page_path(url: str) -> str:
    try:
        return (urlsplit(url).path or "/")[:500] if url else ""
    except ValueError:
        return ""


def lock_leads_known_by(address: str, key: str, *also: int) -> list[Lead]:
    """Leads known by a normalised address or LinkedIn key, at most one by each, by address first.

    Before them come the leads that the rows `also` stand for. All stay locked until the transaction
    ends, in the order of pk, so that no merge comes in between. Raises locks.LeadsChanged.
    """
    rows = _rows_known_by(address, key)
    if not rows and not also:
        return []
    people = locks.lock_leads_once(*also, *rows)
    if rows != _rows_known_by(address, key):
        raise locks.LeadsChanged
    return people


def find_lead(address: str, key: str) -> Lead | None:
    rows = Lead.rows.select_related("merged_into").in_bulk(found := _rows_known_by(address, key))
    return next((rows[pk].merged_into or rows[pk] for pk in found), None)


def _rows_known_by(address: str, key: str) -> list[int]:
    """By address, also a personal one that a business address has replaced; and by LinkedIn key."""
    either = Q(email=address) | Q(personal_email=address) if address else Q(pk=None)
    either |= Q(linkedin_key=key) if key else Q(pk=None)
    rows = list(
        Lead.rows.filter(either)
        .order_by("pk")
        .values_list("pk", "email", "personal_email", "linkedin_key")
    )
    by_address = [pk for pk, email, _, _ in rows if address and email == address]
    by_personal = [pk for pk, _, personal, _ in rows if address and personal == address]
    by_key = [pk for pk, _, _, linkedin in rows if key and linkedin == key]
    return list(dict.fromkeys([*(by_address or by_personal)[:1], *by_key]))


def lead_of_visitor(
    visitor: Visitor,
    company: Company | None,
    kind: str,
    lead: Lead | None,
    source: str = "rb2b",
    seen_at: datetime | None = None,
) -> Lead | None:
    """The visitor's lead, made where `lead` is None; fills what is not known yet.

    `seen_at` is when the visit was, now by default: an older one never makes a lead look older.

    One INSERT or UPDATE. None without a usable address or LinkedIn key: nobody could be found
    again. Raises locks.LeadsChanged.
    """
    address, key = visitor_identifiers(visitor)
    if not address and not key:
        return None
    values, seen_at = _visitor_values(visitor, company), seen_at or timezone.now()
    if lead is None:
        lead = Lead(kind=kind, first_seen_at=seen_at, last_seen_at=seen_at)
        return _create_lead(lead, source, email=address, linkedin_key=key, **values)
    told_country = values.pop("country")
    changed = set_fields(
        lead,
        source,
        **values,
        linkedin_key="" if lead.linkedin_key else value_if_free(lead, "linkedin_key", key),
    )
    changed += _take_country(lead, told_country, source)
    changed += _take_address(lead, address, source)
    lead.last_seen_at = max(lead.last_seen_at, seen_at)
    _set_address_state(lead)
    _save_lead(lead, update_fields=[*changed, "sources", "last_seen_at", *ADDRESS_STATE])
    return lead


def _take_country(lead: Lead, told: str, source: str) -> list[str]:
    """Fill it in; of two countries told, the one that may not be written to stands."""
    country = allowed_countries.stricter_country(lead.country, told)
    return set_fields(lead, source, overwrite=True, country=country)


def _take_address(lead: Lead, address: str, source: str) -> list[str]:
    """Where the lead has none yet, or one that cannot be written to while this one can."""
    if address == lead.email or lead.email and not is_better_address(lead, address):
        return []
    changed = set_fields(lead, source, overwrite=True, email=value_if_free(lead, "email", address))
    if changed:
        lead.email_verified = lead.email_invalid = False
        changed += ["email_verified", "email_invalid"]
    return changed


def is_better_address(lead: Lead, address: str) -> bool:
    """Whether a lead that cannot be written to could be at `address`."""
    return bool(address) and not _is_usable(lead) and suppression.stop_by_lists(address) is None


def _create_lead(lead: Lead, source: str, **values: Any) -> Lead:
    set_fields(lead, source, **values)
    _set_address_state(lead)
    is_recorded = owner_assignment.set_first_owner(lead)
    _save_lead(lead, force_insert=True)
    if is_recorded:
        owner_assignment.record_change(lead)
    return lead


def _save_lead(lead: Lead, **how: Any) -> None:
    try:
        lead.save(**how)
    except IntegrityError as error:
        # Another worker has just given one of the identifiers to somebody else.
        raise locks.LeadsChanged from error


def _visitor_values(visitor: Visitor, company: Company | None) -> dict[str, Any]:
    country = visitor.country_code
    state = normal.us_state(visitor.state) if country in ("", "US") else ""
    return {
        "first_name": visitor.first_name,
        "last_name": visitor.last_name,
        "title": visitor.title,
        "city": visitor.city,
        "state": state or visitor.state,
        "country": country,
        "past_employers": [asdict(job) for job in _past_jobs(visitor)],
        "company": company,
    }


def _past_jobs(visitor: Visitor) -> list[PastJob]:
    """Without the present employer, which vendors list among the others."""
    now = normal.company_key(visitor.company_name)
    return [job for job in visitor.past_jobs if job.to_year or normal.company_key(job.name) != now]


def are_other_profiles(one: str, other: str) -> bool:
    """Whether two LinkedIn keys are surely of two people: an id and a name may be one profile's."""
    named = normal.is_named_profile(one), normal.is_named_profile(other)
    return bool(one and other) and one != other and named[0] == named[1]


def have_other_names(*names: tuple[str, str]) -> bool:
    """Whether two of the (first, last) names differ; one that is not known differs from none."""
    return any(
        len({normal.company_key(name) for name in part} - {""}) > 1
        for part in zip(*names, strict=True)
    )


def new_lead(source: str, address: str, key: str = "", **fields: Any) -> Lead:
    """A lead for a normalised address or else a LinkedIn key. Raises locks.LeadsChanged where it is
    taken.

    The lead that has it is not locked, and may be merged before this transaction commits: look
    again.
    """
    known_as = {"email": address} if address else {"linkedin_key": key}
    sources = {field: field_source(source) for field in known_as}
    try:
        with transaction.atomic():
            return Lead.objects.create(**known_as, sources=sources, **fields)
    except IntegrityError as error:
        raise locks.LeadsChanged from error


def visitor_identifiers(visitor: Visitor) -> tuple[str, str]:
    return visitor_addresses(visitor)[0], normal.linkedin_key(visitor.linkedin_url)


def visitor_addresses(visitor: Visitor) -> list[str]:
    """Normalised; [""] without any. The first that may be written to comes first."""
    named = [normal.clean_email(one) for one in (visitor.email, *visitor.other_emails)]
    if len(named) > 1:
        named.sort(key=lambda one: suppression.stop_by_lists(one) is not None)
    return named


def value_if_free(lead: Lead, field: str, value: str) -> str:
    # "" where another row has it: a unique field is never taken from another lead.
    return (
        ""
        if not value or Lead.rows.filter(**{field: value}).exclude(pk=lead.pk).exists()
        else value
    )


def update_address_state(lead: Lead) -> None:
    """Decide whether the lead's address can be written to, and store it."""
    _set_address_state(lead)
    Lead.objects.filter(pk=lead.pk).update(**{name: getattr(lead, name) for name in ADDRESS_STATE})


def _set_address_state(lead: Lead) -> None:
    """A personal mailbox cannot be written to, nor one that Clay has found not to exist."""
    stop = suppression.stop_by_lists(lead.email) if lead.email else None
    if stop and stop.reason == suppression.Reason.PERSONAL:
        lead.personal_email = lead.email or ""
    lead.address = Lead.Address.USABLE if _is_usable(lead) else Lead.Address.NONE


def _is_usable(lead: Lead) -> bool:
    """By the lists of today: what is stored was judged when the address came."""
    if not lead.email or lead.email_invalid:
        return False
    return suppression.stop_by_lists(lead.email) is None
