"""Processes an event again once the cause of its failure is gone, or shows what that would
change.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from caio_project.lib.db import claims
from caio_project.lib.db.row_changes import RowChange, record_changes
from caio_project.lib.models import Heartbeat
from leads import locks
from leads.inbound import events
from leads.inbound.parked import NO_REASON, StoredReason, park_reason
from leads.integrations.body_errors import UnreadableBody
from leads.models import InboundEvent

BODY_GONE = (
    "Its body is gone, for the person was erased or is unknown here: there is nothing to replay."
)
IN_PROGRESS = "It is being worked off this moment."


@dataclass(frozen=True)
class ReplayOutcome:
    event: str
    ok: bool
    text: str
    changes: tuple[RowChange, ...] = ()


class _RollBack(Exception):
    pass


def replay_event(
    event: InboundEvent, processors: events.Processors, *, dry_run: bool
) -> ReplayOutcome:
    """Process `event` now; replaying is harmless, for what is known changes nothing.

    With `dry_run` everything is rolled back and no worker is notified: the outcome is what would
    happen.
    """
    name = str(event.public_id)
    if not event.body:
        return ReplayOutcome(name, False, BODY_GONE)
    if event.source not in processors:
        return ReplayOutcome(name, False, f"Nothing works off events of the source {event.source}.")
    if not dry_run and not _claim_event(event):
        return ReplayOutcome(name, False, IN_PROGRESS)
    outcome = ReplayOutcome(name, False, "")
    try:
        with transaction.atomic():
            outcome = _replay_once(event, processors[event.source])
            if dry_run:
                raise _RollBack
    except _RollBack:
        pass
    return outcome


def _claim_event(event: InboundEvent) -> bool:
    now = timezone.now()
    free = InboundEvent.objects.filter(Q(lease_until=None) | Q(lease_until__lt=now), pk=event.pk)
    return claims.claim_row(free, lease_until=now + timedelta(seconds=events.LEASE_SECONDS))


def _replay_once(event: InboundEvent, process: events.Processor) -> ReplayOutcome:
    name = str(event.public_id)
    try:
        note, changes = locks.retry_until_unchanged(lambda: _process_watched(event, process))
    except UnreadableBody as error:
        return _keep_parked(event, park_reason(error.code, **error.details))
    except events.ParkedError as error:
        return _keep_parked(event, error.reason)
    except events.TryAgainSoon as error:
        _release_event(event)
        return ReplayOutcome(name, False, f"too early: {error}"[:300])
    except Exception as error:
        _release_event(event)
        return ReplayOutcome(name, False, f"still failing: {type(error).__name__}: {error}"[:300])
    events.close_event(event, InboundEvent.State.PROCESSED, note)
    return ReplayOutcome(name, True, change_summary(changes), changes)


def _process_watched(
    event: InboundEvent, process: events.Processor
) -> tuple[StoredReason, tuple[RowChange, ...]]:
    with record_changes() as watch:
        note = process(event) or NO_REASON
        return note, tuple(one for one in watch.changes() if _is_news(one))


def _is_news(change: RowChange) -> bool:
    # Of the event itself only the loss of its body counts; the rest is the outcome.
    return change.model is not Heartbeat and (
        change.model is not InboundEvent or "body" in change.after
    )


def _keep_parked(event: InboundEvent, reason: StoredReason) -> ReplayOutcome:
    _release_event(event, **reason.columns)
    return ReplayOutcome(str(event.public_id), False, f"still parked: {reason.sentence}")


def _release_event(event: InboundEvent, **changes: Any) -> None:
    InboundEvent.objects.filter(pk=event.pk).update(lease_until=None, **changes)


def change_summary(changes: Iterable[RowChange]) -> str:
    counted = Counter((one.kind, one.model) for one in changes)
    parts = []
    for (kind, model), count in counted.items():
        what = str(model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural)
        parts.append(f"{count} new {what}" if kind == "new" else f"{count} {what} {kind}")
    return ", ".join(parts) or "nothing new"
