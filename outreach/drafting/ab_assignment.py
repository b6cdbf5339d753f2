"""Which side of a running A/B test an email is on. Stored once, never changed."""

import hashlib
from collections.abc import Collection

from django.db.models import F

from caio_project.lib.db import claims
from caio_project.lib.vendor_access.access import is_sandboxed
from leads.models import Kind
from outreach.choices import Phase
from outreach.control import phase
from outreach.models import Assignment, EmailTemplate, Experiment, Message


def assign_side(message: Message, template: EmailTemplate | None, tested: Collection[int]) -> str:
    """Assign an email that is being drafted to its template's test: "a", "b", or "" for no test.

    `tested` are the templates with a running test. Called in the transaction that stores the draft,
    which also claims the place in the test.
    """
    if (
        message.step > 1
        or message.kind != Kind.LIVE
        or is_sandboxed("ghl")
        or template is None
        or template.pk not in tested
    ):
        return ""
    running = Experiment.objects.filter(ended_at=None, template_a=template).first()
    if running is None or phase.current_control().phase == Phase.SHADOW:
        return ""
    free = Experiment.objects.filter(pk=running.pk, ended_at=None, assigned__lt=F("size"))
    if not claims.claim_row(free, assigned=F("assigned") + 1):
        return ""
    variant = variant_of(str(running.public_id), message.lead_id)
    Assignment.objects.create(experiment=running, message=message, variant=variant)
    return variant


def template_version_for(message: Message, template: EmailTemplate) -> EmailTemplate:
    """Return the variant for an email on side B; `template` for every other."""
    if message.pk is None:
        return template
    mine = Assignment.objects.filter(
        message=message, variant=Assignment.B, experiment__template_a=template
    )
    found = mine.select_related("experiment__template_b").first()
    return found.experiment.template_b if found else template


def is_assigned(message: Message) -> bool:
    return Assignment.objects.filter(message=message).exists()


def variant_of(experiment: str, person: int) -> str:
    """Return "a" or "b" by a hash: stable, and independent of all else about the lead."""
    digest = hashlib.sha256(f"{experiment}:{person}".encode()).digest()
    return "ab"[digest[0] & 1]
