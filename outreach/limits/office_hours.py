"""Where a recipient works, and when offices there are open.

The team's time zone and country stand in for what is not known.
"""

from datetime import datetime

from django.conf import settings

from caio_project.lib import calendar
from leads.models import Lead
from outreach.choices import Transport
from outreach.limits import time_zones
from outreach.models import Message, Place


def place_of_lead(lead: Lead) -> Place:
    found = find_place_of(lead)
    return Place.objects.get_or_create(zone=found.zone, country=found.country, state=found.state)[0]


def find_place_of(lead: Lead) -> time_zones.TimeZonePlace:
    return time_zones.find_place(lead.country, lead.state, lead.city)


def place_for_sending(message: Message, transport: str) -> Place | None:
    """The place whose working hours the email keeps; None for the sandbox, which reaches nobody."""
    return None if transport == Transport.SANDBOX else place_of_lead(message.lead)


def effective_place(place: Place | time_zones.TimeZonePlace) -> time_zones.TimeZonePlace:
    zone, country = place.zone or settings.TEAM_TIME_ZONE, place.country or team_country()
    return time_zones.TimeZonePlace(zone, country, place.state)


def team_country() -> str:
    return time_zones.country_of_zone(settings.TEAM_TIME_ZONE) or "US"


def office_opens_at(place: Place | time_zones.TimeZonePlace, now: datetime) -> datetime:
    """`now` where the office is open, else the moment it opens next."""
    hours, there = working_hours(), effective_place(place)
    if hours.are_always:
        return now
    return calendar.next_opening(now, there.zone, hours, there.country, there.state)


def first_opening(now: datetime) -> datetime | None:
    """When the first office opens; None where that of the team or of a recipient is open."""
    opening = office_opens_at(time_zones.TimeZonePlace(), now)
    for place in Place.objects.all() if opening > now else ():
        opening = min(opening, office_opens_at(place, now))
    return opening if opening > now else None


def working_hours() -> calendar.WorkingHours:
    return calendar.WorkingHours.parse(settings.WORKING_HOURS)


def places_opening_later(
    now: datetime, until: datetime
) -> dict[int, tuple[str, datetime, datetime]]:
    """The places that open between `now` and `until`.

    By primary key: their zone, opening and closing.

    Closing is at `until` at the latest.
    """
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
    return [place for place in Place.objects.all() if office_opens_at(place, now) <= now]
