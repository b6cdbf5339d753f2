"""One lead for each person, one company for each registrable domain, whatever order things arrive in."""

from typing import Any
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from caio_project.lib.nudge import nudge
from leads import locks, normal
from leads.integrations.rb2b import Visitor
from leads.models import Company, Kind, Lead, Visit, field_source
from leads.ownership import owner_assignment
from leads.suppression import suppression

COMPANY_FACTS = (
    "name", "name_key", "industry", "employees", "employees_from", "revenue", "linkedin_url", "city", "state",
    "technologies", "open_roles",
)  # fmt: skip
EMPTY_VALUES: tuple[Any, ...] = ("", None, [])
KEPT_WHEN_TAKEN_OVER = ("id", "domain", "kind", "created_at", "people_due_at")


def page_path(url: str) -> str:
    """The path of a page, without the query where tracking parameters live."""
    try:
        return (urlsplit(url).path or "/")[:500] if url else ""
    except ValueError:
        return ""


def company_of_visitor(visitor: Visitor, kind: str, source: str = "rb2b") -> Company | None:
    """Find or make the company; fills what is not known yet, never overwrites."""
    company = find_or_create_company(
        visitor.company_name, visitor.website, normal.clean_email(visitor.email), kind, source
    )
    if company is None:
        return None
    linkedin = visitor.linkedin_url if "/company/" in visitor.linkedin_url.lower() else ""
    fill_company(
        company,
        source,
        industry=visitor.industry,
        employees=visitor.employees[:40],
        employees_from=normal.employees_from(visitor.employees),
        revenue=visitor.revenue[:80],
        linkedin_url=linkedin[:500],
        city=visitor.city if linkedin else "",
        state=visitor.state if linkedin else "",
    )
    return company


def find_or_create_company(
    name: str, website: str, address: str, kind: str, source: str
) -> Company | None:
    """Find or make the company by its website, else by the domain of a business address, else by its name."""
    domain, key = _domain_and_key(name, website, address)
    if not domain and not key:
        return None
    company = company_by_domain_or_name(domain, key, kind)
    if company.kind != kind and not _may_share_company(company, kind):
        return None
    fill_company(company, source, name=name, name_key=key)
    return company


def _domain_and_key(name: str, website: str, address: str) -> tuple[str, str]:
    domain = normal.registrable_domain(website)
    if not domain and address and suppression.stop_by_lists(address) is None:
        domain = normal.registrable_domain(address)
    return domain, normal.company_key(name)


def _may_share_company(company: Company, kind: str) -> bool:
    """Made-up visitors never join a live company; a live visitor takes a made-up one over, without what was made up."""
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
    """The company of a registrable domain, else of a name's key; one of the two must be given."""
    if domain:
        if key:
            _learn_domain(domain, key)
        return _get_or_create_company({"domain": domain}, kind)
    known = Company.objects.filter(name_key=key).order_by("pk").first()
    return known or _get_or_create_company({"domain": None, "name_key": key}, kind)


def _learn_domain(domain: str, key: str) -> None:
    """A company known by its name alone is the one of the domain that we now learn, so that it stays one company."""
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


def lock_leads_known_by(address: str, key: str, *also: int) -> list[Lead]:
    """The people known by an address or a LinkedIn key, both normalised: at most one by each, by address first.

    Before them comes whom the row `also` stands for. All stay locked until the transaction ends, in the order of pk, so
    that no merge comes in between.
    """

    def look() -> list[Lead]:
        rows = _rows_known_by(address, key)
        people = locks.lock_leads_once(*also, *rows)
        if rows != _rows_known_by(address, key):
            raise locks.LeadsChanged
        return people

    return locks.retry_until_unchanged(look)


def find_lead(address: str, key: str) -> Lead | None:
    """The person known by an address or else by a LinkedIn key, both normalised."""
    rows = Lead.rows.select_related("merged_into").in_bulk(found := _rows_known_by(address, key))
    return next((rows[pk].merged_into or rows[pk] for pk in found), None)


def _rows_known_by(address: str, key: str) -> list[int]:
    """By address, also by a personal one that a business address has replaced since; and by LinkedIn URL."""
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
    visitor: Visitor, company: Company | None, kind: str, lead: Lead | None, source: str = "rb2b"
) -> Lead | None:
    """The person, made where `lead` is None; fills what is not known yet.

    None where neither address nor LinkedIn URL is one: nobody could be found again, and nobody must be taken for
    somebody else. Raises locks.Moved.
    """
    address, key = visitor_identifiers(visitor)
    if not address and not key:
        return None
    is_new = lead is None
    lead = lead or new_lead(source, address, key, kind=kind)
    try:
        with transaction.atomic():
            _fill_from_visitor(visitor, lead, company, source)
    except (
        IntegrityError
    ) as error:  # another worker has just given one of the identifiers to somebody else
        raise locks.LeadsChanged from error
    Lead.objects.filter(pk=lead.pk).update(last_seen_at=timezone.now())
    update_address_state(lead)
    if is_new:
        owner_assignment.update_owner(lead)
    return lead


