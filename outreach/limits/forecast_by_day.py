"""When what waits has left at the limits of now: what is approved, and with it what is not decided yet."""

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings

from caio_project.lib import calendar
from outreach.control import phase
from outreach.limits import current_limits, forecast, limit_rules, office_hours, queue_counts
from outreach.limits.forecast import Forecast


@dataclass(frozen=True)
class QueueForecast:
    at: datetime
    held_by: str | None  # where only a person lets it go on
    approved: Forecast
    with_undecided: Forecast


def forecast_queue(now: datetime) -> QueueForecast:
    """Both forecasts from the rows. The second takes all that is undecided as approved now."""
    at = current_limits.read_limits(phase.current_control(), now)
    lines, wait = queue_counts.approved_groups(at), limit_rules.limit_on_everything(at)
    held_by = wait.text if wait and wait.until is None else None
    both = [*lines, *queue_counts.undecided_groups(at)]
    return QueueForecast(
        now,
        held_by,
        forecast.count_by_day(at, lines, office_hours.working_hours()),
        forecast.count_by_day(at, both, office_hours.working_hours()),
    )


@dataclass(frozen=True)
class ForecastRow:
    """One day of the table."""

    day: date
    approved: int
    both: int


def rows_by_day(found: QueueForecast) -> list[ForecastRow]:
    """Every day on which something leaves, in either forecast."""
    approved = {one.day: one.count for one in found.approved.days}
    both = {one.day: one.count for one in found.with_undecided.days}
    return [
        ForecastRow(day, approved.get(day, 0), both.get(day, 0))
        for day in sorted({*approved, *both})
    ]


def describe_forecast(found: QueueForecast) -> str:
    """When the queue drains, in words; "" where nothing is approved and nothing waits for a decision."""
    said, more = [], found.with_undecided.waiting - found.approved.waiting
    if found.held_by and (found.approved.waiting or more):
        return f"{found.approved.waiting} approved, and none of them leaves: {found.held_by}"
    if found.approved.waiting:
        said.append(f"Approved: {_describe_one(found.approved, found.at)}.")
    if more:
        said.append(
            f"With the {more} that wait for a decision, approved now: {_describe_one(found.with_undecided, found.at)}."
        )
    return " ".join(said)


def _describe_one(drain: Forecast, now: datetime) -> str:
    today = calendar.team_day(now, settings.TEAM_TIME_ZONE)
    leave = drain.days[0].count if drain.days and drain.days[0].day == today else 0
    if drain.last_day is None:
        return "none leaves within six weeks"
    if drain.last_day == today:
        return "one, it leaves today" if leave == 1 else f"all {leave} leave today"
    about = "" if drain.last_at else "about "
    return (
        f"{leave} of {drain.waiting} leave today, the last {about}on {drain.last_day:%a %-d %b %Y}"
    )
