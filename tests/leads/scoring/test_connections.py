"""Who of us knows them, or worked where they work or worked: said in an email only where it is true."""

from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from leads.models import KnownContact, PastEmployer
from leads.scoring import assess, connections
from leads.scoring.connections import (
    Employment,
    best_connection,
    company_name_key,
    same_company,
    years_together,
)
from leads.scoring_rules import DEFAULT_RULES
from tests.factories import CompanyFactory, LeadFactory, TeamMemberFactory, known_contact


def stay(
    company: str = "", domain: str = "", years: tuple[int | None, int | None] = (None, None)
) -> Employment:
    return Employment(company, domain, *years)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (stay("Acme"), stay("ACME, Inc.")),
        (stay("The Acme Company"), stay("acme llc")),
        (stay("Société Générale"), stay("Societe Generale S.A.")),
        (stay("Acme", "acme.test"), stay("Anything", "www.acme.test")),
        (stay("Acme", "https://acme.co.uk"), stay("", "shop.acme.co.uk")),
        (stay("Acme", "acme.test"), stay("Acme Inc")),
        (stay("Acme", "no domain"), stay("Acme", "nothing")),
        (stay("Acme", "linkedin.com/company/acme"), stay("Acme, Inc.", "acme.test")),
        (stay("Acme", "acme.wixsite.com"), stay("ACME", "https://www.facebook.com/acme")),
        (stay("Google", "google.com"), stay("Alphabet", "google.com")),
    ],
)
def test_the_same_company_in_other_words(one: Employment, other: Employment) -> None:
    assert same_company(one, other)
    assert same_company(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (stay("Art"), stay("Artemis")),
        (stay("Artemis"), stay("Art")),
        (stay("Meta"), stay("Metabase")),
        (stay("Acme"), stay("Acme Robotics")),
        (stay("Oracle"), stay("Miracle")),
        (stay("AI"), stay("Air France")),
        (stay("Acme", "acme.test"), stay("Acme", "acme.example")),
        (stay("Acme", "acme.co.uk"), stay("Other", "other.co.uk")),
        (stay("Beta", "no domain"), stay("Gamma", "nothing")),
        (stay(""), stay("")),
        (stay("..."), stay("!!!")),
        (stay("", "x"), stay("", "x")),
        (stay("Acme", "linkedin.com/company/acme"), stay("Beta", "www.linkedin.com/company/beta")),
        (stay("Acme", "acme.wixsite.com"), stay("Beta", "beta.wixsite.com")),
        (stay("Acme", "sites.google.com/acme"), stay("Google", "google.com")),
        (stay("Acme", "gmail.com"), stay("Beta", "gmail.com")),
        (stay("Self-Employed"), stay("self employed")),
        (stay("Freelance"), stay("Freelance")),
        (stay("Stealth Startup"), stay("Stealth Startup")),
        (stay("Delta Air Lines"), stay("Delta Faucet")),
        (stay("Bank of America"), stay("Bank of the West")),
        (stay("Ford"), stay("Ford Foundation")),
    ],
)
def test_never_by_a_part_of_a_name_or_by_nothing(one: Employment, other: Employment) -> None:
    assert not same_company(one, other)
    assert not same_company(other, one)


@given(st.text(min_size=1, max_size=12), st.text(min_size=1, max_size=12))
def test_two_names_are_one_company_only_if_their_words_are_the_same(one: str, other: str) -> None:
    same = same_company(stay(one), stay(other))
    assert same == (
        bool(company_name_key(stay(one)))
        and company_name_key(stay(one)) == company_name_key(stay(other))
    )


@pytest.mark.parametrize(
    ("ours", "theirs", "years"),
    [
        ((2010, 2015), (2012, 2013), 1),
        ((2010, 2015), (2012, 2020), 3),
        ((2012, 2013), (2010, 2015), 1),
        ((2010, 2015), (2015, 2020), 0),  # who left in January never met who came in December
        ((2015, 2020), (2010, 2015), 0),
        ((2015, 2015), (2015, 2015), 0),
        ((2010, 2015), (2016, 2020), 0),
        ((2016, 2020), (2010, 2015), 0),
        ((2010, 2015), (2013, None), 2),  # they are there still
        ((2010, 2015), (2015, None), 0),
        ((2010, None), (2020, 2021), 0),  # our past ended, and nobody said when
        ((None, 2015), (2012, 2013), 0),
        ((2010, 2015), (None, None), 0),
        ((None, None), (None, None), 0),
        ((2010, 2005), (2006, 2009), 0),
    ],
)
def test_years_together_are_those_that_are_sure(ours: Any, theirs: Any, years: int) -> None:
    assert years_together(stay("A", years=ours), stay("A", years=theirs)) == years


