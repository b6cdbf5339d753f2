"""Waking the next stage. The row is the queue: with every nudge lost the system is slower, never wrong."""

import logging
from functools import partial

from celery import current_app
from django.conf import settings
from django.db import transaction

log = logging.getLogger(__name__)

# On memory:// only the process that runs the worker has a listener; `pump` sets this.
listening_here = False


def nudge(task: str) -> None:
    """Wake `task` (a registered name such as "outreach.draft_due") once the current transaction has committed.

    A no-op where no broker listens; never raises, never waits for more than a socket timeout.
    """
    if settings.EMBEDDED and not listening_here:
        return
    transaction.on_commit(partial(_wake, task), robust=True)


def _wake(task: str) -> None:
    try:
        current_app.send_task(task, retry=False, ignore_result=True, expires=60)
    except Exception as error:  # the broker is allowed to be down
        log.warning("could not wake %s: %s", task, type(error).__name__)
