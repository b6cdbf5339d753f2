"""A process of the door for bench/chaos_sending.py, some hours or days ahead of the real clock.

    python -m bench.sender work AHEAD           until it is killed: the sweeps of the door, again and again
    python -m bench.sender prepare AHEAD COUNT  COUNT approved emails, each to another person at another company
    python -m bench.sender resume AHEAD         as a Lead who has looked: sending goes on, in the phase that it had

AHEAD is in seconds, so that all processes and GoHighLevel share one clock.
"""

import logging
import os
import sys
import time
from collections.abc import Callable

import django
import time_machine
from django.db import DatabaseError, connection

PAUSE = 0.1  # seconds between two rounds


def work() -> None:
    """As Celery's beat and workers would; a sweep that fails because the database is away is run again."""
    from outreach import tasks

    sweeps = (tasks.send_due, tasks.recover, tasks.settle_uncertain, tasks.look_due, tasks.watch_guardrails)
    while True:
        for sweep in sweeps:
            _unless_the_database_is_away(sweep)
        time.sleep(PAUSE)


def _unless_the_database_is_away(sweep: Callable[[], None]) -> None:
    try:
        sweep()
    except DatabaseError:
        connection.close()
        time.sleep(PAUSE)


def prepare(count: int) -> None:
    from outreach import sending_domains
    from outreach.models import Control, Message
    from outreach.policy import Phase
    from tests import factories

    Control.objects.update(phase=Phase.AUTONOMOUS)
    sending_domains.establish(sending_domains.ours(), by=None, reason="The daily cap is what is tried here.")
    factories.TeamMemberFactory(default_sender=True)
    for _ in range(count):
        factories.cleared()
    assert Message.objects.filter(status="cleared", transport="ghl").count() == count


def resume() -> None:
    from django.contrib.auth.models import User

    from outreach import phase
    from outreach.models import Control
    from outreach.policy import Phase

    lead, _ = User.objects.get_or_create(username="bench-lead", defaults={"is_superuser": True})
    if phase.control().halted:
        phase.resume(by=lead, reason="Looked at it: the fakes were told to fail.")
    Control.objects.update(phase=Phase.AUTONOMOUS)


def main(what: str, ahead: str, *more: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caio_project.settings")
    django.setup()
    logging.disable(logging.CRITICAL)  # what fails here fails by plan
    with time_machine.travel(time.time() + float(ahead), tick=True):
        {"work": work, "prepare": lambda: prepare(int(more[0])), "resume": resume}[what]()


if __name__ == "__main__":
    main(*sys.argv[1:])
