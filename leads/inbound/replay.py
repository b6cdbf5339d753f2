"""Working an event off once more, when the cause of its failure is gone; or only saying what would change."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from caio_project.lib.db import claims
from caio_project.lib.db.row_changes import Change, watching
from caio_project.lib.models import Heartbeat
from leads.inbound import events
from leads.integrations.rb2b import Unreadable
from leads.models import InboundEvent

GONE = "Its body is gone, for the person was erased or is unknown here: there is nothing to replay."
BUSY = "It is being worked off this moment."


@dataclass(frozen=True)
class Outcome:
    """What replaying one event did, or would do."""

    event: str
    ok: bool
    text: str
    changes: tuple[Change, ...] = ()


class _Undo(Exception):
    pass


def replay(event: InboundEvent, processors: events.Processors, *, dry_run: bool) -> Outcome:
    """Process `event` now by its source's processor. What is known changes nothing, so replaying is harmless.

    With `dry_run` everything is done and rolled back: what is said is what would happen, and nobody is woken.
    """
    name = str(event.public_id)
    if not event.body:
        return Outcome(name, False, GONE)
    if event.source not in processors:
        return Outcome(name, False, f"Nothing works off events of the source {event.source}.")
    if not dry_run and not _claim(event):
        return Outcome(name, False, BUSY)
    outcome = Outcome(name, False, "")
    try:
        with transaction.atomic():
            outcome = _replay(event, processors[event.source])
            if dry_run:
                raise _Undo
    except _Undo:
        pass
    return outcome


def _claim(event: InboundEvent) -> bool:
    """Take it from the workers, and from whoever else replays it; a process that dies gives it back after a minute."""
    now = timezone.now()
    free = InboundEvent.objects.filter(Q(lease_until=None) | Q(lease_until__lt=now), pk=event.pk)
    return claims.claim(free, lease_until=now + timedelta(seconds=events.LEASE_SECONDS))


def _replay(event: InboundEvent, process: events.Processor) -> Outcome:
    name = str(event.public_id)
    try:
        with transaction.atomic(), watching() as watch:
            process(event)
            changes = tuple(one for one in watch.changes() if _is_news(one))
    except (Unreadable, events.Parked) as error:
        _leave(event, reason=str(error)[:300])
        return Outcome(name, False, f"still parked: {error}")
    except events.NotYet as error:
        _leave(event)
        return Outcome(name, False, f"too early: {error}"[:300])
    except Exception as error:
        _leave(event)
        return Outcome(name, False, f"still failing: {type(error).__name__}: {error}"[:300])
    events.close(event, InboundEvent.State.PROCESSED)
    return Outcome(name, True, summary(changes), changes)


def _is_news(change: Change) -> bool:
    """Of the event itself only that its body goes; the rest is the outcome."""
    return change.model is not Heartbeat and (
        change.model is not InboundEvent or "body" in change.after
    )


def _leave(event: InboundEvent, **said: str) -> None:
    InboundEvent.objects.filter(pk=event.pk).update(lease_until=None, **said)


def summary(changes: Iterable[Change]) -> str:
    """ "1 new lead, 1 company changed"; "nothing new" where nothing is different."""
    counted = Counter((one.kind, one.model) for one in changes)
    said = []
    for (kind, model), count in counted.items():
        what = str(model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural)
        said.append(f"{count} new {what}" if kind == "new" else f"{count} {what} {kind}")
    return ", ".join(said) or "nothing new"