YEARS = st.tuples(st.integers(1990, 2030), st.integers(1990, 2030)).map(sorted)


@given(YEARS, YEARS)
def test_together_only_where_some_moment_lies_in_both_whatever_the_months(
    ours: Any, theirs: Any
) -> None:
    surely_ours = {
        (year, year + 1) for year in range(ours[0], ours[1])
    }  # the turns of the year that they were there
    surely_theirs = {(year, year + 1) for year in range(theirs[0], theirs[1])}
    together = years_together(stay("A", years=ours), stay("A", years=theirs))
    assert together == len(surely_ours & surely_theirs)


# The best connection of a lead


def worked(
    company: str, domain: str = "", years: Any = (None, None), name: str = "Alex", **member: Any
) -> None:
    PastEmployer.objects.create(
        member=TeamMemberFactory(name=name, **member),
        company_name=company,
        domain=domain,
        from_year=years[0],
        to_year=years[1],
    )


def past(name: str, domain: str = "", years: Any = (None, None)) -> dict[str, Any]:
    return {"name": name, "domain": domain, "from_year": years[0], "to_year": years[1]}


def acme_lead(**fields: Any) -> Any:
    return LeadFactory(company=CompanyFactory(name="Northline", domain="northline.test"), **fields)


def said(lead: Any) -> tuple[str, str, str, str] | None:
    found = best_connection(lead)
    return (
        (found["kind"], found["sentence"], found["first_person"], found["company"])
        if found
        else None
    )


@pytest.mark.django_db
def test_nobody_of_us_is_no_connection() -> None:
    worked("Acme")
    known_contact("x", email="x@x.test", linkedin_key="in/x")
    assert best_connection(acme_lead(past_employers=[past("Artemis")])) is None
    assert (
        best_connection(LeadFactory(company=None, no_address=True, email=None, linkedin_key=None))
        is None
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("ours", "theirs", "kind", "sentence", "first_person", "why"),
    [
        ((2010, 2015), (2012, 2014), "overlap", "Alex on our team was at Acme when you were there.",
         "I was at Acme when you were there.", "Alex was there 2010–2015, they 2012–2014."),
        ((2010, 2015), (2018, 2020), "employer", "Alex on our team also worked at Acme.",
         "I also worked at Acme.", "Alex was there 2010–2015, they 2018–2020."),
        ((None, None), (2018, 2020), "employer", "Alex on our team also worked at Acme.",
         "I also worked at Acme.", "Alex was there ?–?, they 2018–2020."),
    ],
)  # fmt: skip
def test_a_shared_past_employer(
    ours: Any, theirs: Any, kind: str, sentence: str, first_person: str, why: str
) -> None:
    worked("Acme", years=ours)
    found = best_connection(acme_lead(past_employers=[past("ACME, Inc.", years=theirs)]))
    assert found == {
        "kind": kind, "member": "Alex", "company": "Acme", "sentence": sentence, "first_person": first_person,
        "why": why, "years": 2 if kind == "overlap" else 0,
    }  # fmt: skip


