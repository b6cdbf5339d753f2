"""Thirty made-up people, and the emails that the starting set writes to them.

`CAIO_WRITE_DRAFTS=1 pytest tests/outreach/drafting/test_thirty_drafts.py` writes
docs/thirty-drafts.md anew.
"""

import csv
from pathlib import Path
from typing import NamedTuple

from outreach.content import seller_fields
from outreach.content.roles import role_of
from outreach.models import Message, SellerVersion
from tests import factories

PAGE = Path(__file__).parents[3] / "docs" / "thirty-drafts.md"
PROOFS = """\
logistics: A freight broker in Ohio cut month-end from nine days to four.
financial: A credit union in Utah now answers loan questions the same day.
software: A 200-person software company got back six hours per rep each week.
"""
HEAD = """\
# Thirty drafts

Emails of the starting set to thirty made-up people with different roles, industries and pages, as
they wait for review. Names, companies and the three proofs (logistics, financial, software) are
invented: they show what a team would fill in under "What we sell", with a booking link. Other
industries have no proof, so that sentence is absent. Signature, postal address and unsubscribe line
follow each text and are left out here.

A test (`tests/outreach/drafting/test_thirty_drafts.py`) holds this page against what drafting
writes. It was written by running that test with CAIO_WRITE_DRAFTS=1, on a Tuesday at 10 AM ET.
"""


class Person(NamedTuple):
    """One row of the table; `page` is the topic of the page that chose the email."""

    name: str
    title: str
    company: str
    industry: str
    page: str
    angle: str
    tier: str
    state: str
    employees_from: str
    open_roles: str
    tool: str
    warm: str


THIRTY = tuple(Person(**row) for row in csv.DictReader(Path(__file__).with_suffix(".csv").open()))


def fill_in_seller() -> None:
    """What a team types under "What we sell": the starting words and three proofs."""
    seller = seller_fields.default_seller("ChiefAIOfficer")
    proofs = [vars(proof) for proof in seller_fields.parse_proofs(PROOFS)]
    more = {"proofs": proofs, "booking_url": "https://book.ours.example.com"}
    words = seller_fields.words_of_seller(seller) | more
    SellerVersion.objects.create(version=1, words=words)


def draft_for(person: Person) -> Message:
    first, _, last = person.name.partition(" ")
    domain = "".join(char for char in person.company.lower() if char.isalpha()) + ".test"
    company = factories.CompanyFactory(
        name=person.company,
        domain=domain,
        industry=person.industry,
        employees_from=int(person.employees_from),
        technologies=[person.tool] if person.tool else [],
        open_roles=int(person.open_roles) if person.open_roles else None,
    )
    lead = factories.LeadFactory(
        first_name=first, last_name=last, title=person.title, company=company, state=person.state
    )
    factories.VisitFactory(lead=lead, company=company)
    known = "Sam Reyes on our team knows you."
    worked = "Sam Reyes on our team also worked at Deloitte."
    warm = {
        "kind": person.warm, "member": "Sam Reyes",
        "company": "" if person.warm == "known" else "Deloitte",
        "sentence": known if person.warm == "known" else worked,
    } if person.warm else None  # fmt: skip
    return factories.held_email(
        lead, tier=person.tier, angle=person.angle, topic=person.page, warm=warm
    )


def as_page(drafted: list[tuple[Person, Message]]) -> str:
    parts = [HEAD]
    for number, (person, message) in enumerate(drafted, 1):
        text = message.text
        assert text is not None and message.template is not None
        about = (
            f"{person.title}, {person.company} ({person.industry or 'industry not known'}, "
            f"{person.state}). Page: {person.page or 'none that matters'}. "
            f"Role: {role_of(person.title, int(person.employees_from))}. "
            f"Template: {message.template.key}."
        )
        quoted = "\n".join(f"> {line}".rstrip() for line in text.body.splitlines())
        parts.append(f"\n## {number}. {person.name}\n\n{about}\n\n**{text.subject}**\n\n{quoted}\n")
    return "".join(parts)
