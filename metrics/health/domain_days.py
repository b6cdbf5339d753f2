"""Domain health by day of the team's calendar: the lowest score of each, with its sum."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from caio_project.lib import calendar
from metrics.health.health_score import VERSION
from metrics.models import DomainDay
from outreach.choices import Record
from outreach.guardrails.guardrail_rules import DNS_RECORDS, DomainHealth


def record_day(verdict: DomainHealth, measured: Mapping[str, Any]) -> DomainDay:
    """Add a verdict to its day. The row keeps the sum of the day's lowest score.

    What DNS said is the newest; a record that was known once on the day is known.
    """
    day = calendar.team_day(verdict.evaluated_at, settings.TEAM_TIME_ZONE)
    with transaction.atomic():
        row, _ = DomainDay.objects.select_for_update().get_or_create(
            domain=verdict.domain.lower(), day=day, defaults={"measured_at": verdict.evaluated_at}
        )
        is_lowest = verdict.score is not None and (row.score is None or verdict.score <= row.score)
        if is_lowest or row.score is None:
            row.score, row.window = verdict.score, measured["window"]
            row.parts, row.counts = list(verdict.reasons), list(measured["counts"])
            row.version = VERSION
        for name in DNS_RECORDS:
            if getattr(verdict, name) != Record.UNKNOWN or not getattr(row, name):
                setattr(row, name, getattr(verdict, name))
        row.dns, row.measured_at = dict(measured["dns"]), verdict.evaluated_at
        row.verdicts += 1
        row.save()
    return row


@dataclass(frozen=True)
class DaysOnRecord:
    """The last days of a domain that are over: what each scored, and what is missing on the others.

    `today` is its lowest score so far; None where today has no whole verdict yet.
    """

    scores: dict[date, int]
    collecting: int  # days with verdicts, but too few emails for a score
    unmeasured: int  # days without a verdict
    unknown: dict[str, int]  # record, and on how many of the days with a score DNS said nothing
    today: int | None


def read_days(domain: str, now: datetime, days: int) -> DaysOnRecord:
    """Days with a score count only where DNS answered about each record at least once."""
    today = calendar.team_day(now, settings.TEAM_TIME_ZONE)
    rows = DomainDay.objects.filter(domain=domain, day__range=(today - timedelta(days=days), today))
    on_record = list(rows)
    over = [row for row in on_record if row.day < today]
    scored = [row for row in over if row.score is not None]
    unknown = {
        name: sum(getattr(row, name) == Record.UNKNOWN for row in scored) for name in DNS_RECORDS
    }
    whole = {row.day: row.score for row in on_record if row.score is not None and row.is_dns_known}
    return DaysOnRecord(
        today=whole.pop(today, None),
        scores=whole,
        collecting=len(over) - len(scored),
        unmeasured=days - len(over),
        unknown={name: count for name, count in unknown.items() if count},
    )
