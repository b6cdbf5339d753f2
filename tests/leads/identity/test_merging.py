"""Two leads that turn out to be one person: what the data alone may say, what a person must say,
and the way back.
"""

import itertools
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from leads.enrichment import clay_answers, clay_push, enrichment_requests
from leads.identity import company_matching, merge_undo, merging
from leads.inbound import events
from leads.models import (
    Assessment,
    Enrichment,
    InboundEvent,
    Kind,
    Lead,
    Merge,
    Suppression,
    Visit,
    field_source,
)
from leads.scoring import assess
from leads.suppression import suppression
from tests.factories import AssessmentFactory, CompanyFactory, LeadFactory, VisitFactory
from tests.fakes import rb2b
from tests.leads.conftest import arrive, arrived

pytestmark = pytest.mark.django_db

ADDRESS = {"Business Email": "dana@northline.test", "LinkedIn URL": None}
LINKEDIN = {"Business Email": None, "LinkedIn URL": "https://www.linkedin.com/in/dana"}
BOTH = {**ADDRESS, "LinkedIn URL": LINKEDIN["LinkedIn URL"]}
NAME = {"First Name": "Dana", "Last Name": "Okafor"}
REASON = "They told me on the phone."

_pages = itertools.count(1)


def visit(who: dict[str, Any], **more: Any) -> dict[str, Any]:
    page = {"Captured URL": f"https://oursite.test/{next(_pages)}"}
    return rb2b.person(
        {
            **who,
            "Website": "https://northline.test",
            "Company Name": "Northline",
            **NAME,
            **page,
            **more,
        }
    )


def pair(**other: Any) -> tuple[Lead, Lead]:
    """Somebody known by an address and the same by a LinkedIn profile, as two leads."""
    company = CompanyFactory()
    one = LeadFactory(company=company, linkedin_key=None, last_name="Okafor", first_name="Dana")
    named = {
        "first_name": "Dana",
        "last_name": "Okafor",
        "linkedin_key": "in/dana",
        "no_address": True,
    }
    return one, LeadFactory(company=company, **{**named, **other})


def is_due(lead: Lead) -> bool:
    return Lead.rows.get(pk=lead.pk).needs_assessment_at is not None


# By itself


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


# By what Clay says


def answered(lead: Lead, **body: Any) -> None:
    row = Enrichment.objects.create(lead=lead)
    clay_answers.record_answer(row.request_id, body)


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


# What a merge takes over


def test_merge_keeps_the_value_known_first(lead_user: User) -> None:
    old, now = timezone.now() - timedelta(days=9), timezone.now()
    one, other = pair(title="Chief of Staff", city="Dayton")
    Lead.rows.filter(pk=one.pk).update(
        sources={"title": field_source("clay", now)}, title="VP Sales", city=""
    )
    Lead.rows.filter(pk=other.pk).update(
        sources={"title": field_source("rb2b", old), "city": field_source("rb2b", old)}
    )
    seen = [VisitFactory(lead=lead) for lead in (one, other, other)]
    scored = AssessmentFactory(lead=other)
    merging.merge_leads(other, one, source="person", by=lead_user, reason=REASON)
    one.refresh_from_db()
    assert (one.title, one.city) == ("Chief of Staff", "Dayton")
    assert one.sources["title"] == one.sources["city"] == field_source("rb2b", old)
    assert set(one.visits.all()) == set(seen)
    assert list(one.assessments.all()) == [scored]
    row = Merge.objects.get()
    assert row.fields["title"]["survivor"] == ["VP Sales", field_source("clay", now)]
    assert (row.merged_by, row.reason) == (lead_user, REASON)


@pytest.mark.parametrize(
    ("mine", "theirs", "has", "kept_by_the_other"),
    [
        (None, "dana@northline.test", "dana@northline.test", None),
        ("dana@gmail.com", "dana@northline.test", "dana@northline.test", "dana@gmail.com"),
        (
            "dana@northline.test",
            "d.okafor@northline.test",
            "dana@northline.test",
            "d.okafor@northline.test",
        ),
        ("dana@northline.test", "dana@gmail.com", "dana@northline.test", "dana@gmail.com"),
        ("dana@gmail.com", None, "dana@gmail.com", None),
    ],
)
def test_usable_address_comes_first(
    lead_user: User, mine: str | None, theirs: str | None, has: str, kept_by_the_other: str | None
) -> None:
    def state(address: str | None) -> str:
        return "usable" if address and "northline" in address else "no_address"

    one = LeadFactory(
        email=mine, address=state(mine), personal_email=mine if mine == "dana@gmail.com" else ""
    )
    other = LeadFactory(email=theirs, address=state(theirs))
    before = list(
        Lead.rows.order_by("pk").values("email", "address", "linkedin_key", "personal_email")
    )
    row = merging.merge_leads(one, other, source="person", by=lead_user)
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.email, one.address, other.email) == (has, state(has), kept_by_the_other)
    merge_undo.undo_merge(row, by=lead_user, reason=REASON)
    after = list(
        Lead.rows.order_by("pk").values("email", "address", "linkedin_key", "personal_email")
    )
    # Whose row then says as well that it is personal
    assert after == before or theirs == "dana@gmail.com"


