"""Stores what comes in before it is read, and processes it afterwards."""

import hashlib
import json
import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from caio_project.lib.db import claims
from caio_project.lib.nudge import nudge
from leads import locks, normal
from leads.enrichment import clay_answers, enrichment_requests
from leads.identity import company_matching, lead_matching, merging
from leads.inbound.old_reasons import OLD_REASONS, code_of_old_reason
from leads.inbound.parked import NO_REASON, StoredReason, park_reason
from leads.integrations import rb2b
from leads.integrations.body_errors import UnreadableBody
from leads.models import Company, InboundEvent, Kind, Lead, Visit
from leads.suppression import suppression

log = logging.getLogger(__name__)

LARGEST_BODY = 1024 * 1024  # bytes kept; RB2B's are about 1 KB
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


@dataclass(frozen=True)
class StoredEvent:
    public_id: str
    is_new: bool


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


NO_TOKEN = park_reason("no_token")
TOO_LARGE = park_reason("body_too_large", limit=LARGEST_BODY)

# Every column is given, because most have no default in the database. Written by hand, because the
# ORM takes as long to prepare this statement as PostgreSQL takes to run it.
INSERT_EVENT = """
    INSERT INTO leads_inboundevent (public_id, source, body_sha256, body, kind, state, reason,
        reason_code, reason_args, received_at, not_before, deliveries, attempts)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 1, 0)
    ON CONFLICT (source, body_sha256) DO UPDATE SET deliveries = leads_inboundevent.deliveries + 1
    RETURNING public_id, deliveries, reason, reason_code
"""


def store_event(
    source: str,
    body: bytes,
    sha256: str = "",
    *,
    parked: StoredReason = NO_REASON,
    kind: str = Kind.LIVE,
    received_at: datetime | None = None,
) -> StoredEvent:
    """Keep one body; a byte-identical one of the same source only counts as another delivery.

    `sha256` may be of another name of the body than its bytes, `parked` is why it is not processed,
    and `received_at` is given for a body from the spool. One autocommitted statement, except where
    a body that was parked without a token comes with one: RB2B waits for no more than this.
    """
    public_id = uuid.uuid4()
    now = connection.ops.adapt_datetimefield_value(received_at or timezone.now())
    values = (
        public_id if connection.features.has_native_uuid_field else public_id.hex,
        source,
        sha256 or hashlib.sha256(body).hexdigest(),
        body,
        str(kind),
        "parked" if parked else "waiting",
        parked.sentence,
        parked.code,
        json.dumps(dict(parked.args)),
        now,
        now,
    )
    with connection.cursor() as cursor:
        cursor.execute(INSERT_EVENT, values)
        known_as, deliveries, sentence, code = cursor.fetchone()
    if deliveries > 1 and not parked and _is_untokened(sentence, code):
        _release_untokened(_uuid_text(known_as))
    nudge("leads.process_events")
    return StoredEvent(str(public_id) if deliveries == 1 else _uuid_text(known_as), deliveries == 1)


def _is_untokened(sentence: str, code: str) -> bool:
    return (code or code_of_old_reason(sentence, OLD_REASONS)) == NO_TOKEN.code


def _release_untokened(public_id: str) -> None:
    untokened = Q(reason_code=NO_TOKEN.code) | Q(reason_code="", reason=NO_TOKEN.sentence)
    InboundEvent.objects.filter(
        untokened, public_id=public_id, state=InboundEvent.State.PARKED
    ).update(
        state=InboundEvent.State.WAITING, **NO_REASON.columns, not_before=timezone.now(), attempts=0
    )


def is_json_object(body: bytes) -> bool:
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
    """Process waiting events of the sources in `processors`; returns how many.

    Each event is processed in a transaction of its own.
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
            event, InboundEvent.State.PARKED, park_reason("process_ended", attempts=LAST_TRY)
        )
        return
    try:
        with transaction.atomic():
            close_event(event, InboundEvent.State.PROCESSED, work_off(event) or NO_REASON)
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


def visit_from_rb2b(event: InboundEvent) -> None:
    """Turn one visitor's body into a lead, a company and a visit, and ask for an enrichment.

    A known visit changes nothing.
    """
    lead = locks.retry_until_unchanged(lambda: _store_visit(event))
    if lead is not None:
        enrichment_requests.request_enrichment(lead)


def visit_from_import(event: InboundEvent) -> None:
    lead = locks.retry_until_unchanged(lambda: _store_visit(event))
    if lead is not None:
        Lead.objects.filter(pk=lead.pk).update(needs_assessment_at=timezone.now())
        nudge("leads.assess_due")


def _store_visit(event: InboundEvent) -> Lead | None:
    """Returns the visit's lead where the visit is new and has one. Raises locks.LeadsChanged."""
    if _split_event(event):
        return None
    visitor = rb2b.parse_visitor(bytes(event.body))
    if notes := list(visitor.notes):
        InboundEvent.objects.filter(pk=event.pk).update(notes=notes)
    if Visit.objects.filter(event_key=visitor.key).exists():
        return None
    if visitor.is_test:
        # "Send a Test Event" in RB2B: proof that the webhook works, and nobody to write to
        return None
    found_by = lead_matching.visitor_identifiers(visitor) if visitor.is_person else ("", "")
    people = lead_matching.lock_leads_known_by(*found_by)
    if suppression.is_marked(*found_by) or any(map(suppression.is_erased, people)):
        InboundEvent.objects.filter(pk=event.pk).update(body=b"", notes=[])
        return None  # nothing is kept of somebody who was erased, not even that they came back
    company = company_matching.company_of_visitor(visitor, event.kind, event.source)
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
        raise UnreadableBody("no_readable_identifier")
    _store_pages(event, visitor, lead, company)
    if lead is None and company is not None:
        company_matching.mark_company_leads_due(company)
    return lead


def _store_pages(
    event: InboundEvent, visitor: rb2b.Visitor, lead: Lead | None, company: Company | None
) -> None:
    """One visit for each page; the first belongs to the event."""
    seen_at = _plausible_time(visitor.seen_at, event.received_at)
    visits = [
        Visit(
            event=None if n else event,
            event_key=visitor.key_of_page(url),
            lead=lead,
            company=company,
            url=url,
            path=lead_matching.page_path(url),
            referrer=visitor.referrer,
            is_repeat=visitor.is_repeat,
            seen_at=seen_at,
            received_at=event.received_at,
        )
        for n, url in enumerate((visitor.url, *visitor.other_urls))
    ]
    visits[0].save()
    Visit.objects.bulk_create(visits[1:], ignore_conflicts=True)


def _split_event(event: InboundEvent) -> bool:
    """Make each visitor of a list an event of its own; the list keeps no body, as they have it."""
    parts = rb2b.split_body(bytes(event.body))
    for part in parts:
        store_event(event.source, part, kind=event.kind, received_at=event.received_at)
    if parts:
        note = {"code": "visitors_split", "field": str(len(parts))}
        InboundEvent.objects.filter(pk=event.pk).update(body=b"", notes=[note])
    return bool(parts)


def _plausible_time(seen_at: datetime | None, received_at: datetime) -> datetime:
    return seen_at if seen_at and seen_at <= received_at + timedelta(minutes=5) else received_at


# What it returns is shown with the processed event: what a person should know of it.
Processor = Callable[[InboundEvent], StoredReason | None]
Processors = Mapping[str, Processor]

PROCESSORS: Processors = {
    "rb2b": visit_from_rb2b,
    "api": visit_from_rb2b,
    "import": visit_from_import,
    "clay": clay_answers.answer_from_event,
}
