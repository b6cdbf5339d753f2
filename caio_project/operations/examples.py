"""What a new installation shows before its first real visitor: six invented people, and one of us who knows two.

Example visitors go the way of every visitor, but are undeliverable by type and counted for nothing.
"""

import json
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from leads.inbound import events
from leads.models import InboundEvent, Kind, KnownContact, PastEmployer, TeamMember

EXAMPLE_SITE = "https://www.oursite.example"
# Domains end in .example, which belongs to nobody (RFC 2606): name, title, company, domain, industry, employees, city,
# state, page, hours ago.
EXAMPLE_VISITORS = (
    ("Dana", "Whitfield", "VP Sales", "Northline Freight", "northline-freight.example", "Logistics & Supply Chain",
     "201-500", "Columbus", "OH", "/pricing", 1),
    ("Marcus", "Oyelaran", "Chief Operating Officer", "Harbor Analytics", "harbor-analytics.example", "Software",
     "51-200", "Boston", "MA", "/book-a-call", 3),
    ("Priya", "Raman", "Director of Operations", "Cinder Robotics", "cinder-robotics.example", "Industrial Automation",
     "51-200", "Denver", "CO", "/case-studies/field-service", 20),
    ("Tomas", "Novak", "Head of Revenue Operations", "Summit Parcel", "summit-parcel.example", "Logistics",
     "1,001-5,000", "Atlanta", "GA", "/services", 5),
    ("Ines", "Duarte", "Marketing Manager", "Maple Ledger", "maple-ledger.example", "Accounting",
     "11-50", "Portland", "OR", "/blog/where-to-start-with-ai", 26),
    ("Kofi", "Mensah", "Founder", "Brightwater Staffing", "brightwater-staffing.example", "Staffing and Recruiting",
     "11-50", "Austin", "TX", "/resources/ai-readiness-checklist", 8),
)  # fmt: skip


def load_examples() -> int:
    """Store the example visitors and a team, where there is neither yet; returns how many visitors were stored."""
    with transaction.atomic():
        _load_team()
    if InboundEvent.objects.exists():
        return 0
    for body in visitor_bodies():
        events.store_event("rb2b", json.dumps(body).encode(), kind=Kind.EXAMPLE)
    return len(EXAMPLE_VISITORS)


def visitor_bodies() -> list[dict[str, Any]]:
    """The example visitors as RB2B would post them now."""
    return [_visitor_body(*person) for person in EXAMPLE_VISITORS]


def curl_visitor() -> dict[str, Any]:
    """A seventh one, for trying the webhook by hand."""
    return _visitor_body(
        "Leila", "Haddad", "VP Revenue Operations", "Quarry Insurance", "quarry-insurance.example", "Insurance",
        "201-500", "Chicago", "IL", "/pricing", 0,
    )  # fmt: skip


def _visitor_body(
    first: str, last: str, title: str, company: str, domain: str, industry: str, employees: str, city: str, state: str,
    page: str, hours: int,
) -> dict[str, Any]:  # fmt: skip
    return {
        "LinkedIn URL": f"https://www.linkedin.com/in/{first}-{last}-example".lower(),
        "First Name": first,
        "Last Name": last,
        "Title": title,
        "Company Name": company,
        "Business Email": f"{first}.{last}@{domain}".lower(),
        "Website": f"https://{domain}",
        "Industry": industry,
        "Employee Count": employees,
        "City": city,
        "State": state,
        "Seen At": (timezone.now() - timedelta(hours=hours)).isoformat(timespec="seconds"),
        "Captured URL": f"{EXAMPLE_SITE}{page}",
    }


def _load_team() -> None:
    """Alex signs, was once at Summit Parcel, and knows Priya."""
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
