"""The targets of the current month, from figures, settings and the cap of the phase."""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Sum

from caio_project.lib import calendar
from metrics.figures.reading import Bucket, read_figures
from metrics.figures.sources import vendors
from metrics.figures.targets import MonthDays, Target, count_target, sent_target
from outreach.control import phase
from outreach.limits import office_hours, sending_domains


def month_targets(now: datetime) -> list[Target]:
    """Emails sent, reply rate, meetings, open pipeline. The cap is today's, for all days left."""
    today = calendar.team_day(now, settings.TEAM_TIME_ZONE)
    first = today.replace(day=1)
    days = _month_days(first, today)
    country = office_hours.team_country()
    sent = read_figures(["sent"], first, today, bucket=Bucket.DAY)
    over = [
        int(row.numerator)
        for row in sent
        if row.start < today and calendar.is_working_day(row.start, country)
    ]
    total = int(sum(row.numerator for row in sent))
    cap = sending_domains.daily_cap(phase.current_control(), now)
    rate, meetings = read_figures(["reply_rate", "meetings"], first, today, bucket=Bucket.WHOLE)
    return [
        sent_target(settings.TARGET_SENT, over, total, days, cap),
        Target(
            "reply_rate",
            settings.TARGET_REPLY_PERCENT / 100,
            rate.value,
            rate.interval if rate.is_enough else None,
        ),
        count_target("meetings", settings.TARGET_MEETINGS, int(meetings.numerator), days),
        Target("pipeline_value", settings.TARGET_PIPELINE, _open_pipeline()),
    ]


def _month_days(first: date, today: date) -> MonthDays:
    country, day = office_hours.team_country(), first
    over = left = 0
    while day.month == first.month:
        if calendar.is_working_day(day, country):
            over, left = (over + 1, left) if day < today else (over, left + 1)
        day += timedelta(days=1)
    return MonthDays(over, left)


def _open_pipeline() -> float | None:
    if not settings.GHL_PIPELINE_ID:
        return None
    return float(vendors.open_deals().aggregate(sum=Sum("value"))["sum"] or 0)