def _fill_from_visitor(visitor: Visitor, lead: Lead, company: Company | None, source: str) -> None:
    address, key = visitor_identifiers(visitor)
    state = normal.us_state(visitor.state)
    fill_fields(
        lead,
        source,
        first_name=visitor.first_name,
        last_name=visitor.last_name,
        title=visitor.title,
        city=visitor.city,
        state=state or visitor.state,
        country="US" if state else "",  # RB2B identifies people in the US only
        company=company,
        email=value_if_free(lead, "email", address),
        linkedin_key=value_if_free(lead, "linkedin_key", key),
    )


def new_lead(source: str, address: str, key: str = "", **fields: Any) -> Lead:
    """A lead for an address or else a LinkedIn key, both normalised. Raises locks.Moved where somebody has it by now.

    They are not locked, and may be somebody else's part before this transaction commits: so look for them again.
    """
    known_as = {"email": address} if address else {"linkedin_key": key}
    sources = {field: field_source(source) for field in known_as}
    try:
        with transaction.atomic():
            return Lead.objects.create(**known_as, sources=sources, **fields)
    except IntegrityError as error:
        raise locks.LeadsChanged from error


def visitor_identifiers(visitor: Visitor) -> tuple[str, str]:
    """The address and the LinkedIn key of a visitor, normalised; "" for each that is none."""
    return normal.clean_email(visitor.email), normal.linkedin_key(visitor.linkedin_url)


def value_if_free(lead: Lead, field: str, value: str) -> str:
    """`value`, unless another row has it: a unique field is never taken from anybody."""
    return (
        ""
        if not value or Lead.rows.filter(**{field: value}).exclude(pk=lead.pk).exists()
        else value
    )


def update_address_state(lead: Lead) -> None:
    """Decide whether the lead's address can be written to; a personal mailbox is none, but not the person's end.

    Nor is one that Clay has found not to exist.
    """
    stop = suppression.stop_by_lists(lead.email) if lead.email else None
    if stop and stop.reason == suppression.Reason.PERSONAL:
        lead.personal_email = lead.email or ""
    usable = bool(lead.email) and stop is None and not lead.email_invalid
    address = Lead.Address.USABLE if usable else Lead.Address.NONE
    Lead.objects.filter(pk=lead.pk).update(address=address, personal_email=lead.personal_email)
    lead.address = address


def fill_company(company: Company, source: str, **values: Any) -> list[str]:
    """`fill`, after which its people are scored by what is known now."""
    changed = fill_fields(company, source, **values)
    if changed:
        mark_company_leads_due(company)
    return changed


def mark_company_leads_due(company: Company) -> None:
    """What is new of a company, a fact or a visit of it alone, changes the score of its people.

    They are marked by a sweep, one by one: whoever stores what is new holds one of them, and would wait for others.
    """
    Company.objects.filter(pk=company.pk).update(people_due_at=timezone.now())
    nudge("leads.assess_due")


def mark_leads_of_changed_companies(batch: int = 100) -> None:
    """Whoever belongs to a company of which something new is known is due to be scored.

    Those that are due already too: one may be in the middle of being scored by what was known before.
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
    """The company with a domain that `named`, known by its name alone, turned out to be; None where there is none.

    What is known of it, its people and its visits go over, and it is no more. People are locked before companies, and
    the lock on it keeps a visit that another worker is storing from being lost with it: that one is stored again.
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


def fill_fields(
    row: Lead | Company, source: str, *, overwrite: bool = False, **values: Any
) -> list[str]:
    """Set the fields that are given and not known yet (or all that differ), note their source, return their names."""
    changed = []
    for name, value in values.items():
        if value in EMPTY_VALUES or getattr(row, name) == value:
            continue
        if getattr(row, name) in EMPTY_VALUES or overwrite:
            setattr(row, name, value)
            row.sources = {**row.sources, name: field_source(source)}
            changed.append(name)
    if changed:
        row.save(update_fields=[*changed, "sources"])
    return changed


def _get_or_create_company(lookup: dict[str, Any], kind: str) -> Company:
    """get_or_create that also finds a company which another worker made in between, by any unique field."""
    try:
        with transaction.atomic():
            return Company.objects.get_or_create(**lookup, defaults={"kind": kind})[0]
    except IntegrityError:
        return Company.objects.get(**lookup)
