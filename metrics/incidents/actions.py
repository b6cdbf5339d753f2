"""What an incident does beside telling: puts LOW emails off, rests sending, proposes a test.

What guardrails and breakers have done by themselves is only named. Each returns numbers for the
story; nothing here calls anybody outside.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from caio_project.lib import calendar
from metrics.incident_codes import Action
from outreach.control import phase
from outreach.experiments import proposals
from outreach.limits import team_calendar
from outreach.models import Experiment
from outreach.review import snooze

REST = timedelta(minutes=15)  # longer than a sweep may be late
REST_RENEWED = timedelta(minutes=5)  # before its end


def shed_low(now: datetime) -> dict[str, Any]:
    """Put off LOW emails that nobody opened until the next working day."""
    hours = team_calendar.current_calendar()
    today = calendar.team_day(now, hours.zone)
    day = hours.next_working_day(today)
    if day is None:
        return {"shed": 0, "until": now.isoformat()}
    until = snooze.start_of_work(day)
    return {"shed": snooze.put_off_low(until), "until": until.isoformat()}


def propose_test(now: datetime) -> dict[str, Any]:
    """The first test of a subject that could be started; empty where none fits."""
    found = proposals.find_proposals(Experiment.Kind.SUBJECT)
    if not found:
        return {"proposed": ""}
    return {"proposed": found[0].template.key, "kind": found[0].kind}


def rest_sending(now: datetime) -> dict[str, Any]:
    until = now + REST
    phase.rest_sending(until, "Clocks disagree by more than five minutes.")
    return {"until": until.isoformat()}


ACTIONS: Mapping[Action, Callable[[datetime], dict[str, Any]]] = {
    Action.SHED_LOW: shed_low,
    Action.TEST_PROPOSED: propose_test,
    Action.RESTED: rest_sending,
}


def renew_rest(now: datetime) -> None:
    """Keep the rest up while it is needed."""
    until = phase.current_control().rest_until
    if until is None or until < now + REST_RENEWED:
        rest_sending(now)
