"""A few times on each working day the team is told how many emails wait.

HOT emails are told of one by one, at once; a digest is for the others.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Min
from django.utils import timezone

from approvals.models import Notice
from approvals.queue import review_queue
from caio_project.lib import calendar
from caio_project.lib.hours.business_calendar import BusinessCalendar
from caio_project.lib.vendor_access.access import vendor_value
from caio_project.lib.words.clock_words import day_clock_words
from leads.models import TeamMember
from outreach.choices import Band
from outreach.limits import team_calendar

KEY = "digest:"
LATEST = timedelta(hours=2)  # after its time it is not made up for
ORDER = (Band.HOT, Band.WARM, Band.LOW)


def create_digest_notice(
    find_recipient: Callable[[datetime], TeamMember | None], now: datetime | None = None
) -> int:
    """Write the notice of the digest that is due, once; returns how many.

    `find_recipient` says who is told at a moment where there is no channel for all.
    """
    now = now or timezone.now()
    due = due_digest(now, settings.DIGEST_AT, team_calendar.current_calendar())
    if due is None or not (vendor_value("SLACK_BOT_TOKEN") or settings.EMAIL_URL):
        return 0
    key = f"{KEY}{due:%Y%m%d%H%M}"
    if Notice.objects.filter(key=key).exists() or not (text := digest_text(now)):
        return 0
    values = {"text": text, "to": find_recipient(now)}
    _, made = Notice.objects.get_or_create(key=key, defaults=values)
    return int(made)


def due_digest(now: datetime, times: list[str], hours: BusinessCalendar) -> datetime | None:
    """The newest of `times` today that is over, by at most two hours; None on a day off. Pure."""
    today, zone = calendar.team_day(now, hours.zone), ZoneInfo(hours.zone)
    if not hours.is_working_day(today):
        return None
    moments = [datetime.combine(today, calendar.read_time(one), zone) for one in times]
    over = [one for one in moments if timedelta(0) <= now - one < LATEST]
    return max(over, default=None)


def digest_text(now: datetime) -> str:
    """Counts by band and the oldest; "" where nothing waits but what was told one by one."""
    waiting = review_queue.waiting_messages().order_by()
    rows = waiting.values("band").annotate(count=Count("pk"), oldest=Min("held_at"))
    by_band = {row["band"]: row for row in rows}
    if not set(by_band) - {Band.HOT}:
        return ""
    counts = [f"{by_band[band]['count']} {band.label}" for band in ORDER if band in by_band]
    total = sum(row["count"] for row in by_band.values())
    critical = waiting.exclude(critical_reason="").count()
    held = [row["oldest"] for row in by_band.values() if row["oldest"]]
    said = f"{total} email{' waits' if total == 1 else 's wait'} for a decision: "
    said += ", ".join(counts) + (f" ({critical} CRITICAL)." if critical else ".")
    return f"{said} The oldest waits since {day_clock_words(min(held))}." if held else said


def is_digest(notice: Notice) -> bool:
    return notice.key.startswith(KEY)


def digest_link() -> str:
    return f"{settings.SITE_URL}/sales/queue"
