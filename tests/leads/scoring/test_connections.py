"""Warm connections of a lead: named in an email only where they are surely true."""

from dataclasses import replace
from typing import Any

import pytest

from leads.models import KnownContact, PastEmployer
from leads.scoring import connections
from leads.scoring.connections import best_connection
from leads.scoring_rules import DEFAULT_RULES
from tests.factories import CompanyFactory, LeadFactory, TeamMemberFactory, known_contact

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
def test_an_empty_team_gives_no_connection() -> None:
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
        "kind": kind, "member": "Alex", "company": "Acme", "sentence": sentence,
        "first_person": first_person,
        "why": why, "years": 2 if kind == "overlap" else 0,
    }  # fmt: skip


@pytest.mark.django_db
def test_our_past_employer_can_be_their_current_one() -> None:
    worked("Northline Inc", "www.northline.test", (2011, 2014))
    assert said(acme_lead()) == (
        "employer_now",
        "Alex on our team used to work at Northline Inc.", "I used to work at Northline Inc.",
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
def test_a_known_contact_is_a_connection(known: dict[str, str]) -> None:
    known_contact(**known)
    lead = acme_lead(
        first_name="Dana", last_name="Okafor", email="dana@acme.test",
        personal_email="dana@home.test",
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
def test_a_similar_name_is_no_known_contact(other: dict[str, str]) -> None:
    known_contact(**other)
    lead = acme_lead(
        first_name="Dana", last_name="Okafor", email="dana@acme.test", linkedin_key="in/dana"
    )
    assert best_connection(lead) is None


@pytest.mark.django_db
def test_a_namesake_with_another_profile_is_a_colleague() -> None:
    known_contact("Dana Okafor", company_name="Northline", linkedin_key="in/dana-2")
    found = best_connection(
        acme_lead(first_name="Dana", last_name="Okafor", linkedin_key="in/dana")
    )
    assert found is not None and found["kind"] == "known_there"


@pytest.mark.django_db
def test_a_single_word_name_matches_no_contact() -> None:
    known_contact("Dana", company_name="Northline")
    found = best_connection(acme_lead(first_name="Dana", last_name=""))
    assert found is not None and found["kind"] == "known_there"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("contact", "kind", "sentence", "first_person"),
    [
        ({"company_name": "Northline, Inc."}, "known_there",
         "Alex on our team knows somebody from Northline.",
         "I know somebody from Northline."),
        ({"domain": "www.northline.test"}, "known_there",
         "Alex on our team knows somebody from Northline.",
         "I know somebody from Northline."),
        ({"company_name": "acme"}, "known_before",
         "Alex on our team knows somebody from Acme, where you have worked.",
         "I know somebody from Acme, where you have worked."),
    ],
)  # fmt: skip
def test_a_contact_at_an_employer_is_never_named(
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
def test_contacts_at_similarly_named_companies_do_not_count() -> None:
    for company in ("Northline Robotics", "North", "Line", "Acme Foundation", "Self-Employed", ""):
        known_contact(company_name=company)
    known_contact(domain="northline.example", company_name="Northline")
    lead = acme_lead(
        past_employers=[past("Acme"), past("Self employed"), past("", "linkedin.com/company/acme")]
    )
    assert best_connection(lead) is None


@pytest.mark.django_db
def test_empty_contact_fields_match_no_lead() -> None:
    known_contact("Dana")
    assert best_connection(LeadFactory(email=None, linkedin_key=None)) is None
    assert best_connection(LeadFactory(email=None, linkedin_key=None, company=None)) is None


@pytest.mark.django_db
def test_the_strongest_connection_wins_then_the_longest() -> None:
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
def test_a_kind_without_points_is_no_connection() -> None:
    known_contact(company_name="Northline")
    lead = acme_lead()
    assert best_connection(lead) is not None
    points = tuple(
        (kind, 0 if kind == "known_there" else points) for kind, points in DEFAULT_RULES.warm_points
    )
    assert best_connection(lead, replace(DEFAULT_RULES, warm_points=points)) is None


@pytest.mark.django_db
def test_inactive_members_give_no_connection() -> None:
    worked("Northline", "northline.test", active=False)
    gone = TeamMemberFactory(active=False)
    known_contact("Dana", member=gone, email="dana@x.test")
    known_contact(member=gone, company_name="Northline")
    assert best_connection(acme_lead(email="dana@x.test")) is None


@pytest.mark.django_db
def test_queries_do_not_grow_with_contacts(django_assert_max_num_queries: Any) -> None:
    member, lead = TeamMemberFactory(), acme_lead(past_employers=[past("Acme")])
    KnownContact.objects.bulk_create(
        KnownContact(member=member, name=f"P {n}", company_name=f"C {n}", company_key=f"c {n}")
        for n in range(1000)
    )
    with django_assert_max_num_queries(4):
        assert connections.find_connections(lead) == []
