"""Every row that a piece of work writes is seen, by whichever call it was written."""

from typing import Any

import pytest
from django.db import connection, models, transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce, Concat

from caio_project.lib.db.row_changes import RowChange, record_changes
from caio_project.lib.models import Counter
from leads.models import Company, Lead, Visit, person_of
from tests.factories import CompanyFactory, LeadFactory, VisitFactory

pytestmark = pytest.mark.django_db


def changes(work: Any) -> list[RowChange]:
    with transaction.atomic(), record_changes() as watch:
        work()
        return watch.changes()


def told(work: Any) -> list[tuple[str, type[models.Model], Any, Any]]:
    return [(one.kind, one.model, one.before, one.after) for one in changes(work)]


def test_a_queryset_update_is_recorded_field_by_field() -> None:
    lead = LeadFactory(title="VP Sales")
    assert told(lambda: Lead.objects.filter(email=lead.email).update(title="CEO", city="")) == [
        ("changed", Lead, {"title": "VP Sales"}, {"title": "CEO"})
    ]


def test_conditions_inside_set_expressions_are_ignored() -> None:
    lead, other = LeadFactory(city="A"), LeadFactory(city="B")
    set_by_query = Coalesce(Lead.rows.filter(pk=other.pk).values("city")[:1], Value("100%s"))
    found = changes(
        lambda: Lead.objects.filter(pk=person_of(lead.pk)).update(
            city=Concat(set_by_query, Value("(x"))
        )
    )
    assert [(one.pk, one.before, one.after) for one in found] == [
        (lead.pk, {"city": "A"}, {"city": "B(x"})
    ]


def test_two_writes_to_a_row_are_one_change() -> None:
    lead = LeadFactory(title="One")

    def work() -> None:
        Lead.objects.filter(pk=lead.pk).update(title="Two")
        Lead.objects.filter(pk=lead.pk).update(title="Three", state="TX")
        Lead.objects.filter(pk=lead.pk).update(state=lead.state)

    assert told(work) == [("changed", Lead, {"title": "One"}, {"title": "Three"})]


def test_new_rows_are_recorded_whole_however_inserted() -> None:
    lead = LeadFactory()

    def work() -> None:
        Company.objects.create(name="Acme", domain="acme.test")
        Visit.objects.bulk_create(
            Visit(lead=lead, event_key=key, seen_at=lead.last_seen_at) for key in ("a", "b", "c")
        )
        Company.objects.filter(domain="acme.test").update(industry="Freight")

    found = changes(work)
    assert [(one.kind, one.model) for one in found] == [("new", Company)] + [("new", Visit)] * 3
    assert (found[0].name, found[0].after["industry"]) == ("Acme", "Freight")
    assert [(one.after["event_key"], one.after["lead"]) for one in found[1:]] == [
        (k, lead.name) for k in ("a", "b", "c")
    ]


def test_deleted_rows_are_recorded_reverted_ones_are_not() -> None:
    visit, company = VisitFactory(), CompanyFactory(name="Old")

    def work() -> None:
        visit.delete()
        try:
            with transaction.atomic():
                CompanyFactory()
                Company.objects.filter(pk=company.pk).update(name="New")
                raise ValueError
        except ValueError:
            pass

    assert [(one.kind, one.model, one.name) for one in changes(work)] == [
        ("gone", Visit, str(visit))
    ]


def test_rows_with_named_keys_are_recorded() -> None:
    assert [(one.kind, one.name) for one in changes(lambda: Counter.next("of_a_test"))] == [
        ("new", "of_a_test=1")
    ]
    Counter.objects.filter(name="of_a_test").update(value=F("value") + 1)


def test_existing_rows_are_not_recorded_as_new() -> None:
    known = CompanyFactory(domain="known.test")
    rows = [Company(domain="known.test"), Company(domain="new.test")]
    found = changes(lambda: Company.objects.bulk_create(rows, ignore_conflicts=True))
    assert [(one.kind, one.after["domain"]) for one in found] == [("new", "new.test")]
    assert (
        told(
            lambda: Company.objects.bulk_create(
                [Company(domain="known.test")], ignore_conflicts=True
            )
        )
        == []
    )
    given = changes(lambda: Company.objects.create(pk=known.pk + 1000, domain="given.test"))
    assert [(one.kind, one.pk) for one in given] == [("new", known.pk + 1000)]


def test_nothing_is_watched_afterwards() -> None:
    with record_changes() as watch:
        pass
    LeadFactory()
    assert (watch.changes(), connection.execute_wrappers) == ([], [])
