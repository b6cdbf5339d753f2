"""What a draft says: the chosen template filled from known fields, signed, and held against the guards. Reads only."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from leads.models import Assessment, Lead, TeamMember
from leads.scoring import rule_versions
from outreach.contact_history import ghl_check, previous_emails
from outreach.content import checks, email_footer, merge_fields
from outreach.control import policy
from outreach.drafting import ab_assignment
from outreach.models import EmailTemplate, Message, Signal

SUBJECT_COLUMN = 200  # characters; guards refuse far shorter ones
WHY_COLUMN = 200
CRITICAL_COLUMN = 200
HAS_ANSWERED = "This person has answered before."
OPEN_DEAL = "There is an open opportunity with this person at GoHighLevel."
A_FIRST_SUBJECT = "A question for Northline Freight"  # in previews of follow-ups
GENERAL = "general"  # the angle that every tier falls back on
FOLLOW_UPS = {
    2: "follow_up",
    3: "last_follow_up",
}  # the angles of a thread's second and third email
QUEUED_BY_HAND = "Queued by hand, with others."
FRESH_VISIT = timedelta(days=14)  # an email about an older visit would puzzle its reader
ABOUT_THE_VISIT = ("page_topic", "visit_count")
# Tools that an email may speak of; a script library on a website says nothing about their work.
BUSINESS_TOOLS = {
    "hubspot", "salesforce", "marketo", "outreach", "salesloft", "gong", "zoominfo", "snowflake", "netsuite", "sap",
    "oracle", "workday", "zendesk", "intercom", "freshdesk", "microsoft dynamics", "pipedrive", "zoho", "slack",
    "tableau", "power bi", "looker", "databricks", "servicenow", "jira", "asana", "monday.com", "airtable", "shopify",
}  # fmt: skip


class ComposedEmail:
    """A composed email and everything that goes with it."""

    def __init__(self, **parts: Any):
        self.subject: str = parts["subject"]
        self.body: str = parts["body"]
        self.footer: str = parts["footer"]
        self.phrases: list[dict[str, str]] = parts["phrases"]
        self.results: list[checks.CheckResult] = parts["results"]
        self.template: EmailTemplate | None = parts["template"]
        self.why: str = parts["why"]
        self.sender: TeamMember | None = parts["sender"]
        self.assessment: Assessment = parts["assessment"]
        self.facts: policy.EmailFacts = parts["facts"]
        self.fields: dict[str, merge_fields.FieldValue] = parts["fields"]
        self.language_model: str = parts.get(
            "language_model", ""
        )  # whose words they are; "" the template's
        self.prompt_version: int = parts.get("prompt_version", 0)

    @property
    def blocked(self) -> checks.CheckResult | None:
        return checks.first_failure(self.results)


def compose_email(
    lead: Lead, message: Message, preview: EmailTemplate | None = None
) -> ComposedEmail:
    """The email to `lead` by its newest assessment, with the guards' results; nothing is stored.

    Where the template that fits best would repeat an earlier email, the next best one that does not is taken. For a
    `preview` that template is filled, and held against no earlier email; lead and assessment may be without rows.
    """
    assessment = message.assessment or lead.assessments.first()
    assert assessment is not None
    sender = sender_of(lead)
    fresh = message.step == 1 and not message.segment_id or _visited_lately(lead)
    before = (
        previous_emails.EmailHistory()
        if preview
        else previous_emails.load_history(lead, timezone.now(), message.pk)
    )
    if preview and preview.angle in FOLLOW_UPS.values():
        before = previous_emails.EmailHistory(thread=A_FIRST_SUBJECT)
    known = TemplateInputs(
        lead=lead,
        critical_reason=critical_reason(lead, message),
        assessment=assessment,
        sender=sender,
        fields=fields_of(lead, assessment, sender, about_the_visit=fresh, thread=before.thread),
        footer=email_footer.build_footer(signature_of(sender, message.unsubscribe_token)),
        before=before,
    )
    if preview:
        return _compose_from(known, preview, "preview")
    if message.step > 1:
        return _compose_from(known, *next_in_thread(assessment.tier, message.step))
    signals = signals_of(assessment, known.fields)
    template, why = choose_template(
        assessment.tier, assessment.angle if fresh else GENERAL, signals
    )
    template = ab_assignment.template_version_for(message, template)
    best = _compose_from(known, template, why)
    if best.blocked is None or best.blocked.guard not in checks.REPETITION_CHECKS:
        return best
    others = (
        _compose_from(
            known,
            ab_assignment.template_version_for(message, one),
            f"{why}, but that one: {best.blocked.text}",
        )
        for one in other_templates(template)
    )
    return next((other for other in others if other.blocked is None or _only_waits(other)), best)


@dataclass(frozen=True)
class TemplateInputs:
    """What every template for one email is filled from and held against."""

    lead: Lead
    assessment: Assessment
    sender: TeamMember | None
    critical_reason: str
    fields: dict[str, merge_fields.FieldValue]
    footer: str
    before: previous_emails.EmailHistory


def _compose_from(known: TemplateInputs, template: EmailTemplate, why: str) -> ComposedEmail:
    """`template` filled and guarded."""
    lead, assessment = known.lead, known.assessment
    subject = body = ""
    phrases: tuple[merge_fields.Phrase, ...] = ()
    problem: checks.CheckResult | None = None
    try:
        family = merge_fields.title_family(lead.title)
        filled = merge_fields.fill_template(template.body, known.fields, family)
        headed = merge_fields.fill_template(template.subject, known.fields, family)
        subject, body = headed.text, filled.text
        phrases = tuple(dict.fromkeys([*headed.phrases, *filled.phrases]))
    except merge_fields.MissingField as error:
        problem = checks.CheckResult(
            "missing_field", False, str(error), f"Add {error.field} or write the email by hand."
        )
    except merge_fields.BadTemplate as error:
        problem = checks.CheckResult("template", False, str(error), f"Mend template {template}.")
    results = [problem] if problem else check_email(
        lead, subject, body, known.footer, phrases, known.sender,
        before=known.before, template=template.key, tier=assessment.tier,
    )  # fmt: skip
    return ComposedEmail(
        subject=subject[:SUBJECT_COLUMN],
        body=body,
        footer=known.footer,
        phrases=[p.__dict__ for p in phrases],
        results=results,
        template=template,
        why=why[:WHY_COLUMN],
        sender=known.sender,
        assessment=assessment,
        facts=policy_facts(
            lead,
            assessment,
            phrases,
            critical_reason=known.critical_reason,
            passed=problem is None and checks.first_failure(results) is None,
        ),
        fields=known.fields,
    )


def reworded_email(
    written: ComposedEmail,
    message: Message,
    subject: str,
    body: str,
    phrases: Iterable[merge_fields.Phrase],
    by: tuple[str, int],
) -> ComposedEmail:
    """`written` in the words of a language model (`by`: its name, the prompt's version), guarded anew.

    Template, sender, score and footer stay.
    """
    lead, phrases = message.lead, tuple(phrases)
    results = check_email(
        lead, subject, body, written.footer, phrases, written.sender,
        before=previous_emails.load_history(lead, timezone.now(), message.pk), tier=written.assessment.tier,
        template=written.template.key if written.template else "",
    )  # fmt: skip
    passed = checks.first_failure(results) is None
    facts = policy_facts(
        lead,
        written.assessment,
        phrases,
        critical_reason=written.facts.critical_reason,
        passed=passed,
        by_model=True,
    )
    words = {"subject": subject, "body": body, "phrases": [phrase.__dict__ for phrase in phrases]}
    whose = {"language_model": by[0], "prompt_version": by[1]}
    return ComposedEmail(
        **{**written.__dict__, **words, **whose, "results": results, "facts": facts}
    )


def _only_waits(written: ComposedEmail) -> bool:
    return written.blocked is not None and written.blocked.guard == checks.ONE_PER_COMPANY


def other_templates(template: EmailTemplate) -> Iterable[EmailTemplate]:
    """The tier's other templates, the general one first."""
    others = first_emails().filter(tier=template.tier).exclude(pk=template.pk).order_by("key")
    return sorted(others, key=lambda one: (one.angle != GENERAL, one.signal))


def check_email(
    lead: Lead,
    subject: str,
    body: str,
    footer: str,
    phrases: Iterable[merge_fields.Phrase],
    sender: TeamMember | None,
    *,
    before: previous_emails.EmailHistory,
    typed: bool = False,
    template: str = "",
    tier: str = "",
) -> list[checks.CheckResult]:
    """The guards' results for a text to `lead`, the same for a draft and for a person's edit."""
    company = lead.company.name if lead.company else ""
    # A person's edit may name the company without a merge field.
    mentioned = {"company"} if company and company.lower() in f"{subject} {body}".lower() else set()
    return checks.check_text(
        checks.EmailText(
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
            earlier=before.texts,
            lessons=before.lessons,
            colleague=before.in_the_way.sentence if before.in_the_way else "",
            template=template,
            tier=tier,
            thread=before.thread,
        )
    )


def sender_of(lead: Lead) -> TeamMember | None:
    """Who signs: the lead's owner, else the default sender."""
    if lead.owner and lead.owner.active:
        return lead.owner
    return TeamMember.objects.filter(is_default_sender=True, active=True).first()


def signed_by_another(message: Message) -> str:
    """A sentence where an email is not signed by its lead's owner; "" where it is."""
    owner = sender_of(message.lead)
    if owner is None or message.sender_id == owner.pk:
        return ""
    signed = message.sender.name if message.sender else settings.SENDER_NAME
    return (
        f"The email is signed by {signed}; the lead belongs to {owner.name} now. "
        "What somebody has opened, written or approved is not signed anew."
    )


def signature_of(sender: TeamMember | None, unsubscribe_token: str) -> email_footer.Signature:
    return email_footer.Signature(
        name=sender.name if sender else settings.SENDER_NAME,
        title=sender.title if sender else "",
        company=settings.SENDER_COMPANY,
        booking_url=sender.booking_url if sender else "",
        postal_address=settings.POSTAL_ADDRESS,
        unsubscribe_url=f"{settings.SITE_URL}/u/{unsubscribe_token}",
    )


def signals_of(
    assessment: Assessment, fields: Mapping[str, merge_fields.FieldValue]
) -> tuple[Signal, ...]:
    """What is known of a lead that a template may rest on, the strongest first."""
    known = {
        Signal.WARM_CONNECTION: bool(assessment.warm),
        Signal.HIGH_INTENT_PAGE: "page_topic" in fields
        and rule_versions.shows_high_intent(assessment),
        Signal.HIRING: "open_roles" in fields,
        Signal.TECH_STACK: "technology" in fields,
    }
    return tuple(signal for signal, there in known.items() if there)


def choose_template(
    tier: str, angle: str, signals: Collection[str] = ()
) -> tuple[EmailTemplate, str]:
    """The active template for tier, angle and the strongest signal that has one; and why this one, in words.

    Without one for the angle it is the tier's general one, and without that any. LookupError where none is active.
    """
    active = list(first_emails())
    known = [signal for signal in Signal.values if signal in signals]
    for place in [
        (tier, about, signal)
        for about in dict.fromkeys((angle, GENERAL))
        for signal in (*known, "")
    ]:
        for template in active:
            if (template.tier, template.angle, template.signal) == place:
                return template, _choice_sentence(angle, template, known)
    if not active:
        raise LookupError("There is no active email template.")
    return active[0], f"there is no template for {tier} and {angle}"


def first_emails() -> QuerySet[EmailTemplate]:
    """The templates in use that open a thread."""
    return EmailTemplate.objects.filter(active=True).exclude(angle__in=FOLLOW_UPS.values())


def next_in_thread(tier: str, step: int) -> tuple[EmailTemplate, str]:
    """The active template of the follow-up `step`, of that tier or else of any; LookupError where there is none."""
    active = EmailTemplate.objects.filter(active=True, angle=FOLLOW_UPS[step]).order_by("key")
    template = active.filter(tier=tier).first() or active.first()
    if template is None:
        raise LookupError(
            f"There is no active email template for {FOLLOW_UPS[step].replace('_', ' ')}."
        )
    return template, f"email {step} of a thread, {template.tier}"


def _choice_sentence(angle: str, template: EmailTemplate, known: Sequence[str]) -> str:
    """ "tier_1, angle high_intent, signal hiring; also known: tech_stack"."""
    text = f"{template.tier}, angle {template.angle}" + (
        f", signal {template.signal}" if template.signal else ""
    )
    if template.angle != angle:
        text += f", for there is none for angle {angle}"
    said = {
        template.signal,
        template.angle,
        "high_intent_page" if template.angle == "high_intent" else "",
    }
    also = [signal for signal in known if signal not in said]
    return text + (f"; also known: {', '.join(also)}" if also else "")


def _visited_lately(lead: Lead) -> bool:
    return lead.visits.filter(seen_at__gte=timezone.now() - FRESH_VISIT).exists()


def fields_of(
    lead: Lead,
    assessment: Assessment,
    sender: TeamMember | None,
    *,
    about_the_visit: bool = True,
    thread: str = "",
) -> dict[str, merge_fields.FieldValue]:
    """Every merge field that is known, with its source; without those about a visit that is too long ago.

    `thread` is the subject of the email that this one follows.
    """
    company, warm = lead.company, assessment.warm or {}
    ours = lambda name: field_source(lead.sources, name)  # noqa: E731
    theirs = lambda name: field_source(company.sources if company else {}, name)  # noqa: E731
    tool = next(
        (t for t in (company.technologies if company else []) if t.lower() in BUSINESS_TOOLS), ""
    )
    visits = lead.visits.count() if lead.pk else 0
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
        if name not in left_out and _stands_in_a_sentence(text)
    }


