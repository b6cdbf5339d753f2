"""Which version of the scoring rules is in force, and publishing another."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from caio_project.lib.models import Counter
from caio_project.lib.nudge import nudge
from caio_project.lib.web.client_input import read_id
from leads.models import Assessment, Lead, ScoringRules
from leads.scoring_rules import DEFAULT_RULES, InvalidRules, Rules

SEEN_WITHIN = timedelta(days=30)  # leads seen within it are rescored by newly published rules
State = ScoringRules.State
HIGH_INTENT = "high_intent"


class PublishRefused(Exception):
    """The rules cannot be published now; the text says why."""


def current_rules() -> Rules:
    """The published rules, or the built-in ones. Read from the database each time.

    A worker with cached rules would score a marked lead by the old version, and nobody would score
    it again.
    """
    row = ScoringRules.objects.filter(state=State.PUBLISHED).first()
    return row.parsed() if row else DEFAULT_RULES


def rules_of(assessment: Assessment) -> Rules:
    name = assessment.rules_version
    if name == DEFAULT_RULES.version:
        return DEFAULT_RULES
    row = ScoringRules.objects.filter(version=read_id(name)).first()
    return row.parsed() if row else current_rules()


def shows_high_intent(assessment: Assessment) -> bool:
    """Whether the page behind the topic shows high intent, whatever the angle is."""
    if assessment.angle == HIGH_INTENT:
        return True
    pages = rules_of(assessment).pages
    return any(t.active and t.angle == HIGH_INTENT and t.topic == assessment.topic for t in pages)


def email_angles() -> list[str]:
    """All angles in the current rules and in drafts, whose templates are written in advance."""
    found = set()
    for version in [current_rules(), *_draft_rules()]:
        found |= {trigger.angle for trigger in version.pages if trigger.angle}
    return sorted(found)


def _draft_rules() -> Iterator[Rules]:
    for row in ScoringRules.objects.filter(state=State.DRAFT):
        with suppress(InvalidRules):
            yield row.parsed()


def publish_rules(row: ScoringRules, by: Any) -> ScoringRules:
    """Publish `row` as it was read, retire the version before, and mark leads for rescoring.

    Raises PublishRefused where `row` is no longer a draft or has changed, and InvalidRules.
    """
    row.parsed()
    with transaction.atomic():
        Counter.next("scoring_rules_published")  # its lock lets one publish at a time
        draft = ScoringRules.objects.select_for_update().get(pk=row.pk)
        if draft.state != State.DRAFT:
            raise PublishRefused(
                f"Version {draft.version} is {draft.get_state_display().lower()}, not a draft."
            )
        if draft.rules != row.rules:
            raise PublishRefused(
                f"Version {draft.version} was changed meanwhile. Look at it again."
            )
        ScoringRules.objects.filter(state=State.PUBLISHED).update(
            state=State.RETIRED, marked_to=None
        )
        ScoringRules.objects.filter(pk=row.pk).update(
            state=State.PUBLISHED, published_at=timezone.now(), published_by=by, marked_to=0
        )
    mark_for_rescoring()
    nudge("leads.assess_due")
    return ScoringRules.objects.get(pk=row.pk)


def mark_for_rescoring(batch: int = 500) -> int:
    """Mark the leads seen recently for a score by the newly published rules; returns how many.

    Works in short transactions and stores its position on the row, so that the next sweep continues
    after a crash.
    """
    count = 0
    while found := _mark_batch(batch):
        count += found
    return count


def _mark_batch(batch: int) -> int:
    unfinished = ScoringRules.objects.filter(state=State.PUBLISHED, marked_to__isnull=False)
    if not unfinished.exists():
        return 0
    with transaction.atomic():
        row = unfinished.select_for_update().first()
        if row is None:
            return 0  # another process finished it
        now = timezone.now()
        since = now - max(SEEN_WITHIN, row.parsed().look_back)
        lately = Lead.objects.filter(pk__gt=row.marked_to, last_seen_at__gte=since)
        pks = list(lately.select_for_update().order_by("pk").values_list("pk", flat=True)[:batch])
        # Leads already due as well: one may just now be scored by the old rules.
        Lead.objects.filter(pk__in=pks).exclude(needs_assessment_at__gt=now).update(
            needs_assessment_at=now
        )
        unfinished.filter(pk=row.pk).update(marked_to=pks[-1] if len(pks) == batch else None)
    return len(pks)
