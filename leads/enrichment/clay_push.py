"""Pushes requests to Clay one at a time, within its rate, its breaker and its webhook's
submissions.
"""

import logging
import time
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from caio_project.lib import http
from caio_project.lib.db import claims
from caio_project.lib.vendor_access.access import is_sandboxed, vendor_value
from leads import normal
from leads.enrichment import submission_budget
from leads.enrichment.enrichment_requests import (
    ANSWER_TIMEOUT,
    OpenQuestions,
    Outcome,
    State,
    open_questions,
    settle_request,
    why_never_asked,
    why_not_asked,
)
from leads.integrations import alarms, breaker, clay, rates
from leads.models import Enrichment

log = logging.getLogger(__name__)

# Clay takes 10 records a second in a workspace. One in each ninth of a second is at most ten in any
# second, wherever it begins; ten in each second of the clock would be up to twenty.
CALL_EVERY = 1 / 9  # seconds
LONGEST_RATE_WAIT = 1.0  # seconds to wait for Clay's rate; after that the push is postponed
BREAKER_OPEN = "Clay is not asked: its breaker is open."
SETTINGS_ALARM = "clay:settings"
BUDGET_USED_UP = "Clay is not asked: all submissions of its webhook are used."


def push_due(batch: int = 20) -> int:
    due = Enrichment.objects.filter(state=State.DUE, not_before__lte=timezone.now()).order_by(
        "not_before"
    )
    count = 0
    lease = settings.CLAY_TIMEOUT_SECONDS + 30
    for row in claims.lease_rows(due, lease, batch, related=("lead__company",)):
        count += 1
        _push_request(row)
    return count


def _push_request(row: Enrichment) -> None:
    if why := why_never_asked(row.lead, is_test=row.is_test):
        settle_request(row, Outcome.SKIPPED, why)
        return
    # Since it was read with others, Clay may have answered about a colleague's company.
    row = Enrichment.objects.select_related("lead__company").get(pk=row.pk)
    if why := why_not_asked(row.lead, is_test=row.is_test):
        settle_request(row, Outcome.SKIPPED, why)
        return
    wanted = OpenQuestions(True, True, None) if row.is_test else open_questions(row.lead)
    if not wanted.any:
        settle_request(row, Outcome.SKIPPED, "Clay answered within seven days.")
        return
    if why := _why_not_now():
        settle_request(row, Outcome.FAILED, why)
        return
    try:
        _wait_for_rate()
    except http.ServiceUnavailable as error:
        _postpone_push(row, error.retry_after or 1)
        return
    permit = breaker.request_permit()
    if permit is None:
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
        log.warning("Clay took no question about lead %s: %s", row.lead_id, type(error).__name__)
        breaker.record_failure(error.detail, permit)
        settle_request(row, Outcome.FAILED, error.detail)
        return
    breaker.record_success()
    # An answer may have overtaken this line; then the row is settled and stays so.
    now = timezone.now()
    Enrichment.objects.filter(pk=row.pk).update(requested_at=now)
    Enrichment.objects.filter(pk=row.pk, state=State.DUE).update(
        state=State.REQUESTED, not_before=now + ANSWER_TIMEOUT, lease_until=None
    )
    log.info("lead %s: Clay asked", row.lead_id)


def watch_settings() -> None:
    """Close the alarm about missing values where none is missing, or Clay is not asked at all."""
    if is_sandboxed("clay") or not _missing_values():
        alarms.clear_open(SETTINGS_ALARM)


def _missing_values() -> list[str]:
    return [name for name in settings.VENDOR_SETTINGS["clay"] if not vendor_value(name)]


def _why_not_now() -> str:
    """What was entered on the page can be removed there while Clay is live."""
    if missing := _missing_values():
        why = f"Clay is not asked: {' and '.join(missing)} is missing."
        alarms.raise_alarm(SETTINGS_ALARM, why)
        return why
    return BREAKER_OPEN if breaker.is_blocked() else ""


def _wait_for_rate() -> None:
    """Wait for Clay's rate, which all workers share. Raises ServiceUnavailable after a second."""
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
    # Unlike a failure this counts no attempt.
    Enrichment.objects.filter(pk=row.pk, state=State.DUE).update(
        not_before=timezone.now() + timedelta(seconds=seconds),
        lease_until=None,
        attempts=row.attempts - 1,
    )


def _clay_row(row: Enrichment, wanted: OpenQuestions) -> clay.ClayRow:
    lead, company = row.lead, row.lead.company
    return clay.ClayRow(
        request_id=row.request_id,
        visitor_id=row.request_id,
        linkedin_url=normal.linkedin_url(lead.linkedin_key or ""),
        email=lead.email or "",
        first_name=lead.first_name,
        last_name=lead.last_name,
        company_name=company.name if company else "",
        company_domain=(company.domain or "") if company else "",
        ask_person="yes" if wanted.person else "no",
        ask_company="yes" if wanted.company else "no",
        source=lead.came_by,
    )
