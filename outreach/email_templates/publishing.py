"""Versions of templates: publishing makes one active, and older ones stay for their emails."""

from typing import Any

from django.db import transaction

from leads.field_values.languages import ENGLISH
from leads.scoring import rule_versions
from outreach.drafting.template_choice import FOLLOW_UPS, GENERAL
from outreach.models import EmailTemplate

SCORE_ANGLES = (
    "warm_connection",
    "high_intent",
    "hiring",
    "content",
    GENERAL,
)  # that the score gives


class PublishedMeanwhile(Exception):
    """Somebody else has published since the preview was shown."""


class StillNeeded(Exception):
    """Some leads would have no template without this one."""


def template_angles() -> list[str]:
    return list(dict.fromkeys((*SCORE_ANGLES, *FOLLOW_UPS.values(), *rule_versions.email_angles())))


def template_key(template: EmailTemplate) -> str:
    """ "tier_1.general.tech_stack.de", English without its code; cut to what the column holds."""
    language = "" if template.language == ENGLISH else template.language
    parts = (template.tier, template.angle, template.signal, language)
    return ".".join(part for part in parts if part)[:60]


def publish_version(
    template: EmailTemplate, by: Any, *, instead_of: EmailTemplate | None
) -> EmailTemplate:
    """Store `template` as its key's next version and activate it. Raises PublishedMeanwhile.

    `instead_of` is the active version that the person has compared it with.
    """
    with transaction.atomic():
        versions = list(
            EmailTemplate.objects.select_for_update().filter(key=template.key).order_by("version")
        )
        active = next((one for one in versions if one.active), None)
        if (active and active.pk) != (instead_of and instead_of.pk):
            raise PublishedMeanwhile(
                f"Somebody changed {template.key} meanwhile. Look at it again; nothing was "
                "published."
            )
        EmailTemplate.objects.filter(key=template.key, active=True).update(active=False)
        names = (
            "key", "tier", "angle", "signal", "language", "name", "subject", "other_subjects",
            "body",
        )  # fmt: skip
        return EmailTemplate.objects.create(
            **{name: getattr(template, name) for name in names},
            version=versions[-1].version + 1 if versions else 1,
            created_by=by,
        )


def retire_template(template: EmailTemplate) -> None:
    """Take a template out of use. Raises StillNeeded for a tier's general template."""
    if template.angle == GENERAL and not template.signal:
        raise StillNeeded(
            f"{template} is what {template.get_tier_display()} falls back on. Publish another "
            "version instead."
        )
    EmailTemplate.objects.filter(pk=template.pk).update(active=False)
