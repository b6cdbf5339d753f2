"""Which template a lead gets: by tier, angle and the strongest known signal; and follow-ups."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from leads.field_values.languages import ENGLISH
from leads.models import Assessment
from leads.scoring import rule_versions
from outreach.content import merge_fields
from outreach.models import EmailTemplate, Signal

GENERAL = "general"  # the angle that every tier falls back on
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
    assessment: Assessment, fields: Mapping[str, merge_fields.FieldValue]
) -> tuple[Signal, ...]:
    known = {
        Signal.WARM_CONNECTION: bool(assessment.warm),
        Signal.HIGH_INTENT_PAGE: "page_topic" in fields
        and rule_versions.shows_high_intent(assessment),
        Signal.HIRING: "open_roles" in fields,
        Signal.TECH_STACK: "technology" in fields,
    }
    return tuple(signal for signal, there in known.items() if there)
