"""One company for each registrable domain, whatever order things arrive in."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from caio_project.lib.nudge import nudge
from leads import locks, normal
from leads.field_values import employee_counts, shared_hosts
from leads.identity.field_filling import EMPTY_VALUES, set_fields
from leads.integrations.rb2b import Visitor
from leads.models import Company, Kind, Lead, Visit
from leads.suppression import lists, suppression

COMPANY_FACTS = (
    "name", "name_key", "industry", "employees", "employees_from", "revenue", "linkedin_url",
    "city", "state", "technologies", "open_roles",
)  # fmt: skip


KEPT_WHEN_TAKEN_OVER = ("id", "domain", "kind", "created_at", "people_due_at")


def company_of_visitor(visitor: Visitor, kind: str, source: str = "rb2b") -> Company | None:
    """The visitor's company, made where it is new; fills what is not known yet.

    One look-up, and one INSERT or UPDATE. Raises locks.LeadsChanged where another worker made it
    in between.
    """
    address = normal.clean_email(visitor.email)
    domain, key = _domain_and_key(visitor.company_name, visitor.website, address)
    if not domain and not key:
        return None
    values = _visitor_values(visitor, key)
    if not (known := _companies_known_as(domain, key)):
        return _create_company(domain, kind, source, values)
    if domain and any(company.domain is None for company in known):
        company = company_by_domain_or_name(domain, key, kind)
    else:
        company = known[0]
    if company.kind != kind and not _may_share_company(company, kind):
        return None
    fill_company(company, source, **values)
    return company


def _visitor_values(visitor: Visitor, key: str) -> dict[str, Any]:
    linkedin = visitor.linkedin_url if "/company/" in visitor.linkedin_url.lower() else ""
    return {
        "name": visitor.company_name if key else "",
        "name_key": key,
        "industry": visitor.industry,
        "employees": visitor.employees[:40],
        "employees_from": employee_counts.lower_end(visitor.employees),
        "revenue": visitor.revenue[:80],
        "linkedin_url": linkedin[:500],
        "city": visitor.city if linkedin else "",
        "state": visitor.state if linkedin else "",
    }


def _companies_known_as(domain: str, key: str) -> list[Company]:
    """By domain with those known by the same name alone; without a domain by name."""
    named = Q(domain=None, name_key=key) if key else Q(pk=None)
    wanted = Q(domain=domain) | named if domain else Q(name_key=key)
    return list(Company.objects.filter(wanted).order_by("pk")[:2])


def _create_company(domain: str, kind: str, source: str, values: dict[str, Any]) -> Company:
    """A company that nobody belongs to yet: there is no score to be renewed."""
    company = Company(domain=domain or None, kind=kind)
    set_fields(company, source, **values)
    try:
        company.save(force_insert=True)
    except IntegrityError as error:
        raise locks.LeadsChanged from error
    return company


def find_or_create_company(
    name: str, website: str, address: str, kind: str, source: str
) -> Company | None:
    """By its website, else by the domain of a business address, else by its name."""
    domain, key = _domain_and_key(name, website, address)
    if not domain and not key:
        return None
    company = company_by_domain_or_name(domain, key, kind)
    if company.kind != kind and not _may_share_company(company, kind):
        return None
    fill_company(company, source, name=name if key else "", name_key=key)
    return company


def _domain_and_key(name: str, website: str, address: str) -> tuple[str, str]:
    domain = shared_hosts.own_domain(website)
    if not domain and address and suppression.stop_by_lists(address) is None:
        host = address.rpartition("@")[2]
        domain = "" if normal.shared_suffix(host) else normal.registrable_domain(host)
    return domain, employer_key(name)


def employer_key(name: str) -> str:
    """The normalised name; "" for one that means no company, such as "Self-employed"."""
    key = normal.company_key(name)
    return "" if key in lists.load_list("no_company") else key


def _may_share_company(company: Company, kind: str) -> bool:
    """Made-up visitors never join a live company.

    A live visitor takes a made-up company over, without its made-up facts.
    """
    if kind != Kind.LIVE:
        return False
    blank = {
        f.name: f.get_default()
        for f in Company._meta.concrete_fields
        if f.name not in KEPT_WHEN_TAKEN_OVER
    }
    Company.objects.filter(pk=company.pk).update(**blank, kind=Kind.LIVE)
    company.refresh_from_db()
    return True


def company_by_domain_or_name(domain: str, key: str, kind: str) -> Company:
    if domain:
        if key:
            _learn_domain(domain, key)
        return _get_or_create_company({"domain": domain}, kind)
    known = Company.objects.filter(name_key=key).order_by("pk").first()
    return known or _get_or_create_company({"domain": None, "name_key": key}, kind)


def _learn_domain(domain: str, key: str) -> None:
    named = Company.objects.filter(domain=None, name_key=key).first()
    if named is None:
        return
    try:
        with transaction.atomic():
            if not Company.objects.filter(domain=domain).exists():
                Company.objects.filter(pk=named.pk).update(domain=domain)
                return
    except IntegrityError:
        pass  # another worker made the company of this domain in between
    mark_company_leads_due(named)  # and find that they are one


def fill_company(company: Company, source: str, **values: Any) -> list[str]:
    """Fill what is not known yet, and mark the company's leads for a new score where it changed."""
    changed = set_fields(company, source, **values)
    if changed:
        company.people_due_at = timezone.now()
        company.save(update_fields=[*changed, "sources", "people_due_at"])
        nudge("leads.assess_due")
    return changed


