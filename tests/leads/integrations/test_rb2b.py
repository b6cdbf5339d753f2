"""One person however the body was wrapped, and a sentence for a person where there is none to
read.
"""

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest

from leads.integrations.rb2b import Visitor
from tests.fakes import rb2b
from tests.leads.integrations.rb2b_helpers import read, wrapped

NOT_IN_OLD_SHAPES = {
    "location": "",
    "other_emails": (),
    "other_urls": (),
    "past_jobs": (),
    "visitor_id": "",
}


def compared_fields(visitor: Visitor) -> dict[str, Any]:
    compared = {field.name for field in dataclasses.fields(Visitor) if field.compare}
    return {name: value for name, value in visitor.__dict__.items() if name in compared}


def test_every_field_of_a_person_is_read() -> None:
    payload = rb2b.person(
        {
            "LinkedIn URL": "https://www.linkedin.com/in/dana-okafor",
            "First Name": "Dana",
            "Last Name": "Okafor",
            "Title": "VP Sales",
            "Company Name": "Northline",
            "Business Email": "dana@northline.test",
            "Website": "https://northline.test",
            "Seen At": "2026-11-02T15:04:05.00+00:00",
        }
    )
    assert read(payload) == Visitor(
        linkedin_url="https://www.linkedin.com/in/dana-okafor",
        first_name="Dana",
        last_name="Okafor",
        title="VP Sales",
        company_name="Northline",
        email="dana@northline.test",
        website="https://northline.test",
        industry="Logistics & Supply Chain",
        employees="200-500",
        revenue="$48M rev",
        city="Columbus",
        state="OH",
        country="",
        location="",
        zipcode="04321",
        referrer="https://www.google.com/",
        url="https://oursite.test/pricing?utm_source=g",
        tags="Hot Pages, Hot Leads",
        seen_at=datetime(2026, 11, 2, 15, 4, 5, tzinfo=UTC),
        seen_at_text="2026-11-02T15:04:05.00+00:00",
        is_repeat=False,
        is_test=False,
    )
    assert read(payload).is_person


@wrapped
def test_person_is_read_from_any_wrapper(wrap: Any) -> None:
    payload = rb2b.person()
    assert read(wrap(payload)) == read(payload)


def test_flat_snake_case_body_is_read() -> None:
    payload = rb2b.snake_case()
    visitor = read(payload)
    assert visitor.is_person
    assert compared_fields(visitor) == {
        **NOT_IN_OLD_SHAPES,
        **dict.fromkeys(("website", "industry", "revenue", "city", "state", "zipcode", "tags"), ""),
        "country": "",
        "visitor_id": payload.get("visitor_id", ""),
        "linkedin_url": payload["linkedin_url"],
        "first_name": payload["first_name"],
        "last_name": payload["last_name"],
        "title": payload["title"],
        "company_name": payload["company_name"],
        "email": payload["email"],
        "employees": "312",
        "referrer": payload["referrer"],
        "url": payload["page_url"],
        "seen_at": datetime.fromisoformat(payload["timestamp"]),
        "seen_at_text": payload["timestamp"],
        "is_repeat": False,
        "is_test": False,
    }


def test_the_nested_form_of_older_receivers_is_read() -> None:
    payload = rb2b.nested_legacy()
    who, company = payload["leading_profile"], payload["company"]
    visitor = read(payload)
    assert visitor.is_person
    assert compared_fields(visitor) == {
        **NOT_IN_OLD_SHAPES,
        "visitor_id": payload["visitor_id"],
        **dict.fromkeys(("state", "zipcode", "tags"), ""),
        "country": "US",
        "linkedin_url": who["linkedinUrl"],
        "first_name": who["firstName"],
        "last_name": who["lastName"],
        "title": who["job_title"],
        "company_name": company["name"],
        "email": who["work_email"],
        "website": company["domain"],
        "industry": company["industry"],
        "employees": "312",
        "revenue": company["revenue"],
        "city": "Columbus",
        "referrer": payload["referrer"],
        "url": payload["pages"][0]["url"],
        "other_urls": tuple(page["url"] for page in payload["pages"][1:]),
        "seen_at": datetime.fromisoformat(payload["timestamp"]),
        "seen_at_text": payload["timestamp"],
        "is_repeat": False,
        "is_test": False,
    }


@pytest.mark.parametrize("order", [("person", "company"), ("company", "person")])
def test_nested_company_addresses_stay_the_companys(order: tuple[str, str]) -> None:
    parts = {
        "person": {
            "email": "dana@northline.test",
            "first_name": "Dana",
            "linkedin_url": "https://linkedin.com/in/dana",
        },
        "company": {
            "name": "Northline",
            "domain": "northline.test",
            "linkedin_url": "https://linkedin.com/company/northline",
            "url": "https://northline.test",
        },
    }
    visitor = read({name: parts[name] for name in order})
    assert visitor.is_person
    assert (visitor.linkedin_url, visitor.email) == (
        "https://linkedin.com/in/dana",
        "dana@northline.test",
    )
    assert (visitor.company_name, visitor.website, visitor.url) == (
        "Northline",
        "northline.test",
        "",
    )


def test_a_company_alone_is_no_person() -> None:
    visitor = read(rb2b.company_only())
    assert not visitor.is_person
    assert (visitor.first_name, visitor.email, visitor.is_test) == ("", "", False)
    assert visitor.company_name


@pytest.mark.parametrize(
    ("overrides", "is_person"),
    [
        ({}, True),
        ({"Business Email": None}, True),
        ({"LinkedIn URL": None}, True),
        ({"First Name": None}, True),
        ({"First Name": None, "Business Email": None}, False),
        ({"LinkedIn URL": None, "Business Email": None}, False),
        ({"LinkedIn URL": "https://www.linkedin.com/company/northline"}, False),
    ],
)
def test_who_is_a_person(overrides: dict[str, Any], is_person: bool) -> None:
    assert read(rb2b.person(overrides)).is_person is is_person


@pytest.mark.parametrize(
    ("value", "is_repeat"),
    [(True, True), ("true", True), (False, False), (None, False), ("", False)],
)
def test_a_repeat_visit_is_marked(value: Any, is_repeat: bool) -> None:
    assert read(rb2b.person(is_repeat_visit=value)).is_repeat is is_repeat


@pytest.mark.parametrize(
    ("overrides", "is_test"),
    [
        ({}, True),
        ({"Website": "retention.com"}, True),
        ({"Website": "https://www.Retention.com/about"}, True),
        ({"Website": None, "Business Email": "founder@retention.com"}, True),
        ({"Website": "https://retention.company.test", "Business Email": "a@company.test"}, False),
        ({"Website": "http://[::1", "Business Email": "a@company.test"}, False),
    ],
)
def test_rb2bs_own_test_event_is_recognised(overrides: dict[str, Any], is_test: bool) -> None:
    assert read(rb2b.test_event(**overrides)).is_test is is_test
