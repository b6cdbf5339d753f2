"""Workers and people at one company at once: one email is held, and nobody's reading is undone."""

from collections.abc import Callable
from typing import Any

import pytest

from approvals.decisions import claims, colleague_choice, decisions
from approvals.decisions.decisions import Decider, DecisionRefused
from approvals.models import Claim
from leads.models import Company, Lead
from outreach.choices import Status
from outreach.drafting import open_drafts, recheck
from outreach.models import Message
from tests import factories
from tests.conftest import person
from tests.fakes.ghl import FakeGhl
from tests.races.conftest import at_once, now_is

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("sender", "loose"),
]
ROUNDS = 12


def colleague(company: Company, score: int) -> Lead:
    lead: Lead = factories.LeadFactory(company=company, score=score, tier="tier_3")
    factories.VisitFactory(lead=lead)
    factories.AssessmentFactory(lead=lead, intent=score, tier="tier_3")
    return lead


def new_company() -> Company:
    company: Company = factories.CompanyFactory(employees_from=11)
    return company


def status_of(lead: Lead) -> str:
    return str(Message.objects.get(lead=lead).status)


def test_two_workers_hold_the_better_of_two(committed: None) -> None:
    for _ in range(ROUNDS):
        company = new_company()
        worse, better = colleague(company, 40), colleague(company, 77)
        found = at_once(open_drafts.open_new_drafts, open_drafts.open_new_drafts)
        open_drafts.open_new_drafts()
        assert not [one for one in found if isinstance(one, Exception)], found
        assert (status_of(better), status_of(worse)) == (Status.HELD, Status.BLOCKED)


def test_many_colleagues_at_once_do_not_deadlock(committed: None) -> None:
    company = new_company()
    people = [colleague(company, 30 + 5 * n) for n in range(8)]

    def work() -> None:
        for _ in range(3):
            open_drafts.open_new_drafts()
            Message.objects.filter(status=Status.BLOCKED).update(not_before="2026-01-01T00:00Z")
            recheck.free_blocked()

    found = at_once(work, work, work)
    assert not [one for one in found if isinstance(one, Exception)], found
    assert not Lead.objects.exclude(error="").exists()
    work()
    held = Message.objects.filter(lead__company=company, status=Status.HELD)
    assert [one.lead_id for one in held] == [people[-1].pk]


def claim(message: Message, user: Any) -> None:
    claims.take_for_review(message, user)


def approve(message: Message, user: Any) -> None:
    decisions.approve(message, 1, Decider(user, "desk"))


@pytest.mark.parametrize("decide", [claim, approve])
def test_decision_and_better_colleague_at_once(
    ghl: FakeGhl, committed: None, decide: Callable[[Message, Any], None]
) -> None:
    rita = person("rita", "Reviewer")
    for _ in range(ROUNDS):
        company = new_company()
        first = colleague(company, 40)
        open_drafts.open_new_drafts()
        message = Message.objects.get(lead=first)
        better = colleague(company, 77)
        decided, drafted = at_once(
            lambda: decide(now_is(message), rita),  # noqa: B023
            open_drafts.open_new_drafts,
        )
        assert not isinstance(drafted, Exception), drafted
        states = {status_of(first), status_of(better)}
        if isinstance(decided, Exception):
            assert isinstance(decided, decisions.DecisionConflict), decided
        if now_is(message).status == Status.BLOCKED:
            assert status_of(better) == Status.HELD
        else:
            assert states <= {Status.HELD, Status.CLEARED, Status.BLOCKED}
            assert status_of(better) == Status.BLOCKED
        Claim.objects.all().delete()


def test_two_people_who_choose_at_once_leave_one_held(committed: None) -> None:
    rita, lena = person("rita", "Reviewer"), person("lena", "Lead")
    for _ in range(ROUNDS):
        company = new_company()
        people = [colleague(company, score) for score in (77, 60, 50)]
        open_drafts.open_new_drafts()
        held, one, other = (Message.objects.get(lead=lead) for lead in people)
        found = at_once(
            lambda: colleague_choice.write_instead(held, 1, one, Decider(rita, "desk")),  # noqa: B023
            lambda: colleague_choice.write_instead(held, 1, other, Decider(lena, "desk")),  # noqa: B023
        )
        (late,) = [one for one in found if isinstance(one, Exception)]
        assert isinstance(late, DecisionRefused), late
        still = Message.objects.filter(lead__company=company, status=Status.HELD)
        assert still.count() == 1 and still.get() in (one, other)


def test_company_is_locked_between_leads_and_emails(committed: None) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    company = new_company()
    colleague(company, 40)
    open_drafts.open_new_drafts()
    colleague(company, 77)
    with CaptureQueriesContext(connection) as found:
        open_drafts.open_new_drafts()
    locking = [query["sql"] for query in found if "FOR " in query["sql"]]
    tables = [sql.split('FROM "')[1].split('"')[0] for sql in locking if 'FROM "' in sql]
    wanted = [one for one in tables if one in ("leads_lead", "leads_company", "outreach_message")]
    assert wanted == ["leads_lead", "leads_company", "outreach_message"]
