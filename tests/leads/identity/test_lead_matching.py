"""One lead for each person and one company for each registrable domain, whatever order things
arrive in.
"""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads import normal
from leads.enrichment import clay_push
from leads.identity import company_matching
from leads.inbound import events
from leads.models import Company, Enrichment, Lead, Suppression, Visit
from leads.scoring import assess
from tests.factories import CompanyFactory, LeadFactory, TeamMemberFactory
from tests.fakes import rb2b
from tests.leads.conftest import arrive, arrived

# How people and companies are compared


@pytest.mark.parametrize(
    ("given_", "address"),
    [
        ("dana@northline.test", "dana@northline.test"),
        ("  Dana.Okafor@NorthLine.TEST ", "dana.okafor@northline.test"),
        ("<dana@northline.test>", "dana@northline.test"),
        ("mailto:dana@northline.test", "dana@northline.test"),
        ("dana+rb2b@northline.test", "dana+rb2b@northline.test"),
        ("dana@münchen.de", "dana@xn--mnchen-3ya.de"),
        ("dana@xn--mnchen-3ya.de", "dana@xn--mnchen-3ya.de"),
        ("Dana <dana@northline.test>", ""),
        ("dana@northline", ""),
        ("dana", ""),
        ("dana@", ""),
        ("@northline.test", ""),
        ("a@b@northline.test", ""),
        ("dana@northline.test, other@northline.test", ""),
        ("dana @northline.test", ""),
        ("", ""),
        ("x" * 300 + "@northline.test", ""),
    ],
)
def test_addresses_are_compared_in_one_spelling(given_: str, address: str) -> None:
    assert normal.clean_email(given_) == address


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://www.linkedin.com/in/dana-okafor", "in/dana-okafor"),
        ("http://linkedin.com/in/Dana-Okafor/", "in/dana-okafor"),
        ("linkedin.com/in/dana-okafor", "in/dana-okafor"),
        ("https://uk.linkedin.com/in/dana-okafor/en?trk=x#about", "in/dana-okafor"),
        ("https://www.linkedin.com/IN/dana-okafor", "in/dana-okafor"),
        ("https://www.linkedin.com/in/jos%C3%A9", "in/josé"),
        ("https://www.linkedin.com/company/northline", ""),
        ("https://www.linkedin.com/in/", ""),
        ("https://www.linkedin.com/in/%20", ""),
        ("https://www.linkedin.com/", ""),
        ("https://notlinkedin.com/in/dana-okafor", ""),
        ("https://linkedin.com.evil.test/in/dana-okafor", ""),
        ("https://evil.test/in/dana-okafor?from=linkedin.com", ""),
        ("https://[linkedin.com/in/x", ""),
        ("", ""),
    ],
)
def test_linkedin_urls_are_compared_in_one_spelling(url: str, key: str) -> None:
    assert normal.linkedin_key(url) == key


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("https://www.northline.com/about?x=1", "northline.com"),
        ("northline.com", "northline.com"),
        ("NORTHLINE.COM.", "northline.com"),
        ("northline.com:8080/x", "northline.com"),
        ("northline.com/a//b", "northline.com"),
        ("//northline.com/x", "northline.com"),
        ("https://user:pw@shop.northline.com/", "northline.com"),
        ("https://shop.acme.co.uk", "acme.co.uk"),
        ("dana@mail.acme.co.uk", "acme.co.uk"),
        ("acme.com.au", "acme.com.au"),
        ("https://www.northline.test/", "northline.test"),
        ("a.b.northline.example", "northline.example"),
        ("https://video.com/@northline", "video.com"),
        ("https://münchen.de/", "xn--mnchen-3ya.de"),
        ("co.uk", ""),
        ("test", ""),
        ("localhost", ""),
        ("127.0.0.1", ""),
        ("http://[::1", ""),
        ("Northline Freight", ""),
        ("", ""),
        ("..", ""),
    ],
)
def test_registrable_domain_is_found_in_any_text(text: str, domain: str) -> None:
    assert normal.registrable_domain(text) == domain


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Acme, Inc.", "acme"),
        ("ACME INC", "acme"),
        ("The Acme Company", "acme"),
        ("Acme L.L.C.", "acme"),
        ("Acme GmbH & Co", "acme"),
        ("Société Générale S.A.", "societe generale"),
        ("J.P. Morgan", "jp morgan"),
        ("JP Morgan", "jp morgan"),
        ("Group", "group"),
        ("The Company", "the company"),
        ("株式会社", "株式会社"),
        ("  ", ""),
        ("...", ""),
    ],
)
def test_company_names_are_compared_without_legal_form(name: str, key: str) -> None:
    assert normal.company_key(name) == key


