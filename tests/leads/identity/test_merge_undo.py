"""A merge is undone, and an erased person does not come back."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from leads.enrichment import enrichment_requests
from leads.identity import merge_undo, merging
from leads.inbound import events
from leads.models import Enrichment, InboundEvent, Lead, Merge, Suppression, Visit
from leads.suppression import suppression
from tests.factories import LeadFactory, VisitFactory
from tests.fakes import rb2b
from tests.leads.conftest import arrive, arrived
from tests.leads.identity.merging_helpers import (
    ADDRESS,
    BOTH,
    LINKEDIN,
    REASON,
    is_due,
    pair,
    visit,
)

pytestmark = pytest.mark.django_db


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
