"""Concurrent owner changes: the strongest source wins, and nothing deadlocks."""

from typing import Any

import pytest

from leads.identity import merging
from leads.models import Lead, OwnerChange, OwnerRule, TeamMember
from leads.ownership import owner_assignment
from leads.scoring import assess
from outreach.drafting import open_drafts, recheck
from outreach.models import Message
from outreach.review import merged_leads, review_actions
from tests import factories
from tests.conftest import person
from tests.races.conftest import at_once, now_is

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("sender", "loose"),
]
ROUNDS = 10


@pytest.fixture
def ben(committed: None) -> TeamMember:
    return factories.TeamMemberFactory(name="Ben Ito", ghl_user_id="usr-ben")


@pytest.fixture
def rita(committed: None) -> Any:
    return person("rita", "Reviewer")


def owner(lead: Lead) -> tuple[str, str]:
    now = Lead.objects.select_related("owner").get(pk=lead.pk)
    return now.owner.name, now.owner_how


def test_an_owner_set_by_hand_wins_every_race(ben: TeamMember, rita: Any) -> None:
    cleo = factories.TeamMemberFactory(name="Cleo Park")
    OwnerRule.objects.create(name="All", member=cleo)
    for _ in range(ROUNDS):
        lead = factories.VisitFactory().lead
        Lead.objects.filter(pk=lead.pk).update(needs_assessment_at=lead.first_seen_at)
        found = at_once(
            lambda: owner_assignment.assign_by_hand(lead, cleo, by=rita),  # noqa: B023
            lambda: owner_assignment.assign_from_ghl(lead, "usr-ben"),  # noqa: B023
            assess.assess_due,
            owner_assignment.update_due_owners,
        )
        assert not [one for one in found if isinstance(one, Exception)], found
        assert owner(lead) == ("Cleo Park", "hand")
        newest = OwnerChange.objects.filter(lead=lead).first()
        assert newest is not None and (newest.owner, newest.how) == (cleo, "hand")


def test_of_two_concurrent_owner_changes_one_wins(ben: TeamMember, rita: Any) -> None:
    cleo = factories.TeamMemberFactory(name="Cleo Park")
    for _ in range(ROUNDS):
        lead = factories.LeadFactory()
        owner_assignment.update_owner(lead)
        shown = owner_assignment.owner_mark(lead)
        found = at_once(
            *[
                lambda to=to: owner_assignment.assign_by_hand(lead, to, by=rita, shown=shown)
                for to in (ben, cleo)
            ]  # noqa: B023
        )
        assert sorted(isinstance(one, owner_assignment.AssignmentRefused) for one in found) == [
            False,
            True,
        ], found
        assert OwnerChange.objects.filter(lead=lead).count() == 1


def test_a_concurrent_merge_keeps_the_owner_set_by_hand(ben: TeamMember, rita: Any) -> None:
    for _ in range(ROUNDS):
        one, other = factories.LeadFactory(), factories.LeadFactory()
        factories.held_email(other)
        for lead in (one, other):
            owner_assignment.update_owner(lead)
        found = at_once(
            lambda: merging.merge_leads(one, other, source="person"),  # noqa: B023
            lambda: owner_assignment.assign_by_hand(other, ben, by=rita),  # noqa: B023
            recheck.sign_for_new_owners,
            merged_leads.follow_merges,
            open_drafts.open_new_drafts,
        )
        assert not [each for each in found if isinstance(each, Exception)], found
        assert owner(one) == ("Ben Ito", "hand")


def test_opening_during_a_new_signature_shows_one_text(ben: TeamMember, rita: Any) -> None:
    for _ in range(ROUNDS):
        message = factories.held_email()
        owner_assignment.update_owner(message.lead)
        owner_assignment.assign_by_hand(message.lead, ben, by=rita)
        found = at_once(lambda: review_actions.mark_opened(message), recheck.sign_for_new_owners)  # noqa: B023
        assert not [one for one in found if isinstance(one, Exception)], found
        now = now_is(message)
        assert (now.version, now.sender_id == ben.pk) in ((1, False), (2, True))
        assert now.text.footer.startswith("Ben Ito" if now.version == 2 else "Alex Moreno")
        assert Message.objects.get(pk=message.pk).texts.count() == now.version