@pytest.mark.parametrize(
    ("text", "lower"),
    [
        ("312", 312),
        ("51-200", 51),
        ("1,001-5,000", 1001),
        ("5,000+", 5000),
        ("5000+", 5000),
        ("312.0", 312),
        ("about 40 people", 40),
        ("under 50", 0),
        ("<50", 0),
        ("up to 100", 0),
        ("fewer than 500", 0),
        ("0", 0),
        ("unknown", None),
        ("", None),
        ("9" * 12, None),
    ],
)
def test_employee_range_counts_by_its_lower_end(text: str, lower: int | None) -> None:
    assert normal.employees_from(text) == lower


@given(st.text(st.characters(exclude_categories=()), max_size=80))
def test_normal_forms_are_idempotent_for_any_text(text: str) -> None:
    for form in (
        normal.clean_email,
        normal.registrable_domain,
        normal.company_key,
        normal.host_name,
        normal.us_state,
        normal.storable_text,
    ):
        once = form(text)
        assert form(once) == once
        assert "\x00" not in once
    normal.linkedin_key(text)
    assert (normal.employees_from(text) or 0) >= 0


# One lead for each person

BOTH = {"Business Email": "dana@northline.test", "LinkedIn URL": "https://www.linkedin.com/in/dana"}
BY_ADDRESS = {**BOTH, "LinkedIn URL": None}
BY_LINKEDIN = {**BOTH, "Business Email": None}


_pages = itertools.count(1)


