"""What a person types about a lead fills a field of which nothing is known, and nothing else."""

import pytest

from leads.identity import typed_fields
from leads.models import Lead
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_typed_name_is_stored_as_spoken() -> None:
    lead = factories.LeadFactory(first_name="", last_name="Whitfield", needs_assessment_at=None)
    typed_fields.store_typed_field(lead, "first_name", "  Dr. DANA (she/her) ", "Sam Ortiz")
    lead.refresh_from_db()
    assert lead.first_name == "Dana" and lead.needs_assessment_at
    assert lead.sources["first_name"]["source"] == "typed by Sam Ortiz"
    assert typed_fields.missing_fields(lead) == []


def test_a_typed_title_is_stored() -> None:
    lead = factories.LeadFactory(title="")
    assert typed_fields.missing_fields(lead) == ["title"]
    assert typed_fields.store_typed_field(lead, "title", "VP Sales", "Sam").title == "VP Sales"


@pytest.mark.parametrize(
    ("name", "typed", "why"),
    [
        ("first_name", "", "First name: type it first."),
        ("first_name", " \u200b ", "First name: type it first."),
        ("first_name", "J.", "First name: “J.” is no name."),
        ("first_name", "🙂", "First name: “🙂” is no name."),
        ("first_name", "x" * 101, "First name: at most 100 characters."),
        ("title", "x" * 201, "Job title: at most 200 characters."),
        ("email", "a@b.example.com", "Only the first name and the job title can be typed here."),
    ],
)
def test_what_is_no_value_is_refused(name: str, typed: str, why: str) -> None:
    lead = factories.LeadFactory(first_name="", title="", needs_assessment_at=None)
    before = Lead.objects.filter(pk=lead.pk).values().get()
    with pytest.raises(typed_fields.FieldRefused) as refused:
        typed_fields.store_typed_field(lead, name, typed, "Sam")
    assert str(refused.value) == why
    assert Lead.objects.filter(pk=lead.pk).values().get() == before


def test_what_is_known_by_now_stays() -> None:
    lead = factories.LeadFactory(first_name="")
    Lead.objects.filter(pk=lead.pk).update(first_name="Dana")
    with pytest.raises(typed_fields.FieldRefused, match="First name is known by now: Dana"):
        typed_fields.store_typed_field(lead, "first_name", "Ana", "Sam")
    lead.refresh_from_db()
    assert lead.first_name == "Dana"
