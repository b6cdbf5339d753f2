"""Clay's answers as the field saw them: statuses and sentences are no values."""

from typing import Any

import pytest

from leads.enrichment import clay_answers
from leads.field_values.vendor_words import is_unknown
from leads.integrations import clay
from leads.models import Enrichment, Lead
from tests.factories import CompanyFactory, LeadFactory
from tests.field_cases import cases

CASES = {one["id"].split()[0]: one for one in cases("clay")}
RIGHT: dict[str, dict[str, Any]] = {
    "K01": {"title": "", "email": "dana@kite-k01.test"},
    "K02": {"title": ""},
    "K03": {"title": "", "company_name": ""},
    "K04": {"title": "", "company_name": ""},
    "K06": {"company_name": "", "industry": ""},
    "K07": {"email": "dana@kite-k07.test", "email_verified": True},
    "K09": {"email": "dana@kite-k09.test"},
    "K10": {"country": "US"},
    "K11": {"country": "GB"},
    "K13": {"country": "DE"},
    "K14": {"employees": "1K-5K employees"},
    "K16": {"email_verified": False},
    "K17": {"email_verified": False},
    "K18": {"email_verified": True},
    "K20": {"technologies": ["HubSpot", "Snowflake"]},
    "K21": {"open_roles": 3},
    "K23": {"title": "CEO"},
    "K24": {"title": "CEO"},
    "K25": {"title": "", "industry": ""},
    "K26": {"employees": "312"},
    "K27": {"title": "", "company_name": ""},
    "K29": {"title": "", "company_name": ""},
    "K30": {"title": "", "company_name": "", "industry": ""},
    "K33": {"title": "CEO"},
    "K34": {"title": "", "company_name": "", "employees": ""},
}


def test_every_case_of_the_field_has_its_right_value_here() -> None:
    assert CASES.keys() == RIGHT.keys()


@pytest.mark.parametrize("name", RIGHT)
def test_an_answer_of_the_field_is_read_right(name: str) -> None:
    answer = clay.parse_answer(CASES[name]["body"])
    assert {field: getattr(answer, field) for field in RIGHT[name]} == RIGHT[name]


@pytest.mark.parametrize(
    "text",
    [
        "No data", "no work email found", "No matches", "Not provided", "not_found", "N.A.", "#N/A",
        "Could not find a title", "Couldn’t find it", "Unable to determine", "Cannot be determined",
        "HTTP 500", "Status code: 429", "Request failed", "Rate limit exceeded", "Timed out",
        "Insufficient credits", "Information not available", "None found", "Click to run",
        "✅ No results", "I was not able to find the title.", "Based on LinkedIn, she is CEO.",
        "Unfortunately, no title is listed.", "As an AI, I cannot know.", "There is no such person",
        "The company appears to be in logistics.", "It seems to be a bakery.",
    ],
)  # fmt: skip
def test_a_status_or_a_sentence_is_unknown(text: str) -> None:
    assert is_unknown(text)
    assert clay.parse_answer({"job_title": text}).title == ""


@pytest.mark.parametrize(
    "text",
    [
        "CEO", "Head of Sales", "Nobel Industries", "Not Your Average Bakery", "Nota Bene",
        "NoFound", "The Home Depot", "The Information Group", "Based Labs", "Noteworthy", "Canva",
        "Status Brew", "It Works", "Unable Labs",
    ],
)  # fmt: skip
def test_a_name_that_sounds_like_one_is_kept(text: str) -> None:
    assert not is_unknown(text)
    assert clay.parse_answer({"company_name": text}).company_name == text


@pytest.mark.parametrize(
    ("value", "roles"),
    [("3+", 3), ("12 open roles", 12), ("7", 7), (4, 4), ("many", None), ("1000000", None)],
)
def test_open_roles_are_counted_as_written(value: Any, roles: int | None) -> None:
    assert clay.parse_answer({"open_roles": value}).open_roles == roles


@pytest.mark.django_db
def test_who_moved_keeps_the_company_that_visited() -> None:
    company = CompanyFactory(domain="kite.test", name="Kite", name_key="kite")
    lead = LeadFactory(company=company, title="VP Sales", email="dana@kite.test")
    Enrichment.objects.create(lead=lead, request_id="enr_1")
    clay_answers.record_answer("enr_1", CASES["K23"]["body"])
    company.refresh_from_db()
    after = Lead.objects.get(pk=lead.pk)
    assert (company.name, company.domain) == ("Kite", "kite.test")
    assert (after.company, after.title) == (company, "VP Sales")
