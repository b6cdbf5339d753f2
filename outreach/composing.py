"""What a draft says: the chosen template filled from known fields, signed, and held against the guards. Reads only."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings

from leads.models import Assessment, Lead, TeamMember
from outreach import compliance, guards, merge, policy
from outreach.models import EmailTemplate, Message

SUBJECT_COLUMN = 200  # characters; guards refuse far shorter ones
ANSWERED = "This person has answered before."
# Tools that an email may speak of; a script library on a website says nothing about their work.
BUSINESS_TOOLS = {
    "hubspot", "salesforce", "marketo", "outreach", "salesloft", "gong", "zoominfo", "snowflake", "netsuite", "sap",
    "oracle", "workday", "zendesk", "intercom", "freshdesk", "microsoft dynamics", "pipedrive", "zoho", "slack",
    "tableau", "power bi", "looker", "databricks", "servicenow", "jira", "asana", "monday.com", "airtable", "shopify",
}  # fmt: skip


class Written:
    """A composed email and everything that goes with it."""

    def __init__(self, **parts: Any):
        self.subject: str = parts["subject"]
        self.body: str = parts["body"]
        self.footer: str = parts["footer"]
        self.phrases: list[dict[str, str]] = parts["phrases"]
        self.results: list[guards.Result] = parts["results"]
        self.template: EmailTemplate | None = parts["template"]
        self.why: str = parts["why"]
        self.sender: TeamMember | None = parts["sender"]
        self.assessment: Assessment = parts["assessment"]
        self.facts: policy.Facts = parts["facts"]

    @property
    def blocked(self) -> guards.Result | None:
        return guards.first_failure(self.results)


def compose(lead: Lead, message: Message) -> Written:
    """The email to `lead` by its newest assessment, with the guards' results; nothing is stored."""
    assessment = message.assessment or lead.assessments.first()
    assert assessment is not None
    sender = sender_of(lead)
    fields = fields_of(lead, assessment, sender)
    template, why = choose(assessment)
    footer = compliance.footer(signature(sender, message.unsubscribe_token))
    subject = body = ""
    phrases: tuple[merge.Phrase, ...] = ()
    problem: guards.Result | None = None
    try:
        family = merge.title_family(lead.title)
        filled = merge.fill(template.body, fields, family)
        headed = merge.fill(template.subject, fields, family)
        subject, body = headed.text, filled.text
        phrases = tuple(dict.fromkeys([*headed.phrases, *filled.phrases]))
    except merge.MissingField as error:
        problem = guards.Result("missing_field", False, str(error), f"Add {error.field} or write the email by hand.")
    except merge.BadTemplate as error:
        problem = guards.Result("template", False, str(error), f"Mend template {template}.")
    results = [problem] if problem else check(lead, subject, body, footer, phrases, sender)
    return Written(
        subject=subject[:SUBJECT_COLUMN],
        body=body,
        footer=footer,
        phrases=[p.__dict__ for p in phrases],
        results=results,
        template=template,
        why=why,
        sender=sender,
        assessment=assessment,
        facts=facts_of(lead, assessment, phrases, problem is None and guards.first_failure(results) is None),
    )


def check(
    lead: Lead,
    subject: str,
    body: str,
    footer: str,
    phrases: Iterable[merge.Phrase],
    sender: TeamMember | None,
    *,
    typed: bool = False,
) -> list[guards.Result]:
    """The guards' results for a text to `lead`, the same for a draft and for a person's edit."""
    company = lead.company.name if lead.company else ""
    # A person's edit may name the company without a merge field.
    mentioned = {"company"} if company and company.lower() in f"{subject} {body}".lower() else set()
    return guards.check(
        guards.Text(
            subject=subject,
            body=body,
            footer=footer,
            fields_used=frozenset({phrase.field for phrase in phrases} | mentioned),
            typed=typed,
            unsourced=tuple(phrase.text for phrase in phrases if not phrase.source),
            sender_name=sender.name if sender else settings.SENDER_NAME,
            postal_address=settings.POSTAL_ADDRESS,
            unsubscribe_url=f"{settings.SITE_URL}/u/",
            country=lead.country,
            allowed_countries=frozenset(settings.ALLOWED_COUNTRIES),
        )
    )


def sender_of(lead: Lead) -> TeamMember | None:
    """Who signs: the lead's owner, else the default sender."""
    if lead.owner and lead.owner.active:
        return lead.owner
    return TeamMember.objects.filter(is_default_sender=True, active=True).first()