def _stands_in_a_sentence(value: str) -> bool:
    """Visitors choose some of these texts: a link or a second line among them would be in an email signed by us."""
    return len(value.splitlines()) == 1 and "://" not in value


def field_source(sources: dict[str, dict[str, str]], name: str) -> str:
    """ "rb2b, 2026-11-02"; "" where a field has no source."""
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
    """ "Logistics & Supply Chain" inside a sentence: "logistics and supply chain"; abbreviations stay."""
    words = industry.replace("&", "and").split()
    return " ".join(word if word.isupper() else word.lower() for word in words)


def policy_facts(
    lead: Lead,
    assessment: Assessment,
    phrases: Iterable[merge_fields.Phrase],
    *,
    critical_reason: str,
    passed: bool,
    by_model: bool = False,
) -> policy.EmailFacts:
    """What the policy judges by."""
    return policy.EmailFacts(
        intent=assessment.intent,
        tier=assessment.tier,
        employees_from=lead.company.employees_from if lead.company else None,
        warm=assessment.warm is not None,
        critical_reason=critical_reason,
        guards_passed=passed,
        address_verified=lead.email_verified or previous_emails.was_delivered_to(lead.email or ""),
        country=lead.country,
        allowed_countries=frozenset(settings.ALLOWED_COUNTRIES),
        unsourced_phrases=sum(not phrase.source for phrase in phrases),
        by_model=by_model,
    )


def critical_reason(lead: Lead, message: Message) -> str:
    """Why a person must always decide about this email: by our own rows, and by what GoHighLevel showed."""
    shown = ghl_check.current_findings(message)
    deal = lead.pk and message.step == 1 and not shown.deals and previous_emails.has_open_deal(lead)
    reasons = (
        QUEUED_BY_HAND if message.segment_id else "",
        HAS_ANSWERED if lead.pk and previous_emails.has_answered(lead) else "",
        OPEN_DEAL if deal else "",
        ghl_check.describe_for_team(shown),
    )
    return " ".join(filter(None, reasons))[:CRITICAL_COLUMN]
