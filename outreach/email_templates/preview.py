"""Reading a template before it is published: what it becomes for real and made-up people, by the code that drafts."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch

from caio_project.lib.diff import Diff, diff
from leads.models import Assessment, Company, Kind, Lead, sourced
from outreach.content import email_footer, merge_fields, style
from outreach.drafting import compose
from outreach.models import EmailTemplate, Message, Signal

RECENT = 100  # leads whose gaps are counted
OFTEN_MISSING = 0.1  # share of them, from which on a required field is worth a warning
TITLES = {
    "ceo": "CEO",
    "cro": "VP Sales",
    "cto": "CTO",
    "coo": "COO",
    "other": "Director of Finance",
}
# What a draft is blocked by that is no fault of the template.
NOT_THE_TEXT = {"missing_field", "sender_identity", "postal_address", "unsubscribe_link", "country"}


@dataclass(frozen=True)
class Preview:
    """One email as it would leave."""

    who: str
    why: str  # what is known of them
    subject: str
    html: str
    words: int
    blocked: str  # "" or by which guard, in words


@dataclass(frozen=True)
class Proof:
    """Everything a person should see before they publish."""

    previews: tuple[Preview, ...]
    problems: tuple[style.Problem, ...]
    changes: Diff | None  # from the active version
    before: EmailTemplate | None
    fingerprint: str

    @property
    def errors(self) -> list[style.Problem]:
        return [problem for problem in self.problems if problem.is_error]


def proof(template: EmailTemplate, chosen: Iterable[Lead] = ()) -> Proof:
    """Read `template`, which need not be stored, for ten made-up people and the `chosen` ones."""
    before = EmailTemplate.objects.filter(key=template.key, active=True).first()
    problems = [*style.of_template(template.subject, template.body), *_place_taken(template)]
    emails: list[tuple[str, str, compose.Written]] = []
    if not any(problem.is_error for problem in problems):
        emails = [*_for_made_up(template), *(_for_lead(template, lead) for lead in chosen)]
        problems += [*_found_in(emails), *_often_missing(template)]
    return Proof(
        previews=tuple(_preview(*email) for email in emails),
        problems=tuple(dict.fromkeys(problems)),
        changes=diff(whole(before), whole(template)) if before else None,
        before=before,
        fingerprint=fingerprint(template, before),
    )


def whole(template: EmailTemplate) -> str:
    return f"{template.subject}\n\n{template.body}"


def fingerprint(template: EmailTemplate, before: EmailTemplate | None) -> str:
    """What a person has seen: this text, in this place, in the stead of that version."""
    names = ("key", "tier", "angle", "signal", "name", "subject", "body")
    parts = [*(getattr(template, name) for name in names), str(before.version if before else 0)]
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()


def made_up(family: str, template: EmailTemplate, *, full: bool) -> tuple[Lead, Assessment]:
    """A person of that family who would get `template`, unsaved: with every field, or with the fewest there can be."""
    angle, signal = template.angle, template.signal
    warm = angle == "warm_connection" or signal == Signal.WARM_CONNECTION
    reads = full or angle in ("high_intent", "content") or signal == Signal.HIGH_INTENT_PAGE
    company = Company(
        name="Northline Freight", domain="northline-freight.example", kind=Kind.EXAMPLE,
        industry="Logistics & Supply Chain" if full else "", employees="200-500" if full else "",
        technologies=["HubSpot"] if full or signal == Signal.TECH_STACK else [],
        open_roles=7 if full else 1 if angle == "hiring" or signal == Signal.HIRING else None,
        sources={name: sourced("made up") for name in ("name", "industry", "employees", "technologies", "open_roles")},
    )  # fmt: skip
    lead = Lead(
        kind=Kind.EXAMPLE, first_name="Dana", title=TITLES[family], company=company,
        email="dana@northline-freight.example", last_name="Whitfield" if full else "",
        city="Columbus" if full else "", state="OH" if full else "", country="US" if full else "",
        sources={name: sourced("made up") for name in ("first_name", "last_name", "title", "city", "state")},
    )  # fmt: skip
    both_worked = {"kind": "employer", "member": "Sam Reyes", "company": "Acme",
                   "sentence": "Sam Reyes on our team also worked at Acme.",
                   "first_person": "I also worked at Acme."}  # fmt: skip
    knows = {
        "kind": "known",
        "member": "Sam Reyes",
        "company": "",
        "sentence": "Sam Reyes on our team knows you.",
        "first_person": "We know each other.",
    }
    return lead, Assessment(
        lead=lead, intent=78, tier=template.tier, angle=angle, topic="pricing" if reads else "",
        warm=(both_worked if full else knows) if warm else None,
    )  # fmt: skip


def _for_made_up(template: EmailTemplate) -> Iterable[tuple[str, str, compose.Written]]:
    for full in (True, False):
        for family in style.FAMILIES:
            lead, assessment = made_up(family, template, full=full)
            known = "everything is known" if full else "only what it needs is known"
            yield f"A made-up {lead.title}", known, _written(template, lead, assessment)


def _for_lead(template: EmailTemplate, lead: Lead) -> tuple[str, str, compose.Written]:
    assessment = lead.assessments.first() or Assessment(
        lead=lead, intent=0, tier=template.tier, angle=template.angle
    )
    return (
        f"{lead}, {lead.title or 'no title'}",
        f"{assessment.angle}",
        _written(template, lead, assessment),
    )


def _written(template: EmailTemplate, lead: Lead, assessment: Assessment) -> compose.Written:
    message = Message(lead=lead, assessment=assessment, kind=lead.kind, unsubscribe_token="preview")
    return compose.compose(lead, message, template)


def _preview(who: str, why: str, written: compose.Written) -> Preview:
    blocked = written.blocked
    return Preview(
        who=who,
        why=why,
        subject=written.subject,
        html=email_footer.as_html(written.body, written.footer) if written.body else "",
        words=len(written.body.split()),
        blocked=f"{blocked.text} {blocked.clear}".strip() if blocked else "",
    )


def _found_in(emails: Iterable[tuple[str, str, compose.Written]]) -> Iterable[style.Problem]:
    """What guards and lengths say about the emails; each thing once, with the first person it was found for."""
    seen: dict[tuple[str, bool, str], str] = {}
    for who, _, written in emails:
        for result in written.results:
            if not result.passed and result.guard not in NOT_THE_TEXT:
                field = "subject" if result.guard == "subject" else "body"
                seen.setdefault(
                    (field, True, f"A guard stops it: {result.text} {result.clear}"), who
                )
        if written.body:
            for problem in style.of_email(written.subject, written.body):
                seen.setdefault((problem.field, problem.is_error, problem.text), who)
    return [
        style.Problem(field, is_error, f"{text} ({who})")
        for (field, is_error, text), who in seen.items()
    ]


def _often_missing(template: EmailTemplate) -> list[style.Problem]:
    """Required fields that many of the leads who would get it lack: each of those drafts would be blocked."""
    sender, missing, count = compose.sender_of(Lead()), Counter[str](), 0
    for lead in recent(template):
        known = compose.fields_of(lead, lead.newest[0], sender)
        if template.signal and template.signal not in compose.signals_of(lead.newest[0], known):
            continue
        family, count = merge_fields.title_family(lead.title), count + 1
        needed = style.required(template.subject, family, known) | style.required(
            template.body, family, known
        )
        missing.update(needed - set(known))
    return [
        style.Problem(
            "body", False, f"{name} is not known of {lacking} of the {count} leads seen last."
        )
        for name, lacking in missing.most_common()
        if lacking >= OFTEN_MISSING * count
    ]


def recent(template: EmailTemplate) -> list[Any]:
    """The leads seen last of the template's tier and angle, each with `newest`, a list of its newest assessment."""
    newest = Prefetch("assessments", Assessment.objects.order_by("-seq"), to_attr="newest")
    leads = Lead.objects.filter(kind=Kind.LIVE, tier=template.tier).select_related(
        "company", "owner"
    )
    found = leads.prefetch_related(newest, "visits").order_by("-last_seen_at", "-pk")[: RECENT * 3]
    return [lead for lead in found if lead.newest and lead.newest[0].angle == template.angle][
        :RECENT
    ]


def _place_taken(template: EmailTemplate) -> list[style.Problem]:
    """Two for one place: which one drafts get would be chance."""
    same = EmailTemplate.objects.filter(
        active=True, tier=template.tier, angle=template.angle, signal=template.signal
    ).exclude(key=template.key)
    if other := same.first():
        return [
            style.Problem("", True, f"{other} has this tier, angle and signal. Change that one.")
        ]
    if template.signal in (template.angle, template.angle + "_page"):
        return [style.Problem("signal", True, "The angle says so already. Leave the signal empty.")]
    return []
