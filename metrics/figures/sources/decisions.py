"""What people decided on a day: how long it took, agreement, edits, scores, re-readings."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from django.db.models import F, QuerySet

from approvals.learning import edits
from approvals.models import Decision, QualityScore, Rereading
from approvals.quality.dimensions import NAMES
from approvals.rereading import override_rate
from leads.models import Kind
from metrics.figures import agreement
from metrics.figures.counts import Counts, class_of
from metrics.figures.definitions import ONE_UNIT, Tally
from metrics.figures.sources.facts import (
    Day,
    Fact,
    Groups,
    Source,
    mean_of,
    message_groups,
    of_message,
    share,
)
from outreach.choices import Phase, Transport
from outreach.limits import team_calendar

LONGEST_REVIEW = timedelta(minutes=10)
UNSEEN_REVIEW = timedelta(minutes=1)
MACHINES = {Phase.ASSISTED: Tally.AGREEMENT_ASSISTED, Phase.AUTONOMOUS: Tally.AGREEMENT_AUTONOMOUS}


def timed_decisions() -> QuerySet[Decision]:
    """Standing decisions of people about emails that can really leave: whose waits count."""
    return Decision.objects.standing().filter(is_evidence=True, by__isnull=False)


def business_seconds(times: Sequence[tuple[datetime, datetime]]) -> list[float]:
    """Of each (held, decided), the seconds within the team's working hours."""
    hours = team_calendar.load_calendar()
    return [hours.time_between(start, end).total_seconds() for start, end in times]


def count_waits(day: Day) -> Source:
    rows = timed_decisions().filter(**day.within("at"))
    found = list(rows.values_list("held_at", "at", *of_message("message__")))
    business = business_seconds([(held, at) for held, at, *_ in found])
    for (held, at, *values), seconds in zip(found, business, strict=True):
        groups = message_groups(values)
        yield _wait(Tally.WAIT_BUSINESS, groups, seconds)
        yield _wait(Tally.WAIT_CLOCK, groups, (at - held).total_seconds())


def _wait(tally: Tally, groups: Groups, waited: float) -> Fact:
    seconds = max(0, round(waited))
    counts = Counts(seconds, 1, seconds * seconds)
    counts.classes[class_of(waited)] = 1
    return Fact(tally, groups, counts)


def count_review_time(day: Day) -> Source:
    """Each person's decisions in turn: a decision is no longer than since the one before."""
    made = Decision.objects.filter(by__isnull=False, message__kind=Kind.LIVE)
    rows = made.filter(at__gte=day.start - LONGEST_REVIEW, at__lt=day.end).order_by("by", "at")
    before: dict[int, datetime] = {}
    for by, at, opened, *values in rows.values_list(
        "by", "at", "message__opened_at", *of_message("message__")
    ):
        began = max(filter(None, (opened, before.get(by))), default=None) if opened else None
        took = UNSEEN_REVIEW if began is None else min(max(at - began, timedelta()), LONGEST_REVIEW)
        before[by] = at
        if at >= day.start:
            counts = Counts(round(took.total_seconds()), 1)
            yield Fact(Tally.REVIEW_TIME, message_groups(values), counts)


def count_agreement(day: Day) -> Source:
    compared = agreement.newest_decisions(day.start, day.end, day.now)
    groups = _groups_of(compared)
    for machine, tally in MACHINES.items():
        for one in compared:
            outcome = agreement.compare_decision(one, machine).outcome
            yield share(tally, groups[one.pk], outcome == agreement.Outcome.SAME)


def _groups_of(decisions: Sequence[Decision]) -> dict[int, Groups]:
    rows = Decision.objects.filter(pk__in=[one.pk for one in decisions])
    return {
        pk: message_groups(values)
        for pk, *values in rows.values_list("pk", *of_message("message__"))
    }


def count_edits(day: Day) -> Source:
    approvals = edits.approvals_of_people().exclude(message__transport=Transport.SANDBOX)
    here = approvals.filter(**day.within("at"))
    newest: dict[int, int] = {}
    later = approvals.filter(message__in=here.values("message")).order_by("pk")
    for message, pk in later.values_list("message", "pk"):
        newest[message] = pk
    for pk, message, edited, *values in here.values_list(
        "pk", "message", "edited", *of_message("message__")
    ):
        if newest[message] == pk:
            yield share(Tally.EDITS, message_groups(values), edited)


def count_quality(day: Day) -> Source:
    """Emails whose newest counted score is of the day, with the mean of everybody's; as the gate
    counts them.
    """
    today = QualityScore.objects.filter(**day.within("at"))
    scores = QualityScore.objects.filter(message__in=today.values("message"))
    newest: dict[tuple[int, int], tuple[int, datetime, list[int], list[Any]]] = {}
    rows = scores.of_live_emails().order_by("pk")
    for message, by, at, *rest in rows.values_list(
        "message", "by", "at", *NAMES, *of_message("message__")
    ):
        newest[message, by] = (message, at, rest[: len(NAMES)], rest[len(NAMES) :])
    by_email = defaultdict(list)
    for message, at, marks, values in newest.values():
        by_email[message].append((at, marks, values))
    for found in by_email.values():
        if day.start <= max(at for at, _, _ in found) < day.end:
            marks = [mark for _, row, _ in found for mark in row]
            points = round(Fraction(sum(marks), len(marks)) * ONE_UNIT[Tally.QUALITY])
            yield mean_of(Tally.QUALITY, message_groups(found[0][2]), points)


def count_overrides(day: Day) -> Source:
    drawn = override_rate.drawn_items().filter(**day.within("rereading__at"))
    rows = drawn.annotate(judgement=F("rereading__judgement"))
    for judgement, *values in rows.values_list("judgement", *of_message("message__")):
        is_overridden = judgement in Rereading.OVERRIDING
        yield share(Tally.OVERRIDES, message_groups(values), is_overridden)
