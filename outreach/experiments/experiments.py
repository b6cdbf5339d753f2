"""A/B tests of a template: start, result, and end by a person.

Analysed as assigned: an email that a reviewer changed stays on its side. Recipients are counted
by their first email, where it was sent through GoHighLevel to a live lead.
"""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from caio_project.lib.db import claims
from caio_project.lib.vendor_access.access import is_sandboxed
from leads.models import Kind
from outreach.choices import Phase, Status, Transport
from outreach.control import phase
from outreach.email_templates import publishing
from outreach.experiments import ab_statistics
from outreach.lifecycle.transitions import OPEN
from outreach.limits import current_limits
from outreach.models import Assignment, EmailTemplate, Experiment, Message, MessageText, Reply

RIPE_AFTER = timedelta(days=3)  # an answer takes its time
LOOK_BACK = timedelta(days=60)
FEWEST_EMAILS, MOST_EMAILS = 10, 5000  # emails of one test


class NotStarted(Exception):
    """Why a test does not start, as a sentence; nothing was changed."""


class NotPublished(Exception):
    """Why a test's version B is not published, as a sentence; nothing was changed."""


class AlreadyEnded(Exception):
    """It was ended before, by another; nothing was changed."""


def start_experiment(
    template: EmailTemplate, variant: EmailTemplate, kind: str, size: int, by: Any
) -> Experiment:
    """Store `variant` as a version only for this test, and start it. Raises NotStarted.

    The caller has checked the variant as a template.
    """
    if not FEWEST_EMAILS <= size <= MOST_EMAILS or size % 2:
        raise NotStarted(
            f"A test has an even number of emails from {FEWEST_EMAILS} to {MOST_EMAILS:,}."
        )
    if (template.subject, template.body) == (variant.subject, variant.body):
        raise NotStarted("The variant is the same text.")
    try:
        with transaction.atomic():
            versions = list(
                EmailTemplate.objects.select_for_update()
                .filter(key=template.key)
                .order_by("version")
            )
            active = next((one for one in versions if one.active), None)
            if active is None or active.pk != template.pk:
                raise NotStarted(f"{template} is not in use any more. Look again.")
            stored = _store_variant(variant, active, versions[-1].version + 1, by)
            return Experiment.objects.create(
                kind=kind,
                template_key=active.key,
                template_a=active,
                template_b=stored,
                size=size,
                started_by=by,
                plan=asdict(current_plan(active, size)),
            )
    except IntegrityError:
        raise NotStarted(f"A test of {template.key} is under way. End it first.") from None


def _store_variant(
    variant: EmailTemplate, active: EmailTemplate, version: int, by: Any
) -> EmailTemplate:
    same = {name: getattr(active, name) for name in ("key", "tier", "angle", "signal", "language")}
    return EmailTemplate.objects.create(
        **same,
        version=version,
        name=f"{active.name}, as tested"[:120],
        subject=variant.subject,
        other_subjects=variant.other_subjects,
        body=variant.body,
        active=False,
        created_by=by,
    )


def current_plan(template: EmailTemplate, size: int) -> ab_statistics.ExperimentPlan:
    now = timezone.now()
    sent = counted_recipients(
        Message.objects.filter(template__key=template.key, sent_at__gte=now - LOOK_BACK), now
    )
    answered = sum(has_answered for _, has_answered in sent)
    daily = current_limits.read_limits(phase.current_control(), now).daily
    return ab_statistics.plan_experiment(size, len(sent), answered, daily)


def why_nobody_joins(experiment: Experiment) -> str:
    """Why no draft is added to a running test now, as a sentence; "" where they are."""
    if experiment.assigned >= experiment.size:
        return "All its emails are drafted."
    if is_sandboxed("ghl"):
        return "Nobody is added while GoHighLevel is in the sandbox."
    if phase.current_control().phase == Phase.SHADOW:
        return "Nobody is added in Shadow, for nothing leaves."
    return (
        ""
        if experiment.template_a.active
        else "Nobody is added any more: the template was changed since."
    )


def counted_recipients(messages: QuerySet[Message], now: datetime) -> list[tuple[int, bool]]:
    """Return (lead id, has answered) for each first email sent long enough ago to be counted."""
    answers = Reply.objects.counted().filter(
        lead=OuterRef("lead"), received_at__gte=OuterRef("sent_at")
    )
    rows = (
        sent_to_real_people(messages)
        .filter(sent_at__lte=now - RIPE_AFTER)
        .annotate(said=Exists(answers))
    )
    return list(dict(rows.order_by("sent_at").values_list("lead", "said")).items())


def sent_to_real_people(messages: QuerySet[Message]) -> QuerySet[Message]:
    return messages.filter(
        step=1, status=Status.SENT, transport=Transport.GHL, kind=Kind.LIVE, lead__kind=Kind.LIVE
    )


def experiment_result(
    experiment: Experiment, now: datetime | None = None
) -> ab_statistics.Comparison:
    now = now or timezone.now()
    mine = Message.objects.filter(assignment__experiment=experiment)
    waiting = (
        mine.filter(status__in=OPEN).count()
        + sent_to_real_people(mine).filter(sent_at__gt=now - RIPE_AFTER).count()
    )
    a, b = (
        _side_counts(mine.filter(assignment__variant=variant), now)
        for variant in (Assignment.A, Assignment.B)
    )
    return ab_statistics.compare_sides(a, b, experiment.size, waiting)


def _side_counts(messages: QuerySet[Message], now: datetime) -> ab_statistics.SideCounts:
    people, left = counted_recipients(messages, now), sent_to_real_people(messages)
    typed = MessageText.objects.filter(message=OuterRef("pk"), version=OuterRef("version")).exclude(
        author=None
    )
    return ab_statistics.SideCounts(
        assigned=messages.count(),
        left=left.values("lead").distinct().count(),
        ripe=len(people),
        answered=sum(has_answered for _, has_answered in people),
        edited=left.filter(Exists(typed)).count(),
    )


def end_experiment(experiment: Experiment, by: Any) -> Experiment:
    """End a test and store its result; inconclusive before its time. Raises AlreadyEnded."""
    found = experiment_result(experiment)
    verdict = found.verdict or Experiment.Verdict.INCONCLUSIVE
    kept = {**asdict(found), "verdict": verdict}
    running = Experiment.objects.filter(pk=experiment.pk, ended_at=None)
    if not claims.claim_row(
        running, ended_at=timezone.now(), ended_by=by, verdict=verdict, result=kept
    ):
        raise AlreadyEnded("This test was ended before.")
    experiment.refresh_from_db()
    return experiment


def publish_winner(experiment: Experiment, by: Any) -> EmailTemplate:
    """Publish version B of an ended test that B has won. Raises NotPublished."""
    if experiment.verdict != Experiment.Verdict.B:
        raise NotPublished("Version B has not won this test.")
    before = experiment.template_a
    template = EmailTemplate.objects.get(pk=experiment.template_b_id)
    template.name = before.name
    try:
        return publishing.publish_version(template, by, instead_of=before)
    except publishing.PublishedMeanwhile:
        raise NotPublished(
            f"{before} was changed since the test began. Edit the template instead."
        ) from None


def newest_experiments() -> QuerySet[Experiment]:
    return Experiment.objects.select_related("template_a", "template_b", "started_by", "ended_by")
