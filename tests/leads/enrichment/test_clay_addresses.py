"""Addresses that Clay finds, and the forms in which it sends values."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.enrichment import clay_answers
from leads.integrations import clay as vendor
from leads.models import Suppression
from leads.suppression import suppression
from tests.factories import LeadFactory
from tests.fakes import rb2b
from tests.fakes.clay import FakeClay, enriched
from tests.leads.conftest import arrived
from tests.leads.enrichment.asking import asked

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("had", "found", "has", "usable"),
    [
        (None, "dana@acme.test", "dana@acme.test", True),
        ("dana@gmail.com", "Dana@Acme.test", "dana@acme.test", True),
        ("info@acme.test", "dana@acme.test", "dana@acme.test", True),
        ("dana@gmail.com", "info@acme.test", "dana@gmail.com", False),
        ("dana@gmail.com", "dana@yahoo.com", "dana@gmail.com", False),
        ("dana@gmail.com", "dana@mailinator.com", "dana@gmail.com", False),
        ("dana@gmail.com", "taken@acme.test", "dana@gmail.com", False),
        ("dana@gmail.com", "not an address", "dana@gmail.com", False),
        ("dana@old.test", "dana@acme.test", "dana@old.test", True),
        (None, "dana@gmail.com", "dana@gmail.com", False),
    ],
)
def test_business_address_replaces_missing_or_unusable_one(
    clay: FakeClay, had: str | None, found: str, has: str, usable: bool
) -> None:
    LeadFactory(email="taken@acme.test")
    state = "usable" if had == "dana@old.test" else "no_address"
    lead, row = asked(
        clay, email=had, address=state, personal_email=had if had == "dana@gmail.com" else ""
    )
    clay_answers.record_answer(row.request_id, {"work_email": found, "email_verified": True})
    lead.refresh_from_db()
    assert (lead.email, lead.address == "usable") == (has, usable)
    assert lead.email_verified is (lead.email != had)
    assert lead.personal_email == ("dana@gmail.com" if "dana@gmail.com" in (had, has) else "")


def test_unverified_new_address_does_not_inherit_verification(clay: FakeClay) -> None:
    lead, row = asked(clay, email="dana@gmail.com", email_verified=True, address="no_address")
    clay_answers.record_answer(
        row.request_id, {"work_email": "dana@acme.test", "email_verified": "unknown"}
    )
    lead.refresh_from_db()
    assert (lead.email, lead.email_verified, lead.address) == ("dana@acme.test", False, "usable")


@pytest.mark.parametrize(
    "said",
    [
        {"email_status": "invalid"},
        {"email_verified": True, "email_status": "Invalid"},
        {"email_verified": "invalid"},
        {"email_verified": "true", "email_status": "❌ Invalid"},
        {"email_status": "Invalid (mailbox not found)"},
        {"email_status": "spam_trap"},
        {"email_status": "do-not-mail"},
        {"email_status": "❌"},
    ],
)
def test_nonexistent_address_is_not_taken(clay: FakeClay, said: dict[str, Any]) -> None:
    lead, row = asked(clay, no_address=True)
    clay_answers.record_answer(row.request_id, {"work_email": "dana@acme.test", **said})
    lead.refresh_from_db()
    row.refresh_from_db()
    assert (lead.email, lead.address, row.gained) == (None, "no_address", [])
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("says_which", [True, False])
def test_our_nonexistent_address_becomes_unusable_without_suppression(
    clay: FakeClay, says_which: bool
) -> None:
    lead, row = asked(clay, email="dana@acme.test", email_verified=True)
    named = {"work_email": "dana@acme.test"} if says_which else {}
    clay_answers.record_answer(row.request_id, {**named, "email_status": "invalid"})
    lead.refresh_from_db()
    row.refresh_from_db()
    assert (lead.address, lead.email_verified, "email_verified" in lead.sources) == (
        "no_address",
        False,
        True,
    )
    assert (suppression.find_stop("dana@acme.test", lead).reason, Suppression.objects.exists()) == (
        "invalid",
        False,
    )
    arrived(rb2b.person({"Business Email": "dana@acme.test", "LinkedIn URL": None}))
    lead.refresh_from_db()
    assert lead.address == "no_address"  # another visit does not make the mailbox exist


@pytest.mark.parametrize("found", ["dana@acme.test", "d.okafor@acme.test"])
def test_later_answer_replaces_nonexistent_address(clay: FakeClay, found: str) -> None:
    lead, row = asked(clay, email="dana@acme.test")
    clay_answers.record_answer(row.request_id, {"email_status": "invalid"})
    clay_answers.record_answer(row.request_id, {"work_email": found, "email_verified": True})
    lead.refresh_from_db()
    assert (lead.email, lead.address, lead.email_verified) == (found, "usable", True)
    assert suppression.find_stop(found, lead) is None


@pytest.mark.parametrize(
    ("body", "verified"),
    [
        ({"email_verified": True}, True),
        ({"email_verified": "true"}, True),
        ({"email_verified": "Valid"}, True),
        ({"email_verified": 1}, True),
        ({"email_status": "valid"}, True),
        ({"email_verified": None, "email_status": "valid"}, True),
        ({"email_verified": False, "email_status": "valid"}, False),
        ({"email_verified": "false"}, False),
        ({"email_verified": "false", "email_status": "valid"}, False),
        ({"email_verified": "N/A", "email_status": "valid"}, True),
        ({"email_verified": None, "email_status": "Valid"}, True),
        ({"email_status": "✅ Valid"}, True),
        ({"email_status": "catch-all"}, False),
        ({"email_verified": "true", "email_status": "Valid (catch-all)"}, False),
        ({"email_status": "failed"}, False),
        ({}, False),
    ],
)
def test_verified_is_said_in_several_ways(body: dict[str, Any], verified: bool) -> None:
    assert vendor.parse_answer(body).email_verified is verified


@pytest.mark.parametrize(
    ("body", "field", "value"),
    [
        ({"job_title": "N/A", "title": "CEO"}, "title", "CEO"),
        ({"company_size": "51-200"}, "employees", "51-200"),
        ({"employee_count": 312.0}, "employees", "312"),
        ({"employee_count": 10**400}, "employees", "1" + "0" * 199),
        ({"employee_count": float("inf")}, "employees", ""),
        ({"employee_count": True}, "employees", ""),
        ({"tech_stack": "HubSpot, Snowflake,, N/A"}, "technologies", ["HubSpot", "Snowflake"]),
        ({"technologies": None, "tech_stack": ["A"]}, "technologies", ["A"]),
        ({"technologies": {"a": 1}}, "technologies", []),
        ({"technologies": ["A\x00\ud800", 7, None]}, "technologies", ["A"]),
        ({"open_roles": "4"}, "open_roles", 4),
        ({"open_roles": "²"}, "open_roles", None),
        ({"open_roles": "", "hiring": 2}, "open_roles", 2),
        ({"open_roles": "N/A", "hiring": 2}, "open_roles", 2),
        ({"open_roles": "several", "hiring": 2}, "open_roles", 2),
        ({"open_roles": 0, "hiring": 2}, "open_roles", 0),
        ({"technologies": "N/A", "tech_stack": ["A"]}, "technologies", ["A"]),
        ({"technologies": [], "tech_stack": "A"}, "technologies", ["A"]),
        ({"past_employers": "❌ failed", "work_history": ["Acme"]}, "past_employers",
         [{"name": "Acme", "domain": "", "from_year": None, "to_year": None}]),
        ({"work_email": "pending", "email": "dana@acme.test"}, "email", "dana@acme.test"),
        ({"country": "United States", "country_code": "US"}, "country", "US"),
        ({"country": "Germany"}, "country", "DE"),
        ({"open_roles": -1}, "open_roles", None),
        ({"open_roles": float("nan")}, "open_roles", None),
        ({"hiring": True}, "open_roles", None),
        ({"work_email": "A" * 300 + "@acme.test"}, "email", "a" * 300 + "@acme.test"),
        ({"work_email": "none"}, "email", ""),
        ({"first_name": ["Dana"]}, "first_name", ""),
        ({"title": "Error: timed out"}, "title", ""),
        ({"title": "⚠️ Run condition not met"}, "title", ""),
        ({"past_employers": ["Acme", None, {"company": "Beta", "from_year": "2019"}, {"x": 1}]},
        "past_employers",
         [{"name": "Acme", "domain": "", "from_year": None, "to_year": None},
          {"name": "Beta", "domain": "", "from_year": 2019, "to_year": None}]),
    ],
)  # fmt: skip
def test_values_are_read_in_every_known_form(body: dict[str, Any], field: str, value: Any) -> None:
    assert getattr(vendor.parse_answer(body), field) == value


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "from_year", "x"]), inner)
    ),
    max_leaves=10,
)


COLUMNS = [
    *enriched({}),
    "past_employers",
    "work_history",
    "country",
    "tech_stack",
    "hiring",
    "email",
    "website",
]


@given(st.dictionaries(st.sampled_from(COLUMNS), ANY, max_size=10))
def test_any_body_parses_to_storable_values(body: dict[str, Any]) -> None:
    answer = vendor.parse_answer(body)
    texts = [v for v in vars(answer).values() if isinstance(v, str)] + answer.technologies
    texts += [past["name"] + past["domain"] for past in answer.past_employers]
    for text in texts:
        assert "\x00" not in text.encode().decode()
    assert answer.open_roles is None or 0 <= answer.open_roles < 1_000_000
