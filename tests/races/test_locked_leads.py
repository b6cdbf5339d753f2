"""A lead that somebody else had is as it is now, with its company; waiting for it has one order."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from leads import locks
from leads.models import Company, Lead
from tests import factories
from tests.races.test_drafting_while_merged import Work

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("committed")]

# PostgreSQL shows the first 1,024 characters of a statement.
LOCKS_LEAD = 'SELECT "leads_lead"."id", "leads_lead"."public_id"'
HOLDS_LEAD = 'SELECT "leads_lead"."id" AS "pk"'


def hold(*pks: int) -> None:
    for pk in sorted(pks):
        locks.lock_rows([pk])


def lock_into(found: list[Any], pk: int) -> Callable[[], None]:
    def work() -> None:
        with transaction.atomic():
            lead = locks.lock_lead(pk)
            found.append((lead.pk, lead.company))

    return work


def holding(*pks: int) -> Callable[[], None]:
    def work() -> None:
        with transaction.atomic():
            hold(*pks)

    return work


@pytest.mark.parametrize("before", ["nobody's", "another"])
def test_lead_that_got_a_company_while_it_was_waited_for_has_it(before: str) -> None:
    company, old = factories.CompanyFactory(), factories.CompanyFactory()
    lead = factories.LeadFactory(
        email="dana@acme.test", company=old if before == "another" else None
    )
    found: list[Any] = []
    with transaction.atomic():
        hold(lead.pk)
        work = Work(lock_into(found, lead.pk))
        work.until_it_waits(LOCKS_LEAD)
        Lead.objects.filter(pk=lead.pk).update(company=company)
        Company.objects.filter(pk=old.pk).delete()
    work.join(60)
    assert work.error is None
    assert found == [(lead.pk, company)]


def test_lead_that_is_merged_while_it_is_waited_for_holds_nobody_up() -> None:
    stays, goes = factories.LeadFactory(), factories.LeadFactory()
    found: list[Any] = []
    with transaction.atomic():
        hold(stays.pk, goes.pk)
        work = Work(lock_into(found, goes.pk))
        work.until_it_waits(LOCKS_LEAD)
        other = Work(holding(stays.pk, goes.pk))
        other.until_it_waits(HOLDS_LEAD)
        Lead.rows.filter(pk=goes.pk).update(merged_into=stays)
    for one in (work, other):
        one.join(60)
    assert (work.error, other.error) == (None, None), "one of them was chosen to end a deadlock"
    assert found == [(stays.pk, stays.company)]
