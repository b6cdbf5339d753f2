"""Storing what comes in, before anybody looks at it, and turning it into visits afterwards."""

import hashlib
import json
import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO

from django.db import connection, transaction
from django.utils import timezone

from caio_project.lib.db import claims
from caio_project.lib.nudge import nudge
from leads import locks, normal
from leads.enrichment import enrichment_requests
from leads.identity import lead_matching, merging
from leads.integrations import rb2b
from leads.models import InboundEvent, Kind, Lead, Visit
from leads.suppression import suppression

log = logging.getLogger(__name__)

LARGEST_BODY = 1024 * 1024  # bytes kept; RB2B's are about 1 KB
LARGEST_READ = (
    32 * 1024 * 1024
)  # bytes drained from a client that sends more, so that it reads our answer
LAST_TRY = 8
LEASE_SECONDS = 60


class ParkedError(Exception):
    """It cannot be worked off, and why; a person sees it."""


class IncompleteBody(Exception):
    """The sender did not send its body to the end."""


class TryAgainSoon(Exception):
    """It speaks of something that is being written this moment; it is looked at again in seconds."""


@dataclass(frozen=True)
class StoredEvent:
    public_id: str
    is_new: bool


def read_body(stream: IO[bytes]) -> tuple[bytes, str, bool]:
    """Read a request to its end: the first megabyte, the sha256 of all that was read, whether it was cut.

    Raises BrokenOff.
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
    except Exception as error:  # each web server has its own for a connection that ends and for chunks that are wrong
        raise IncompleteBody from error


UNTOKENED = "It came without a token, during the cutover. If it is RB2B's: replay_events --id."

# Every column is given, for Django keeps no defaults in the database. Written by hand, because the ORM takes as long to
# prepare this statement as PostgreSQL takes to run it.
INSERT_EVENT = """
    INSERT INTO leads_inboundevent (public_id, source, body_sha256, body, kind, state, reason, received_at, not_before,
        deliveries, attempts)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 1, 0)
    ON CONFLICT (source, body_sha256) DO UPDATE SET deliveries = leads_inboundevent.deliveries + 1
    RETURNING public_id, deliveries, reason
"""


def store_event(
    source: str,
    body: bytes,
    sha256: str = "",
    *,
    cut: bool = False,
    parked: str = "",
    kind: str = Kind.LIVE,
    received_at: datetime | None = None,
) -> StoredEvent:
    """Keep one body; a byte-identical one of the same source only counts as another delivery.

    One autocommitted statement, but for a body that was parked for want of a token and comes with one: this is all that
    RB2B waits for. `received_at` is for what waited in the spool;
    `parked` is a reason not to process it. `sha256` may be of another name of the body than its bytes.
    """
    if cut:
        parked = (
            parked
            or f"The body is larger than {LARGEST_BODY} bytes; the first {LARGEST_BODY} are kept."
        )
    public_id = uuid.uuid4()
    now = connection.ops.adapt_datetimefield_value(received_at or timezone.now())
    values = (
        public_id if connection.features.has_native_uuid_field else public_id.hex,
        source,
        sha256 or hashlib.sha256(body).hexdigest(),
        body,
        str(kind),
        "parked" if parked else "waiting",
        parked,
        now,
        now,
    )
    with connection.cursor() as cursor:
        cursor.execute(INSERT_EVENT, values)
        known_as, deliveries, reason = cursor.fetchone()
    if deliveries > 1 and reason == UNTOKENED and not parked:
        _release_untokened(_uuid_text(known_as))
    nudge("leads.process_events")
    return StoredEvent(str(public_id) if deliveries == 1 else _uuid_text(known_as), deliveries == 1)


def _release_untokened(public_id: str) -> None:
    """A body that waited for a person because it came without a token has now come with one."""
    found = InboundEvent.objects.filter(
        public_id=public_id, state=InboundEvent.State.PARKED, reason=UNTOKENED
    )
    found.update(state=InboundEvent.State.WAITING, reason="", not_before=timezone.now(), attempts=0)


def is_json_object(body: bytes) -> bool:
    """Whether a body parses as a JSON object."""
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


def _uuid_text(value: object) -> str:
    text = str(value)
    return (
        text if "-" in text else f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
    )


def process_due(batch: int = 200, processors: "Processors | None" = None) -> int:
    """Work off waiting events: into leads, companies and visits, or by the `processors` of another app, by source.

    Each is called in a transaction of its own with the event. Returns how many were looked at.
    """
    processors = PROCESSORS if processors is None else processors
    now = timezone.now()
    due = InboundEvent.objects.filter(
        state=InboundEvent.State.WAITING, source__in=processors, not_before__lte=now
    ).order_by("not_before", "pk")
    count = 0
    for event in claims.lease_rows(due, LEASE_SECONDS, batch):
        count += 1
        _process_event(event, processors[event.source])
    return count


def _process_event(event: InboundEvent, work_off: "Processor") -> None:
    if event.attempts > LAST_TRY:  # only a process that dies in the middle gets here
        close_event(
            event, InboundEvent.State.PARKED, f"The process ended in each of {LAST_TRY} tries."
        )
        return
    try:
        with transaction.atomic():
            work_off(event)
            close_event(event, InboundEvent.State.PROCESSED)
    except (rb2b.UnreadableBody, ParkedError) as error:
        close_event(event, InboundEvent.State.PARKED, str(error))
    except TryAgainSoon as error:
        _retry_later(event, error)
    except Exception as error:
        log.exception("event %s could not be processed", event.pk)
        _retry_later(event, error)


def close_event(event: InboundEvent, state: str, reason: str = "") -> None:
    InboundEvent.objects.filter(pk=event.pk).update(
        state=state, reason=reason[:300], lease_until=None, processed_at=timezone.now()
    )


def _retry_later(event: InboundEvent, error: Exception) -> None:
    """Try again later; after the last try a person sees it."""
    if event.attempts >= LAST_TRY:
        close_event(
            event,
            InboundEvent.State.PARKED,
            f"Failed {event.attempts} times: {type(error).__name__}: {error}",
        )
        return
    InboundEvent.objects.filter(pk=event.pk).update(
        lease_until=None,
        reason=f"{type(error).__name__}: {error}"[:300],
        not_before=timezone.now() + claims.retry_delay(event.attempts),
    )


def visit_from_rb2b(event: InboundEvent) -> None:
    """One visitor's body becomes a lead, a company and a visit, and is enriched. A known visit changes nothing."""
    lead = locks.retry_until_unchanged(lambda: _store_visit(event))
    if lead is not None:
        enrichment_requests.request_enrichment(lead)


