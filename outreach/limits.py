"""How much may leave and when, read from the rows. The strictest wins; the rules are in `pacing`."""

from datetime import datetime, timedelta

from django.conf import settings

from caio_project.lib import calendar
from outreach import pacing, places, sending_domains
from outreach.models import Control, DailySlots, Message, SendIntent
from outreach.pacing import Claim, Standing, Wait
from outreach.phase import is_halted, limits_of


def standing(row: Control, now: datetime) -> Standing:
    """How things stand for every email. Under the lock of the control row it stays so until the lock is given up."""
    day = calendar.team_day(now, settings.TEAM_TIME_ZONE)
    claimed = SendIntent.objects.filter(claimed_at__gt=now - pacing.HOUR).exclude(outcome__in=SendIntent.NOTHING_LEFT)
    newest = claimed.order_by("-claimed_at").values_list("claimed_at", "domain")[: settings.HOURLY_LIMIT]
    return Standing(
        now=now,
        zone=settings.TEAM_TIME_ZONE,
        phase=row.phase,
        halted=is_halted(row),
        daily=limits_of(row).daily,
        hourly=settings.HOURLY_LIMIT,
        domain_hourly=settings.DOMAIN_HOURLY_LIMIT,
        gap=timedelta(seconds=settings.SEND_GAP_SECONDS),
        used_today=DailySlots.objects.filter(day=day).values_list("used", flat=True).first() or 0,
        recent=tuple(Claim(*one) for one in newest),
        last=row.last_claim_at,
        away_until=row.away_until,
        away_for=row.away_for,
        warm_up=sending_domains.warming_up(now),
    )


def for_message(message: Message, at: Standing) -> Wait | None:
    """The strictest limit that holds this one email back, whatever the others do."""
    waits = [pacing.for_domain(at, message.domain), _recipients_hours(message, at.now), _its_own(message, at.now)]
    return pacing.strictest([wait for wait in waits if wait])


def _recipients_hours(message: Message, now: datetime) -> Wait | None:
    """Working hours, weekends and public holidays where the recipient is."""
    place = places.for_leaving(message, message.transport)
    if place is None or (opens := places.opens_at(place, now)) <= now:
        return None
    zone = places.where(place).zone.replace("_", " ")
    return Wait("working_hours", opens, f"working hours in {zone}", everything=False)


def _its_own(message: Message, now: datetime) -> Wait | None:
    """The time to undo, or what came of an earlier try. Where it ends with another limit, that one is named."""
    if message.not_before <= now:
        return None
    limit = message.waiting_for or "undo"
    text = "time to undo" if limit == "undo" else f"tried again then: {message.error or limit}"
    return Wait(limit, message.not_before, text, everything=False)


def why_not_sent(message: Message, row: Control, now: datetime) -> Wait | None:
    """The binding limit of an approved email and its next eligible minute; None when it is free to leave."""
    at = standing(row, now)
    both = [wait for wait in (pacing.for_everything(at), for_message(message, at)) if wait]
    return pacing.strictest(both)
