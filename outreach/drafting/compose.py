"""Compose a draft: fill the chosen template from known fields, sign and check it. Reads only."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings

from leads.field_values import languages
from leads.models import Assessment, Lead, TeamMember
from outreach.contact_history import previous_emails
from outreach.content import (
    check_results,
    checks,
    email_footer,
    meeting_times,
    merge_fields,
    subject_choice,
)
from outreach.control import policy
from outreach.drafting import (
    ab_assignment,
    critical_reasons,
    known_fields,
    message_text,
    seller_facts,
    signing,
    template_choice,
)
from outreach.drafting.drafting_facts import DraftingFacts
from outreach.models import EmailTemplate, Message

LONGEST_CHOICE_REASON = 200  # characters of its column
A_FIRST_SUBJECT = "A question for Northline Freight"  # in previews of follow-ups
SENDER_FIELDS = ("sender_name", "sender_first_name", "sender_company")


class ComposedEmail:
    def __init__(self, **parts: Any):
        self.subject: str = parts["subject"]
        self.body: str = parts["body"]
        self.footer: str = parts["footer"]
        self.phrases: list[dict[str, str]] = parts["phrases"]
        self.results: list[check_results.CheckResult] = parts["results"]
        self.template: EmailTemplate | None = parts["template"]
        self.why: str = parts["why"]
        self.sender: TeamMember | None = parts["sender"]
        self.assessment: Assessment = parts["assessment"]
        self.facts: policy.EmailFacts = parts["facts"]
        self.fields: dict[str, merge_fields.FieldValue] = parts["fields"]
        self.offer: meeting_times.OfferedTimes | None = parts.get("offer")  # that the text names
        self.language_model: str = parts.get(
            "language_model", ""
        )  # whose words they are; "" the template's
        self.prompt_version: int = parts.get("prompt_version", 0)

    @property
    def blocked(self) -> check_results.CheckResult | None:
        return check_results.first_failure(self.results)


def compose_email(
    facts: DraftingFacts, message: Message, preview: EmailTemplate | None = None
) -> ComposedEmail:
    """Compose the email by its assessment, else the lead's newest, with the results of its checks.

    Where the best template would repeat an earlier email, the next best one is taken. A `preview`
    is checked against no earlier email; its lead and assessment may be unsaved.
    """
    lead = facts.lead
    known = _template_inputs(facts, message, preview)
    spoken = languages.reading_languages(lead.country, lead.title)
    active = template_choice.in_language(facts.batch.templates, spoken)
    assessment = known.assessment
    if preview:
        return _compose_from(known, preview, "preview")
    if message.step > 1:
        chosen = template_choice.next_in_thread(active, assessment.tier, message.step)
        return _compose_from(known, *chosen)
    signals = template_choice.signals_of(
        assessment, known.fields, facts.batch.page_kind_of(assessment)
    )
    angle = assessment.angle if known.is_fresh else template_choice.GENERAL
    template, why = template_choice.choose_template(active, assessment.tier, angle, signals)
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
        for one in active.others_than(template)
    )
    return next((other for other in others if other.blocked is None or _only_waits(other)), best)


def compose_alternatives(facts: DraftingFacts, message: Message) -> list[ComposedEmail]:
    """The first emails that other templates of the tier would make, where every check passes."""
    if message.step > 1:
        return []
    known = _template_inputs(facts, message)
    fitting = [one for one in facts.batch.templates.first_emails if one.tier == message.tier]
    found = (_compose_from(known, one, "chosen by a person") for one in fitting)
    return [one for one in found if one.blocked is None]


def _template_inputs(
    facts: DraftingFacts, message: Message, preview: EmailTemplate | None = None
) -> "TemplateInputs":
    lead = facts.lead
    assessment = message.assessment or lead.assessments.first()
    assert assessment is not None
    fresh = (
        message.step == 1
        and not message.segment_id
        or facts.visits.is_fresh(facts.recipient.read_at)
    )
    before = _history_for(facts, message, preview)
    offer = seller_facts.times_to_offer(facts, message, assessment) if fresh else None
    fields = known_fields.fields_of(
        lead, assessment, facts.sender, facts.visits, about_the_visit=fresh, thread=before.thread
    ) | seller_facts.fields_of_seller(facts, offer)
    return TemplateInputs(
        facts=facts,
        critical_reason=critical_reasons.contact_reason(facts.recipient, message),
        assessment=assessment,
        fields=fields,
        footer=email_footer.build_footer(
            signing.signature_of(facts.sender, message.unsubscribe_token, facts.batch.seller)
        ),
        before=before,
        taken=seller_facts.taken_subjects(facts, message, assessment.intent, before),
        is_fresh=fresh,
        offer=offer,
    )


def _history_for(
    facts: DraftingFacts, message: Message, preview: EmailTemplate | None
) -> previous_emails.EmailHistory:
    if preview is None:
        return previous_emails.load_history(facts.recipient, message.pk)
    follows = preview.angle in template_choice.FOLLOW_UPS.values()
    return previous_emails.EmailHistory(thread=A_FIRST_SUBJECT if follows else "")


@dataclass(frozen=True)
class TemplateInputs:
    """Everything a template for one email is filled from and checked against."""

    facts: DraftingFacts
    assessment: Assessment
    critical_reason: str
    fields: dict[str, merge_fields.FieldValue]
    footer: str
    before: previous_emails.EmailHistory
    taken: subject_choice.TakenSubjects
    is_fresh: bool  # their visit, so that the email may rest on it
    offer: meeting_times.OfferedTimes | None = None


def _compose_from(known: TemplateInputs, template: EmailTemplate, why: str) -> ComposedEmail:
    lead, sender, assessment = known.facts.lead, known.facts.sender, known.assessment
    subject = body = ""
    phrases: tuple[merge_fields.Phrase, ...] = ()
    problem: check_results.CheckResult | None = None
    try:
        family = merge_fields.title_family(lead.title)
        filled = merge_fields.fill_template(template.body, known.fields, family, template.language)
        headed = template_choice.fill_subject(
            template,
            known.fields,
            family,
            known.taken,
            is_tested=template.pk in known.facts.batch.subject_tested,
        )
        subject, body = headed.text, filled.text
        phrases = tuple(dict.fromkeys([*headed.phrases, *filled.phrases]))
    except merge_fields.MissingField as error:
        finding = "missing_sender_field" if error.field in SENDER_FIELDS else "missing_field"
        problem = check_results.result(finding, field=error.field)
    except merge_fields.BadTemplate as error:
        problem = check_results.result("bad_template", problem=error, template=template)
    text = TextToCheck(
        subject, body, known.footer, phrases, template=template.key, tier=assessment.tier
    )
    results = [problem] if problem else check_email(lead, sender, text, known.before)
    facts = policy_facts(
        lead,
        assessment,
        phrases,
        was_delivered=known.before.was_delivered,
        critical_reason=critical_reasons.joined_reasons(
            known.critical_reason, critical_reasons.language_reason(lead, template.language)
        ),
        passed=problem is None and check_results.first_failure(results) is None,
    )
    return ComposedEmail(
        subject=subject[: message_text.LONGEST_SUBJECT],
        body=body,
        footer=known.footer,
        phrases=[p.__dict__ for p in phrases],
        results=results,
        template=template,
        why=why[:LONGEST_CHOICE_REASON],
        sender=sender,
        assessment=assessment,
        facts=replace(facts, rules=known.facts.batch.rules_for(lead, assessment, template.key)),
        fields=known.fields,
        offer=known.offer if any(one.field == "meeting_times" for one in phrases) else None,
    )


def _only_waits(written: ComposedEmail) -> bool:
    return written.blocked is not None and written.blocked.guard in check_results.SLOT_CODES


@dataclass(frozen=True)
class TextToCheck:
    """A text with what the checks must know of its origin.

    `typed` where a person wrote some of it.
    """

    subject: str
    body: str
    footer: str
    phrases: tuple[merge_fields.Phrase, ...]
    typed: bool = False
    template: str = ""  # its key
    tier: str = ""


def check_email(
    lead: Lead, sender: TeamMember | None, text: TextToCheck, before: previous_emails.EmailHistory
) -> list[check_results.CheckResult]:
    """The results of every check for a text to `lead`, the same for a draft and for a person's
    edit.
    """
    said, words = known_fields.spoken_facts(lead), f"{text.subject}\n{text.body}"
    company = said["company"].text
    # A person's edit may name the company without a merge field.
    mentioned = {"company"} if company and company.lower() in words.lower() else set()
    return checks.check_text(
        checks.EmailText(
            subject=text.subject,
            body=text.body,
            footer=text.footer,
            fields_used=frozenset({phrase.field for phrase in text.phrases} | mentioned),
            typed=text.typed,
            unsourced=tuple(phrase.text for phrase in text.phrases if not phrase.source),
            sender_name=sender.name if sender else settings.SENDER_NAME,
            postal_address=settings.POSTAL_ADDRESS,
            unsubscribe_url=f"{settings.SITE_URL}/u/",
            country=lead.country,
            allowed_countries=frozenset(settings.ALLOWED_COUNTRIES),
            earlier=before.texts,
            lessons=before.lessons,
            colleague=before.in_the_way.colleague if before.in_the_way else None,
            template=text.template,
            tier=text.tier,
            thread=before.thread,
            recipient=(said["first_name"].text, said["last_name"].text),
            company=company,
            values=tuple(phrase.text for phrase in text.phrases if phrase.field != "last_name"),
            as_written=known_fields.left_as_written(said, words),
            in_touch=before.in_touch,
        )
    )


def policy_facts(
    lead: Lead,
    assessment: Assessment,
    phrases: Iterable[merge_fields.Phrase],
    *,
    was_delivered: bool,
    critical_reason: str,
    passed: bool,
) -> policy.EmailFacts:
    """Facts of a template's text. Of a language model's, replace `by_model`."""
    phrases = tuple(phrases)
    said = " ".join(phrase.text for phrase in phrases)
    return policy.EmailFacts(
        intent=assessment.intent,
        tier=assessment.tier,
        employees_from=lead.company.employees_from if lead.company else None,
        warm=assessment.warm is not None,
        critical_reason=critical_reason,
        guards_passed=passed,
        address_verified=lead.email_verified or was_delivered,
        country=lead.country,
        allowed_countries=frozenset(settings.ALLOWED_COUNTRIES),
        unsourced_phrases=sum(not phrase.source for phrase in phrases),
        as_written=bool(known_fields.left_as_written(known_fields.spoken_facts(lead), said)),
        by_model=False,
    )
