"""One company for each registrable domain, whatever order visits come in."""

from typing import Any

import pytest

from leads.enrichment import clay_push
from leads.identity import company_matching
from leads.inbound import events
from leads.models import Company, Lead, Visit
from leads.scoring import assess
from tests.factories import CompanyFactory
from tests.fakes import rb2b
from tests.leads.conftest import arrive, arrived


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"Website": "https://www.acme.co.uk"}, {"Website": "http://shop.acme.co.uk/x"}),
        (
            {"Website": "https://acme.test"},
            {"Website": None, "Business Email": "ben@mail.acme.test"},
        ),
        (
            {"Website": "https://acme.test", "Company Name": "Acme"},
            {"Website": "acme.test", "Company Name": "Acme, Inc."},
        ),
        ({"Website": None, "Company Name": "Acme"}, {"Website": None, "Company Name": "ACME Inc."}),
        (
            {"Website": "https://acme.test", "Company Name": "Acme"},
            {"Website": None, "Company Name": "Acme Inc"},
        ),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_company_is_one_in_either_order_of_visits(
    one: dict[str, Any], other: dict[str, Any], turned: bool
) -> None:
    payloads = [
        rb2b.person({"Company Name": "Acme", "Business Email": None, **who}) for who in (one, other)
    ]
    for payload in reversed(payloads) if turned else payloads:
        arrive(payload)
    company = Company.objects.get()
    assert company.leads.count() == 2
    assert company.domain == {"https://www.acme.co.uk": "acme.co.uk", None: None}.get(
        one["Website"], "acme.test"
    )


@pytest.mark.django_db
def test_companies_of_one_suffix_are_different() -> None:
    for website in (
        "https://acme.co.uk",
        "https://other.co.uk",
        "https://acme.test",
        "https://acme.com",
    ):
        arrive(rb2b.person({"Website": website, "Business Email": None}))
    assert sorted(Company.objects.values_list("domain", flat=True)) == [
        "acme.co.uk",
        "acme.com",
        "acme.test",
        "other.co.uk",
    ]


@pytest.mark.django_db
def test_a_free_mail_provider_is_nobodys_company() -> None:
    lead = arrived(
        rb2b.person({"Website": None, "Company Name": None, "Business Email": "dana@gmail.com"})
    )
    assert lead.company is None
    assert not Company.objects.exists()


@pytest.mark.django_db
def test_domain_does_not_replace_another_domain() -> None:
    other = CompanyFactory(domain="acme.test", name="Acme", name_key="acme")
    lead = arrived(
        rb2b.person({"Website": "https://acme.io", "Company Name": "Acme", "Business Email": None})
    )
    other.refresh_from_db()
    assert (other.domain, lead.company.domain) == ("acme.test", "acme.io")


@pytest.mark.django_db
def test_body_naming_both_joins_name_and_domain() -> None:
    who = {"Business Email": None, "Website": None, "Company Name": None, "Industry": None}
    by_name = arrived(rb2b.person({**who, "Company Name": "Acme", "Industry": "Steel"}))
    by_domain = arrived(rb2b.person({**who, "Website": "acme.test"}))
    old, kept = by_name.company, by_domain.company
    assess.assess_due()
    arrive(
        rb2b.company_only(
            {"Website": "https://acme.test", "Company Name": "Acme, Inc.", "Industry": None}
        )
    )
    company_matching.mark_leads_of_changed_companies()
    company = Company.objects.get()
    assert (company.pk, company.domain, company.name, company.industry) == (
        kept.pk,
        "acme.test",
        "Acme",
        "Steel",
    )
    assert company.sources["industry"] == old.sources["industry"]
    assert set(company.leads.all()) == {by_name, by_domain}
    assert company.visits.count() == Visit.objects.count() == 3
    assert Lead.objects.filter(needs_assessment_at=None).count() == 0


@pytest.mark.django_db
def test_company_with_another_name_is_not_joined() -> None:
    named = CompanyFactory(domain=None, name="Acme", name_key="acme")
    other = CompanyFactory(domain="beta.test", name="Beta", name_key="beta")
    arrive(
        rb2b.person(
            {"Website": "https://beta.test", "Company Name": "Acme", "Business Email": None}
        )
    )
    assert set(Company.objects.values_list("pk", "name")) == {
        (named.pk, "Acme"),
        (other.pk, "Beta"),
    }


