"""When GoHighLevel cannot be used, everything waits: one row says until when, and no email loses its place.

One of them is tried again when the wait is over, the most urgent. Where the same trouble came three times in a row it
may be that one's own, so it steps aside for the next, until an email has left again or ten minutes are over.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from caio_project.lib.db import claims
from outreach.choices import Status
from outreach.control import phase
from outreach.models import Control, Message

GHL_UNAVAILABLE = "ghl_unavailable"  # what those that stepped aside wait for
FAILURES_OF_ONE = 3
STEP_ASIDE_FOR = timedelta(minutes=10)
LONGEST_BACKOFF = 300.0  # seconds between two tries, where GoHighLevel does not say
LONGEST_RETRY_AFTER = 3600.0


def record_outage(why: str, said: float | None = None) -> int:
    """Let everything wait, for the seconds GoHighLevel `said`, else ever longer; returns the failures since it worked.

    Where it said how long, it is no failure: its limits are used up, or somebody has to mend the settings.
    """
    now = timezone.now()
    with transaction.atomic():
        row = phase.lock_control()
        if said is None:
            row.away_failures = min(row.away_failures + 1, 1000)
        backoff = claims.retry_delay(row.away_failures, base=5, longest=LONGEST_BACKOFF)
        wait = backoff if said is None else timedelta(seconds=min(said, LONGEST_RETRY_AFTER))
        row.away_until, row.away_for = max(now + wait, row.away_until or now), why[:300]
        row.save(update_fields=["away_failures", "away_until", "away_for"])
    return row.away_failures


def end_outage() -> None:
    """GoHighLevel has taken an email: those that stepped aside take their turns again."""
    if claims.claim_row(
        Control.objects.filter(away_failures__gt=0), away_failures=0, away_until=None, away_for=""
    ):
        now = timezone.now()
        aside = Message.objects.filter(
            status=Status.CLEARED, waiting_for=GHL_UNAVAILABLE, not_before__gt=now
        )
        aside.update(not_before=now)
