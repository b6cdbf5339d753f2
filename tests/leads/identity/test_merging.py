"""Two leads that turn out to be one person: what the data alone may say, what a person must say,
and the way back.
"""

import itertools
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from leads.enrichment import clay_answers, clay_push
from leads.identity import company_matching, merging
from leads.models import Assessment, Enrichment, Kind, Lead, Merge, Visit
from leads.scoring import assess
from leads.suppression import suppression
from tests.factories import LeadFactory
from tests.fakes import rb2b
from tests.leads.conftest import arrive, arrived
from tests.leads.identity.merging_helpers import (
    ADDRESS,
    BOTH,
    LINKEDIN,
    REASON,
    answered,
    is_due,
    pair,
    visit,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("order", list(itertools.permutations([ADDRESS, LINKEDIN, BOTH])))
def test_three_bodies_become_one_lead_in_any_order(order: Any) -> None:
    for who in order:
        arrive(visit(who))
    lead = Lead.objects.get()
    assert (lead.email, lead.linkedin_key, lead.address) == (
        "dana@northline.test",
        "in/dana",
        "usable",
    )
    assert lead.visits.count() == Visit.objects.count() == 3
    assert lead.enrichments.exclude(state="settled").count() == 1


@pytest.mark.postgres_is_enough
class WhicheverOrder(TestCase):
    """What is known of one person in the end does not hang on the order it came in."""

    @given(
        st.lists(st.sampled_from([ADDRESS, LINKEDIN, BOTH]), min_size=1, max_size=6).filter(
            lambda seen: BOTH in seen
        )
    )
    def test_the_same_lead(self, seen: list[dict[str, Any]]) -> None:
        for who in seen:
            event = arrive(visit(who))
            assert event.state == "processed", event.reason
        lead = Lead.objects.get()
        assert (lead.email, lead.linkedin_key, lead.name) == (
            "dana@northline.test",
            "in/dana",
            "Dana Okafor",
        )
        assert set(Visit.objects.values_list("lead", flat=True)) == {lead.pk}
        assert Visit.objects.count() == len(seen)
        assert Merge.objects.exclude(state="merged").count() == 0


def test_merge_keeps_the_older_row_and_its_cause() -> None:
    one, other = arrived(visit(ADDRESS)), arrived(visit(LINKEDIN))
    arrive(visit(BOTH))
    row = Merge.objects.get()
    assert (row.survivor, row.loser, row.state, row.source, row.merged_by) == (
        one,
        other,
        "merged",
        "rb2b",
        None,
    )
    assert row.fields["linkedin_key"] == {
        "survivor": [None, None],
        "loser": ["in/dana", other.sources["linkedin_key"]],
        "after": "in/dana",
        "why": "Only the other lead knew it.",
    }
    other.refresh_from_db()
    assert (other.merged_into, other.linkedin_key, other.needs_assessment_at) == (one, None, None)
    assert is_due(one)


def test_merged_lead_is_found_by_all_its_identifiers(lead_user: User) -> None:
    one, other = LeadFactory(), LeadFactory()
    merging.merge_leads(one, other, source="person", by=lead_user, reason=REASON)
    by_address = arrived(visit({"Business Email": other.email, "LinkedIn URL": None}))
    by_profile = arrived(
        visit(
            {"Business Email": None, "LinkedIn URL": f"https://linkedin.com/{other.linkedin_key}"}
        )
    )
    assert by_address == by_profile == one
    assert Lead.objects.count() == 1


@pytest.mark.parametrize(
    ("other", "doubt"),
    [
        ({"first_name": "Ben"}, "Their names differ: Dana Okafor, Ben Okafor."),
        ({"last_name": "Smith"}, "Their names differ: Dana Okafor, Dana Smith."),
        (
            {"no_address": False, "email": "d@northline.test"},
            "Each has an address of its own that may have been written to.",
        ),
    ],
)
def test_doubt_proposes_a_merge_and_changes_nothing(other: dict[str, Any], doubt: str) -> None:
    one, two = pair(**other)
    before = list(
        Lead.rows.order_by("pk").values(
            "email", "linkedin_key", "merged_into", "first_name", "last_name"
        )
    )
    for _ in range(2):
        lead = arrived(
            visit({"Business Email": one.email, "LinkedIn URL": "https://linkedin.com/in/dana"})
        )
    assert lead == one
    row = Merge.objects.get()
    assert (row.state, row.doubt, {row.survivor, row.loser}) == ("proposed", doubt, {one, two})
    assert list(Lead.rows.order_by("pk").values(*before[0])) == before
    assert [found for _, found in merging.open_proposals(one)] == [two]
    assert [found for _, found in merging.open_proposals(two)] == [one]


@pytest.mark.parametrize(
    "address", ["info@northline.test", "dana@gmail.com", "dana@mailinator.com"]
)
def test_shared_mailbox_does_not_merge(address: str) -> None:
    one, two = arrived(visit({**ADDRESS, "Business Email": address})), arrived(visit(LINKEDIN))
    arrive(visit({**BOTH, "Business Email": address}))
    assert Merge.objects.get().state == "proposed"
    assert Lead.objects.count() == 2
    assert {one.pk, two.pk} == set(Lead.objects.values_list("pk", flat=True))


def test_two_linkedin_profiles_are_not_merged_automatically() -> None:
    one = LeadFactory(last_name="Okafor", linkedin_key="in/dana-1")
    LeadFactory(last_name="Okafor", linkedin_key="in/dana", no_address=True, company=one.company)
    arrive(visit({"Business Email": one.email, "LinkedIn URL": "https://linkedin.com/in/dana"}))
    assert Merge.objects.get().doubt == "Each has a LinkedIn profile of its own."


def test_names_are_compared_without_case_and_accents() -> None:
    one, other = pair(first_name="DÁNA", last_name="okafor")
    arrive(visit({"Business Email": one.email, "LinkedIn URL": "https://linkedin.com/in/dana"}))
    assert Lead.objects.get() == one
    assert Merge.objects.get().loser == other


def test_made_up_lead_is_never_merged_with_live(lead_user: User) -> None:
    one, other = pair(kind=Kind.TEST)
    arrive(visit({"Business Email": one.email, "LinkedIn URL": "https://linkedin.com/in/dana"}))
    assert not Merge.objects.exists()
    with pytest.raises(
        merging.MergeError, match="A made-up person and a real one are never merged"
    ):
        merging.merge_leads(one, other, source="person", by=lead_user)
    assert Lead.objects.count() == 2


def test_erased_person_is_never_merged(lead_user: User) -> None:
    one, other = pair()
    suppression.suppress("", "erased", "test", other)
    with pytest.raises(merging.MergeError, match="erased"):
        merging.merge_leads(one, other, source="person", by=lead_user)
    assert Lead.objects.count() == 2
    assert not Merge.objects.exists()


def test_a_lead_is_not_merged_with_itself(lead_user: User) -> None:
    one, other = pair()
    merging.merge_leads(one, other, source="person", by=lead_user)
    with pytest.raises(merging.MergeError, match="one lead already"):
        merging.merge_leads(one, other, source="person", by=lead_user)


def test_answer_with_known_address_merges() -> None:
    one, other = pair()
    answered(
        other, work_email=one.email, email_verified=True, first_name="Dana", industry="Aviation"
    )
    assert Lead.objects.get() == one
    one.refresh_from_db()
    assert (one.linkedin_key, one.email_verified) == ("in/dana", True)
    assert Enrichment.objects.get().lead == one
    assert Merge.objects.get().source == "clay"


def test_answer_with_known_profile_merges() -> None:
    one, other = pair()
    answered(one, linkedin_url="https://www.linkedin.com/in/Dana/", first_name="Dana")
    assert Lead.objects.get() == one
    one.refresh_from_db()
    assert one.linkedin_key == "in/dana"
    assert Lead.rows.get(pk=other.pk).merged_into == one


def test_free_profile_is_taken_from_an_answer() -> None:
    lead = LeadFactory(linkedin_key=None)
    answered(lead, linkedin_url="https://www.linkedin.com/in/dana/")
    lead.refresh_from_db()
    assert (lead.linkedin_key, lead.sources["linkedin_key"]["source"]) == ("in/dana", "clay")


def test_an_answer_about_another_profile_merges_nobody() -> None:
    one = LeadFactory(last_name="Okafor", linkedin_key=None)
    other = LeadFactory(last_name="Okafor", linkedin_key="in/dana", no_address=True)
    answered(other, work_email=one.email, linkedin_url="https://www.linkedin.com/in/somebody-else")
    assert Lead.objects.count() == 2
    assert Merge.objects.get().doubt == "Clay's answer has another LinkedIn profile than the lead."


def test_an_address_that_does_not_exist_merges_nobody() -> None:
    one, other = pair()
    answered(other, work_email=one.email, email_status="invalid")
    assert Lead.objects.count() == 2
    assert not Merge.objects.exists()


def test_late_answer_about_merged_lead_improves_survivor(lead_user: User) -> None:
    one, other = pair()
    Lead.objects.update(title="")
    rows = [Enrichment.objects.create(lead=lead) for lead in (one, other)]
    merging.merge_leads(one, other, source="person", by=lead_user)
    assert sorted(Enrichment.objects.values_list("state", "outcome")) == [
        ("due", ""),
        ("settled", "skipped"),
    ]
    for row in rows:
        assert clay_answers.record_answer(row.request_id, {"job_title": "CEO"}) is True
    one.refresh_from_db()
    assert one.title == "CEO"
    assert sorted(Enrichment.objects.values_list("outcome", flat=True)) == ["answered", "late"]


def test_merged_lead_is_left_out_of_sweeps(lead_user: User) -> None:
    one, other = pair()
    Lead.objects.update(needs_assessment_at=timezone.now())
    merging.merge_leads(one, other, source="person", by=lead_user)
    clay_push.push_due()
    assert list(Lead.objects.all()) == [one]
    assert list(one.company.leads.all()) == [one]
    assess.assess_due()
    assert list(Assessment.objects.values_list("lead", flat=True)) == [one.pk]
    arrive(rb2b.company_only({"Website": f"https://{one.company.domain}"}))
    company_matching.mark_leads_of_changed_companies()
    assert (is_due(one), is_due(other)) == (True, False)
