"""Helpers of the tests beside."""

import itertools
from typing import Any

from leads.enrichment import clay_answers
from leads.models import Enrichment, Lead
from tests.factories import CompanyFactory, LeadFactory
from tests.fakes import rb2b

ADDRESS = {"Business Email": "dana@northline.test", "LinkedIn URL": None}


LINKEDIN = {"Business Email": None, "LinkedIn URL": "https://www.linkedin.com/in/dana"}


BOTH = {**ADDRESS, "LinkedIn URL": LINKEDIN["LinkedIn URL"]}


NAME = {"First Name": "Dana", "Last Name": "Okafor"}


REASON = "They told me on the phone."


_pages = itertools.count(1)


def visit(who: dict[str, Any], **more: Any) -> dict[str, Any]:
    page = {"Captured URL": f"https://oursite.test/{next(_pages)}"}
    return rb2b.person(
        {
            **who,
            "Website": "https://northline.test",
            "Company Name": "Northline",
            **NAME,
            **page,
            **more,
        }
    )


def pair(**other: Any) -> tuple[Lead, Lead]:
    """Somebody known by an address and the same by a LinkedIn profile, as two leads."""
    company = CompanyFactory()
    one = LeadFactory(company=company, linkedin_key=None, last_name="Okafor", first_name="Dana")
    named = {
        "first_name": "Dana",
        "last_name": "Okafor",
        "linkedin_key": "in/dana",
        "no_address": True,
    }
    return one, LeadFactory(company=company, **{**named, **other})


def is_due(lead: Lead) -> bool:
    return Lead.rows.get(pk=lead.pk).needs_assessment_at is not None


def answered(lead: Lead, **body: Any) -> None:
    row = Enrichment.objects.create(lead=lead)
    clay_answers.record_answer(row.request_id, body)