def mark_company_leads_due(company: Company) -> None:
    """A new fact or visit of a company changes the score of its leads.

    A sweep marks them one by one: the caller holds a lock on one of them and would wait for others.
    """
    Company.objects.filter(pk=company.pk).update(people_due_at=timezone.now())
    nudge("leads.assess_due")


def mark_leads_of_changed_companies(batch: int = 100) -> None:
    """Leads of a company with new facts are due to be scored.

    Those already due too: one may be in the middle of being scored by older facts.
    """
    now = timezone.now()
    for company in Company.objects.filter(people_due_at__lte=now).order_by("people_due_at")[:batch]:
        one = _absorb_named_company(company) or company
        for pk in list(
            Lead.objects.filter(company=one).order_by("pk").values_list("pk", flat=True)
        ):
            Lead.objects.filter(pk=pk).exclude(needs_assessment_at__gt=now).update(
                needs_assessment_at=now
            )
        Company.objects.filter(pk=company.pk, people_due_at=company.people_due_at).update(
            people_due_at=None
        )


def _absorb_named_company(named: Company) -> Company | None:
    """Move a company known by its name alone into the one with a domain and the same name; returns
    that.

    Leads are locked before companies. The lock on `named` keeps a visit that another worker is
    storing from being lost with it: that one is stored again.
    """
    same = Company.objects.filter(
        name_key=named.name_key, domain__isnull=False, kind=named.kind
    ).order_by("pk")
    if named.domain or not named.name_key or not same.exists():
        return None
    with transaction.atomic():
        list(Lead.rows.select_for_update().filter(company=named).order_by("pk").values_list("pk"))
        other = Company.objects.select_for_update().filter(pk=named.pk, domain=None).first()
        company = same.select_for_update().first()
        if other is None or company is None:
            return None  # another worker was here first
        for name in COMPANY_FACTS:
            if getattr(company, name) in EMPTY_VALUES and getattr(other, name) not in EMPTY_VALUES:
                setattr(company, name, getattr(other, name))
                company.sources |= {name: other.sources[name]} if name in other.sources else {}
        company.save()
        Lead.rows.filter(company=other).update(company=company)
        Visit.objects.filter(company=other).update(company=company)
        other.delete()
    return company


def _get_or_create_company(lookup: dict[str, Any], kind: str) -> Company:
    # As get_or_create, but also finds a company that another worker made meanwhile.
    try:
        with transaction.atomic():
            return Company.objects.get_or_create(**lookup, defaults={"kind": kind})[0]
    except IntegrityError:
        return Company.objects.get(**lookup)
