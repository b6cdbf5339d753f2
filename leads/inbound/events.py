"""Stores what comes in before it is read, and processes it afterwards."""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from typing import IO

from django.db.models import QuerySet
from django.utils import timezone

from caio_project.lib.db import claims
from leads import locks
from leads.enrichment import clay_answers
from leads.inbound import visits
from leads.inbound.event_store import LARGEST_BODY as LARGEST_BODY
from leads.inbound.event_store import NO_TOKEN as NO_TOKEN
from leads.inbound.event_store import TOO_LARGE as TOO_LARGE
from leads.inbound.event_store import StoredEvent as StoredEvent
from leads.inbound.event_store import store_event as store_event
from leads.inbound.parked import NO_REASON, StoredReason, park_reason
from leads.integrations.body_errors import UnreadableBody
from leads.models import InboundEvent
from leads.ownership import owner_team

log = logging.getLogger(__name__)

# Bytes drained from a client that sends more, so that it reads our answer
LARGEST_READ = 32 * 1024 * 1024
LAST_TRY = 8
LEASE_SECONDS = 60


class ParkedError(Exception):
    """The event cannot be worked off; a person sees the reason."""

    def __init__(self, reason: StoredReason) -> None:
        super().__init__(reason.sentence)
        self.reason = reason


class IncompleteBody(Exception):
    pass


class TryAgainSoon(Exception):
    """The event depends on something that is being written now; it is tried again in seconds."""


def read_body(stream: IO[bytes]) -> tuple[bytes, str, bool]:
    """Read a request to its end: its first megabyte, the sha256 of all of it, and whether it was
    cut.

    Raises IncompleteBody.
    """
    kept, digest, size = bytearray(), hashlib.sha256(), 0
    while size < LARGEST_READ and (part := _read_part(stream)):
        digest.update(part)
        size += len(part)
        kept += part[: max(0, LARGEST_BODY - len(kept))]
    return bytes(kept), digest.hexdigest(), size > LARGEST_BODY


def _read_part(stream: IO[bytes]) -> bytes:
    try:
        return stream.read(65536)
    # each web server has its own for a connection that ends and for chunks that are wrong
    except Exception as error:
        raise IncompleteBody from error


def is_json_object(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


def process_due(batch: int = 200, processors: "Processors | None" = None) -> int:
    """Process waiting events of the sources in `processors`; returns how many.

    Each event is processed in a transaction of its own, which is begun again where another worker
    came in between.
    """
    processors = PROCESSORS if processors is None else processors
    due = _due_events(processors).order_by("not_before", "pk")
    return _process_events(due, batch, processors)


def process_one(public_id: str, processors: "Processors") -> bool:
    """Process one waiting event; False where it waits for later, or another process has it."""
    return _process_events(_due_events(processors).filter(public_id=public_id), 1, processors) > 0


def _due_events(processors: "Processors") -> QuerySet[InboundEvent]:
    return InboundEvent.objects.filter(
        state=InboundEvent.State.WAITING, source__in=processors, not_before__lte=timezone.now()
    )


def _process_events(due: QuerySet[InboundEvent], batch: int, processors: "Processors") -> int:
    count = 0
    with owner_team.team_read_once():
        for event in claims.lease_rows(due, LEASE_SECONDS, batch):
            count += 1
            _process_event(event, processors[event.source])
    return count


def _process_event(event: InboundEvent, work_off: "Processor") -> None:
    if event.attempts > LAST_TRY:  # only a process that dies in the middle gets here
        close_event(
            event, InboundEvent.State.PARKED, park_reason("process_ended", attempts=LAST_TRY)
        )
        return
    try:
        locks.retry_until_unchanged(
            lambda: close_event(event, InboundEvent.State.PROCESSED, work_off(event) or NO_REASON)
        )
    except UnreadableBody as error:
        close_event(event, InboundEvent.State.PARKED, park_reason(error.code, **error.details))
    except ParkedError as error:
        close_event(event, InboundEvent.State.PARKED, error.reason)
    except TryAgainSoon as error:
        _retry_later(event, error)
    except Exception as error:
        log.exception("event %s could not be processed", event.pk)
        _retry_later(event, error)


def close_event(event: InboundEvent, state: str, reason: StoredReason = NO_REASON) -> None:
    InboundEvent.objects.filter(pk=event.pk).update(
        state=state, **reason.columns, lease_until=None, processed_at=timezone.now()
    )
    log.info("event %s: %s %s", event.pk, state, reason.code)


def process_again(reason_code: str) -> int:
    """Let the workers process what was kept with this reason; returns how many events."""
    kept = InboundEvent.objects.filter(reason_code=reason_code, state=InboundEvent.State.PROCESSED)
    return kept.exclude(body=b"").update(
        state=InboundEvent.State.WAITING, attempts=0, not_before=timezone.now(), **NO_REASON.columns
    )


def _retry_later(event: InboundEvent, error: Exception) -> None:
    cause = {"error": type(error).__name__, "detail": str(error)}
    if event.attempts >= LAST_TRY:
        reason = park_reason("failed_repeatedly", attempts=event.attempts, **cause)
        close_event(event, InboundEvent.State.PARKED, reason)
        return
    InboundEvent.objects.filter(pk=event.pk).update(
        lease_until=None,
        **park_reason("will_retry", **cause).columns,
        not_before=timezone.now() + claims.retry_delay(event.attempts),
    )


# What it returns is shown with the processed event: what a person should know of it.
Processor = Callable[[InboundEvent], StoredReason | None]
Processors = Mapping[str, Processor]

PROCESSORS: Processors = {
    "rb2b": visits.visit_from_rb2b,
    "api": visits.visit_from_rb2b,
    "import": visits.visit_from_import,
    "clay": clay_answers.answer_from_event,
}
