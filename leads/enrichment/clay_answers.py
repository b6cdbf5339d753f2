"""Clay's answers: applied to the lead and its company, and recorded on the request."""

import logging
from typing import Any

from django.db import transaction
from django.utils import timezone

from caio_project.lib.logs import correlation
from leads import normal
from leads.enrichment import answer_matching
from leads.enrichment.enrichment_requests import Outcome, mark_for_assessment, settle_request
from leads.field_values import employee_counts, shared_hosts
from leads.identity import company_matching, field_filling, lead_matching, merging, other_addresses
from leads.integrations import breaker, clay, clay_callback
from leads.integrations.body_errors import UnreadableBody
from leads.integrations.clay_callback import AnswerIdentifiers
from leads.models import Company, Enrichment, InboundEvent, Lead
from leads.suppression import allowed_countries, suppression

log = logging.getLogger(__name__)


def answer_from_event(event: InboundEvent) -> None:
    """Apply a stored callback body. Raises UnreadableBody where it is about nobody known here."""
    data = clay_callback.parse_callback(bytes(event.body))
    known_by = clay_callback.identifiers_of(data)
    row = answer_matching.find_request(known_by)
    if row is None and suppression.is_marked(*known_by.addresses, known_by.linkedin_key):
        InboundEvent.objects.filter(pk=event.pk).update(body=b"")
        return
    if row is None:
        raise UnreadableBody(
            "answer_about_nobody" if known_by.names_person else "request_id_unknown"
        )
    record_answer(row.request_id, data)
    about = Enrichment.objects.select_related("lead").get(pk=row.pk).lead
    with correlation.about(about):
        log.info("lead %s: Clay answered by event %s", about.pk, event.pk)
    kept = {"body": b""} if suppression.is_erased(about) else {}
    InboundEvent.objects.filter(pk=event.pk).update(about=about, **kept)


def record_answer(request_id: str, data: dict[str, Any]) -> bool:
    """Apply one callback, also a late or repeated one. False for an unknown request.

    Raises locks.LeadsChanged.
    """
    breaker.close_after_answer()
    answer = clay.parse_answer(data)
    with transaction.atomic(savepoint=False):
        asked = Enrichment.objects.filter(request_id=normal.storable_text(request_id))
        about = asked.values_list("lead", flat=True).first()
        if about is None:
            return False
        is_test = asked.filter(is_test=True).exists()
        known_by = clay_callback.identifiers_of(data)
        lead = None if is_test else _lead_of_answer(about, answer, known_by)
        row = asked.select_for_update().get()
        gained = _apply_answer(lead, answer, row) if lead is not None else []
        if lead is not None:
            other_addresses.keep_personal(lead, known_by.addresses, "clay")
        if is_test:
            gained = [name for name, value in answer.__dict__.items() if value]
        was_open = settle_request(row, Outcome.ANSWERED)
        note = _employer_note(lead, answer) if lead is not None else ""
        changes: dict[str, Any] = {"gained": sorted({*row.gained, *gained})}
        changes |= {"reason": note} if note else {}
        if row.answered_at is None:
            changes |= {"answered_at": timezone.now()}
            if not was_open:
                changes |= {"outcome": _belated_outcome(row)}
        Enrichment.objects.filter(pk=row.pk).update(**changes)
        if gained and not was_open and not is_test:
            mark_for_assessment(row.lead_id)
    return True


def _belated_outcome(row: Enrichment) -> str:
    """Of a closed request that is answered: what was never pushed was not answered late.

    A request skipped in a merge may have been pushed by then.
    """
    skipped = row.outcome in Enrichment.NOT_ASKED and row.requested_at is None
    return (
        Outcome.UNASKED if skipped and row.reason != merging.ASKED_AS_OTHER_LEAD else Outcome.LATE
    )


def _lead_of_answer(
    asked_about: int, answer: clay.ClayAnswer, known_by: AnswerIdentifiers
) -> Lead | None:
    """The lead that an answer is about, merged with leads of the same identifiers.

    None for an erased person.
    """
    address = "" if answer.email_invalid else normal.clean_email(answer.email)
    key = normal.linkedin_key(answer.linkedin_url)
    people = lead_matching.lock_leads_known_by(address, key, asked_about)
    lead = people[0]
    if suppression.is_marked(*known_by.addresses, address, key):
        suppression.suppress("", suppression.Reason.ERASED, "clay", lead)
    if suppression.is_erased(lead):
        return None
    other_profile = lead_matching.are_other_profiles(key, lead.linkedin_key or "")
    doubt = "Clay's answer has another LinkedIn profile than the lead." if other_profile else ""
    return merging.resolve_lead(people, "clay", address, answer.first_name, answer.last_name, doubt)


