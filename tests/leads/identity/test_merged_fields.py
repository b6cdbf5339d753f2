"""What a merge takes over, and stops that hold for both leads."""

import itertools
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from leads.identity import merge_undo, merging
from leads.models import Lead, Merge, Suppression, Visit, field_source
from leads.suppression import suppression
from tests.factories import AssessmentFactory, LeadFactory, VisitFactory
from tests.leads.conftest import arrive
from tests.leads.identity.merging_helpers import REASON, pair, visit

pytestmark = pytest.mark.django_db


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
    ("ours", "theirs", "stands"),
    [
        ("US", "GB", "GB"),
        ("GB", "US", "GB"),
        ("", "US", "US"),
        ("US", "", "US"),
        ("GB", "FR", "GB"),
    ],
)
def test_of_two_countries_the_one_that_may_not_be_written_to_stands(
    lead_user: User, ours: str, theirs: str, stands: str
) -> None:
    one, other = pair()
    old = {"country": field_source("rb2b", timezone.now() - timedelta(days=9))}
    Lead.rows.filter(pk=one.pk).update(country=ours, sources=old)
    Lead.rows.filter(pk=other.pk).update(
        country=theirs, sources={"country": field_source("clay", timezone.now())}
    )
    row = merging.merge_leads(one, other, source="person", by=lead_user, reason=REASON)
    one.refresh_from_db()
    assert one.country == stands

    merge_undo.undo_merge(row, by=lead_user, reason=REASON)
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.country, other.country) == (ours, theirs)


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


@pytest.mark.postgres_is_enough
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
