"""Who of us knows them, or worked where they work or worked: said in an email only where it is true."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from leads.models import KnownContact, PastEmployer
from leads.normal import company_key
from leads.warmth import Stay, best_connection, overlaps, same_company
from tests.factories import CompanyFactory, LeadFactory, TeamMemberFactory


def stay(company: str = "", domain: str = "", years: tuple[int | None, int | None] = (None, None)) -> Stay:
    return Stay(company, domain, *years)


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
    ],
)
def test_the_same_company_in_other_words(one: Stay, other: Stay) -> None:
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
    ],
)
def test_never_by_a_part_of_a_name_or_by_nothing(one: Stay, other: Stay) -> None:
    assert not same_company(one, other)
    assert not same_company(other, one)


@given(st.text(min_size=1, max_size=12), st.text(min_size=1, max_size=12))
def test_two_names_are_one_company_only_if_their_words_are_the_same(one: str, other: str) -> None:
    same = same_company(stay(one), stay(other))
    assert same == (bool(company_key(one)) and company_key(one) == company_key(other))


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ((2010, 2015), (2012, 2013), True),
        ((2010, 2015), (2014, 2020), True),
        ((2010, 2015), (2015, 2020), True),
        ((2010, 2015), (2016, 2020), False),
        ((2016, 2020), (2010, 2015), False),
        ((2010, None), (2020, 2021), True),
        ((2022, None), (2020, 2021), False),
        ((None, 2015), (2012, 2013), False),
        ((2010, 2015), (None, None), False),
        ((None, None), (None, None), False),
    ],
)
def test_overlapping_years(ours: Any, theirs: Any, expected: bool) -> None:
    assert overlaps(stay("A", years=ours), stay("A", years=theirs)) is expected
    assert overlaps(stay("A", years=theirs), stay("A", years=ours)) is expected


# The best connection of a lead


def worked(company: str, domain: str = "", years: Any = (None, None), name: str = "Alex", **member: Any) -> None:
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


@pytest.mark.django_db
def test_nobody_of_us_is_no_connection() -> None:
    worked("Acme")
    KnownContact.objects.create(member=TeamMemberFactory(), name="x", email="x@x.test", linkedin_key="in/x")
    assert best_connection(acme_lead(past_employers=[past("Artemis")])) is None
    assert best_connection(LeadFactory(company=None, no_address=True, email=None, linkedin_key=None)) is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("ours", "theirs", "kind", "sentence"),
    [
        ((2010, 2015), (2012, 2014), "overlap", "Alex on our team was at Acme when you were there."),
        ((2010, 2015), (2018, 2020), "employer", "Alex on our team also worked at Acme."),
        ((None, None), (2018, 2020), "employer", "Alex on our team also worked at Acme."),
    ],
)
def test_a_shared_past_employer(ours: Any, theirs: Any, kind: str, sentence: str) -> None:
    worked("Acme", years=ours)
    found = best_connection(acme_lead(past_employers=[past("ACME, Inc.", years=theirs)]))
    assert found == {"kind": kind, "member": "Alex", "company": "Acme", "sentence": sentence}


@pytest.mark.django_db
def test_our_past_employer_is_where_they_work_now() -> None:
    worked("Northline Inc", "www.northline.test")
    assert best_connection(acme_lead()) == {
        "kind": "employer_now",
        "member": "Alex",
        "company": "Northline Inc",
        "sentence": "Alex on our team used to work at Northline Inc.",
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    "known", [{"email": "Dana@Acme.test"}, {"linkedin_key": "in/dana"}, {"linkedin_key": "in/Dana"}]
)
def test_somebody_whom_one_of_us_knows(known: dict[str, str]) -> None:
    KnownContact.objects.create(member=TeamMemberFactory(name="Alex"), name="Dana", **known)
    assert best_connection(LeadFactory(email="dana@acme.test", linkedin_key="in/dana")) == {
        "kind": "known",
        "member": "Alex",
        "company": "",
        "sentence": "Alex on our team knows you.",
    }


@pytest.mark.django_db
def test_a_contact_without_address_and_linkedin_is_not_everybody_without_them() -> None:
    KnownContact.objects.create(member=TeamMemberFactory(), name="Dana")
    assert best_connection(LeadFactory(email=None, linkedin_key=None)) is None


@pytest.mark.django_db
def test_the_strongest_connection_wins_and_among_equals_the_name() -> None:
    lead = acme_lead(past_employers=[past("Acme", years=(2012, 2014))], email="dana@x.test", linkedin_key=None)
    worked("Northline", "northline.test", name="Zoe")
    worked("Northline", "northline.test", name="Bea")
    assert (best_connection(lead)["kind"], best_connection(lead)["member"]) == ("employer_now", "Bea")
    worked("Acme", name="Zed")
    assert best_connection(lead)["kind"] == "employer"
    worked("Acme", name="Yan", years=(2010, 2013))
    assert best_connection(lead)["kind"] == "overlap"
    KnownContact.objects.create(member=TeamMemberFactory(name="Zoe2"), name="Dana", email="dana@x.test")
    assert best_connection(lead)["member"] == "Zoe2"


@pytest.mark.django_db
def test_somebody_who_left_the_team_is_no_connection() -> None:
    worked("Northline", "northline.test", active=False)
    KnownContact.objects.create(member=TeamMemberFactory(active=False), name="Dana", email="dana@x.test")
    assert best_connection(acme_lead(email="dana@x.test")) is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "key"),
    [("https://www.linkedin.com/in/Dana/", "in/dana"), ("in/Dana", "in/dana"), ("linkedin.com/in/dana", "in/dana")],
)
def test_a_typed_contact_is_stored_as_it_is_compared(typed: str, key: str) -> None:
    contact = KnownContact(member=TeamMemberFactory(), name="Dana", linkedin_key=typed, email="Dana@Acme.test")
    contact.full_clean()
    assert (contact.linkedin_key, contact.email) == (key, "dana@acme.test")


@pytest.mark.django_db
def test_a_typed_contact_that_could_never_match_is_refused() -> None:
    with pytest.raises(ValidationError, match="no LinkedIn address"):
        KnownContact(member=TeamMemberFactory(), name="Dana", linkedin_key="dana").full_clean()
