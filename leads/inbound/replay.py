"""Working an event off once more, when the cause of its failure is gone; or only saying what would change."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from caio_project.lib.db import claims
from caio_project.lib.db.row_changes import RowChange, record_changes
from caio_project.lib.models import Heartbeat
from leads.inbound import events
from leads.integrations.rb2b import UnreadableBody
from leads.models import InboundEvent

BODY_GONE = (
    "Its body is gone, for the person was erased or is unknown here: there is nothing to replay."
)
IN_PROGRESS = "It is being worked off this moment."


@dataclass(frozen=True)
class ReplayOutcome:
    """What replaying one event did, or would do."""

    event: str
    ok: bool
    text: str
    changes: tuple[RowChange, ...] = ()


class _RollBack(Exception):
    pass


def replay_event(
    event: InboundEvent, processors: events.Processors, *, dry_run: bool
) -> ReplayOutcome:
    """Process `event` now by its source's processor. What is known changes nothing, so replaying is harmless.

    With `dry_run` everything is done and rolled back: what is said is what would happen, and nobody is woken.
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
    """Take it from the workers, and from whoever else replays it; a process that dies gives it back after a minute."""
    now = timezone.now()
    free = InboundEvent.objects.filter(Q(lease_until=None) | Q(lease_until__lt=now), pk=event.pk)
    return claims.claim_row(free, lease_until=now + timedelta(seconds=events.LEASE_SECONDS))


def _replay_once(event: InboundEvent, process: events.Processor) -> ReplayOutcome:
    name = str(event.public_id)
    try:
        with transaction.atomic(), record_changes() as watch:
            process(event)
            changes = tuple(one for one in watch.changes() if _is_news(one))
    except (UnreadableBody, events.ParkedError) as error:
        _release_event(event, reason=str(error)[:300])
        return ReplayOutcome(name, False, f"still parked: {error}")
    except events.TryAgainSoon as error:
        _release_event(event)
        return ReplayOutcome(name, False, f"too early: {error}"[:300])
    except Exception as error:
        _release_event(event)
        return ReplayOutcome(name, False, f"still failing: {type(error).__name__}: {error}"[:300])
    events.close_event(event, InboundEvent.State.PROCESSED)
    return ReplayOutcome(name, True, change_summary(changes), changes)


def _is_news(change: RowChange) -> bool:
    """Of the event itself only that its body goes; the rest is the outcome."""
    return change.model is not Heartbeat and (
        change.model is not InboundEvent or "body" in change.after
    )


def _release_event(event: InboundEvent, **said: str) -> None:
    InboundEvent.objects.filter(pk=event.pk).update(lease_until=None, **said)


def change_summary(changes: Iterable[RowChange]) -> str:
    """ "1 new lead, 1 company changed"; "nothing new" where nothing is different."""
    counted = Counter((one.kind, one.model) for one in changes)
    said = []
    for (kind, model), count in counted.items():
        what = str(model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural)
        said.append(f"{count} new {what}" if kind == "new" else f"{count} {what} {kind}")
    return ", ".join(said) or "nothing new"
