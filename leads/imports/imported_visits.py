"""Stores imported visitors in batches, and works them off behind everything that comes in live."""

import hashlib
import time
from collections.abc import Sequence

from django.db.models import Q
from django.utils import timezone

from caio_project.lib.nudge import nudge
from leads.inbound import events
from leads.models import InboundEvent, Lead
from leads.scoring import assess

SOURCE = "import"
TASK = "leads.process_imported"
BATCH_SIZE = 500  # bodies stored with one statement
STEP = 10  # events between two looks at what is live
LONGEST_SECONDS = 2.0  # of one sweep: one worker alone is free for others as often
MOST_AHEAD = 20  # leads that wait for a score or a draft; a live one waits behind them

LIVE = {name: work_off for name, work_off in events.PROCESSORS.items() if name != SOURCE}
IMPORTED = {SOURCE: events.PROCESSORS[SOURCE]}


def store_batch(bodies: Sequence[bytes]) -> int:
    """Store those bodies that are not known as events; returns how many are new.

    What is known is only looked up, so that an import that was killed soon gets to where it was.
    """
    by_hash = {hashlib.sha256(body).hexdigest(): body for body in bodies}
    imported = InboundEvent.objects.filter(source=SOURCE)
    known = set(imported.filter(body_sha256__in=by_hash).values_list("body_sha256", flat=True))
    rows = [
        InboundEvent(source=SOURCE, body_sha256=sha256, body=body)
        for sha256, body in by_hash.items()
        if sha256 not in known
    ]
    if not rows:
        return 0
    InboundEvent.objects.bulk_create(rows, ignore_conflicts=True)
    nudge(TASK)
    # Of another import of the same file at the same time, some were first.
    return InboundEvent.objects.filter(public_id__in=[row.public_id for row in rows]).count()


def process_imported() -> int:
    """Work off imported events, a few at a time, while nothing live waits; returns how many.

    Ends after LONGEST_SECONDS, when the next tick sends the sweep again: about one runs at a time.
    """
    until, count = time.monotonic() + LONGEST_SECONDS, 0
    while time.monotonic() < until and not _must_wait():
        done = events.process_due(STEP, IMPORTED)
        count += done
        if done < STEP:
            break
    return count


def _must_wait() -> bool:
    """Whether live events wait, or as many leads for a score or a draft as may be ahead of one."""
    now = timezone.now()
    live = InboundEvent.objects.filter(
        state=InboundEvent.State.WAITING, source__in=LIVE, not_before__lte=now, lease_until=None
    )
    if live.exists():
        return True
    if not assess.is_on():
        return False  # nobody is scored: they wait for a person
    waits = Q(needs_assessment_at__lte=now) | Q(draft_due_at__lte=now)
    ready = Lead.rows.filter(waits).exclude(enrichments__state__in=["due", "requested"])
    return len(ready.order_by().values_list("pk")[:MOST_AHEAD]) == MOST_AHEAD