# Consent


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("reason", ["unsubscribed", "complained", "customer", "manual"])
def test_stop_of_either_lead_holds_for_both(lead_user: User, which: int, reason: str) -> None:
    leads = [LeadFactory(), LeadFactory()]
    addresses = [lead.email for lead in leads]
    suppression.suppress(addresses[which], reason, "test", leads[which])
    stale = Lead.objects.get(pk=leads[1].pk)
    merging.merge_leads(*leads, source="person", by=lead_user)
    for address, lead in itertools.product([*addresses, "third@elsewhere.test"], [*leads, stale]):
        stop = suppression.find_stop(address, lead)
        assert stop is not None
        assert stop.reason == reason


def test_bounced_mailbox_of_one_spares_the_other(lead_user: User) -> None:
    one, other = LeadFactory(), LeadFactory()
    suppression.suppress(other.email, "bounced", "test", other)
    merging.merge_leads(one, other, source="person", by=lead_user)
    assert suppression.find_stop(one.email, one) is None
    assert suppression.find_stop(other.email, one).reason == "bounced"


def test_stop_during_merge_stays_with_both(lead_user: User) -> None:
    one, other = LeadFactory(), LeadFactory()
    row = merging.merge_leads(one, other, source="person", by=lead_user)
    Suppression.objects.create(scope="person", value=str(one.pk), reason="manual", source="admin")
    merge_undo.undo_merge(row, by=lead_user, reason=REASON)
    assert {suppression.find_stop(lead.email, lead).reason for lead in (one, other)} == {"manual"}


def test_stop_repeated_during_merge_stays_with_both(lead_user: User) -> None:
    one, other = LeadFactory(), LeadFactory()
    suppression.suppress(one.email, "unsubscribed", "test", one)
    row = merging.merge_leads(one, other, source="person", by=lead_user)
    suppression.suppress(one.email, "unsubscribed", "link", one)
    merge_undo.undo_merge(row, by=lead_user, reason=REASON)
    assert {suppression.find_stop(lead.email, lead).reason for lead in (one, other)} == {
        "unsubscribed"
    }


def test_stop_of_address_added_during_merge_stays(lead_user: User) -> None:
    one, other = LeadFactory(), LeadFactory()
    row = merging.merge_leads(one, other, source="person", by=lead_user)
    Suppression.objects.create(
        scope="address", value=other.email, reason="unsubscribed", source="import"
    )
    merge_undo.undo_merge(row, by=lead_user, reason=REASON)
    assert {suppression.find_stop(lead.email, lead).reason for lead in (one, other)} == {
        "unsubscribed"
    }


def test_earlier_stop_returns_to_its_own_lead(lead_user: User) -> None:
    one, other = LeadFactory(), LeadFactory()
    suppression.suppress(one.email, "unsubscribed", "test", one)
    with_time = timezone.now() - timedelta(hours=1)
    Suppression.objects.update(created_at=with_time)
    row = merging.merge_leads(one, other, source="person", by=lead_user)
    merge_undo.undo_merge(row, by=lead_user, reason=REASON)
    assert suppression.find_stop(one.email, one).reason == "unsubscribed"
    assert suppression.find_stop(other.email, other) is None


STEP = st.tuples(
    st.sampled_from(["merge", "undo", "stop", "visit"]), st.integers(0, 3), st.integers(0, 3)
)


