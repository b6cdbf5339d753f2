"""Asking Clay about a lead: requested, answered, or after thirty seconds on with what we have.

What Clay answered is not asked again for seven days: about a person by their lead, about a company by its domain, so
that a colleague's answer counts for all of them.
"""

import json
import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from caio_project.lib import http
from caio_project.lib.db import claims
from caio_project.lib.nudge import nudge
from leads import locks, normal
from leads.enrichment import submission_budget
from leads.identity import lead_matching, merging
from leads.integrations import breaker, clay, rates
from leads.integrations.rb2b import UnreadableBody
from leads.models import Company, Enrichment, InboundEvent, Kind, Lead, person_of
from leads.suppression import suppression

log = logging.getLogger(__name__)

ANSWER_TIMEOUT = timedelta(
    seconds=30
)  # after a push without an answer the lead goes on with partial data
# Clay takes 10 records a second in a workspace. One in each ninth of a second is at most ten in any second, wherever it
# begins; ten in each second of the clock would be up to twenty.
CALL_EVERY = 1 / 9  # seconds
BREAKER_OPEN = "Clay is not asked: its breaker is open."
BUDGET_USED_UP = "Clay is not asked: all submissions of its webhook are used."
LONGEST_RATE_WAIT = 1.0  # seconds for one's turn; after that the push is put off
ANSWER_VALID_FOR = timedelta(days=7)  # an answer this young is not asked for again
State, Outcome = Enrichment.State, Enrichment.Outcome


@dataclass(frozen=True)
class OpenQuestions:
    """What is to be asked about a lead now."""

    person: bool
    company: bool
    company_known_at: datetime | None  # when Clay said what is not asked again

    @property
    def any(self) -> bool:
        return self.person or self.company


def open_questions(lead: Lead, now: datetime | None = None) -> OpenQuestions:
    """What Clay has not answered within seven days: about the person, and about the company at its domain.

    A company that has no domain is nobody else's, and is asked about together with the person.
    """
    since, company = (now or timezone.now()) - ANSWER_VALID_FOR, lead.company
    answered = lead.enrichments.filter(
        outcome__in=[Outcome.ANSWERED, Outcome.LATE], answered_at__gt=since
    )
    asked = list(answered.values_list("asks_person", "asks_company"))
    person = not any(about_person for about_person, _ in asked)
    if company is None or not company.domain:
        return OpenQuestions(person, person, None)
    if company.enriched_at and company.enriched_at > since:
        return OpenQuestions(person, False, company.enriched_at)
    return OpenQuestions(person, not any(about_company for _, about_company in asked), None)


def request_enrichment(lead: Lead) -> None:
    """Ask for an enrichment of the person of `lead`, unless one is open; where all was answered lately they go on."""
    with transaction.atomic():
        person = locks.lock_leads(lead.pk)[0]
        if person.enrichments.exclude(state=State.SETTLED).exists():
            return
        if not open_questions(person).any:
            _mark_for_assessment(person.pk)
            return
        Enrichment.objects.create(lead=person)
    nudge("leads.push_enrichments")


def request_test_enrichment(lead: Lead) -> Enrichment:
    """Ask Clay about a test visitor, once what was wanted of them is settled: only to see whether it answers."""
    if lead.kind != Kind.TEST:
        raise ValueError(
            f"{lead.get_kind_display()}: only a test visitor is asked about as a test."
        )
    with transaction.atomic():
        row = Enrichment.objects.create(lead=locks.lock_leads(lead.pk)[0], is_test=True)
    nudge("leads.push_enrichments")
    return row


def push_due(batch: int = 20) -> int:
    """Push what is due to Clay, one by one; returns how many were looked at."""
    due = Enrichment.objects.filter(state=State.DUE, not_before__lte=timezone.now()).order_by(
        "not_before"
    )
    count = 0
    for row in claims.lease_rows(due, settings.CLAY_TIMEOUT_SECONDS + 30, batch):
        count += 1
        _push_request(row)
    return count


def _push_request(row: Enrichment) -> None:
    wanted = OpenQuestions(True, True, None) if row.is_test else open_questions(row.lead)
    if why := why_not_asked(row.lead, is_test=row.is_test) or (
        "" if wanted.any else "Clay answered within seven days."
    ):
        settle_request(row, Outcome.SKIPPED, why)
        return
    if breaker.is_blocked():
        settle_request(row, Outcome.FAILED, BREAKER_OPEN)
        return
    try:
        _wait_for_rate()
    except http.ServiceUnavailable as error:
        _postpone_push(row, error.retry_after or 1)
        return
    turn = breaker.request_permit()
    if turn is None:
        settle_request(row, Outcome.FAILED, BREAKER_OPEN)
        return
    if not submission_budget.claim_submission():
        settle_request(row, Outcome.FAILED, BUDGET_USED_UP)
        return
    Enrichment.objects.filter(pk=row.pk).update(
        asks_person=wanted.person,
        asks_company=wanted.company,
        company_known_at=wanted.company_known_at,
    )
    try:
        clay.push_row(_clay_row(row, wanted))
    except http.HttpError as error:
        breaker.record_failure(error.detail, turn)
        settle_request(row, Outcome.FAILED, error.detail)
        return
    breaker.record_success()
    # An answer may have overtaken this line; then the row is settled and stays so.
    now = timezone.now()
    Enrichment.objects.filter(pk=row.pk).update(requested_at=now)
    Enrichment.objects.filter(pk=row.pk, state=State.DUE).update(
        state=State.REQUESTED, not_before=now + ANSWER_TIMEOUT, lease_until=None
    )