def visit(who: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A visit of another page each time, for the same page in the same second is the same visit."""
    page = {"Captured URL": f"https://oursite.test/{next(_pages)}"}
    return rb2b.person(
        {**who, "Website": "https://northline.test", "Company Name": "Northline", **page, **more}
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    "order",
    [
        order
        for pair in ([BOTH, BY_ADDRESS], [BOTH, BY_LINKEDIN])
        for order in itertools.permutations(pair)
    ]
    + [
        [BY_ADDRESS, BOTH, BY_LINKEDIN],
        [BY_LINKEDIN, BOTH, BY_ADDRESS],
        [BOTH, BY_ADDRESS, BY_LINKEDIN],
    ],
)
def test_person_is_one_lead_whichever_identifier_came_first(order: Any) -> None:
    for who in order:
        arrive(visit(who))
    lead, company = Lead.objects.get(), Company.objects.get()
    assert (lead.email, lead.linkedin_key, lead.company) == (
        "dana@northline.test",
        "in/dana",
        company,
    )
    assert Visit.objects.filter(lead=lead, company=company).count() == len(order)
    assert Enrichment.objects.count() == 1


@pytest.mark.django_db
def test_other_spellings_are_the_same_person() -> None:
    arrive(visit(BOTH))
    arrive(visit({"Business Email": " DANA@Northline.test", "LinkedIn URL": None}, Title="x"))
    arrive(
        visit(
            {"Business Email": None, "LinkedIn URL": "http://linkedin.com/in/Dana/?trk=1"},
            Title="y",
        )
    )
    assert Lead.objects.count() == 1


@pytest.mark.django_db
def test_known_leads_keep_their_own_identifiers() -> None:
    """Address of one, LinkedIn of the other: the address decides, and a unique field is never
    stolen.
    """
    by_address = arrived(visit({"Business Email": "one@northline.test", "LinkedIn URL": None}))
    by_linkedin = arrived(
        visit({"Business Email": None, "LinkedIn URL": "https://www.linkedin.com/in/two"})
    )
    both = arrived(
        visit(
            {
                "Business Email": "one@northline.test",
                "LinkedIn URL": "https://www.linkedin.com/in/two",
            }
        )
    )
    assert both == by_address
    assert list(Lead.objects.order_by("pk").values_list("email", "linkedin_key")) == [
        ("one@northline.test", None),
        (None, "in/two"),
    ]
    assert by_linkedin.pk != by_address.pk


@pytest.mark.django_db
def test_visitors_without_identifiers_become_no_lead() -> None:
    """An unreadable address and no LinkedIn URL: the company visited, and no stranger's lead is
    filled in.
    """
    stranger = LeadFactory(linkedin_key=None, email="known@elsewhere.test", title="")
    for name in ("Ann", "Ben"):
        event = arrive(
            visit(
                {"Business Email": "not an address", "LinkedIn URL": None}, **{"First Name": name}
            )
        )
        assert event.state == "processed"
    assert list(Lead.objects.all()) == [stranger]
    stranger.refresh_from_db()
    assert (stranger.first_name, stranger.title) == ("Dana", "")
    assert list(Visit.objects.values_list("lead", flat=True)) == [None, None]
    assert not Enrichment.objects.exists()


@pytest.mark.django_db
def test_unknown_fields_are_filled_with_their_source() -> None:
    first = arrived(visit(BOTH, Title="VP Sales", City=None))
    arrive(visit(BOTH, Title="CEO", City="Dayton"))
    first.refresh_from_db()
    assert (first.title, first.city) == ("VP Sales", "Dayton")
    assert {first.sources[name]["source"] for name in ("title", "city", "first_name")} == {"rb2b"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("state", "stored", "country"),
    [("OH", "OH", "US"), ("ohio", "OH", "US"), ("Bavaria", "Bavaria", "")],
)
def test_only_a_us_state_sets_the_country(state: str, stored: str, country: str) -> None:
    lead = arrived(visit(BOTH, State=state))
    assert (lead.state, lead.country) == (stored, country)


@pytest.mark.django_db
def test_new_lead_gets_default_owner_known_keeps_own() -> None:
    alex = TeamMemberFactory(default_sender=True)
    lead = arrived(visit(BOTH))
    assert lead.owner == alex
    other = TeamMemberFactory()
    Lead.objects.update(owner=other)
    arrive(visit(BOTH))
    lead.refresh_from_db()
    assert lead.owner == other


@pytest.mark.django_db
def test_test_visitor_makes_a_test_lead() -> None:
    lead = arrived(visit(BOTH), kind="test")
    assert (lead.kind, lead.is_deliverable) == ("test", False)


# Addresses


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "state", "personal"),
    [
        ("dana@northline.test", "usable", ""),
        ("dana@gmail.com", "no_address", "dana@gmail.com"),
        ("dana@yahoo.co.uk", "no_address", "dana@yahoo.co.uk"),
        ("info@northline.test", "no_address", ""),
        ("Sales+us@northline.test", "no_address", ""),
        ("dana@mailinator.com", "no_address", ""),
        ("dana@ours.example.com", "no_address", ""),
        ("dana@mail.ours.example.com", "no_address", ""),
        (None, "no_address", ""),
        ("not an address", "no_address", ""),
    ],
)
def test_unusable_mailbox_does_not_stop_the_person(
    address: str | None, state: str, personal: str
) -> None:
    lead = arrived(visit({**BOTH, "Business Email": address}))
    assert (lead.address, lead.personal_email, lead.linkedin_key) == (state, personal, "in/dana")
    assert lead.enrichments.count() == 1
    assert not Suppression.objects.exists()


@pytest.mark.django_db
def test_lead_is_found_by_replaced_personal_mailbox() -> None:
    lead = arrived(visit({"Business Email": "dana@gmail.com", "LinkedIn URL": None}))
    Lead.objects.update(email="dana@northline.test", address="usable")
    again = arrived(visit({"Business Email": "Dana@gmail.com", "LinkedIn URL": None}, Title="CEO"))
    assert again == lead
    again.refresh_from_db()
    assert (again.email, again.address, again.personal_email) == (
        "dana@northline.test",
        "usable",
        "dana@gmail.com",
    )


# One company for each registrable domain


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
        "Acme, Inc.",
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
