"""How much may leave and when. The strictest wins; for any email the binding limit and the next minute are known."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet

from caio_project.lib import calendar
from leads.models import Lead
from outreach import zones
from outreach.models import Control, DailySlots, Message, SendIntent, Transport
from outreach.phase import is_halted, limits_of

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Wait:
    """What keeps an email from leaving. `until` is None where only a person can end it."""

    limit: str
    until: datetime | None
    text: str
    everything: bool = True  # False where other emails may go first


@dataclass(frozen=True)
class Standing:
    """What was claimed so far, read under the lock of the control row."""

    now: datetime
    day: date  # of the team's calendar
    phase: str
    daily: int
    used_today: int
    hour: tuple[datetime, ...]  # claims of the last hour, newest first, HOURLY_LIMIT of them at most
    last: datetime | None
    halted: bool


def standing(row: Control, now: datetime) -> Standing:
    """How things stand for every email."""
    day = calendar.team_day(now, settings.TEAM_TIME_ZONE)
    used = DailySlots.objects.filter(day=day).values_list("used", flat=True).first() or 0
    recent = _claims_since(now - HOUR)
    return Standing(
        now=now,
        day=day,
        phase=row.phase,
        daily=limits_of(row).daily,
        used_today=used,
        hour=tuple(recent.values_list("claimed_at", flat=True)[: settings.HOURLY_LIMIT]),
        last=row.last_claim_at,
        halted=is_halted(row),
    )


def for_everything(at: Standing) -> Wait | None:
    """The strictest limit that holds every email back now."""
    if at.halted:
        return Wait("halted", None, "Sending is halted.")
    if at.daily == 0:
        return Wait("phase", None, "Nothing is sent in Shadow.")
    waits = []
    if at.used_today >= at.daily:
        tomorrow = calendar.next_day(at.now, settings.TEAM_TIME_ZONE)
        waits.append(Wait("daily", tomorrow, f"{at.used_today} of {at.daily} sent today"))
    if len(at.hour) >= settings.HOURLY_LIMIT:
        waits.append(Wait("hourly", at.hour[-1] + HOUR, f"{settings.HOURLY_LIMIT} an hour"))
    if at.last and at.now < (free := at.last + timedelta(seconds=settings.SEND_GAP_SECONDS)):
        waits.append(Wait("gap", free, f"{settings.SEND_GAP_SECONDS} s between emails"))
    return strictest(waits)


def for_message(message: Message, now: datetime) -> Wait | None:
    """The strictest limit that holds this one email back, whatever the others do."""
    waits = []
    recent = _claims_since(now - HOUR).filter(domain=message.domain)
    claimed = list(recent.values_list("claimed_at", flat=True)[: settings.DOMAIN_HOURLY_LIMIT])
    if len(claimed) >= settings.DOMAIN_HOURLY_LIMIT:
        text = f"{settings.DOMAIN_HOURLY_LIMIT} an hour to {message.domain}"
        waits.append(Wait("domain", claimed[-1] + HOUR, text, everything=False))
    if message.transport != Transport.SANDBOX and (wait := _recipients_hours(message, now)):
        waits.append(wait)
    # The last one: of two that end at the same moment the first is named, and this one only repeats it.
    if message.not_before > now:
        limit = message.waiting_for or "undo"
        text = "time to undo" if limit == "undo" else f"deferred: {limit}"
        waits.append(Wait(limit, message.not_before, text, everything=False))
    return strictest(waits)


def _claims_since(moment: datetime) -> QuerySet[SendIntent]:
    """The claims that left or may have, newest first."""
    claimed = SendIntent.objects.filter(claimed_at__gt=moment).order_by("-claimed_at")
    return claimed.exclude(outcome__in=SendIntent.NOTHING_LEFT)


def _recipients_hours(message: Message, now: datetime) -> Wait | None:
    """Working hours, weekends and public holidays where the recipient is. Nobody is disturbed in the sandbox."""
    where, hours = place_of(message.lead), calendar.WorkingHours.parse(settings.WORKING_HOURS)
    opens = now if hours.are_always else calendar.opens_at(now, where.zone, hours, where.country, where.state)
    if opens <= now:
        return None
    return Wait("working_hours", opens, f"working hours in {where.zone.replace('_', ' ')}", everything=False)


def place_of(lead: Lead) -> zones.Where:
    """Where the recipient works; clock and holidays are the team's where theirs are not known."""
    found = zones.where(lead.country, lead.state, lead.city)
    return replace(found, zone=found.zone or settings.TEAM_TIME_ZONE, country=found.country or team_country())


def team_country() -> str:
    """The country whose public holidays the team keeps: that of its time zone."""
    return zones.country_of(settings.TEAM_TIME_ZONE) or "US"


def strictest(waits: list[Wait]) -> Wait | None:
    """The one that ends last; one that only a person can end outlasts them all."""
    return max(waits, key=lambda wait: wait.until or datetime.max.replace(tzinfo=ZoneInfo("UTC")), default=None)


def why_not_sent(message: Message, row: Control, now: datetime) -> Wait | None:
    """The binding limit of an approved email and its next eligible minute; None when it is free to leave."""
    both = [wait for wait in (for_everything(standing(row, now)), for_message(message, now)) if wait]
    return strictest(both)
