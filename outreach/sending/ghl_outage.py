"""While GoHighLevel cannot be used, every email waits; the control row says until when.

After the wait the most urgent email is tried again. Where it fails three times in a row, the cause
may be that one email: it steps aside for ten minutes, or until another email is sent.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from caio_project.lib.db import claims
from outreach.choices import Status
from outreach.control import phase
from outreach.limits.limit_texts import LimitCode
from outreach.models import Control, Message

FAILURES_OF_ONE = 3
STEP_ASIDE_FOR = timedelta(minutes=10)
LONGEST_BACKOFF = 300.0  # seconds between two tries, where GoHighLevel names no time
LONGEST_RETRY_AFTER = 3600.0


def record_outage(why: str, retry_after: float | None = None) -> int:
    """Let every email wait; returns how many failures there were since GoHighLevel last worked.

    `retry_after` is in seconds; without it the wait grows with each failure. An outage with a named
    end does not count as a failure: a rate is used up, or somebody has to correct the settings.
    """
    now = timezone.now()
    with transaction.atomic():
        row = phase.lock_control()
        if retry_after is None:
            row.away_failures = min(row.away_failures + 1, 1000)
            wait = claims.retry_delay(row.away_failures, base=5, longest=LONGEST_BACKOFF)
        else:
            wait = timedelta(seconds=min(retry_after, LONGEST_RETRY_AFTER))
        row.away_until, row.away_for = max(now + wait, row.away_until or now), why[:300]
        row.save(update_fields=["away_failures", "away_until", "away_for"])
    return row.away_failures


def end_outage() -> None:
    """GoHighLevel accepted an email: emails that stepped aside may be sent again."""
    failing = Control.objects.filter(away_failures__gt=0)
    if claims.claim_row(failing, away_failures=0, away_until=None, away_for=""):
        now = timezone.now()
        aside = Message.objects.filter(
            status=Status.CLEARED, waiting_for=LimitCode.GHL_UNAVAILABLE, not_before__gt=now
        )
        aside.update(not_before=now)