def _wait_for_rate() -> None:
    """Wait for one's turn in Clay's rate, which all workers share; Unavailable where that takes too long."""
    give_up = time.monotonic() + LONGEST_RATE_WAIT
    while True:
        try:
            rates.claim_call("clay", 1, CALL_EVERY)
            return
        except http.ServiceUnavailable as error:
            wait = error.retry_after or CALL_EVERY
            if time.monotonic() + wait > give_up:
                raise
        time.sleep(wait)


def _postpone_push(row: Enrichment, seconds: float) -> None:
    """Put a push off without counting a try."""
    Enrichment.objects.filter(pk=row.pk, state=State.DUE).update(
        not_before=timezone.now() + timedelta(seconds=seconds),
        lease_until=None,
        attempts=row.attempts - 1,
    )


def why_not_asked(lead: Lead, *, is_test: bool = False) -> str:
    """Why Clay is never asked about `lead` as things are; "" where it may be. About a test visitor only as a test."""
    if lead.kind != Kind.LIVE and not (is_test and lead.kind == Kind.TEST):
        return f"{lead.get_kind_display()}s are not sent to Clay."
    if "clay" in settings.SANDBOXED:
        return "Clay is in the sandbox: nothing was asked and nothing is made up."
    stop = suppression.find_stop(lead.email or "", lead)
    if stop and stop.stops_person:
        return f"{stop.text}: this person is not asked about."
    return ""


def _clay_row(row: Enrichment, wanted: OpenQuestions) -> clay.ClayRow:
    lead, company = row.lead, row.lead.company
    return clay.ClayRow(
        request_id=row.request_id,
        linkedin_url=f"https://www.linkedin.com/{lead.linkedin_key}" if lead.linkedin_key else "",
        email=lead.email or "",
        first_name=lead.first_name,
        last_name=lead.last_name,
        company_name=company.name if company else "",
        company_domain=(company.domain or "") if company else "",
        ask_person="yes" if wanted.person else "no",
        ask_company="yes" if wanted.company else "no",
        source=lead.came_by,
    )


def settle_overdue(now: datetime | None = None) -> int:
    """Leads whose question has no answer after PATIENCE go on with partial data, marked so."""
    now = now or timezone.now()
    overdue = Enrichment.objects.filter(state=State.REQUESTED, not_before__lte=now)
    count = 0
    for row in overdue[:500]:
        count += 1
        settle_request(row, Outcome.PARTIAL, "Clay did not answer within 30 seconds.")
    return count


def settle_request(row: Enrichment, outcome: str, reason: str = "") -> bool:
    """Close an open request and let the lead go on; False where it was closed already.

    People are locked before their questions, here as in a merge.
    """
    with transaction.atomic():
        locks.lock_leads(row.lead_id)
        closed = claims.claim_row(
            Enrichment.objects.filter(pk=row.pk).exclude(state=State.SETTLED),
            state=State.SETTLED,
            outcome=outcome,
            reason=reason[:300],
            settled_at=timezone.now(),
            lease_until=None,
        )
        if closed:
            _mark_for_assessment(row.lead_id)
    return closed


def _mark_for_assessment(lead_id: int) -> None:
    """The person of this row is due to be assessed."""
    Lead.objects.filter(pk=person_of(lead_id)).update(
        needs_assessment_at=timezone.now(), attempts=0
    )
    nudge("leads.assess_due")


def answer_from_event(event: InboundEvent) -> None:
    """Use a stored callback body. Raises Unreadable for what names no request of ours."""
    try:
        data = json.loads(bytes(event.body))
    except RecursionError as error:
        raise UnreadableBody("The body is nested too deeply.") from error
    except ValueError as error:
        raise UnreadableBody(f"The body is not JSON: {str(error)[:120]}.") from error
    if not isinstance(data, dict) or not isinstance(data.get("request_id"), str):
        raise UnreadableBody(
            "request_id is missing: it must be a column of the Clay table and part of the callback body."
        )
    if not record_answer(data["request_id"], data):
        raise UnreadableBody("request_id is not one of ours.")
    about = Enrichment.objects.select_related("lead").get(request_id=data["request_id"]).lead
    kept = {"body": b""} if suppression.is_erased(about) else {}
    InboundEvent.objects.filter(pk=event.pk).update(about=about, **kept)


