"""The targets of the current month, from figures, what a Lead set and the cap of the phase."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Sum

from caio_project.lib import calendar
from caio_project.lib.hours.business_calendar import BusinessCalendar
from metrics.figures.reading import Bucket, read_figures
from metrics.figures.sources import vendors
from metrics.figures.targets import MonthDays, Target, count_target, sent_target
from metrics.models import MonthlyTarget
from outreach.control import phase
from outreach.limits import sending_domains, team_calendar


@dataclass(frozen=True)
class Goals:
    """What a month is to reach; `row` is None where nobody set it and the settings say it."""

    sent: int
    reply_percent: float
    meetings: int
    pipeline_value: int
    row: MonthlyTarget | None = None


def goals_of(day: date) -> Goals:
    """The goals of the day's month: of the newest row for it, or for the last month before."""
    rows = MonthlyTarget.objects.filter(month__lte=day).select_related("by")
    row = rows.order_by("-month", "-pk").first()
    if row is None:
        return Goals(
            settings.TARGET_SENT,
            settings.TARGET_REPLY_PERCENT,
            settings.TARGET_MEETINGS,
            settings.TARGET_PIPELINE,
        )
    return Goals(row.sent, float(row.reply_percent), row.meetings, row.pipeline_value, row)


def month_targets(now: datetime) -> list[Target]:
    """Emails sent, reply rate, meetings, open pipeline. The cap is today's, for all days left."""
    today = calendar.team_day(now, settings.TEAM_TIME_ZONE)
    first = today.replace(day=1)
    hours, goals = team_calendar.current_calendar(), goals_of(today)
    sent = read_figures(["sent"], first, today, bucket=Bucket.DAY)
    over = [
        int(row.numerator) for row in sent if row.start < today and hours.is_working_day(row.start)
    ]
    total = int(sum(row.numerator for row in sent))
    of_today = int(sum(row.numerator for row in sent if row.start == today))
    days = _month_days(first, today, hours, of_today)
    cap = sending_domains.daily_cap(phase.current_control(), now)
    rate, meetings = read_figures(["reply_rate", "meetings"], first, today, bucket=Bucket.WHOLE)
    return [
        sent_target(goals.sent, over, total, days, cap),
        Target(
            "reply_rate",
            goals.reply_percent / 100,
            rate.value,
            rate.interval if rate.is_enough else None,
        ),
        count_target("meetings", goals.meetings, int(meetings.numerator), days),
        Target("pipeline_value", goals.pipeline_value, _open_pipeline()),
    ]


def _month_days(first: date, today: date, hours: BusinessCalendar, sent_today: int) -> MonthDays:
    day, over, left = first, 0, 0
    while day.month == first.month:
        if hours.is_working_day(day):
            over, left = (over + 1, left) if day < today else (over, left + 1)
        day += timedelta(days=1)
    return MonthDays(over, left, sent_today if hours.is_working_day(today) else None)


def _open_pipeline() -> float | None:
    if not settings.GHL_PIPELINE_ID:
        return None
    return float(vendors.open_deals().aggregate(sum=Sum("value"))["sum"] or 0)
