"""One lead for each person and one company for each registrable domain, whatever order things
arrive in.
"""

import itertools
from typing import Any

import pytest

from leads.models import Company, Enrichment, Lead, Suppression, Visit
from tests.factories import LeadFactory, TeamMemberFactory
from tests.fakes import rb2b
from tests.leads.conftest import arrive, arrived

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
    [
        ("OH", "OH", "US"),
        ("ohio", "OH", "US"),
        ("Bavaria", "Bavaria", "DE"),
        ("Atlantis", "Atlantis", ""),
    ],
)
def test_a_state_sets_the_country(state: str, stored: str, country: str) -> None:
    lead = arrived(visit(BOTH, State=state))
    assert (lead.state, lead.country) == (stored, country)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("first", "then", "country"),
    [
        ({"State": "OH"}, {"State": "", "Country": "Germany"}, "DE"),
        ({"State": "", "Country": "Germany"}, {"State": "OH"}, "DE"),
        ({"State": ""}, {"State": "OH"}, "US"),
    ],
)
def test_a_later_visit_from_another_country_is_believed(
    first: dict[str, str], then: dict[str, str], country: str
) -> None:
    lead = arrived(visit(BOTH, **first))
    arrived(visit(BOTH, **then))
    lead.refresh_from_db()
    assert lead.country == country


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