@pytest.mark.django_db
def test_made_up_company_never_joins_a_live_one() -> None:
    CompanyFactory(domain=None, name="Acme", name_key="acme", kind="example")
    CompanyFactory(domain="acme.test", name="", name_key="")
    arrive(
        rb2b.person(
            {"Website": "https://acme.test", "Company Name": "Acme", "Business Email": None}
        )
    )
    assert set(Company.objects.values_list("domain", "kind")) == {
        (None, "example"),
        ("acme.test", "live"),
    }


@pytest.mark.django_db
def test_company_facts_of_a_visit_rescore_colleagues() -> None:
    """Scored before it was known, and with nothing of their own that is new."""
    site = {"Website": "https://acme.test", "Company Name": "Acme"}
    lead = arrived(rb2b.person({**site, "Industry": None, "Employee Count": None}))
    clay_push.push_due()
    assess.assess_due()
    before = lead.assessments.get().icp
    arrive(rb2b.person({**site, "Industry": "Logistics", "Employee Count": "51-200"}))
    assess.assess_due()
    assert lead.assessments.first().icp > before
    assert lead.assessments.count() == 2
    # Nothing new
    arrive(rb2b.person({**site, "Industry": "Logistics", "Employee Count": "51-200"}))
    assess.assess_due()
    assert lead.assessments.count() == 2


@pytest.mark.django_db
def test_a_company_is_filled_and_not_overwritten() -> None:
    arrive(
        rb2b.person({"Website": "https://acme.test", "Employee Count": "51-200", "Industry": None})
    )
    arrive(
        rb2b.person(
            {"Website": "https://acme.test", "Employee Count": "5000+", "Industry": "Software"}
        )
    )
    company = Company.objects.get()
    assert (company.employees, company.employees_from, company.industry) == (
        "51-200",
        51,
        "Software",
    )
    assert company.sources["industry"]["source"] == "rb2b"


@pytest.mark.django_db
def test_company_place_comes_from_its_own_profile() -> None:
    arrive(rb2b.person({"Website": "https://acme.test", "City": "Columbus"}))
    assert Company.objects.get().city == ""
    arrive(rb2b.company_only({"Website": "https://acme.test", "City": "Dayton"}))
    company = Company.objects.get()
    assert company.city == "Dayton"
    assert "/company/" in company.linkedin_url


@pytest.mark.django_db
def test_live_visitor_takes_over_made_up_company_empty() -> None:
    from leads.models import Kind

    made_up = rb2b.person(
        {"Website": "https://same.test", "Company Name": "CAIO Test Visitor", "Industry": "Fiction"}
    )
    events.store_event("rb2b", rb2b.to_body(made_up), kind=Kind.TEST)
    events.process_due()
    live = rb2b.person(
        {"Website": "https://same.test", "Company Name": "Northline", "Industry": None}
    )
    events.store_event("rb2b", rb2b.to_body(live))
    events.process_due()
    company = Company.objects.get(domain="same.test")
    assert (company.name, company.kind, company.industry) == ("Northline", "live", "")


@pytest.mark.django_db
def test_made_up_visitor_never_joins_live_company() -> None:
    from leads.models import Kind

    events.store_event(
        "rb2b",
        rb2b.to_body(rb2b.person({"Website": "https://same.test", "Company Name": "Northline"})),
    )
    events.process_due()
    made_up = rb2b.person({"Website": "https://same.test", "Company Name": "Fiction"})
    events.store_event("rb2b", rb2b.to_body(made_up), kind=Kind.TEST)
    events.process_due()
    assert Lead.objects.get(kind="test").company is None
    assert Company.objects.get().name == "Northline"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("", ""),
        ("312", "312 people"),
        ("200-500", "200-500 people"),
        ("201-500 employees", "201-500 people"),
        ("11 - 50 People", "11 - 50 people"),
        ("10K+ employees.", "10K+ people"),
    ],
)
def test_size_is_said_once(told: str, words: str) -> None:
    assert Company(employees=told).people_words == words
