"""When a decision about an email is due, and when an undecided email expires."""

from datetime import datetime, timedelta

from django.conf import settings

from caio_project.lib import calendar
from outreach import choices
from outreach.limits import office_hours

HOT_DUE = timedelta(hours=2)
WARM_DUE = timedelta(hours=4)  # of the team's working time
LOW_DUE_DAYS = 1
LIFE_DAYS = {choices.Band.HOT: 3}
OTHER_LIFE_DAYS = 7


def due_at(band: choices.Band, now: datetime) -> datetime:
    zone, country = settings.TEAM_TIME_ZONE, office_hours.team_country()
    hours = calendar.WorkingHours.parse(settings.WORKING_HOURS)
    if band == choices.Band.HOT:
        return now + HOT_DUE
    if band == choices.Band.WARM:
        return calendar.add_working_time(now, WARM_DUE, zone, hours, country)
    return calendar.add_working_days(now, LOW_DUE_DAYS, zone, country)


def expires_at(band: choices.Band, now: datetime) -> datetime:
    days = LIFE_DAYS.get(band, OTHER_LIFE_DAYS)
    return calendar.add_working_days(
        now, days, settings.TEAM_TIME_ZONE, office_hours.team_country()
    )