def visit_from_import(event: InboundEvent) -> None:
    """A visit from a file: the lead is assessed with what is known, and Clay is not asked."""
    lead = locks.retry_until_unchanged(lambda: _store_visit(event))
    if lead is not None:
        Lead.objects.filter(pk=lead.pk).update(needs_assessment_at=timezone.now())
        nudge("leads.assess_due")


def _store_visit(event: InboundEvent) -> Lead | None:
    """Store the visit of an event; its person, where it is new and has one. Raises locks.Moved."""
    visitor = rb2b.parse_visitor(bytes(event.body))
    if Visit.objects.filter(event_key=visitor.key).exists():
        return None
    if visitor.is_test:
        return None  # "Send a Test Event" in RB2B: proof that the webhook works, and nobody to write to
    found_by = lead_matching.visitor_identifiers(visitor) if visitor.is_person else ("", "")
    people = lead_matching.lock_leads_known_by(*found_by)
    if suppression.is_marked(*found_by) or any(map(suppression.is_erased, people)):
        InboundEvent.objects.filter(pk=event.pk).update(body=b"")
        return None  # nothing is kept of somebody who was erased, not even that they came back
    company = lead_matching.company_of_visitor(visitor, event.kind, event.source)
    known = merging.resolve_lead(
        people,
        event.source,
        normal.clean_email(visitor.email),
        visitor.first_name,
        visitor.last_name,
    )
    lead = (
        lead_matching.lead_of_visitor(visitor, company, event.kind, known, event.source)
        if visitor.is_person
        else None
    )
    if lead is None and company is None:
        raise rb2b.UnreadableBody(
            "It names nobody: no LinkedIn URL, address, company name or website could be read."
        )
    seen_at = _plausible_time(visitor.seen_at, event.received_at)
    Visit.objects.create(
        event=event,
        event_key=visitor.key,
        lead=lead,
        company=company,
        url=visitor.url,
        path=lead_matching.page_path(visitor.url),
        referrer=visitor.referrer,
        is_repeat=visitor.is_repeat,
        seen_at=seen_at,
        received_at=event.received_at,
    )
    if lead is None and company is not None:
        lead_matching.mark_company_leads_due(company)
    return lead


def _plausible_time(seen_at: datetime | None, received_at: datetime) -> datetime:
    """RB2B's time, unless it is missing or lies in the future."""
    return seen_at if seen_at and seen_at <= received_at + timedelta(minutes=5) else received_at


Processor = Callable[[InboundEvent], None]
Processors = Mapping[str, Processor]

PROCESSORS: Processors = {
    "rb2b": visit_from_rb2b,
    "api": visit_from_rb2b,
    "import": visit_from_import,
    "clay": enrichment_requests.answer_from_event,
}
