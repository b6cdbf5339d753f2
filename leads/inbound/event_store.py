"""Keeps one inbound body as an event; a known one is only counted."""

import hashlib
import json
import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from caio_project.lib.nudge import nudge
from leads.inbound.old_reasons import OLD_REASONS, code_of_old_reason
from leads.inbound.parked import NO_REASON, StoredReason, park_reason
from leads.models import InboundEvent, Kind

LARGEST_BODY = 1024 * 1024  # bytes kept; RB2B's are about 1 KB
NO_TOKEN = park_reason("no_token")
TOO_LARGE = park_reason("body_too_large", limit=LARGEST_BODY)


@dataclass(frozen=True)
class StoredEvent:
    public_id: str
    is_new: bool


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


def _uuid_text(value: object) -> str:
    text = str(value)
    return (
        text if "-" in text else f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
    )
