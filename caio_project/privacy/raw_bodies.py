"""Bodies as they came in that name an erased person: in the vault and in the spool of this machine.

A list of several visitors keeps the others: each becomes an event of its own.
"""

import contextlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.db.models import Q
from django.utils import timezone

from caio_project.privacy.marks import body_names_marked
from leads.inbound import event_search, spool
from leads.inbound.event_store import store_event
from leads.inbound.spool import SpooledBody
from leads.integrations import rb2b
from leads.models import InboundEvent, Lead

CHUNK = 500
VISITOR_SOURCES = ("rb2b", "api", "import")
SPOOL_ENDINGS = (spool.SUFFIX, spool.BAD, spool.REFUSED, spool.PART)
State = InboundEvent.State


def forget_events_of(rows: list[Lead]) -> int:
    """Blank every body about these leads, and all that may quote it; returns how many."""
    held = event_search.events_of_person(rows).exclude(_is_blank())
    return _blank_events(list(held.values_list("pk", flat=True)), rows[0] if rows else None)


def forget_events_naming(marks: set[str], since: datetime | None = None) -> int:
    """Blank bodies in which somebody of `marks` is named, whoever they are about. Reads all bodies
    that came since.
    """
    count = 0
    for event in _stored_bodies(since):
        if not body_names_marked(bytes(event.body), marks):
            continue
        if event.source in VISITOR_SOURCES:
            for part in other_visitors(bytes(event.body), marks):
                store_event(event.source, part, kind=event.kind, received_at=event.received_at)
        count += _blank_events([event.pk], None)
    return count


def other_visitors(body: bytes, marks: set[str]) -> list[bytes]:
    return [part for part in rb2b.split_body(body) if not body_names_marked(part, marks)]


def forget_spooled(marks: set[str]) -> int:
    """Delete files of the spool, set aside or not, that name somebody of `marks`."""
    count = 0
    folder = spool.spool_folder()
    paths = [path for ending in SPOOL_ENDINGS for path in folder.glob(f"*{ending}")]
    for path in sorted(paths):
        with contextlib.suppress(FileNotFoundError):  # drained this moment, and erased as an event
            count += _forget_file(path, marks)
    return count


def _forget_file(path: Path, marks: set[str]) -> bool:
    if not body_names_marked(path.read_bytes(), marks):
        return False
    spooled = spool.parse_file(path)
    if spooled is not None and spooled.source in VISITOR_SOURCES:
        _keep_others(spooled, marks)
    path.unlink()
    return True


def _keep_others(spooled: SpooledBody, marks: set[str]) -> None:
    for part in other_visitors(spooled.body, marks):
        spool.keep_body(spooled.source, part, "", kind=spooled.kind, parked=spooled.parked)


def _stored_bodies(since: datetime | None) -> Iterator[InboundEvent]:
    held = InboundEvent.objects.exclude(body=b"").order_by("pk")
    held = held.filter(received_at__gte=since) if since else held
    after = 0
    columns = ("pk", "source", "kind", "received_at", "body")
    while rows := list(held.filter(pk__gt=after).only(*columns)[:CHUNK]):
        yield from rows
        after = rows[-1].pk


def _is_blank() -> Q:
    return Q(body=b"", reason="", reason_args={}, notes=[])


def _blank_events(pks: list[int], about: Lead | None) -> int:
    """A body that waited or was parked counts as processed: nothing is left to work off."""
    events = InboundEvent.objects.filter(pk__in=pks)
    named = {"about": about} if about is not None else {}
    changed = events.update(body=b"", reason="", reason_args={}, notes=[], **named)
    events.exclude(state=State.PROCESSED).update(
        state=State.PROCESSED, processed_at=timezone.now(), lease_until=None
    )
    return changed
