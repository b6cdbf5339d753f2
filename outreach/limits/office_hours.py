"""Where a recipient works, and when the offices there are open. What is not known is the team's."""

from datetime import datetime

from django.conf import settings

from caio_project.lib import calendar
from leads.models import Lead
from outreach.limits import time_zones
from outreach.models import Message, Place, Transport


def of(lead: Lead) -> Place:
    """The row of the place where `lead` works; made on first use."""
    found = time_zones.where(lead.country, lead.state, lead.city)
    return Place.objects.get_or_create(zone=found.zone, country=found.country, state=found.state)[0]


def for_leaving(message: Message, transport: str) -> Place | None:
    """Whose hours an email keeps: the recipient's; nobody's in the sandbox, where nobody is disturbed."""
    return None if transport == Transport.SANDBOX else of(message.lead)


def where(place: Place | time_zones.Where) -> time_zones.Where:
    """Clock, country and state to go by; the team's where the place's own are not known."""
    zone, country = place.zone or settings.TEAM_TIME_ZONE, place.country or team_country()
    return time_zones.Where(zone, country, place.state)


def team_country() -> str:
    """The country whose public holidays the team keeps: that of its time zone."""
    return time_zones.country_of(settings.TEAM_TIME_ZONE) or "US"


def opens_at(place: Place | time_zones.Where, now: datetime) -> datetime:
    """`now` where people are at work in `place`, else the moment they are next."""
    hours, there = calendar.WorkingHours.parse(settings.WORKING_HOURS), where(place)
    return (
        now
        if hours.are_always
        else calendar.opens_at(now, there.zone, hours, there.country, there.state)
    )


def hours() -> calendar.WorkingHours:
    return calendar.WorkingHours.parse(settings.WORKING_HOURS)


def open_later(now: datetime, until: datetime) -> dict[int, tuple[str, datetime, datetime]]:
    """Those that are closed and open before `until`: the place's key, its zone, first moment and the first after."""
    found = {}
    for place in Place.objects.all() if not hours().are_always else ():
        there = where(place)
        opens, closes = calendar.hours_from(now, there.zone, hours(), there.country, there.state)
        if now < opens < until:
            found[place.pk] = (there.zone, opens, min(closes, until))
    return found


def open_now(now: datetime) -> list[Place]:
    """The places where people are at work."""
    return [place for place in Place.objects.all() if opens_at(place, now) <= now]
