"""Which template a lead gets: by tier, angle and the strongest known signal; and follow-ups."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from leads.field_values.languages import ENGLISH
from leads.models import Assessment
from leads.scoring import rule_versions
from outreach.content import merge_fields, subject_choice
from outreach.models import EmailTemplate, Signal

GENERAL = "general"  # the angle that every tier falls back on
TALK_PAGES = ("demo", "contact")  # categories of pages in the scoring rules
PRICING_PAGE = "pricing"
OFFERING_PAGES = (*TALK_PAGES, PRICING_PAGE)
FOLLOW_UPS = {
    2: "follow_up",
    3: "last_follow_up",
}  # the angles of a thread's second and third email


@dataclass(frozen=True)
class ActiveTemplates:
    """The active templates, read once for many emails."""

    first_emails: tuple[EmailTemplate, ...]
    follow_ups: tuple[EmailTemplate, ...]

    def others_than(self, template: EmailTemplate) -> list[EmailTemplate]:
        """Those of the same tier, the general one first."""
        same = [
            one for one in self.first_emails if one.tier == template.tier and one.pk != template.pk
        ]
        return sorted(same, key=lambda one: (one.angle != GENERAL, one.signal, one.key))


def in_language(active: ActiveTemplates, languages: Sequence[str]) -> ActiveTemplates:
    """Those in the first of `languages` that has any; else the English ones, else all."""

    def chosen(templates: tuple[EmailTemplate, ...]) -> tuple[EmailTemplate, ...]:
        by_language = (
            tuple(one for one in templates if one.language == code)
            for code in (*languages, ENGLISH)
        )
        return next((found for found in by_language if found), templates)

    return ActiveTemplates(chosen(active.first_emails), chosen(active.follow_ups))


def load_active_templates() -> ActiveTemplates:
    active = list(EmailTemplate.objects.filter(active=True))
    angles = FOLLOW_UPS.values()
    return ActiveTemplates(
        tuple(one for one in active if one.angle not in angles),
        tuple(sorted((one for one in active if one.angle in angles), key=lambda one: one.key)),
    )


def choose_template(
    active: ActiveTemplates, tier: str, angle: str, signals: Collection[str] = ()
) -> tuple[EmailTemplate, str]:
    """Return the template for tier, angle and strongest signal, and why in words.

    Falls back on the tier's general template, then on any. Raises LookupError where none is active.
    """
    known = [signal for signal in Signal.values if signal in signals]
    for place in [
        (tier, about, signal)
        for about in dict.fromkeys((angle, GENERAL))
        for signal in (*known, "")
    ]:
        for template in active.first_emails:
            if (template.tier, template.angle, template.signal) == place:
                return template, _choice_sentence(angle, template, known)
    if not active.first_emails:
        raise LookupError("There is no active email template.")
    return active.first_emails[0], f"there is no template for {tier} and {angle}"


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


def first_emails() -> QuerySet[EmailTemplate]:
    return EmailTemplate.objects.filter(active=True).exclude(angle__in=FOLLOW_UPS.values())


def next_in_thread(active: ActiveTemplates, tier: str, step: int) -> tuple[EmailTemplate, str]:
    """Return the template of follow-up `step`, of the tier or else any. Raises LookupError."""
    fitting = [one for one in active.follow_ups if one.angle == FOLLOW_UPS[step]]
    template = next((one for one in fitting if one.tier == tier), None) or next(iter(fitting), None)
    if template is None:
        raise LookupError(
            f"There is no active email template for {FOLLOW_UPS[step].replace('_', ' ')}."
        )
    return template, f"email {step} of a thread, {template.tier}"


def signals_of(
    assessment: Assessment, fields: Mapping[str, merge_fields.FieldValue], page_kind: str = ""
) -> tuple[Signal, ...]:
    """`page_kind` is the category of the page that chose the email."""
    is_fresh = "page_topic" in fields
    known = {
        Signal.WANTS_TO_TALK: is_fresh and page_kind in TALK_PAGES,
        Signal.ASKS_PRICE: is_fresh and page_kind == PRICING_PAGE,
        Signal.CASE_STUDY: is_fresh and page_kind == "case_study",
        Signal.WARM_CONNECTION: bool(assessment.warm),
        Signal.HIGH_INTENT_PAGE: is_fresh and rule_versions.shows_high_intent(assessment),
        Signal.HIRING: "open_roles" in fields,
        Signal.TECH_STACK: "technology" in fields,
    }
    return tuple(signal for signal, there in known.items() if there)


def fill_subject(
    template: EmailTemplate,
    fields: dict[str, merge_fields.FieldValue],
    family: str,
    taken: subject_choice.TakenSubjects,
    *,
    is_tested: bool = False,
) -> merge_fields.FilledText:
    """Fill the subject that suits best, or the first where it `is_tested`. Raises MissingField."""
    filled: dict[subject_choice.FilledSubject, merge_fields.FilledText] = {}
    for subject in template.subjects[:1] if is_tested else template.subjects:
        try:
            one = merge_fields.fill_template(subject, fields, family)
        except merge_fields.MissingField:
            continue
        pattern = subject_choice.subject_pattern(one.text, [vars(p) for p in one.phrases])
        filled[subject_choice.FilledSubject(one.text, pattern)] = one
    if not filled:
        return merge_fields.fill_template(template.subject, fields, family)
    return filled[subject_choice.choose_subject(list(filled), taken)]
