"""Rows in named states. `message(status="held")` has gone through the real work wherever that is
cheap.
"""

from datetime import timedelta
from typing import Any

import factory
from django.utils import timezone

from leads.models import (
    Assessment,
    Company,
    Kind,
    KnownContact,
    Lead,
    TeamMember,
    Visit,
    field_source,
)
from outreach.choices import Status
from outreach.drafting import drafts
from outreach.models import EmailEvent, Meeting, Message, Opportunity, Reply, ReplyText, SyncCursor


def rb2b_sources(*fields: str) -> dict[str, dict[str, str]]:
    return {field: field_source("rb2b") for field in fields}


class TeamMemberFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = TeamMember

    name = factory.Sequence(lambda n: f"Member {n}")
    title = "Partner"
    email = factory.Sequence(lambda n: f"member{n}@ours.example.com")

    class Params:
        default_sender = factory.Trait(name="Alex Moreno", is_default_sender=True, notice_order=1)


def known_contact(name: str = "Priya Raman", **fields: Any) -> KnownContact:
    """Somebody whom one of us knows, stored as the admin and the import do."""
    member = fields.pop("member", None) or TeamMemberFactory(name="Alex")
    contact = KnownContact(member=member, name=name, **fields)
    contact.full_clean()
    contact.save()
    return contact


class CompanyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Company

    name = factory.Sequence(lambda n: f"Northline Freight {n}")
    name_key = factory.LazyAttribute(lambda c: c.name.lower())
    domain = factory.Sequence(lambda n: f"northline-{n}.test")
    industry = "Logistics & Supply Chain"
    employees = "200-500"
    employees_from = 200
    sources = factory.LazyFunction(
        lambda: rb2b_sources("name", "industry", "employees", "technologies", "open_roles")
    )


class LeadFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Lead

    first_name = "Dana"
    last_name = factory.Sequence(lambda n: f"Whitfield{n}")
    title = "VP Sales"
    company = factory.SubFactory(CompanyFactory)
    email = factory.LazyAttribute(lambda o: f"dana.{o.last_name.lower()}@{o.company.domain}")
    linkedin_key = factory.LazyAttribute(lambda o: f"in/dana-{o.last_name.lower()}")
    address = Lead.Address.USABLE
    state = "OH"
    country = "US"
    sources = factory.LazyFunction(
        lambda: rb2b_sources("first_name", "last_name", "title", "email", "state")
    )

    class Params:
        example = factory.Trait(kind=Kind.EXAMPLE)
        test = factory.Trait(kind=Kind.TEST)
        no_address = factory.Trait(email=None, address=Lead.Address.NONE)


class VisitFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Visit

    event_key = factory.Sequence(lambda n: f"visit-{n}")
    lead = factory.SubFactory(LeadFactory)
    company = factory.LazyAttribute(lambda v: v.lead.company if v.lead else None)
    path = "/pricing"
    seen_at = factory.LazyFunction(timezone.now)


class AssessmentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Assessment

    lead = factory.SubFactory(LeadFactory)
    rules_version = "test"
    intent = 78
    reasons = factory.LazyFunction(
        lambda: [
            {"code": "page", "points": 50, "text": "Pricing"},
            {"code": "fit", "points": 28, "text": "Fit"},
        ]
    )
    icp = 95
    tier = "tier_1"
    angle = "high_intent"
    topic = "what we build"

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Assessment:
        made: Assessment = super()._create(model_class, *args, **kwargs)
        Lead.rows.filter(pk=made.lead_id).update(draft_due_at=timezone.now())
        return made


def draft_email(lead: Lead | None = None, **assessment: Any) -> Message:
    """An email in `draft`, as reading an assessment makes it."""
    lead = lead or LeadFactory()
    made = AssessmentFactory(lead=lead, **assessment)
    return Message.objects.create(
        lead=lead, assessment=made, kind=lead.kind, to_address=lead.email or ""
    )


def held_email(lead: Lead | None = None, **assessment: Any) -> Message:
    """An email in `held`, written and guarded by the real drafting."""
    message = drafts.write_draft(draft_email(lead, **assessment))
    assert message.status == Status.HELD, message.error
    return message


def cleared_email(lead: Lead | None = None, **assessment: Any) -> Message:
    """An email approved by nobody in particular whose time to undo is over."""
    from outreach.review import review_actions

    message = held_email(lead, **assessment)
    message = review_actions.approve_email(message, message.version, by=None)
    Message.objects.filter(pk=message.pk).update(not_before=timezone.now() - timedelta(seconds=1))
    message.refresh_from_db()
    return message


def create_feedback(message: Message) -> Reply:
    """One of everything that can come back of an email; the answer."""
    now = timezone.now()
    EmailEvent.objects.create(
        key=f"{message.pk}:delivered", message=message, kind="delivered", source="poll", at=now
    )
    Meeting.objects.create(
        ghl_id=f"apt_{message.pk}",
        lead=message.lead,
        status="confirmed",
        booked_at=now,
        starts_at=now,
        changed_at=now,
    )
    Opportunity.objects.create(
        ghl_id=f"opp_{message.pk}", lead=message.lead, status="open", opened_at=now, changed_at=now
    )
    SyncCursor.objects.get_or_create(name="emails")
    reply = Reply.objects.create(
        ghl_message_id=f"eml_{message.pk}",
        lead=message.lead,
        message=message,
        received_at=now,
        source="poll",
        sorted_as="positive",
    )
    ReplyText.objects.create(
        reply=reply, body="Sounds good.", said="Sounds good.", decided_by=["Sounds good"]
    )
    return reply


def create_many_held(count: int, first: int = 0, bands: tuple[str, ...] = ("low",)) -> None:
    """`count` held emails, in bulk, for measuring lists; their texts are short.

    They are numbered from `first` on, and take turns with the bands.
    """
    from outreach.models import MessageText

    now = timezone.now()
    companies = Company.objects.bulk_create(
        Company(name=f"Bulk {n}", name_key=f"bulk {n}", domain=f"bulk-{n}.test")
        for n in range(first, first + count)
    )
    leads = Lead.objects.bulk_create(
        Lead(
            first_name="Bulk",
            last_name=str(n),
            email=f"p{n}@bulk-{n}.test",
            company=c,
            address="usable",
        )
        for n, c in enumerate(companies, first)
    )
    messages = Message.objects.bulk_create(
        Message(
            lead=lead,
            status="held",
            version=1,
            to_address=lead.email,
            domain=f"bulk-{n}.test",
            band=bands[n % len(bands)],
            rank=n % 3,
            held_at=now,
            due_at=now + timedelta(minutes=n),
            tier="tier_3",
            intent=10,
            expires_at=now + timedelta(days=7),
        )
        for n, lead in enumerate(leads, first)
    )
    MessageText.objects.bulk_create(
        MessageText(message=m, version=1, subject="S", body="B", footer="F", sha256=f"{m.pk:064d}")
        for m in messages
    )
