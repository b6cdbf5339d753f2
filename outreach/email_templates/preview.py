"""Preview a template before it is published, for real and made-up leads, by the drafting code."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch

from caio_project.lib.words.diff import TextDiff, diff_words
from leads.models import Assessment, Company, Kind, Lead, field_source
from outreach.content import email_footer, merge_fields, style
from outreach.drafting import compose, drafting_facts, known_fields, seller_facts, template_choice
from outreach.models import EmailTemplate, Message, Signal

MADE_UP_PEOPLE = 2 * len(style.TITLE_FAMILIES)  # shown before the chosen ones
RECENT_LEADS = 100  # leads whose gaps are counted
OFTEN_MISSING = 0.1  # share of them, from which on a required field is worth a warning
FAMILY_TITLES = {
    "ceo": "CEO",
    "cro": "VP Sales",
    "cto": "CTO",
    "coo": "COO",
    "other": "Director of Finance",
}
# What a draft is blocked by that is no fault of the template.
NOT_THE_TEXT = {
    "missing_field", "no_sender", "no_postal_address", "no_unsubscribe_link", "other_country",
}  # fmt: skip


@dataclass(frozen=True)
class EmailPreview:
    """One email as it would leave."""

    who: str
    why: str  # what is known of them
    subject: str
    body: str
    footer: str
    html: str
    words: int
    blocked: str  # "" or by which guard, in words


@dataclass(frozen=True)
class TemplatePreview:
    """Everything a person should see before publishing."""

    previews: tuple[EmailPreview, ...]
    problems: tuple[style.StyleProblem, ...]
    changes: TextDiff | None  # from the active version
    before: EmailTemplate | None
    fingerprint: str

    @property
    def errors(self) -> list[style.StyleProblem]:
        return [problem for problem in self.problems if problem.is_error]


def preview_template(
    template: EmailTemplate, chosen: Iterable[Lead] = (), *, is_variant: bool = False
) -> TemplatePreview:
    """Preview `template`, which may be unsaved, for ten made-up leads and the `chosen` ones.

    A variant of an A/B test takes nobody's place: fields that it has not are no loss.
    """
    before = EmailTemplate.objects.filter(key=template.key, active=True).first()
    problems = [
        *style.template_problems(template.subject, template.body),
        *_place_problems(template),
        *(_lost_field_problems(before, template) if before and not is_variant else ()),
    ]
    emails: list[tuple[str, str, compose.ComposedEmail]] = []
    if not any(problem.is_error for problem in problems):
        batch = drafting_facts.load_batch()
        emails = [
            *_for_made_up(template, batch),
            *(_for_lead(template, lead, batch) for lead in chosen),
        ]
        problems += [*_problems_in(emails), *_missing_field_problems(template, batch)]
    return TemplatePreview(
        previews=tuple(_email_preview(*email) for email in emails),
        problems=tuple(dict.fromkeys(problems)),
        changes=diff_words(template_text(before), template_text(template)) if before else None,
        before=before,
        fingerprint=preview_fingerprint(template, before),
    )


def template_text(template: EmailTemplate) -> str:
    return "\n".join([*template.subjects, "", template.body])


def preview_fingerprint(template: EmailTemplate, before: EmailTemplate | None) -> str:
    """Hash what a person has seen: this text, in this place, replacing that version."""
    names = ("key", "tier", "angle", "signal", "language", "name", "body")
    parts = [
        *(getattr(template, name) for name in names),
        *template.subjects,
        str(before.version if before else 0),
    ]
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()


def made_up_lead(family: str, template: EmailTemplate, *, full: bool) -> tuple[Lead, Assessment]:
    """Make an unsaved lead who would get `template`: with every field, or with the fewest."""
    angle, signal = template.angle, template.signal
    warm = angle == "warm_connection" or signal == Signal.WARM_CONNECTION
    reads = full or angle in ("high_intent", "content") or signal == Signal.HIGH_INTENT_PAGE
    company = Company(
        name="Northline Freight",
        domain="northline-freight.example",
        kind=Kind.EXAMPLE,
        industry="Logistics & Supply Chain" if full else "",
        employees="200-500" if full else "",
        technologies=["HubSpot"] if full or signal == Signal.TECH_STACK else [],
        open_roles=7 if full else 1 if angle == "hiring" or signal == Signal.HIRING else None,
        sources={
            name: field_source("made up")
            for name in ("name", "industry", "employees", "technologies", "open_roles")
        },
    )
    lead = Lead(
        kind=Kind.EXAMPLE,
        first_name="Dana",
        title=FAMILY_TITLES[family],
        company=company,
        email="dana@northline-freight.example",
        last_name="Whitfield" if full else "",
        city="Columbus" if full else "",
        state="OH" if full else "",
        country="US" if full else "",
        sources={
            name: field_source("made up")
            for name in ("first_name", "last_name", "title", "city", "state")
        },
    )
    both_worked = {
        "kind": "employer",
        "member": "Sam Reyes",
        "company": "Acme",
        "sentence": "Sam Reyes on our team also worked at Acme.",
        "first_person": "I also worked at Acme.",
    }
    knows = {
        "kind": "known",
        "member": "Sam Reyes",
        "company": "",
        "sentence": "Sam Reyes on our team knows you.",
        "first_person": "We know each other.",
    }
    return lead, Assessment(
        lead=lead,
        intent=78,
        tier=template.tier,
        angle=angle,
        topic="pricing" if reads else "",
        warm=(both_worked if full else knows) if warm else None,
    )


def _for_made_up(
    template: EmailTemplate, batch: drafting_facts.DraftingBatch
) -> Iterable[tuple[str, str, compose.ComposedEmail]]:
    for full in (True, False):
        for family in style.TITLE_FAMILIES:
            lead, assessment = made_up_lead(family, template, full=full)
            known = "everything is known" if full else "only what it needs is known"
            yield f"A made-up {lead.title}", known, _compose_for(template, lead, assessment, batch)


def _for_lead(
    template: EmailTemplate, lead: Lead, batch: drafting_facts.DraftingBatch
) -> tuple[str, str, compose.ComposedEmail]:
    assessment = lead.assessments.first() or Assessment(
        lead=lead, intent=0, tier=template.tier, angle=template.angle
    )
    return (
        f"{lead}, {lead.title or 'no title'}",
        f"{assessment.angle}",
        _compose_for(template, lead, assessment, batch),
    )


def _compose_for(
    template: EmailTemplate, lead: Lead, assessment: Assessment, batch: drafting_facts.DraftingBatch
) -> compose.ComposedEmail:
    message = Message(lead=lead, assessment=assessment, kind=lead.kind, unsubscribe_token="preview")
    return compose.compose_email(drafting_facts.load_facts(lead, batch), message, template)


def _email_preview(who: str, why: str, written: compose.ComposedEmail) -> EmailPreview:
    blocked = written.blocked
    return EmailPreview(
        who=who,
        why=why,
        subject=written.subject,
        body=written.body,
        footer=written.footer,
        html=email_footer.email_html(written.body, written.footer) if written.body else "",
        words=len(written.body.split()),
        blocked=f"{blocked.text} {blocked.clear}".strip() if blocked else "",
    )


def _problems_in(
    emails: Iterable[tuple[str, str, compose.ComposedEmail]],
) -> Iterable[style.StyleProblem]:
    seen: dict[tuple[str, bool, str], str] = {}
    for who, _, written in emails:
        for result in written.results:
            if not result.passed and result.finding not in NOT_THE_TEXT:
                field = "subject" if result.guard == "subject" else "body"
                seen.setdefault(
                    (field, True, f"A guard stops it: {result.text} {result.clear}"), who
                )
        if written.body:
            for problem in style.filled_email_problems(written.subject, written.body):
                seen.setdefault((problem.field, problem.is_error, problem.text), who)
    return [
        style.StyleProblem(field, is_error, f"{text} ({who})")
        for (field, is_error, text), who in seen.items()
    ]


def _missing_field_problems(
    template: EmailTemplate, batch: drafting_facts.DraftingBatch
) -> list[style.StyleProblem]:
    missing, count = Counter[str](), 0
    for lead in recent_leads(template):
        facts = drafting_facts.load_facts(lead, batch)
        known = known_fields.fields_of(lead, lead.newest[0], batch.default_sender, facts.visits)
        known |= seller_facts.fields_of_seller(facts)
        if template.signal and template.signal not in template_choice.signals_of(
            lead.newest[0], known
        ):
            continue
        family, count = merge_fields.title_family(lead.title), count + 1
        needed = style.required_fields(template.subject, family, known) | style.required_fields(
            template.body, family, known
        )
        missing.update(needed - set(known))
    return [
        style.StyleProblem(
            "body", False, f"{name} is not known of {lacking} of the {count} leads seen last."
        )
        for name, lacking in missing.most_common()
        if lacking >= OFTEN_MISSING * count
    ]


def recent_leads(template: EmailTemplate) -> list[Any]:
    """Return the newest leads of the tier and angle, their assessment in `newest`."""
    newest = Prefetch("assessments", Assessment.objects.order_by("-pk"), to_attr="newest")
    leads = Lead.objects.filter(kind=Kind.LIVE, tier=template.tier).select_related(
        "company", "owner"
    )
    found = leads.prefetch_related(newest, "visits").order_by("-last_seen_at", "-pk")[
        : RECENT_LEADS * 3
    ]
    return [lead for lead in found if lead.newest and lead.newest[0].angle == template.angle][
        :RECENT_LEADS
    ]


def _place_problems(template: EmailTemplate) -> list[style.StyleProblem]:
    """Refuse a second template for one tier, angle, signal and language: it would be chance."""
    place = {name: getattr(template, name) for name in ("tier", "angle", "signal", "language")}
    same = EmailTemplate.objects.filter(active=True, **place).exclude(key=template.key)
    if other := same.first():
        return [
            style.StyleProblem(
                "", True, f"{other} has this tier, angle and signal. Change that one."
            )
        ]
    if template.signal in (template.angle, template.angle + "_page"):
        return [
            style.StyleProblem("signal", True, "The angle says so already. Leave the signal empty.")
        ]
    return []


def _lost_field_problems(
    before: EmailTemplate, template: EmailTemplate
) -> Iterable[style.StyleProblem]:
    """Warn of each merge field that the version in use has and this one has not."""
    used, left = (
        merge_fields.fields_in(template_text(before)),
        merge_fields.fields_in(template_text(template)),
    )
    for name in sorted(used - left):
        text = f"{{{{ {name} }}}} is in the version in use and not in this one."
        yield style.StyleProblem("body", False, text)
