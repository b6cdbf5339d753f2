"""One lead for each person, one company for each registrable domain, whatever order things arrive in."""

from typing import Any
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.utils import timezone

from leads import normal, suppression
from leads.integrations.rb2b import Visitor
from leads.models import Company, Kind, Lead, TeamMember, sourced

KEPT_WHEN_TAKEN_OVER = ("id", "domain", "kind", "created_at")


def path_of(url: str) -> str:
    """The path of a page, without the query where tracking parameters live."""
    try:
        return (urlsplit(url).path or "/")[:500] if url else ""
    except ValueError:
        return ""


def company_of(visitor: Visitor, kind: str) -> Company | None:
    """Find or make the company; fills what is not known yet, never overwrites."""
    address = normal.email(visitor.email)
    domain = normal.domain(visitor.website)
    if not domain and address and suppression.by_lists(address) is None:
        domain = normal.domain(address)
    key = normal.company_key(visitor.company_name)
    if not domain and not key:
        return None
    company = company_for(domain, key, kind)
    if company.kind != kind and not _may_share(company, kind):
        return None
    linkedin = visitor.linkedin_url if "/company/" in visitor.linkedin_url.lower() else ""
    fill(
        company,
        "rb2b",
        name=visitor.company_name,
        name_key=key,
        industry=visitor.industry,
        employees=visitor.employees[:40],
        employees_from=normal.employees_from(visitor.employees),
        revenue=visitor.revenue[:80],
        linkedin_url=linkedin[:500],
        city=visitor.city if linkedin else "",
        state=visitor.state if linkedin else "",
    )
    return company


def _may_share(company: Company, kind: str) -> bool:
    """Made-up visitors never join a live company; a live visitor takes a made-up one over, without what was made up."""
    if kind != Kind.LIVE:
        return False
    blank = {f.name: f.get_default() for f in Company._meta.concrete_fields if f.name not in KEPT_WHEN_TAKEN_OVER}
    Company.objects.filter(pk=company.pk).update(**blank, kind=Kind.LIVE)
    company.refresh_from_db()
    return True


def company_for(domain: str, key: str, kind: str) -> Company:
    """The company of a registrable domain, else of a name's key; one of the two must be given."""
    if domain:
        if key and not Company.objects.filter(domain=domain).exists():
            _give_domain(domain, key)
        return _get_or_create(Company, {"domain": domain}, {"kind": kind})
    known = Company.objects.filter(name_key=key).order_by("pk").first()
    return known or _get_or_create(Company, {"domain": None, "name_key": key}, {"kind": kind})


def _give_domain(domain: str, key: str) -> None:
    """A company known by its name alone gets the domain that we now learn, so that it stays one company."""
    try:
        with transaction.atomic():
            Company.objects.filter(domain=None, name_key=key).update(domain=domain)
    except IntegrityError:
        pass  # another worker made the company of this domain in between


def lead_of(visitor: Visitor, company: Company | None, kind: str) -> Lead | None:
    """Find or make the person by normalised address, else by LinkedIn URL; fills what is not known yet.

    None where neither is one: nobody could be found again, and nobody must be taken for somebody else.
    """
    address = normal.email(visitor.email)
    key = normal.linkedin_key(visitor.linkedin_url)
    if not address and not key:
        return None
    lead = _known(address, key)
    if lead is None:
        identifiers = {"email": address} if address else {"linkedin_key": key}
        lead = _get_or_create(Lead, identifiers, {"kind": kind, "owner": default_owner()})
    state = normal.us_state(visitor.state)
    fill(
        lead,
        "rb2b",
        first_name=visitor.first_name,
        last_name=visitor.last_name,
        title=visitor.title,
        city=visitor.city,
        state=state or visitor.state,
        country="US" if state else "",  # RB2B identifies people in the US only
        company=company,
        email=address if not Lead.objects.filter(email=address).exclude(pk=lead.pk).exists() else "",
        linkedin_key=key if not Lead.objects.filter(linkedin_key=key).exclude(pk=lead.pk).exists() else "",
    )
    Lead.objects.filter(pk=lead.pk).update(last_seen_at=timezone.now())
    settle_address(lead)
    return lead


def _known(address: str, key: str) -> Lead | None:
    """By address, also by a personal one that a business address has replaced since; else by LinkedIn URL."""
    lookups = [{"email": address}, {"personal_email": address}] if address else []
    lookups += [{"linkedin_key": key}] if key else []
    return next((found for by in lookups if (found := Lead.objects.filter(**by).first())), None)


def settle_address(lead: Lead) -> None:
    """Decide whether the lead's address can be written to; a personal mailbox is none, but not the person's end."""
    stop = suppression.by_lists(lead.email) if lead.email else None
    if stop and stop.reason == suppression.Reason.PERSONAL:
        lead.personal_email = lead.email or ""
    address = Lead.Address.USABLE if lead.email and stop is None else Lead.Address.NONE
    Lead.objects.filter(pk=lead.pk).update(address=address, personal_email=lead.personal_email)
    lead.address = address


def default_owner() -> TeamMember | None:
    return TeamMember.objects.filter(is_default_sender=True, active=True).first()


def colleagues_may_have_warmed(company: Company) -> None:
    """A visit of the company alone lifts the score of its people."""
    Lead.objects.filter(company=company, needs_assessment_at=None).update(needs_assessment_at=timezone.now())


def fill(row: Lead | Company, source: str, *, overwrite: bool = False, **values: Any) -> list[str]:
    """Set the fields that are given and not known yet (or all that differ), note their source, return their names."""
    changed = []
    for name, value in values.items():
        if value in ("", None, []) or getattr(row, name) == value:
            continue
        if getattr(row, name) in ("", None, []) or overwrite:
            setattr(row, name, value)
            row.sources = {**row.sources, name: sourced(source)}
            changed.append(name)
    if changed:
        row.save(update_fields=[*changed, "sources"])
    return changed


def _get_or_create(model: Any, lookup: dict[str, Any], defaults: dict[str, Any]) -> Any:
    """get_or_create that also finds a row which another worker made in between, by any unique field."""
    try:
        with transaction.atomic():
            return model.objects.get_or_create(**lookup, defaults=defaults)[0]
    except IntegrityError:
        return model.objects.get(**lookup)
