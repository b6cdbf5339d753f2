"""Where a recipient works, and when the offices there are open. What is not known is the team's."""

from datetime import datetime

from django.conf import settings

from caio_project.lib import calendar
from leads.models import Lead
from outreach.limits import time_zones
from outreach.models import Message, Place, Transport


def place_of_lead(lead: Lead) -> Place:
    """The row of the place where `lead` works; made on first use."""
    found = time_zones.find_place(lead.country, lead.state, lead.city)
    return Place.objects.get_or_create(zone=found.zone, country=found.country, state=found.state)[0]


def place_for_sending(message: Message, transport: str) -> Place | None:
    """Whose hours an email keeps: the recipient's; nobody's in the sandbox, where nobody is disturbed."""
    return None if transport == Transport.SANDBOX else place_of_lead(message.lead)


def effective_place(place: Place | time_zones.TimeZonePlace) -> time_zones.TimeZonePlace:
    """Clock, country and state to go by; the team's where the place's own are not known."""
    zone, country = place.zone or settings.TEAM_TIME_ZONE, place.country or team_country()
    return time_zones.TimeZonePlace(zone, country, place.state)


def team_country() -> str:
    """The country whose public holidays the team keeps: that of its time zone."""
    return time_zones.country_of_zone(settings.TEAM_TIME_ZONE) or "US"


def office_opens_at(place: Place | time_zones.TimeZonePlace, now: datetime) -> datetime:
    """`now` where people are at work in `place`, else the moment they are next."""
    hours, there = calendar.WorkingHours.parse(settings.WORKING_HOURS), effective_place(place)
    return (
        now
        if hours.are_always
        else calendar.next_opening(now, there.zone, hours, there.country, there.state)
    )


def working_hours() -> calendar.WorkingHours:
    return calendar.WorkingHours.parse(settings.WORKING_HOURS)


def places_opening_later(
    now: datetime, until: datetime
) -> dict[int, tuple[str, datetime, datetime]]:
    """Those that are closed and open before `until`: the place's key, its zone, first moment and the first after."""
    found = {}
    for place in Place.objects.all() if not working_hours().are_always else ():
        there = effective_place(place)
        opens, closes = calendar.next_working_hours(
            now, there.zone, working_hours(), there.country, there.state
        )
        if now < opens < until:
            found[place.pk] = (there.zone, opens, min(closes, until))
    return found


def places_open_now(now: datetime) -> list[Place]:
    """The places where people are at work."""
    return [place for place in Place.objects.all() if office_opens_at(place, now) <= now]
