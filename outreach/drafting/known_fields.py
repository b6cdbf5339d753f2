"""The merge fields that are known of a lead, each with its source."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Max

from leads.field_values import vendor_words
from leads.models import Assessment, Lead, TeamMember
from outreach.content import merge_fields

FRESH_VISIT = timedelta(days=14)  # an email about an older visit would puzzle its reader
ABOUT_THE_VISIT = ("page_topic", "visit_count")
# Tools that an email may speak of; a script library on a website says nothing about their work.
BUSINESS_TOOLS = {
    "hubspot", "salesforce", "marketo", "outreach", "salesloft", "gong", "zoominfo", "snowflake",
    "netsuite", "sap", "oracle", "workday", "zendesk", "intercom", "freshdesk",
    "microsoft dynamics", "pipedrive", "zoho", "slack", "tableau", "power bi", "looker",
    "databricks", "servicenow", "jira", "asana", "monday.com", "airtable", "shopify",
}  # fmt: skip


@dataclass(frozen=True)
class LeadVisits:
    """The visits of one lead."""

    count: int = 0
    last_seen_at: datetime | None = None
    last_received_at: datetime | None = None

    def is_fresh(self, now: datetime) -> bool:
        return self.last_seen_at is not None and self.last_seen_at >= now - FRESH_VISIT


def load_visits(lead: Lead) -> LeadVisits:
    if lead.pk is None:
        return LeadVisits()
    found = lead.visits.aggregate(
        count=Count("pk"), last_seen_at=Max("seen_at"), last_received_at=Max("received_at")
    )
    return LeadVisits(**found)


def fields_of(
    lead: Lead,
    assessment: Assessment,
    sender: TeamMember | None,
    visits: LeadVisits,
    *,
    about_the_visit: bool = True,
    thread: str = "",
) -> dict[str, merge_fields.FieldValue]:
    """Return every known merge field with its source; a visit long ago is left out.

    `thread` is the subject of the email that this one follows.
    """
    company, warm = lead.company, assessment.warm or {}
    ours = lambda name: field_source(lead.sources, name)  # noqa: E731
    theirs = lambda name: field_source(company.sources if company else {}, name)  # noqa: E731
    tool = next(
        (t for t in (company.technologies if company else []) if t.lower() in BUSINESS_TOOLS), ""
    )
    found = {
        "first_name": (lead.first_name, ours("first_name")),
        "last_name": (lead.last_name, ours("last_name")),
        "title": (lead.title, ours("title")),
        "city": (lead.city, ours("city")),
        "state": (lead.state, ours("state")),
        "company": (_plain_company(company.name) if company else "", theirs("name")),
        "industry": (_in_prose(company.industry) if company else "", theirs("industry")),
        "employees": (company.employees if company else "", theirs("employees")),
        "open_roles": (str(company.open_roles or "") if company else "", theirs("open_roles")),
        "technology": (tool, theirs("technologies")),
        "page_topic": (assessment.topic, "visited page"),
        "visit_count": (str(visits.count) if visits.count > 1 else "", "visits"),
        "warm_member": (warm.get("member", ""), "team's connections"),
        "warm_company": (warm.get("company", ""), "team's connections"),
        "warm_sentence": (warm.get("sentence", ""), "team's connections"),
        "sender_name": (sender.name if sender else settings.SENDER_NAME, "settings"),
        "sender_first_name": (
            (sender.name if sender else settings.SENDER_NAME).split(" ")[0],
            "settings",
        ),
        "sender_company": (settings.SENDER_COMPANY, "settings"),
        "first_subject": (thread, "the first email"),
    }
    if not sender or warm.get("member") != sender.name:
        found["warm_colleague"] = (warm.get("member", ""), "team's connections")
    else:
        found["warm_sentence"] = (warm.get("first_person", ""), "team's connections")
    left_out = () if about_the_visit else ABOUT_THE_VISIT
    return {
        name: merge_fields.FieldValue(text, source)
        for name, (text, source) in found.items()
        if name not in left_out and _stands_in_a_sentence(name, text)
    }


def _stands_in_a_sentence(name: str, value: str) -> bool:
    """Refuse links, line breaks and a vendor's status: we would sign them.

    Null and Na are surnames.
    """
    if len(value.splitlines()) != 1 or "://" in value:
        return False
    return name == "last_name" or not vendor_words.is_unknown(value)


def field_source(sources: dict[str, dict[str, str]], name: str) -> str:
    found = sources.get(name)
    return f"{found['source']}, {found['at'][:10]}" if found else ""


def _plain_company(name: str) -> str:
    """ "Northline Freight, Inc." as one says it: "Northline Freight"."""
    plain = name.strip()
    for ending in (
        ", Inc.",
        " Inc.",
        ", Inc",
        " Inc",
        ", LLC",
        " LLC",
        ", Ltd.",
        " Ltd.",
        " Ltd",
        " Corp.",
        ", Corp.",
    ):
        plain = plain.removesuffix(ending)
    return plain


def _in_prose(industry: str) -> str:
    """ "Logistics & Supply Chain" inside a sentence: "logistics and supply chain".

    Abbreviations stay.
    """
    words = industry.replace("&", "and").split()
    return " ".join(word if word.isupper() else word.lower() for word in words)