def record_answer(request_id: str, data: dict[str, Any]) -> bool:
    """Apply one callback; late and repeated answers are welcome. False for an unknown request."""
    breaker.close_after_answer()
    answer = clay.parse_answer(data)
    with transaction.atomic():
        asked = Enrichment.objects.filter(request_id=normal.storable_text(request_id))
        about = asked.values_list("lead", flat=True).first()
        if about is None:
            return False
        is_test = asked.filter(is_test=True).exists()
        lead = None if is_test else _lead_of_answer(about, answer)
        row = asked.select_for_update().get()
        gained = _apply_answer(lead, answer, row) if lead is not None else []
        if is_test:
            gained = [name for name, value in answer.__dict__.items() if value]
        was_open = settle_request(row, Outcome.ANSWERED)
        changes: dict[str, Any] = {"gained": sorted({*row.gained, *gained})}
        if row.answered_at is None:
            changes |= {"answered_at": timezone.now()}
            if not was_open:
                changes |= {"outcome": Outcome.LATE}
        Enrichment.objects.filter(pk=row.pk).update(**changes)
        if gained and not was_open and not is_test:
            _mark_for_assessment(row.lead_id)
    return True


def _lead_of_answer(asked_about: int, answer: clay.ClayAnswer) -> Lead | None:
    """The lead that an answer is about, merged with whom its identifiers are known for; None for an erased person."""
    address = "" if answer.email_invalid else normal.clean_email(answer.email)
    key = normal.linkedin_key(answer.linkedin_url)
    people = lead_matching.lock_leads_known_by(address, key, asked_about)
    lead = people[0]
    if suppression.is_marked(address, key):
        suppression.suppress("", suppression.Reason.ERASED, "clay", lead)
    if suppression.is_erased(lead):
        return None
    other_profile = bool(key and lead.linkedin_key and key != lead.linkedin_key)
    doubt = "Clay's answer has another LinkedIn profile than the lead." if other_profile else ""
    return merging.resolve_lead(people, "clay", address, answer.first_name, answer.last_name, doubt)


def _apply_answer(lead: Lead, answer: clay.ClayAnswer, row: Enrichment) -> list[str]:
    """Fill what was not known. Returns the names of what was gained."""
    domain, key = (
        normal.registrable_domain(answer.company_domain),
        normal.company_key(answer.company_name),
    )
    company = _company_of_answer(lead, domain, key)
    gained = _apply_company_facts(company, answer, row) if company is not None else []
    gained += lead_matching.fill_fields(
        lead,
        "clay",
        first_name=answer.first_name[:100],
        last_name=answer.last_name[:100],
        title=answer.title,
        country=answer.country.upper() if len(answer.country) == 2 else "",
        company=company,
        past_employers=answer.past_employers,
        linkedin_key=lead_matching.value_if_free(
            lead, "linkedin_key", normal.linkedin_key(answer.linkedin_url)
        ),
    )
    return gained + _apply_address(lead, answer)


def _company_of_answer(lead: Lead, domain: str, key: str) -> Company | None:
    """The lead's company; one that had none, or was known by its name alone, gets the one that Clay names."""
    company = lead.company
    if company is None:
        return (
            lead_matching.company_by_domain_or_name(domain, key, lead.kind)
            if domain or key
            else None
        )
    if domain and not company.domain and key in ("", company.name_key):
        found = lead_matching.company_by_domain_or_name(domain, company.name_key, lead.kind)
        if found != company:  # they become one by and by
            lead_matching.fill_company(found, "clay", name=company.name, name_key=company.name_key)
        company.refresh_from_db()
    return company


def _apply_company_facts(company: Company, answer: clay.ClayAnswer, row: Enrichment) -> list[str]:
    if (
        row.asks_company
        and company.domain
        and normal.registrable_domain(answer.company_domain) in ("", company.domain)
    ):
        Company.objects.filter(pk=company.pk).update(enriched_at=timezone.now())
    gained = lead_matching.fill_company(
        company,
        "clay",
        name=answer.company_name,
        name_key=normal.company_key(answer.company_name),
        industry=answer.industry[:120],
        employees=answer.employees[:40],
        employees_from=normal.employees_from(answer.employees),
        revenue=answer.revenue[:80],
        technologies=answer.technologies,
        open_roles=answer.open_roles,
    )
    return [f"company.{name}" for name in gained]


def _apply_address(lead: Lead, answer: clay.ClayAnswer) -> list[str]:
    """A business address takes the place of none or of one that cannot be used; a verified one confirms ours.

    One that does not exist is never taken, and where it is ours, ours cannot be written to any more.
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
    taken = not lead_matching.value_if_free(lead, "email", address)
    if (
        taken
        or lead.address == Lead.Address.USABLE
        or (lead.email and suppression.stop_by_lists(address))
    ):
        return []
    return _set_address_facts(
        lead, email=address, email_verified=answer.email_verified, email_invalid=False
    )


def _set_address_facts(lead: Lead, **said: Any) -> list[str]:
    """Set what Clay says about the address, and whether it can be written to; returns what is news to us."""
    changed = lead_matching.fill_fields(lead, "clay", overwrite=True, **said)
    lead_matching.update_address_state(lead)
    return [name for name in changed if name != "email_invalid"]