def signature(sender: TeamMember | None, unsubscribe_token: str) -> compliance.Signature:
    return compliance.Signature(
        name=sender.name if sender else settings.SENDER_NAME,
        title=sender.title if sender else "",
        company=settings.SENDER_COMPANY,
        booking_url=sender.booking_url if sender else "",
        postal_address=settings.POSTAL_ADDRESS,
        unsubscribe_url=f"{settings.SITE_URL}/u/{unsubscribe_token}",
    )


def choose(assessment: Assessment) -> tuple[EmailTemplate, str]:
    """The active template for tier and angle, else the tier's general one; and why, in words."""
    active = EmailTemplate.objects.filter(active=True, tier=assessment.tier)
    if found := active.filter(angle=assessment.angle).first():
        return found, f"{assessment.tier} and {assessment.angle.replace('_', ' ')}"
    found = active.filter(angle="general").first() or EmailTemplate.objects.filter(active=True).first()
    if found is None:
        raise LookupError("There is no active email template.")
    return found, f"{assessment.tier}; there is no template for {assessment.angle.replace('_', ' ')}"


def fields_of(lead: Lead, assessment: Assessment, sender: TeamMember | None) -> dict[str, merge.Value]:
    """Every merge field that is known, with its source."""
    company, warm = lead.company, assessment.warm or {}
    ours = lambda name: _source(lead.sources, name)  # noqa: E731
    theirs = lambda name: _source(company.sources if company else {}, name)  # noqa: E731
    tool = next((t for t in (company.technologies if company else []) if t.lower() in BUSINESS_TOOLS), "")
    visits = lead.visits.count()
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
        "visit_count": (str(visits) if visits > 1 else "", "visits"),
        "warm_member": (warm.get("member", ""), "team's connections"),
        "warm_company": (warm.get("company", ""), "team's connections"),
        "warm_sentence": (warm.get("sentence", ""), "team's connections"),
        "sender_name": (sender.name if sender else settings.SENDER_NAME, "settings"),
        "sender_first_name": ((sender.name if sender else settings.SENDER_NAME).split(" ")[0], "settings"),
        "sender_company": (settings.SENDER_COMPANY, "settings"),
    }
    if sender and warm.get("member") == sender.name:
        found["warm_sentence"] = (_in_first_person(warm), "team's connections")
    return {name: merge.Value(text, source) for name, (text, source) in found.items() if text}


def _in_first_person(warm: dict[str, str]) -> str:
    """The connection's sentence where the sender is the one who has it."""
    company = warm.get("company", "")
    sentences = {
        "known": "We know each other.",
        "overlap": f"I was at {company} when you were there.",
        "employer": f"I also worked at {company}.",
        "employer_now": f"I used to work at {company}.",
    }
    return sentences.get(warm.get("kind", ""), warm.get("sentence", ""))


def _source(sources: dict[str, dict[str, str]], name: str) -> str:
    found = sources.get(name)
    return f"{found['source']}, {found['at'][:10]}" if found else ""


def _plain_company(name: str) -> str:
    """ "Northline Freight, Inc." as one says it: "Northline Freight"."""
    plain = name.strip()
    for ending in (", Inc.", " Inc.", ", Inc", " Inc", ", LLC", " LLC", ", Ltd.", " Ltd.", " Ltd", " Corp.", ", Corp."):
        plain = plain.removesuffix(ending)
    return plain


def _in_prose(industry: str) -> str:
    """ "Logistics & Supply Chain" inside a sentence: "logistics and supply chain"; abbreviations stay."""
    words = industry.replace("&", "and").split()
    return " ".join(word if word.isupper() else word.lower() for word in words)


def facts_of(lead: Lead, assessment: Assessment, phrases: tuple[merge.Phrase, ...], passed: bool) -> policy.Facts:
    """What the policy judges by."""
    return policy.Facts(
        intent=assessment.intent,
        tier=assessment.tier,
        employees_from=lead.company.employees_from if lead.company else None,
        warm=assessment.warm is not None,
        critical_reason=critical_reason(lead),
        guards_passed=passed,
        address_verified=lead.email_verified,
        country=lead.country,
        allowed_countries=frozenset(settings.ALLOWED_COUNTRIES),
        unsourced_phrases=sum(not phrase.source for phrase in phrases),
    )


def critical_reason(lead: Lead) -> str:
    """Why a person must always decide about this lead, as far as our own rows tell."""
    if lead.messages.filter(moves__why="answered").exists():
        return ANSWERED
    return ""
