"""Six invented visitors and one team member for a new installation.

Example visitors go the way of every visitor, but are undeliverable by type and counted for nothing.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from leads.inbound import events
from leads.models import InboundEvent, Kind, KnownContact, PastEmployer, TeamMember

EXAMPLE_SITE = "https://www.oursite.example"


@dataclass(frozen=True)
class ExampleVisitor:
    first: str
    last: str
    title: str
    company: str
    domain: str  # ends in .example, which belongs to nobody (RFC 2606)
    industry: str
    employees: str
    city: str
    state: str
    page: str
    hours_ago: int


EXAMPLE_VISITORS = (
    ExampleVisitor(
        "Dana", "Whitfield", "VP Sales", "Northline Freight", "northline-freight.example",
        "Logistics & Supply Chain", "201-500", "Columbus", "OH", "/pricing", 1,
    ),
    ExampleVisitor(
        "Marcus", "Oyelaran", "Chief Operating Officer", "Harbor Analytics",
        "harbor-analytics.example", "Software", "51-200", "Boston", "MA", "/book-a-call", 3,
    ),
    ExampleVisitor(
        "Priya", "Raman", "Director of Operations", "Cinder Robotics", "cinder-robotics.example",
        "Industrial Automation", "51-200", "Denver", "CO", "/case-studies/field-service", 20,
    ),
    ExampleVisitor(
        "Tomas", "Novak", "Head of Revenue Operations", "Summit Parcel", "summit-parcel.example",
        "Logistics", "1,001-5,000", "Atlanta", "GA", "/services", 5,
    ),
    ExampleVisitor(
        "Ines", "Duarte", "Marketing Manager", "Maple Ledger", "maple-ledger.example",
        "Accounting", "11-50", "Portland", "OR", "/blog/where-to-start-with-ai", 26,
    ),
    ExampleVisitor(
        "Kofi", "Mensah", "Founder", "Brightwater Staffing", "brightwater-staffing.example",
        "Staffing and Recruiting", "11-50", "Austin", "TX", "/resources/ai-readiness-checklist", 8,
    ),
)  # fmt: skip
CURL_VISITOR = ExampleVisitor(
    "Leila", "Haddad", "VP Revenue Operations", "Quarry Insurance", "quarry-insurance.example",
    "Insurance", "201-500", "Chicago", "IL", "/pricing", 0,
)  # fmt: skip


def load_examples() -> int:
    """Store the visitors and a team, where there is neither yet; returns how many visitors."""
    with transaction.atomic():
        _load_team()
    if InboundEvent.objects.exists():
        return 0
    for body in visitor_bodies():
        events.store_event("rb2b", json.dumps(body).encode(), kind=Kind.EXAMPLE)
    return len(EXAMPLE_VISITORS)


def visitor_bodies() -> list[dict[str, Any]]:
    return [_visitor_body(visitor) for visitor in EXAMPLE_VISITORS]


def curl_visitor() -> dict[str, Any]:
    return _visitor_body(CURL_VISITOR)


def _visitor_body(visitor: ExampleVisitor) -> dict[str, Any]:
    seen_at = timezone.now() - timedelta(hours=visitor.hours_ago)
    profile = f"https://www.linkedin.com/in/{visitor.first}-{visitor.last}-example"
    return {
        "LinkedIn URL": profile.lower(),
        "First Name": visitor.first,
        "Last Name": visitor.last,
        "Title": visitor.title,
        "Company Name": visitor.company,
        "Business Email": f"{visitor.first}.{visitor.last}@{visitor.domain}".lower(),
        "Website": f"https://{visitor.domain}",
        "Industry": visitor.industry,
        "Employee Count": visitor.employees,
        "City": visitor.city,
        "State": visitor.state,
        "Seen At": seen_at.isoformat(timespec="seconds"),
        "Captured URL": f"{EXAMPLE_SITE}{visitor.page}",
    }


def _load_team() -> None:
    """Alex signs, once worked at Summit Parcel, and knows Priya."""
    if TeamMember.objects.exists():
        return
    alex = TeamMember.objects.create(
        name="Alex Moreno",
        title="Partner",
        email="alex@ours.example",
        is_default_sender=True,
        notice_order=1,
    )
    PastEmployer.objects.create(
        member=alex,
        company_name="Summit Parcel",
        domain="summit-parcel.example",
        from_year=2016,
        to_year=2019,
    )
    priya = KnownContact(
        member=alex,
        name="Priya Raman",
        company_name="Cinder Robotics",
        domain="cinder-robotics.example",
        linkedin_key="in/priya-raman-example",
    )
    priya.normalise()
    priya.save()
