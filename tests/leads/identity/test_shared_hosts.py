"""Strangers stay strangers: a page on a host of many says nothing about somebody's company."""

from typing import Any

import pytest

from leads.enrichment import clay_answers
from leads.field_values import shared_hosts
from leads.models import Company, Enrichment, Lead
from tests.factories import LeadFactory
from tests.fakes import rb2b
from tests.field_cases import case
from tests.leads.conftest import arrived

PAGES_OF_MANY = (
    "https://www.facebook.com/{}", "https://de-de.facebook.com/{}", "instagram.com/{}/",
    "https://x.com/{}", "https://www.linkedin.com/company/{}", "https://t.me/{}",
    "https://www.tiktok.com/@{}", "https://youtube.com/c/{}", "https://vk.com/{}",
    "https://linktr.ee/{}", "https://beacons.ai/{}", "https://bit.ly/{}", "https://{}.carrd.co",
    "https://{}.wixsite.com/home", "https://{}.github.io", "https://{}.myshopify.com",
    "https://{}.blogspot.de", "https://{}.squarespace.com", "https://{}.business.site",
    "https://{}.wordpress.com", "https://{}.webflow.io", "https://{}.notion.site",
    "https://sites.google.com/view/{}", "https://{}.substack.com", "https://{}.vercel.app",
    "https://{}.pages.dev", "https://{}.s3.amazonaws.com", "https://{}.azurewebsites.net",
    "https://www.google.com/maps/place/{}", "https://g.page/{}", "https://maps.google.de/?cid={}",
    "https://goo.gl/maps/{}", "https://www.yelp.com/biz/{}", "https://www.yelp.co.uk/biz/{}",
    "https://www.tripadvisor.fr/{}", "https://www.etsy.com/shop/{}", "https://amazon.de/{}",
    "https://{}.sharepoint.com", "https://boards.greenhouse.io/{}", "https://jobs.lever.co/{}",
    "https://wellfound.com/company/{}", "https://www.alignable.com/{}", "https://forms.gle/{}",
    "https://soundcloud.com/{}", "https://share.hsforms.com/{}", "https://{}.myfreesites.net",
    "https://www.northdata.de/{}", "https://opencorporates.com/companies/{}",
    "https://www.yellowpages.ca/{}", "https://{}.myworkdayjobs.com",
)  # fmt: skip


@pytest.mark.parametrize("page", PAGES_OF_MANY)
def test_a_page_on_a_host_of_many_has_no_domain(page: str) -> None:
    assert shared_hosts.shared_host(page.format("acme"))
    assert shared_hosts.own_domain(page.format("acme")) == ""


@pytest.mark.parametrize(
    ("cell", "domain"),
    [
        ("https://bluefield.test, https://bluefield.example", "bluefield.test"),
        ("https://facebook.com/acme; https://www.acme.co.uk/start", "acme.co.uk"),
        ("acme.com | other.com", "acme.com"),
        ("acme.com other.com", "acme.com"),
        ("acme.com\nother.com", "acme.com"),
        ('["https://acme.com", "https://other.com"]', "acme.com"),
        ("none, acme.com", "acme.com"),
        ("acme.uk.com", "acme.uk.com"),
        ("https://shop.acme.us.com/x", "acme.us.com"),
        ("facebook.com, linktr.ee/acme", ""),
        ("https://acme.onmicrosoft.com", "acme.onmicrosoft.com"),
        ("onmicrosoft.com", ""),
        ("notfacebook.com", "notfacebook.com"),
        ("mygoogle.de", "mygoogle.de"),
        ("", ""),
        ("...", ""),
        ("http://[::1", ""),
    ],
)
def test_the_first_site_of_ones_own_in_a_cell_counts(cell: str, domain: str) -> None:
    assert shared_hosts.own_domain(cell) == domain


@pytest.mark.parametrize(
    ("typed", "domain"),
    [
        ("google.com", "google.com"),
        ("www.Facebook.com", "facebook.com"),
        ("acme.com", "acme.com"),
        ("https://facebook.com/acme", ""),
        ("linkedin.com/company/acme", ""),
        ("sites.google.com", ""),
        ("github.io", ""),
        ("acme.github.io", ""),
        ("", ""),
    ],
)
def test_a_bare_domain_is_the_employer_that_runs_it(typed: str, domain: str) -> None:
    assert shared_hosts.employer_domain(typed) == domain


def visitor(name: str, **fields: Any) -> dict[str, Any]:
    return rb2b.person({"Company Name": name, "Business Email": None, **fields})


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES_OF_MANY[::4])
def test_two_firms_on_one_host_are_two_companies(page: str) -> None:
    one = arrived(visitor("Corner Bakery", Website=page.format("cornerbakery")))
    other = arrived(visitor("Hill Plumbing", Website=page.format("hillplumbing")))
    assert one.company != other.company
    assert [company.name for company in Company.objects.order_by("pk")] == [
        "Corner Bakery",
        "Hill Plumbing",
    ]
    assert not Company.objects.exclude(domain=None).exists()


@pytest.mark.django_db
def test_each_tenant_of_microsoft_is_one_company() -> None:
    one, colleague, other = (
        arrived(visitor("", **{"Business Email": address, "Website": None, "LinkedIn URL": None}))
        for address in (
            "amy@acme.onmicrosoft.com", "bob@acme.onmicrosoft.com", "cleo@beta.onmicrosoft.com",
        )
    )  # fmt: skip

    assert one.company == colleague.company
    assert [one.company.domain, other.company.domain] == [
        "acme.onmicrosoft.com",
        "beta.onmicrosoft.com",
    ]


@pytest.mark.django_db
def test_the_cases_of_two_facebook_pages_are_two_companies() -> None:
    one, other = (arrived(case("visitors", name)["body"]) for name in ("W01", "W02"))
    assert (one.company.domain, one.company.name) == ("cornerbakery-w01.test", "Corner Bakery w01")
    assert (other.company.domain, other.company.name) == (
        "hillplumbing-w02.test",
        "Hill Plumbing w02",
    )


@pytest.mark.django_db
def test_the_case_of_two_websites_takes_the_first() -> None:
    assert arrived(case("visitors", "W06")["body"]).company.domain == "bluefield-w06.test"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name", ["Self-Employed", "Stealth Startup", "Freelance", "Self Employed", "Unemployed"]
)
def test_who_has_no_employer_shares_no_company(name: str) -> None:
    one = arrived(visitor(name, Website=None))
    other = arrived(visitor(name, Website=None))
    assert (one.company, other.company) == (None, None)
    with_site = arrived(visitor(name, Website="https://dana.test"))
    assert (with_site.company.domain, with_site.company.name) == ("dana.test", "")


@pytest.mark.django_db
def test_clay_gives_no_company_a_host_of_many() -> None:
    lead = LeadFactory(company=None, email="dana@northline.test")
    Enrichment.objects.create(lead=lead, request_id="enr_1")
    answer = {"company_name": "Corner Bakery", "company_domain": "https://facebook.com/corner"}
    assert clay_answers.record_answer("enr_1", answer)
    company = Lead.objects.get(pk=lead.pk).company
    assert company is not None and (company.domain, company.name) == (None, "Corner Bakery")


@pytest.mark.django_db
def test_clay_makes_no_company_of_the_self_employed() -> None:
    lead = LeadFactory(company=None, email="dana@northline.test")
    Enrichment.objects.create(lead=lead, request_id="enr_1")
    assert clay_answers.record_answer("enr_1", {"company_name": "Self-employed"})
    assert not Company.objects.exists()
