"""Working an event off once more, when the cause of its failure is gone; or only saying what would change."""

from dataclasses import dataclass

from django.db import transaction

from leads import ingest
from leads.integrations.rb2b import Unreadable
from leads.models import Enrichment, InboundEvent, Lead, Visit


@dataclass(frozen=True)
class Outcome:
    """What replaying one event did, or would do."""

    event: str
    ok: bool
    text: str


class _Undo(Exception):
    pass


def replay(event: InboundEvent, processors: ingest.Processors, *, dry_run: bool) -> Outcome:
    """Process `event` now by its source's processor. What is known changes nothing, so replaying is harmless.

    With `dry_run` everything is done and rolled back: what is said is what would happen.
    """
    outcome = Outcome(str(event.public_id), False, "")
    try:
        with transaction.atomic():
            outcome = _replay(event, processors)
            if dry_run:
                raise _Undo
    except _Undo:
        pass
    return outcome


def _replay(event: InboundEvent, processors: ingest.Processors) -> Outcome:
    name = str(event.public_id)
    process = processors.get(event.source)
    if process is None:
        return Outcome(name, False, f"Nothing works off events of the source {event.source}.")
    before = _counts()
    try:
        with transaction.atomic():
            process(event)
    except (Unreadable, ingest.Parked) as error:
        InboundEvent.objects.filter(pk=event.pk).update(reason=str(error)[:300])
        return Outcome(name, False, f"still parked: {error}")
    except Exception as error:
        return Outcome(name, False, f"still failing: {type(error).__name__}: {error}"[:300])
    ingest.close(event, InboundEvent.State.PROCESSED)
    return Outcome(name, True, _difference(event, before, _counts()))


def _counts() -> dict[str, int]:
    return {
        "lead": Lead.objects.count(),
        "visit": Visit.objects.count(),
        "answer": Enrichment.objects.filter(answered_at__isnull=False).count(),
    }


def _difference(event: InboundEvent, before: dict[str, int], after: dict[str, int]) -> str:
    if event.source not in ingest.PROCESSORS:
        return "worked off"  # by another app, whose rows are not counted here
    new = [f"{after[name] - n} new {name}" for name, n in before.items() if after[name] > n]
    return ", ".join(new) or "nothing new"
