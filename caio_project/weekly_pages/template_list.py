"""What the list of templates says of each: its place, its numbers, what is wrong with it."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from leads.models import Lead, TeamMember
from outreach.auto_approval import template_rejections
from outreach.content import style
from outreach.drafting import signing
from outreach.drafting.template_choice import FOLLOW_UPS
from outreach.experiments import template_counts
from outreach.models import EmailTemplate, Experiment

ANGLE_TEXTS = {
    "warm_connection": "somebody on the team knows them",
    "high_intent": "they read a pricing, demo or similar page",
    "hiring": "their company is hiring",
    "content": "they read articles or case studies",
    "general": "everybody without a closer template",
    FOLLOW_UPS[2]: "second email, where the first was not answered",
    FOLLOW_UPS[3]: "third and last email",
}


@dataclass(frozen=True)
class TemplateRow:
    template: EmailTemplate
    purpose: str
    counts: template_counts.TemplateCounts
    problems: tuple[str, ...]
    is_tested: bool
    flagged: template_rejections.RejectionCount | None = None  # why the machine does not approve it

    @property
    def is_retired(self) -> bool:
        return not self.template.active


def template_rows() -> list[TemplateRow]:
    counts = template_counts.counts_by_template()
    flagged = template_rejections.flagged_templates()
    tested = set(Experiment.objects.filter(ended_at=None).values_list("template_key", flat=True))
    rows = [
        TemplateRow(
            one,
            purpose_of(one),
            counts.get(one.key, template_counts.TemplateCounts()),
            template_faults(one) if one.active else (),
            one.key in tested,
            flagged.get(one.key) if one.active else None,
        )
        for one in _newest_versions()
    ]
    return sorted(rows, key=lambda row: (row.is_retired, row.template.key))


def _newest_versions() -> list[EmailTemplate]:
    found: dict[str, EmailTemplate] = {}
    for one in EmailTemplate.objects.select_related("created_by").order_by("version"):
        if one.active or one.key not in found or not found[one.key].active:
            found[one.key] = one
    return list(found.values())


def is_tested(key: str) -> bool:
    return Experiment.objects.filter(template_key=key, ended_at=None).exists()


def purpose_of(template: EmailTemplate) -> str:
    angle = ANGLE_TEXTS.get(template.angle, template.angle.replace("_", " "))
    signal = f", and known: {template.get_signal_display().lower()}" if template.signal else ""
    return f"{template.get_tier_display()}: {angle}{signal}"


def template_faults(template: EmailTemplate) -> tuple[str, ...]:
    """What stops emails from this template, such as a merge field that is gone."""
    found = style.template_problems(template.subject, template.body)
    return tuple(f"{one.field.capitalize()}: {one.text}" for one in found if one.is_error)


def booking_link_warning() -> str:
    """A sentence where emails leave without a booking link; "" where every sender has one."""
    if signing.default_sender() is None:
        return "Nobody is the default sender, so emails have no booking link."
    senders = Q(is_default_sender=True) | Q(pk__in=Lead.objects.values("owner"))
    without = TeamMember.objects.filter(senders, active=True, booking_url="")
    lacking = list(without.values_list("name", flat=True))
    if not lacking:
        return ""
    who = lacking[0] if len(lacking) == 1 else f"{', '.join(lacking[:-1])} and {lacking[-1]}"
    return f"No booking link is set for {who}: their emails go out without one."


def version_rows(key: str) -> list[dict[str, Any]]:
    versions = list(EmailTemplate.objects.filter(key=key).select_related("created_by"))
    return [{"template": one, "by": written_by(one)} for one in versions]


def written_by(template: EmailTemplate) -> str:
    if template.created_by is not None:
        return template.created_by.get_full_name() or template.created_by.get_username()
    return "the starting set" if template.seeded else "unknown"