class NothingReSubscribes(TestCase):
    """No order of merges, undos, visits and stops makes an address writable whose owner said no."""

    @settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(STEP, max_size=12))
    def test_a_stopped_address_stays_stopped(self, steps: list[tuple[str, int, int]]) -> None:
        leads = [LeadFactory() for _ in range(4)]
        address = {lead.pk: lead.email for lead in leads}
        visits = {VisitFactory(lead=lead).pk for lead in leads}
        said_no: set[str] = set()
        for what, n, m in steps:
            self.do(what, leads[n], leads[m])
            if what == "stop":
                said_no.add(address[leads[n].pk])
            for mail in said_no:
                for lead in Lead.rows.filter(email=mail):
                    assert suppression.find_stop(mail, lead) is not None
                assert suppression.find_stop(mail) is not None
            self.one_row_for_each_person(address, visits)

    def do(self, what: str, lead: Lead, other: Lead) -> None:
        try:
            if what == "merge":
                merging.merge_leads(lead, other, source="person")
            elif what == "undo" and (
                row := Merge.objects.filter(loser=lead, state="merged").first()
            ):
                merge_undo.undo_merge(row, by=None, reason=REASON)
            elif what == "stop":
                suppression.suppress(
                    Lead.rows.get(pk=lead.pk).email or "", "unsubscribed", "test", lead
                )
            elif what == "visit":
                arrive(visit({"Business Email": lead.email, "LinkedIn URL": None}))
        except merging.MergeError:
            pass

    def one_row_for_each_person(self, address: dict[int, str], visits: set[int]) -> None:
        assert set(Lead.rows.values_list("email", flat=True)) == set(address.values())
        assert not Lead.rows.filter(merged_into__merged_into__isnull=False).exists()
        assert not Visit.objects.filter(lead__merged_into__isnull=False).exists()
        assert visits <= set(Visit.objects.values_list("pk", flat=True))
        assert (
            Merge.objects.filter(state="merged").count()
            == Lead.rows.exclude(merged_into=None).count()
        )


# The way back


def test_undo_restores_both_and_keeps_later_rows(lead_user: User) -> None:
    one, other = pair(title="", city="Dayton")
    Lead.rows.filter(pk=one.pk).update(city="")
    mine, theirs = VisitFactory(lead=one), VisitFactory(lead=other)
    asked = Enrichment.objects.create(
        lead=other, state="settled", outcome="answered", answered_at=timezone.now()
    )
    fields = (
        "email",
        "linkedin_key",
        "title",
        "city",
        "address",
        "first_name",
        "company",
        "merged_into",
        "owner",
    )
    before = list(Lead.rows.order_by("pk").values(*fields))
    row = merging.merge_leads(one, other, source="person", by=lead_user)
    since = VisitFactory(lead=one)
    merge_undo.undo_merge(row, by=lead_user, reason=REASON)
    assert list(Lead.rows.order_by("pk").values(*fields)) == before
    assert set(one.visits.all()) == {mine, since}
    assert (set(other.visits.all()), other.enrichments.get()) == ({theirs}, asked)
    row.refresh_from_db()
    assert (row.state, row.ended_by, row.ended_reason) == ("undone", lead_user, REASON)
    assert is_due(one)
    assert is_due(other)


def test_undo_keeps_later_facts_of_the_survivor(lead_user: User) -> None:
    one, other = pair(title="CEO")
    Lead.rows.filter(pk=one.pk).update(title="")
    row = merging.merge_leads(one, other, source="person", by=lead_user)
    Lead.rows.filter(pk=one.pk).update(title="Chair")
    merge_undo.undo_merge(row, by=lead_user, reason=REASON)
    assert list(Lead.objects.order_by("pk").values_list("title", flat=True)) == ["Chair", "CEO"]


def test_address_facts_follow_the_address_in_undo(lead_user: User) -> None:
    one, other = pair(no_address=False, email="dana@other.test", linkedin_key="in/dana")
    Lead.rows.filter(pk=one.pk).update(email=None, address="no_address")
    row = merging.merge_leads(one, other, source="person", by=lead_user)
    Lead.rows.filter(pk=one.pk).update(email_verified=True)
    merge_undo.undo_merge(row, by=lead_user, reason=REASON)
    said = list(Lead.rows.order_by("pk").values_list("email", "email_verified"))
    assert said == [(None, False), ("dana@other.test", True)]


def test_address_changed_since_stays_with_the_survivor(lead_user: User) -> None:
    one, other = pair(no_address=False, email="dana@other.test")
    Lead.rows.filter(pk=one.pk).update(email=None, address="no_address")
    row = merging.merge_leads(one, other, source="person", by=lead_user)
    Lead.rows.filter(pk=one.pk).update(email="dana@new.test", email_verified=True)
    merge_undo.undo_merge(row, by=lead_user, reason=REASON)
    said = list(Lead.rows.order_by("pk").values_list("email", "email_verified"))
    assert said == [("dana@new.test", True), ("dana@other.test", False)]


def test_undone_merge_is_not_repeated_automatically(lead_user: User) -> None:
    one, other = arrived(visit(ADDRESS)), arrived(visit(LINKEDIN))
    arrive(visit(BOTH))
    merge_undo.undo_merge(Merge.objects.get(), by=lead_user, reason=REASON)
    assert arrived(visit(BOTH)) == one
    assert list(Lead.objects.order_by("pk").values_list("pk", "email", "linkedin_key")) == [
        (one.pk, "dana@northline.test", None),
        (other.pk, None, "in/dana"),
    ]
    assert Merge.objects.get().state == "undone"