@pytest.mark.django_db
def test_our_past_employer_is_where_they_work_now() -> None:
    worked("Northline Inc", "www.northline.test", (2011, 2014))
    assert said(acme_lead()) == (
        "employer_now", "Alex on our team used to work at Northline Inc.", "I used to work at Northline Inc.",
        "Northline Inc",
    )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(
    "known",
    [
        {"email": "Dana@Acme.test"},
        {"email": "dana@home.test"},
        {"linkedin_key": "in/dana"},
        {"linkedin_key": "https://www.linkedin.com/in/Dana/"},
        {"name": "Dana Okafor", "company_name": "Northline, Inc."},
        {"name": "dana okafor", "domain": "www.northline.test", "company_name": "NL"},
        {"name": "Dána Okafor", "company_name": "Northline", "linkedin_key": "in/dana"},
    ],
)
def test_somebody_whom_one_of_us_knows(known: dict[str, str]) -> None:
    known_contact(**known)
    lead = acme_lead(
        first_name="Dana", last_name="Okafor", email="dana@acme.test", personal_email="dana@home.test",
        linkedin_key="in/dana",
    )  # fmt: skip
    assert said(lead) == ("known", "Alex on our team knows you.", "We know each other.", "")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "other",
    [
        {"name": "Dana Okafor"},
        {"name": "Dana Okafor", "company_name": "Southline"},
        {"name": "Dana Okafor", "company_name": "Northline Robotics"},
        {"name": "Dana Okafor", "company_name": "Northline", "domain": "northline.example"},
        {"name": "Dana", "company_name": "Elsewhere"},
        {"name": "Dana Okafor-Smith", "company_name": "Elsewhere"},
        {"name": "Dana Okafor", "company_name": "Elsewhere", "linkedin_key": "in/dana-okafor-2"},
        {"name": "Else", "email": "dana@acme.test.example"},
    ],
)
def test_somebody_of_a_like_name_is_not_them(other: dict[str, str]) -> None:
    known_contact(**other)
    lead = acme_lead(
        first_name="Dana", last_name="Okafor", email="dana@acme.test", linkedin_key="in/dana"
    )
    assert best_connection(lead) is None


@pytest.mark.django_db
def test_a_namesake_with_another_profile_where_they_work_is_a_colleague_of_theirs() -> None:
    known_contact("Dana Okafor", company_name="Northline", linkedin_key="in/dana-2")
    found = best_connection(
        acme_lead(first_name="Dana", last_name="Okafor", linkedin_key="in/dana")
    )
    assert found is not None and found["kind"] == "known_there"


@pytest.mark.django_db
def test_one_word_is_no_name_to_know_somebody_by() -> None:
    known_contact("Dana", company_name="Northline")
    found = best_connection(acme_lead(first_name="Dana", last_name=""))
    assert found is not None and found["kind"] == "known_there"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("contact", "kind", "sentence", "first_person"),
    [
        ({"company_name": "Northline, Inc."}, "known_there", "Alex on our team knows somebody from Northline.",
         "I know somebody from Northline."),
        ({"domain": "www.northline.test"}, "known_there", "Alex on our team knows somebody from Northline.",
         "I know somebody from Northline."),
        ({"company_name": "acme"}, "known_before",
         "Alex on our team knows somebody from Acme, where you have worked.",
         "I know somebody from Acme, where you have worked."),
    ],
)  # fmt: skip
def test_somebody_whom_one_of_us_knows_at_an_employer_is_not_named_to_them(
    contact: dict[str, str], kind: str, sentence: str, first_person: str
) -> None:
    known_contact(**contact)
    lead = acme_lead(past_employers=[past("Acme")])
    assert said(lead) == (
        kind,
        sentence,
        first_person,
        "",
    )  # "" or it would read as where both worked
    found = best_connection(lead)
    assert found is not None and found["why"].startswith("Priya Raman of ")


@pytest.mark.django_db
def test_contacts_at_companies_of_like_names_are_none() -> None:
    for company in ("Northline Robotics", "North", "Line", "Acme Foundation", "Self-Employed", ""):
        known_contact(company_name=company)
    known_contact(domain="northline.example", company_name="Northline")
    lead = acme_lead(
        past_employers=[past("Acme"), past("Self employed"), past("", "linkedin.com/company/acme")]
    )
    assert best_connection(lead) is None


@pytest.mark.django_db
def test_a_contact_without_address_and_linkedin_is_not_everybody_without_them() -> None:
    known_contact("Dana")
    assert best_connection(LeadFactory(email=None, linkedin_key=None)) is None
    assert best_connection(LeadFactory(email=None, linkedin_key=None, company=None)) is None