def _apply_answer(lead: Lead, answer: clay.ClayAnswer, row: Enrichment) -> list[str]:
    domain, key = _employer_of(answer)
    company = _company_of_answer(lead, domain, key)
    is_elsewhere = _is_other_company(company, domain, key)
    gained = _apply_company_facts(company, answer, row) if company and not is_elsewhere else []
    gained += field_filling.fill_fields(
        lead,
        "clay",
        first_name=answer.first_name[:100],
        last_name=answer.last_name[:100],
        title="" if is_elsewhere else answer.title,
        company=company,
        past_employers=answer.past_employers,
        linkedin_key=lead_matching.value_if_free(
            lead, "linkedin_key", normal.linkedin_key(answer.linkedin_url)
        ),
    )
    gained += _apply_country(lead, answer)
    if is_elsewhere and _is_at(domain, answer.email):
        return gained
    return gained + _apply_address(lead, answer)


def _employer_of(answer: clay.ClayAnswer) -> tuple[str, str]:
    """The domain and the name's key of the company where Clay says that they work."""
    name = answer.company_name
    return shared_hosts.own_domain(answer.company_domain), company_matching.employer_key(name)


def _is_other_company(company: Company | None, domain: str, key: str) -> bool:
    """Whether Clay's employer has another domain and another name than the lead's company.

    What it says of that employer is then no fact of ours, nor of our lead's colleagues.
    """
    if company is None:
        return False
    ours = (company.domain, company.name_key)
    return all(one and told and one != told for one, told in zip(ours, (domain, key), strict=True))


def _is_at(domain: str, address: str) -> bool:
    return normal.registrable_domain(address.rpartition("@")[2]) == domain


def _employer_note(lead: Lead, answer: clay.ClayAnswer) -> str:
    """Says on the request where Clay found the person, if that is another company than ours."""
    domain, key = _employer_of(answer)
    if not _is_other_company(lead.company, domain, key):
        return ""
    return f"Clay says they work at {answer.company_name} ({domain}). None of that was used."[:300]


def _apply_country(lead: Lead, answer: clay.ClayAnswer) -> list[str]:
    """RB2B's visitors count as from the US; of two countries told, the one not allowed stands."""
    country = allowed_countries.stricter_country(lead.country, answer.country)
    return field_filling.fill_fields(lead, "clay", overwrite=True, country=country)


def _company_of_answer(lead: Lead, domain: str, key: str) -> Company | None:
    company = lead.company
    if company is None:
        return (
            company_matching.company_by_domain_or_name(domain, key, lead.kind)
            if domain or key
            else None
        )
    if domain and not company.domain and key in ("", company.name_key):
        found = company_matching.company_by_domain_or_name(domain, company.name_key, lead.kind)
        if found != company:  # they become one by and by
            company_matching.fill_company(
                found, "clay", name=company.name, name_key=company.name_key
            )
        company.refresh_from_db()
    return company


def _apply_company_facts(company: Company, answer: clay.ClayAnswer, row: Enrichment) -> list[str]:
    if (
        row.asks_company
        and company.domain
        and shared_hosts.own_domain(answer.company_domain) in ("", company.domain)
    ):
        Company.objects.filter(pk=company.pk).update(enriched_at=timezone.now())
    gained = company_matching.fill_company(
        company,
        "clay",
        name=answer.company_name if company_matching.employer_key(answer.company_name) else "",
        name_key=company_matching.employer_key(answer.company_name),
        industry=answer.industry[:120],
        employees=answer.employees[:40],
        employees_from=employee_counts.lower_end(answer.employees),
        revenue=answer.revenue[:80],
        technologies=answer.technologies,
        open_roles=answer.open_roles,
    )
    return [f"company.{name}" for name in gained]


def _apply_address(lead: Lead, answer: clay.ClayAnswer) -> list[str]:
    """Take Clay's address where ours is missing or unusable; a verified one confirms ours.

    An address that does not exist is never taken; where it is ours, ours becomes unusable.
    """
    address = normal.clean_email(answer.email)
    if answer.email_invalid:
        if lead.email and address in ("", lead.email):
            _set_address_facts(lead, email_verified=False, email_invalid=True)
        return []
    if not address:
        return []
    if address == lead.email:
        return (
            _set_address_facts(lead, email_verified=True, email_invalid=False)
            if answer.email_verified
            else []
        )
    if lead.email and not lead_matching.is_better_address(lead, address):
        return []
    other_addresses.release_address(lead, address)
    if not lead_matching.value_if_free(lead, "email", address):
        return []
    before, was_dead = lead.email or "", lead.email_invalid
    gained = _set_address_facts(
        lead, email=address, email_verified=answer.email_verified, email_invalid=False
    )
    other_addresses.keep_address(lead, before, "clay", is_dead=was_dead)
    return gained


def _set_address_facts(lead: Lead, **facts: Any) -> list[str]:
    changed = field_filling.fill_fields(lead, "clay", overwrite=True, **facts)
    lead_matching.update_address_state(lead)
    return [name for name in changed if name != "email_invalid"]
