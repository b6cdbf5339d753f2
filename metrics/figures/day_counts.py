"""Compute the counts of one day from its rows, and store them."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from metrics.figures.counts import Counts
from metrics.figures.definitions import Tally, version_of
from metrics.figures.sources import decisions, emails, vendors
from metrics.figures.sources.facts import Day, Source
from metrics.models import DailyFigure, FigureDay
from outreach.limits import office_hours

SOURCES: tuple[Callable[[Day], Source], ...] = (
    emails.count_sent,
    emails.count_answers,
    emails.count_meetings,
    emails.count_tokens,
    decisions.count_waits,
    decisions.count_review_time,
    decisions.count_agreement,
    decisions.count_edits,
    decisions.count_quality,
    decisions.count_overrides,
    vendors.count_enrichments,
    vendors.count_credits,
    vendors.count_pipeline,
)
Key = tuple[str, str, str]  # tally, dimension, value
VALUE_LENGTH = 60


def current_basis() -> str:
    """A hash of the definitions and of the team's calendar: another one counts all days anew."""
    basis = [
        [version_of(tally) for tally in Tally],
        settings.TEAM_TIME_ZONE,
        settings.WORKING_HOURS,
        office_hours.team_country(),
        settings.GHL_PIPELINE_ID,
    ]
    return hashlib.sha256(json.dumps(basis).encode()).hexdigest()[:16]


def day_span(day: date, now: datetime) -> Day:
    zone = ZoneInfo(settings.TEAM_TIME_ZONE)
    return Day(
        datetime.combine(day, time(), zone),
        datetime.combine(day + timedelta(days=1), time(), zone),
        now,
    )


def count_day(day: date, now: datetime | None = None) -> dict[Key, Counts]:
    """The counts of all, and of each value of each dimension, from the rows as they are."""
    span = day_span(day, now or timezone.now())
    found: dict[Key, Counts] = defaultdict(Counts)
    for source in SOURCES:
        for fact in source(span):
            found[fact.tally, "", ""].add(fact.counts)
            for dimension, value in fact.groups.items():
                found[fact.tally, dimension.value, value[:VALUE_LENGTH]].add(fact.counts)
    return dict(found)


def store_day(day: date, now: datetime | None = None) -> bool:
    """Compute one day and store what differs; whether anything did.

    What is learned while it is computed leaves the day marked for the next time.
    """
    now = now or timezone.now()
    with transaction.atomic():
        row, _ = FigureDay.objects.select_for_update().get_or_create(day=day)
        counted = {key: _stored(counts) for key, counts in count_day(day, now).items()}
        differs = _stored_rows(day) != counted
        if differs:
            DailyFigure.objects.filter(day=day).delete()
            DailyFigure.objects.bulk_create(
                DailyFigure(day=day, tally=tally, dimension=dimension, value=value, **columns)
                for (tally, dimension, value), columns in counted.items()
            )
        row.changed_at, row.computed_at, row.basis = None, now, current_basis()
        row.save()
    return differs


def _stored(counts: Counts) -> dict[str, Any]:
    return {
        "numerator": counts.numerator,
        "denominator": counts.denominator,
        "squares": counts.squares,
        "classes": {str(number): n for number, n in sorted(counts.classes.items())},
    }


def _stored_rows(day: date) -> dict[Key, dict[str, Any]]:
    names = ("numerator", "denominator", "squares", "classes")
    rows = DailyFigure.objects.filter(day=day).values("tally", "dimension", "value", *names)
    return {
        (row["tally"], row["dimension"], row["value"]): {name: row[name] for name in names}
        for row in rows
    }
