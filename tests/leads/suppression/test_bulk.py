"""The querysets for lists agree with `find_stop` for one lead."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from leads.identity import merging
from leads.models import Lead, Suppression
from leads.suppression import allowed_countries, bulk, suppression
from tests.factories import LeadFactory

pytestmark = pytest.mark.django_db

ROWS = [
    ("address", "a@one.test", "customer"),
    ("address", "b@one.test", "bounced"),
    ("address", "private@mail.test", "unsubscribed"),
    ("address", "private2@mail.test", "bounced"),
    ("domain", "acme.test", "competitor"),
    ("domain", "eu.deep.test", "manual"),
    ("address", "gone@one.test", "complained"),
    ("address", "plus@one.test", "unsubscribed"),
    ("address", "dead@one.test", "bounced"),
]


@pytest.fixture
def people() -> dict[str, Lead]:
    for scope, value, reason in ROWS:
        Suppression.objects.create(scope=scope, value=value, reason=reason, source="test")
    Suppression.objects.filter(value="gone@one.test").update(
        expires_at=timezone.now() - timedelta(days=1)
    )
    made = {
        "customer": LeadFactory(email="a@one.test"),
        "bounced": LeadFactory(email="b@one.test"),
        "said no in private": LeadFactory(email="c@one.test", personal_email="private@mail.test"),
        "bounced in private": LeadFactory(email="d@one.test", personal_email="private2@mail.test"),
        "at a competitor": LeadFactory(email="x@acme.test"),
        "below a competitor": LeadFactory(email="x@eu.acme.test"),
        "deep": LeadFactory(email="x@a.eu.deep.test"),
        "beside": LeadFactory(email="x@us.deep.test"),
        "alike": LeadFactory(email="x@notacme.test"),
        "expired": LeadFactory(email="gone@one.test"),
        "by person": LeadFactory(email="e@one.test"),
        "no address": LeadFactory(no_address=True),
        "free": LeadFactory(email="f@one.test"),
        "said no without the plus": LeadFactory(email="plus+rb2b@one.test"),
        "bounced without the plus": LeadFactory(email="dead+rb2b@one.test"),
        "merged": LeadFactory(email="g@one.test"),
    }
    suppression.suppress("", "manual", "test", made["by person"])
    other = LeadFactory(email="h@one.test")
    Suppression.objects.create(
        scope="address", value="h@one.test", reason="unsubscribed", source="test"
    )
    merging.merge_leads(made["merged"], other, source="person")
    return made


STOPPED = {
    "customer", "bounced", "said no in private", "at a competitor", "below a competitor", "deep",
    "by person", "merged", "said no without the plus",
}  # fmt: skip


def named(people: dict[str, Lead], rows: object) -> set[str]:
    found = {lead.pk for lead in rows}  # type: ignore[attr-defined]
    return {name for name, lead in people.items() if lead.pk in found}


def test_the_querysets_agree_with_find_stop(people: dict[str, Lead]) -> None:
    by_doors = {
        name for name, lead in people.items() if suppression.find_stop(lead.email or "", lead)
    }
    verdicts = suppression.find_stops(list(people.values()))
    assert named(people, bulk.only_stopped(Lead.objects.all())) == by_doors == STOPPED
    assert {name for name, lead in people.items() if lead.pk in verdicts} == STOPPED
    assert named(people, bulk.only_writable(Lead.objects.all())) == people.keys() - STOPPED - {
        "no address"
    }


@pytest.mark.parametrize("reason", ["", "own_domain"])
def test_our_own_domain_is_a_stop_without_a_row(settings: Any, reason: str) -> None:
    settings.OWN_DOMAINS = ["ours.test"]
    ours = LeadFactory(email="a@ours.test"), LeadFactory(email="b@mail.ours.test")
    alike = LeadFactory(email="c@notours.test")
    stopped = set(bulk.only_stopped(Lead.objects.all(), reason))
    assert stopped == set(ours) and suppression.find_stop(alike.email, alike) is None
    assert set(bulk.only_stopped(Lead.objects.all(), "customer")) == set()


def test_filtering_by_a_reason_keeps_only_that(people: dict[str, Lead]) -> None:
    assert named(people, bulk.only_stopped(Lead.objects.all(), "competitor")) == {
        "at a competitor",
        "below a competitor",
    }
    assert named(people, bulk.only_stopped(Lead.objects.all(), "unsubscribed")) == {
        "said no in private",
        "merged",
        "said no without the plus",
    }


def test_find_stops_agrees_with_find_stop(
    people: dict[str, Lead], django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(2):  # type: ignore[operator]
        found = suppression.find_stops(list(people.values()))
    for lead in people.values():
        assert found.get(lead.pk) == suppression.find_stop(lead.email or "", lead)


def test_people_of_a_refused_country_are_not_writable(settings: Any) -> None:
    settings.ALLOWED_COUNTRIES = ["US", "CA"]
    by_country = {country: LeadFactory(country=country) for country in ("US", "CA", "DE", "")}
    assert named(by_country, bulk.only_writable(Lead.objects.all())) == {"US", "CA", ""}
    assert named(by_country, bulk.only_stopped(Lead.objects.all())) == set()
    assert [one for one in by_country if allowed_countries.is_refused(one)] == ["DE"]


def test_example_leads_are_not_writable() -> None:
    LeadFactory(example=True)
    assert not bulk.only_writable(Lead.objects.all()).exists()