@pytest.mark.django_db
def test_the_strongest_connection_wins_and_among_equals_the_longer_one_and_the_name() -> None:
    lead = acme_lead(
        past_employers=[past("Acme", years=(2012, 2016))], email="dana@x.test", linkedin_key=None
    )

    def best() -> tuple[str, str]:
        found = best_connection(lead)
        assert found is not None
        return found["kind"], found["member"]

    known_contact(company_name="Acme", member=TeamMemberFactory(name="Pia"))
    assert best() == ("known_before", "Pia")
    known_contact(company_name="Northline", member=TeamMemberFactory(name="Ola"))
    assert best() == ("known_there", "Ola")
    worked("Northline", "northline.test", name="Zoe")
    worked("Northline", "northline.test", name="Bea")
    assert best() == ("employer_now", "Bea")
    worked("Acme", name="Zed")
    assert best() == ("employer", "Zed")
    worked("Acme", name="Abe", years=(2010, 2013))
    worked("Acme", name="Yan", years=(2010, 2015))
    assert best() == ("overlap", "Yan")
    known_contact("Dana", email="dana@x.test", member=TeamMemberFactory(name="Zoe2"))
    assert best() == ("known", "Zoe2")


@pytest.mark.django_db
def test_a_kind_that_counts_for_nothing_is_no_connection() -> None:
    known_contact(company_name="Northline")
    lead = acme_lead()
    assert best_connection(lead) is not None
    points = tuple(
        (kind, 0 if kind == "known_there" else points) for kind, points in DEFAULT_RULES.warm_points
    )
    assert best_connection(lead, replace(DEFAULT_RULES, warm_points=points)) is None


@pytest.mark.django_db
def test_somebody_who_left_the_team_is_no_connection() -> None:
    worked("Northline", "northline.test", active=False)
    gone = TeamMemberFactory(active=False)
    known_contact("Dana", member=gone, email="dana@x.test")
    known_contact(member=gone, company_name="Northline")
    assert best_connection(acme_lead(email="dana@x.test")) is None


@pytest.mark.django_db
def test_it_costs_the_same_however_many_contacts_there_are(
    django_assert_max_num_queries: Any,
) -> None:
    member, lead = TeamMemberFactory(), acme_lead(past_employers=[past("Acme")])
    KnownContact.objects.bulk_create(
        KnownContact(member=member, name=f"P {n}", company_name=f"C {n}", company_key=f"c {n}")
        for n in range(1000)
    )
    with django_assert_max_num_queries(4):
        assert connections.find_connections(lead) == []


# What people type


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("https://www.linkedin.com/in/Dana/", "in/dana"),
        ("in/Dana", "in/dana"),
        ("linkedin.com/in/dana", "in/dana"),
    ],
)
def test_a_typed_contact_is_stored_as_it_is_compared(typed: str, key: str) -> None:
    contact = known_contact(
        "Dána Okafor",
        linkedin_key=typed,
        email="Dana@Acme.test",
        company_name="Acme, Inc.",
        domain="https://acme.test/x",
    )
    contact.refresh_from_db()
    assert (contact.linkedin_key, contact.email, contact.domain) == (
        key,
        "dana@acme.test",
        "acme.test",
    )
    assert (contact.name_key, contact.company_key) == ("dana okafor", "acme")


@pytest.mark.django_db
def test_a_typed_contact_that_could_never_match_is_refused() -> None:
    with pytest.raises(ValidationError, match="no LinkedIn address"):
        KnownContact(member=TeamMemberFactory(), name="Dana", linkedin_key="dana").full_clean()


@pytest.mark.django_db
def test_a_stay_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValidationError, match="It is before 2015"):
        PastEmployer(
            member=TeamMemberFactory(), company_name="Acme", from_year=2015, to_year=2014
        ).full_clean()


@pytest.mark.django_db
def test_what_is_typed_in_the_admin_counts_for_leads_seen_lately(
    client: Client, lead_user: User, django_capture_on_commit_callbacks: Any
) -> None:
    client.force_login(lead_user)
    member, lead = TeamMemberFactory(name="Alex"), acme_lead()
    sent = {
        "name": "Alex",
        "title": "Partner",
        "email": "",
        "booking_url": "",
        "notice_order": "0",
        "active": "on",
    }
    for prefix in ("past_employers", "known_contacts"):
        sent |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    sent |= {
        "known_contacts-TOTAL_FORMS": "1",
        "known_contacts-0-name": "Priya",
        "known_contacts-0-company_name": "Northline",
    }
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(f"/admin/leads/teammember/{member.pk}/change/", sent)
    assert answer.status_code == 302
    assess.assess_due()
    assert lead.assessments.get().warm["kind"] == "known_there"
