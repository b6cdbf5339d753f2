"""Reads GoHighLevel stage by stage: a private token gets no webhooks, an app's get lost at times.

Each stage stores on its cursor's row how far it has read and what went wrong, holds the row under a
lease, and goes on there after its process was killed.
"""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from caio_project.lib import http
from caio_project.lib.db import claims
from caio_project.lib.vendor_access.access import is_sandboxed
from leads.integrations import alarms
from leads.integrations.ghl_refusals import Misconfigured
from outreach.feedback.polling_round import PollingRound, RoundLimits
from outreach.feedback.polling_stages import STAGES
from outreach.guardrails import guardrails
from outreach.models import SyncCursor

log = logging.getLogger(__name__)

LEASE_SECONDS = 90
WAIT_SECONDS = 0.5  # between two looks whether a worker has finished a stage
FAILURES_UNTIL_ALARM = 5
USUAL_LIMITS = RoundLimits()


@dataclass(frozen=True)
class StageResult:
    name: str
    read: int
    ended: bool
    error: str = ""
    kept_back: int = 0


def sync_due_stages(limits: RoundLimits = USUAL_LIMITS) -> int:
    if is_sandboxed("ghl"):
        return 0
    _make_cursors()
    due = SyncCursor.objects.filter(name__in=STAGES, not_before__lte=timezone.now()).order_by(
        "not_before"
    )
    results = [_run_round(row, limits) for row in claims.lease_rows(due, LEASE_SECONDS)]
    if results:
        guardrails.check_guardrails()
    return sum(result.read for result in results)


def sync_all_stages(
    progress: Callable[[StageResult], None] = lambda result: None, *, patience: float = 0
) -> list[StageResult]:
    """Read every stage to its end or its first error, due or not: for a person who waits for it.

    What a worker is reading is waited for, at most `patience` seconds in all.
    """
    _make_cursors()
    results, until = [], time.monotonic() + patience
    for name in STAGES:
        result = _run_to_end(name, until)
        results.append(result)
        progress(result)
    guardrails.check_guardrails()
    return results


def _run_to_end(name: str, until: float) -> StageResult:
    read = kept_back = 0
    while True:
        row = next(claims.lease_rows(SyncCursor.objects.filter(name=name), LEASE_SECONDS), None)
        if row is None and time.monotonic() < until:
            time.sleep(WAIT_SECONDS)
            continue
        if row is None:
            return StageResult(
                name,
                read,
                False,
                "A worker is still reading this very stage; it goes on there.",
                kept_back,
            )
        result = _run_round(row, USUAL_LIMITS)
        read, kept_back = read + result.read, kept_back + result.kept_back
        if result.ended or result.error:
            return StageResult(name, read, result.ended, result.error, kept_back)


def _make_cursors() -> None:
    there = set(SyncCursor.objects.values_list("name", flat=True))
    SyncCursor.objects.bulk_create(
        [SyncCursor(name=name) for name in STAGES if name not in there], ignore_conflicts=True
    )


def _run_round(row: SyncCursor, limits: RoundLimits) -> StageResult:
    stage, now = STAGES[row.name], timezone.now()
    mine = SyncCursor.objects.filter(pk=row.pk, lease_until=row.lease_until)
    position = json.loads(row.position or "{}")
    polling_round = PollingRound(
        position, lambda: _store_position(mine, position), limits, time.monotonic() + limits.seconds
    )
    try:
        ended = stage.read_on(polling_round)
    except Exception as error:
        text = (
            error.detail
            if isinstance(error, http.HttpError)
            else f"{type(error).__name__}: {error}"
        )
        _record_failure(row, mine, error, text[:300])
        return StageResult(row.name, polling_round.read, False, text[:300], polling_round.kept_back)
    next_time = now + stage.every if ended else now
    mine.update(
        position=json.dumps(position),
        lease_until=None,
        attempts=0,
        error="",
        not_before=next_time,
        **({"polled_at": timezone.now()} if ended else {}),
    )
    alarms.clear_open(_alarm_key(row.name))
    return StageResult(row.name, polling_round.read, ended, "", polling_round.kept_back)


def _store_position(mine: QuerySet[SyncCursor], position: dict[str, Any]) -> None:
    mine.update(position=json.dumps(position))


def _record_failure(
    row: SyncCursor, mine: QuerySet[SyncCursor], error: Exception, text: str
) -> None:
    if not isinstance(error, http.HttpError):
        log.exception("polling %s failed", row.name)
    wait = claims.retry_delay(row.attempts, base=15.0, longest=600.0)
    mine.update(lease_until=None, error=text, not_before=timezone.now() + wait)
    has_own_alarm = isinstance(error, Misconfigured)
    if row.attempts >= FAILURES_UNTIL_ALARM and not has_own_alarm:
        alarms.raise_alarm(_alarm_key(row.name), f"GoHighLevel's {row.name} cannot be read: {text}")


def _alarm_key(name: str) -> str:
    return f"ghl:sync:{name}"
