"""How much the weeks before a list of evidence differed: one number for the whole list."""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q

from metrics.evidence import reply_cohorts
from metrics.evidence.evidence import WeekCount, spread_of_weeks
from metrics.evidence.looks import monday_of
from metrics.models import GateEvaluation
from outreach.choices import Phase, Transport
from outreach.control.policy import PHASE_ORDER

SPREAD_FROM = timedelta(weeks=52)  # the newest before the list; older ones say less of today
VERSIONS_WITHOUT_SPREAD = ("1", "2")
MOST_READ = 5  # records; the first says it, unless it was measured as the list began


def spread_of_list(gate: str, target: Phase, now: datetime) -> float | None:
    """The spread of the evaluation that was recorded first since the list of `gate` began.

    Later imports and answers do not change it, so that no look can be made stronger afterwards.
    That evaluation is recorded within a minute of the list's beginning. What is imported before
    it still counts: then nobody's answer is evidence yet, for three days.
    """
    lower = phase_under(target)
    since = reply_cohorts.list_start(lower, now)
    if since is None:
        return past_spread(now)
    began = reply_cohorts.list_begins(lower)
    recorded = GateEvaluation.objects.filter(target=target, at__gte=since).order_by("pk")
    recorded = recorded.exclude(metric_version__in=VERSIONS_WITHOUT_SPREAD)
    for gates in recorded.values_list("gates", flat=True)[:MOST_READ]:
        raw: dict[str, Any] = next((one.get("raw", {}) for one in gates if one["name"] == gate), {})
        if "spread_seen" in raw and raw["began"] == (began.isoformat() if began else None):
            seen: float | None = raw["spread_seen"]
            return seen
    return past_spread(since)


def phase_under(target: Phase) -> Phase:
    """In which the evidence for `target` is gathered."""
    return PHASE_ORDER[PHASE_ORDER.index(target) - 1]


def past_spread(before: datetime) -> float | None:
    """How much the last 52 weeks before that moment differed, imported ones too.

    None where too few say.
    """
    emails = reply_cohorts.first_emails(before)
    emails = emails.filter(Q(transport=Transport.HISTORY) | Q(transport=Transport.GHL))
    newest = emails.order_by("-sent_at").values_list("sent_at", flat=True).first()
    if newest is None:
        return None
    emails = emails.filter(sent_at__gt=newest - SPREAD_FROM)
    people: Counter[date] = Counter()
    answered: Counter[date] = Counter()
    for day, number in reply_cohorts.people_by_day(emails).items():
        people[monday_of(day)] += number
    for (day, _), number in reply_cohorts.answered_by_days(emails, before).items():
        answered[monday_of(day)] += number
    return spread_of_weeks(WeekCount(answered[week], people[week]) for week in people)
