"""Whichever order visits, company-only visits, repeats and Clay's answers come in, in the end the
same is known.

Every body says a part of one truth, in some spelling. Of two different values the one known first
stands: that alone an order may decide, so nothing here says two different values.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from leads.enrichment import enrichment_requests
from leads.inbound import events
from leads.models import Company, Enrichment, InboundEvent, Lead, Merge, Visit
from leads.scoring import assess
from tests.fakes import rb2b

pytestmark = pytest.mark.django_db

ADDRESSES = st.sampled_from(
    ["dana@northline.test", "Dana@Northline.TEST", " <dana@northline.test>"]
)
PROFILES = st.sampled_from(
    [
        "https://www.linkedin.com/in/dana",
        "http://linkedin.com/in/Dana/",
        "https://de.linkedin.com/in/dana?utm_source=x",
    ]
)
SITES = st.sampled_from(
    ["https://www.northline.test", "northline.test/about", "http://shop.northline.test"]
)
COMPANY = "Northline, Inc."
FACTS = {
    "First Name": "Dana", "Last Name": "Okafor", "Title": "VP Sales", "City": "Columbus",
    "State": "OH",
    "Industry": "Logistics", "Employee Count": "200-500", "Estimate Revenue": "$48M rev",
}  # fmt: skip
OF_THE_COMPANY = ("Industry", "Employee Count", "Estimate Revenue")
ANSWERS = {
    "work_email": "dana@northline.test", "email_verified": True,
    "linkedin_url": "https://www.linkedin.com/in/dana",
    "first_name": "Dana", "last_name": "Okafor", "job_title": "VP Sales", "company_name": COMPANY,
    "company_domain": "northline.test", "industry": "Logistics", "employee_count": "200-500",
    "open_roles": 4,
    "technologies": ["HubSpot"], "past_employers": ["Acme"], "country": "US",
}  # fmt: skip
JUNK = st.sampled_from([None, "", "N/A", "null"])
START = timezone.now().replace(second=0, microsecond=0)
KINDS = (
    *["person"] * 3,
    "colleague",
    *["company"] * 2,
    *["answer"] * 2,
    "again",
    "patience",
    *["score"] * 2,
)


@dataclass(frozen=True)
class Step:
    """Something that comes in; `about` is the number of the step that it repeats, or whose question
    it answers.
    """

    kind: str
    number: int
    said: dict[str, Any]
    about: int = 0


@st.composite
def steps(draw: st.DrawFn) -> list[Step]:
    """At least one body names the company by both site and name; else nothing says that they are
    one.
    """
    kinds = ["person", *draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=5))]
    found = [
        Step(kind, n, _said(draw, kind), draw(st.integers(0, 5))) for n, kind in enumerate(kinds)
    ]
    found[0].said.update({"Website": draw(SITES), "Company Name": COMPANY})
    return found


def _said(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    if kind == "answer":
        return {name: draw(st.one_of(st.just(value), JUNK)) for name, value in ANSWERS.items()}
    who: dict[str, Any] = dict.fromkeys(
        [*FACTS, "LinkedIn URL", "Business Email", "Website", "Company Name"]
    )
    if kind == "company":
        site, name = draw(st.sampled_from([(True, False), (False, True), (True, True)]))
        facts = {name: FACTS[name] for name in OF_THE_COMPANY}
        who["LinkedIn URL"] = draw(
            st.sampled_from([None, "https://www.linkedin.com/company/northline"])
        )
    else:
        address, profile = draw(st.sampled_from([(True, False), (False, True), (True, True)]))
        site, name, facts = draw(st.booleans()), draw(st.booleans()), FACTS
        who |= {"Business Email": draw(ADDRESSES) if address else None}
        who |= {"LinkedIn URL": draw(PROFILES) if profile else None}
    who |= {fact: draw(st.one_of(st.just(value), JUNK)) for fact, value in facts.items()}
    if kind == "person":
        who["First Name"] = FACTS["First Name"]
    if kind == "colleague":
        who |= {
            "First Name": "Ben",
            "Last Name": None,
            "Business Email": "ben@northline.test",
            "LinkedIn URL": None,
        }
    return {
        **who,
        "Website": draw(SITES) if site else None,
        "Company Name": COMPANY if name else None,
    }


def body(step: Step) -> bytes:
    at = START - timedelta(hours=step.number + 1)
    page = {
        "Captured URL": f"https://oursite.test/pricing?n={step.number}",
        "Seen At": at.isoformat(),
    }
    return rb2b.to_body({**step.said, **page})


def take(order: tuple[Step, ...], steps: list[Step]) -> None:
    """One after the other; what is about something that is not there yet comes once it is."""
    waiting = list(order)
    while waiting:
        left = [step for step in waiting if not _taken(step, steps)]
        if len(left) == len(waiting):
            return  # an answer to a question that nobody asked
        waiting = left


def _taken(step: Step, steps: list[Step]) -> bool:
    if step.kind in ("patience", "score"):
        go_on(score=step.kind == "score")
    elif step.kind in ("person", "colleague", "company"):
        events.store_event("rb2b", body(step))
    else:
        about = steps[step.about % len(steps)]
        row = (
            InboundEvent.objects.filter(body=body(about)).first()
            if about.kind == "person"
            else None
        )
        if row is None:
            return about.kind != "person"
        if step.kind == "again":
            events.store_event(
                "rb2b", json.dumps({"payload": json.loads(bytes(row.body))}).encode()
            )
        else:
            asked = Enrichment.objects.filter(lead=row.visit.lead.pk).order_by("pk").first()
            events.store_event(
                "clay", json.dumps({**step.said, "request_id": asked.request_id}).encode()
            )
    events.process_due()
    return True


def go_on(*, score: bool) -> None:
    """Clay was asked and did not answer in time; then, with `score`, whoever is due is scored."""
    Enrichment.objects.filter(state="due").update(state="requested", requested_at=timezone.now())
    enrichment_requests.settle_overdue(timezone.now() + timedelta(minutes=1))
    while score and assess.assess_due():
        pass


def known() -> dict[str, Any]:
    """Everything that is known, without ids and times of ours."""
    go_on(score=True)
    assert not InboundEvent.objects.exclude(state="processed").exists(), (
        InboundEvent.objects.values("state", "reason")
    )
    people = (
        "email", "email_verified", "email_invalid", "personal_email", "address", "linkedin_key",
        "first_name",
        "last_name", "title", "city", "state", "country", "past_employers", "kind", "score",
        "tier", "error",
        "company__name_key", "company__domain",
    )  # fmt: skip
    firms = (
        "domain", "name", "name_key", "industry", "employees", "employees_from", "revenue",
        "linkedin_url", "city",
        "state", "technologies", "open_roles", "kind",
    )  # fmt: skip
    visits = (
        "event_key",
        "path",
        "seen_at",
        "lead__linkedin_key",
        "lead__email",
        "company__name_key",
        "company__domain",
    )
    newest = [lead.assessments.first() for lead in Lead.objects.all()]
    return {
        "people": _sorted(Lead.objects.values(*people)),
        "companies": _sorted(Company.objects.values(*firms)),
        "visits": _sorted(Visit.objects.values(*visits)),
        "why": _sorted(
            {"reasons": one.reasons, "icp": one.icp_reasons, "angle": one.angle}
            for one in newest
            if one
        ),
        "merges": Merge.objects.exclude(state="merged").count(),
        "open": Enrichment.objects.exclude(state="settled").count(),
        "unscored": Lead.objects.filter(score=None).count(),
    }


def _sorted(rows: Any) -> list[dict[str, Any]]:
    return sorted((dict(row) for row in rows), key=repr)


@pytest.mark.postgres_is_enough
class AnyOrder(TestCase):
    @settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
    @given(steps(), st.data())
    def test_the_same_is_known_in_the_end(self, steps: list[Step], data: st.DataObject) -> None:
        first: dict[str, Any] = {}
        orders = [steps, *(data.draw(st.permutations(steps)) for _ in range(3))]
        for order in orders:
            with transaction.atomic():
                take(tuple(order), steps)
                now = known()
                transaction.set_rollback(True)
            first = first or now
            assert now == first