def test_declined_merge_is_left_to_people(lead_user: User) -> None:
    one, two = pair(first_name="Ben")
    body = {"Business Email": one.email, "LinkedIn URL": "https://linkedin.com/in/dana"}
    arrive(visit(body))
    merging.decline_merge(Merge.objects.get(), by=lead_user, reason=REASON)
    arrive(visit(body))
    assert Merge.objects.get().state == "declined"
    with pytest.raises(merging.MergeError):
        merging.decline_merge(Merge.objects.get(), by=lead_user, reason=REASON)
    merging.merge_leads(one, two, source="person", by=lead_user)
    assert Lead.objects.get() == one


def test_accepting_a_proposal_is_the_proposed_merge(lead_user: User) -> None:
    one, two = pair(first_name="Ben")
    arrive(visit({"Business Email": one.email, "LinkedIn URL": "https://linkedin.com/in/dana"}))
    merging.merge_leads(one, two, source="person", by=lead_user, reason=REASON)
    row = Merge.objects.get()
    assert (row.state, row.source, row.merged_by, row.survivor, row.loser) == (
        "merged",
        "rb2b",
        lead_user,
        one,
        two,
    )
    assert merging.open_proposals(one) == []


def test_merges_are_undone_newest_first(lead_user: User) -> None:
    one, two, three = LeadFactory(), LeadFactory(), LeadFactory()
    first = merging.merge_leads(two, three, source="person", by=lead_user)
    second = merging.merge_leads(one, two, source="person", by=lead_user)
    assert set(Lead.rows.filter(merged_into=one)) == {two, three}
    with pytest.raises(merging.MergeError, match="part of another one since"):
        merge_undo.undo_merge(first, by=lead_user, reason=REASON)
    merge_undo.undo_merge(second, by=lead_user, reason=REASON)
    assert dict(Lead.rows.values_list("pk", "merged_into")) == {
        one.pk: None,
        two.pk: None,
        three.pk: two.pk,
    }
    merge_undo.undo_merge(first, by=lead_user, reason=REASON)
    with pytest.raises(merging.MergeError, match="does not stand"):
        merge_undo.undo_merge(first, by=lead_user, reason=REASON)
    assert Lead.objects.count() == 3


def test_newest_merge_is_undone_first(lead_user: User) -> None:
    one, two, three = LeadFactory(), LeadFactory(), LeadFactory()
    first = merging.merge_leads(one, two, source="person", by=lead_user)
    merging.merge_leads(one, three, source="person", by=lead_user)
    with pytest.raises(merging.MergeError, match="Another lead became part"):
        merge_undo.undo_merge(first, by=lead_user, reason=REASON)
    assert Lead.objects.count() == 1


def test_undo_does_not_restore_an_erased_person(lead_user: User) -> None:
    one, two = LeadFactory(), LeadFactory()
    row = merging.merge_leads(one, two, source="person", by=lead_user)
    suppression.suppress("", "erased", "test", one)
    with pytest.raises(merging.MergeError, match="erased"):
        merge_undo.undo_merge(row, by=lead_user, reason=REASON)
    assert Lead.objects.count() == 1


# Who was erased stays gone


@pytest.mark.parametrize("mark", ["dana@northline.test", "in/dana"])
def test_body_of_returning_erased_person_is_not_kept(mark: str) -> None:
    Suppression.objects.create(
        scope="address_hash",
        value=suppression.erased_hash(mark),
        reason="erased",
        source="erase_person",
    )
    event = arrive(visit(BOTH))
    assert (event.state, bytes(event.body)) == ("processed", b"")
    assert not Lead.rows.exists()
    assert not Visit.objects.exists()
    assert not Enrichment.objects.exists()
    body = rb2b.to_body(visit(BOTH))
    stored = events.store_event("rb2b", body)
    assert events.process_due() == 1
    assert bytes(InboundEvent.objects.get(public_id=stored.public_id).body) == b""


def test_answer_about_erased_person_is_not_kept(clay: Any, callback: Any) -> None:
    lead = LeadFactory(no_address=True, title="")
    enrichment_requests.request_enrichment(lead)
    row = lead.enrichments.get()
    mark = suppression.erased_hash("dana@northline.test")
    Suppression.objects.create(
        scope="address_hash", value=mark, reason="erased", source="erase_person"
    )
    callback(
        {"request_id": row.request_id, "work_email": "dana@northline.test", "job_title": "CEO"}
    )
    events.process_due()
    lead.refresh_from_db()
    row.refresh_from_db()
    assert (lead.email, lead.title, row.state, row.gained) == (None, "", "settled", [])
    assert suppression.find_stop("", lead).reason == "erased"
    assert [bytes(event.body) for event in InboundEvent.objects.filter(source="clay")] == [b""]


# Everything that reads leads reads people


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
