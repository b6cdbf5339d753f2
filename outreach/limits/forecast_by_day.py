"""When the approved emails have left at today's limits, without and with the undecided ones."""

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings

from caio_project.lib import calendar
from outreach.control import phase
from outreach.limits import current_limits, forecast, limit_rules, office_hours, queue_counts
from outreach.limits.forecast import Forecast


@dataclass(frozen=True)
class QueueForecast:
    """Two forecasts made at one moment."""

    at: datetime
    held_by: str | None  # the sentence of a limit that only a person can end
    approved: Forecast
    with_undecided: Forecast


def forecast_queue(now: datetime) -> QueueForecast:
    """Forecast the approved emails, and all emails as if the undecided were approved now."""
    at = current_limits.read_limits(phase.current_control(), now)
    groups, limit = queue_counts.approved_groups(at), limit_rules.limit_on_everything(at)
    held_by = limit.text if limit and limit.until is None else None
    both, hours = [*groups, *queue_counts.undecided_groups(at)], office_hours.working_hours()
    approved = forecast.count_by_day(at, groups, hours)
    return QueueForecast(now, held_by, approved, forecast.count_by_day(at, both, hours))


@dataclass(frozen=True)
class ForecastRow:
    """One day of the table: how many leave by either forecast."""

    day: date
    approved: int
    both: int


def rows_by_day(found: QueueForecast) -> list[ForecastRow]:
    approved = {one.day: one.count for one in found.approved.days}
    both = {one.day: one.count for one in found.with_undecided.days}
    return [
        ForecastRow(day, approved.get(day, 0), both.get(day, 0))
        for day in sorted({*approved, *both})
    ]


def describe_forecast(found: QueueForecast) -> str:
    parts, more = [], found.with_undecided.waiting - found.approved.waiting
    if found.held_by and (found.approved.waiting or more):
        number = found.approved.waiting
        return f"{number} approved and not sent: {found.held_by}" if number else str(found.held_by)
    if found.approved.waiting:
        parts.append(f"Approved: {_describe_one(found.approved, found.at)}.")
    if more:
        with_undecided = _describe_one(found.with_undecided, found.at)
        parts.append(f"If you approve all {more} now: {with_undecided}.")
    return " ".join(parts)


def _describe_one(found: Forecast, now: datetime) -> str:
    today = calendar.team_day(now, settings.TEAM_TIME_ZONE)
    leave = found.days[0].count if found.days and found.days[0].day == today else 0
    if found.last_day is None:
        return "none goes out within six weeks"
    if found.last_day == today:
        return "it goes out today" if leave == 1 else f"all {leave} go out today"
    about = "" if found.last_at else "about "
    by = f"{about}{found.last_day:%a, %b %-d}"
    if not leave:
        return f"none goes out today, {'it' if found.waiting == 1 else 'all'} by {by}"
    return f"{leave} of {found.waiting} go out today and the rest by {by}"
