"""The merge fields that are known of a lead, each with its source."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Max
from django.utils import timezone

from leads.field_values import vendor_words
from leads.field_values.company_names import spoken_company_name
from leads.field_values.industry_words import spoken_industry
from leads.field_values.person_names import spoken_person
from leads.field_values.texts import SpokenText, cased_word, is_one_case
from leads.field_values.titles import spoken_title
from leads.identity.company_matching import employer_key
from leads.models import Assessment, Lead, TeamMember
from outreach.content import merge_fields

FRESH_VISIT = timedelta(days=14)  # an email about an older visit would puzzle its reader
_SAID = ("sentence", "first_person")  # of a connection, as an email says it
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
    company, warm, said = lead.company, _spoken_warm(assessment.warm or {}), spoken_facts(lead)
    ours = lambda name: field_source(lead.sources, name)  # noqa: E731
    theirs = lambda name: field_source(company.sources if company else {}, name)  # noqa: E731
    tool = next(
        (t for t in (company.technologies if company else []) if t.lower() in BUSINESS_TOOLS), ""
    )
    found = {
        "first_name": (said["first_name"].text, ours("first_name")),
        "last_name": (said["last_name"].text, ours("last_name")),
        "title": (said["title"].text, ours("title")),
        "city": (said["city"].text, ours("city")),
        "state": (lead.state, ours("state")),
        "company": (said["company"].text, theirs("name")),
        "industry": (said["industry"].text, theirs("industry")),
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
    """Refuse a link, several lines and a vendor's status; Null and Na are surnames."""
    return bool(_one_line(value)) and (name == "last_name" or not vendor_words.is_unknown(value))


def field_source(sources: dict[str, dict[str, str]], name: str) -> str:
    found = sources.get(name)
    if not found:
        return ""
    at = datetime.fromisoformat(found["at"])
    return f"{found['source']}, {timezone.localdate(at) if timezone.is_aware(at) else at.date()}"


def spoken_facts(lead: Lead) -> dict[str, SpokenText]:
    """What is known of the lead by merge field, as it may stand in an email."""
    company = lead.company
    person = spoken_person(_one_line(lead.first_name), _one_line(lead.last_name))
    name = _one_line(company.name) if company and employer_key(company.name) else ""
    return {
        "first_name": person.first,
        "last_name": person.last,
        "title": spoken_title(_one_line(lead.title)),
        "city": SpokenText(_spoken_place(lead.city)),
        "company": spoken_company_name(name),
        "industry": spoken_industry(_one_line(company.industry) if company else ""),
    }


def _one_line(value: str) -> str:
    return "" if len(value.splitlines()) != 1 or "://" in value else value


def left_as_written(facts: dict[str, SpokenText], text: str) -> tuple[str, ...]:
    """The facts in `text` of which nobody can tell how one says them: 'first name “JP”'."""
    return tuple(
        f"{name.replace('_', ' ')} “{said.text}”"
        for name, said in facts.items()
        if said.text
        and not said.is_sure
        and re.search(rf"(?<!\w){re.escape(said.text)}(?!\w)", text)
    )


def _spoken_place(city: str) -> str:
    return " ".join(map(cased_word, city.split())) if is_one_case(city) else city


def _spoken_warm(warm: dict[str, str]) -> dict[str, str]:
    written = warm.get("company", "")
    said = spoken_company_name(written).text or written
    if not written or said == written:
        return warm
    changed = {name: text.replace(written, said) for name, text in warm.items() if name in _SAID}
    return {**warm, **changed, "company": said}
