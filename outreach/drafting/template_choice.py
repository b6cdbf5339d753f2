"""Which template a lead gets: by tier, angle and the strongest known signal; and follow-ups."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from django.db.models import QuerySet

from leads.models import Assessment
from leads.scoring import rule_versions
from outreach.content import merge_fields
from outreach.models import EmailTemplate, Signal

GENERAL = "general"  # the angle that every tier falls back on
FOLLOW_UPS = {
    2: "follow_up",
    3: "last_follow_up",
}  # the angles of a thread's second and third email


def choose_template(
    tier: str, angle: str, signals: Collection[str] = ()
) -> tuple[EmailTemplate, str]:
    """Return the active template for tier, angle and strongest signal, and why in words.

    Falls back on the tier's general template, then on any. Raises LookupError where none is active.
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


def other_templates(template: EmailTemplate) -> Iterable[EmailTemplate]:
    others = first_emails().filter(tier=template.tier).exclude(pk=template.pk).order_by("key")
    return sorted(others, key=lambda one: (one.angle != GENERAL, one.signal))


def first_emails() -> QuerySet[EmailTemplate]:
    return EmailTemplate.objects.filter(active=True).exclude(angle__in=FOLLOW_UPS.values())


def next_in_thread(tier: str, step: int) -> tuple[EmailTemplate, str]:
    """Return the template of follow-up `step`, of the tier or else any. Raises LookupError."""
    active = EmailTemplate.objects.filter(active=True, angle=FOLLOW_UPS[step]).order_by("key")
    template = active.filter(tier=tier).first() or active.first()
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
