"""A process that sends for bench/chaos_sending.py, some hours or days ahead of the real clock.

    python -m bench.sender work AHEAD           a Celery worker that sends, until it is killed
    python -m bench.sender beat AHEAD           Celery's beat
    python -m bench.sender web AHEAD PORT       for GoHighLevel's webhooks
    python -m bench.sender prepare AHEAD COUNT  COUNT approved emails to people at different
                                                companies; prints subject and text by address
    python -m bench.sender resume AHEAD         resume sending in the phase that it had

AHEAD is in seconds, so that all processes and GoHighLevel share one clock.
"""

import contextlib
import json
import logging
import os
import sys
import time
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
import redis
import time_machine

from caio_project.schedule import ROUND

STAGES = (
    "send_due",
    "recover",
    "settle_uncertain",
    "look_due",
    "watch_guardrails",
    "do_afterwards",
    "tell_opt_outs",
    "work_off_inbox",
    "sync_ghl",
)
EVERY_SECONDS = 2.0  # a run has minutes, not days
RUNS = "bench:runs"  # in Redis: how often the workers have ended each stage
WORKER = (
    "worker",
    "--pool=solo",
    "--loglevel=CRITICAL",
    "--without-mingle",
    "--without-gossip",
    "--without-heartbeat",
)
BEAT = ("beat", "--loglevel=CRITICAL", "--scheduler=celery.beat:Scheduler", "--pidfile=")


def run_worker() -> None:
    from celery.signals import task_postrun

    from caio_project.celery import app
    from caio_project.schedule import SWEEPS

    SWEEPS.clear()
    SWEEPS.update({f"outreach.{stage}": EVERY_SECONDS for stage in STAGES})
    task_postrun.connect(count_run)
    app.start([*WORKER, f"--hostname={os.getpid()}@bench"])


def count_run(task: Any, args: Any, **_: object) -> None:
    with contextlib.suppress(redis.RedisError):  # it is being restarted
        connection = redis.Redis.from_url(os.environ["REDIS_URL"])
        for name in args[0] if task.name == ROUND else [task.name]:
            connection.hincrby(RUNS, name)


def run_beat() -> None:
    from caio_project.celery import app

    app.start([*BEAT])


def read_ghl() -> None:
    """Read GoHighLevel to its end, as the next round of polling would."""
    from outreach.feedback import polling, webhook_inbox

    polling.sync_all_stages()
    webhook_inbox.process_inbox()


def run_web(port: str) -> None:
    from caio_project.wsgi import application

    make_server("127.0.0.1", int(port), application, handler_class=Quiet).serve_forever()


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def prepare_emails(count: str) -> None:
    from outreach.choices import Phase
    from outreach.content import email_footer
    from outreach.limits import sending_domains
    from outreach.models import Control, Message
    from tests import factories

    Control.objects.update(phase=Phase.AUTONOMOUS)
    sending_domains.mark_established(
        sending_domains.our_domain(), by=None, reason="The daily cap is what is tried here."
    )
    factories.TeamMemberFactory(default_sender=True)
    texts = {}
    for _ in range(int(count)):
        message = factories.cleared_email()
        text = message.text
        texts[message.to_address] = (text.subject, email_footer.email_html(text.body, text.footer))
    assert Message.objects.filter(status="cleared", transport="ghl").count() == int(count)
    print(json.dumps(texts))


def resume_sending() -> None:
    from django.contrib.auth.models import User

    from outreach.choices import Phase
    from outreach.control import phase
    from outreach.models import Control

    lead, _ = User.objects.get_or_create(username="bench-lead", defaults={"is_superuser": True})
    if phase.current_control().halted:
        phase.resume_sending(by=lead, reason="Looked at it: the fakes were told to fail.")
    Control.objects.update(phase=Phase.AUTONOMOUS)


def main(what: str, ahead: str, *more: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caio_project.settings")
    django.setup()
    logging.disable(logging.CRITICAL)  # what fails here fails by plan
    with time_machine.travel(time.time() + float(ahead), tick=True):
        {
            "work": run_worker,
            "beat": run_beat,
            "read": read_ghl,
            "web": run_web,
            "prepare": prepare_emails,
            "resume": resume_sending,
        }[what](*more)


if __name__ == "__main__":
    main(*sys.argv[1:])
