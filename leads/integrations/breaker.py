"""A circuit breaker for each vendor: open after three failures in a row, until a probe succeeds.

A failure of Clay is a push that was refused, failed or passed its deadline; or three requests
unanswered after ten minutes. Any answer closes it. The state is one row for each vendor, changed by
conditional UPDATEs, so that four workers agree and only one probes.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from django.db.models import F
from django.utils import timezone

from caio_project.lib.db import claims
from leads.integrations import alarms
from leads.models import Breaker, Enrichment

FAILURES_TO_OPEN = 3
UNANSWERED_AFTER = timedelta(minutes=10)
FIRST_PROBE, LAST_PROBE = timedelta(minutes=1), timedelta(minutes=30)


@dataclass(frozen=True)
class Vendor:
    """The vendor of a breaker, and what its alarm says."""

    name: str
    called: str
    meanwhile: str
    tries: str = "calls"

    @property
    def alarm(self) -> str:
        return f"{self.name}:breaker"


CLAY = Vendor("clay", "Clay", "Leads go on with partial data.", "pushes")


class CallPermit(Enum):
    ASK = "ask"
    PROBE = "probe"


def breaker_row(vendor: Vendor = CLAY) -> Breaker:
    return Breaker.objects.get_or_create(vendor=vendor.name)[0]


def is_blocked(now: datetime | None = None, vendor: Vendor = CLAY) -> bool:
    state = breaker_row(vendor)
    return state.opened_at is not None and (
        state.probe_at is None or state.probe_at > (now or timezone.now())
    )


def request_permit(now: datetime | None = None, vendor: Vendor = CLAY) -> CallPermit | None:
    """None where no call may be made. While open, exactly one caller gets a due probe."""
    now = now or timezone.now()
    state = breaker_row(vendor)
    if state.opened_at is None:
        return CallPermit.ASK
    # Whoever moves the probe on is the one who probes; if it dies, the next probe is due after the
    # same wait again.
    due = Breaker.objects.filter(vendor=vendor.name, opened_at__isnull=False, probe_at__lte=now)
    return (
        CallPermit.PROBE
        if claims.claim_row(due, probe_at=now + _probe_delay(state.openings))
        else None
    )


def is_open(vendor: Vendor = CLAY) -> bool:
    return breaker_row(vendor).opened_at is not None


def record_success(vendor: Vendor = CLAY) -> None:
    """End the row of failures. Only an answer closes an open breaker."""
    Breaker.objects.filter(vendor=vendor.name, opened_at=None, failures__gt=0).update(failures=0)


def record_failure(
    why: str, turn: CallPermit, now: datetime | None = None, vendor: Vendor = CLAY
) -> None:
    """The third failure in a row opens the breaker; a failed probe keeps it open for longer.

    A call that began before it opened is no probe and does not put the next one off.
    """
    now = now or timezone.now()
    breaker_row(vendor)
    Breaker.objects.filter(vendor=vendor.name).update(failures=F("failures") + 1)
    state = breaker_row(vendor)
    if turn is CallPermit.PROBE and state.opened_at is not None:
        Breaker.objects.filter(vendor=vendor.name).update(
            openings=F("openings") + 1,
            probe_at=now + _probe_delay(state.openings + 1),
            reason=why[:300],
        )
    elif state.failures >= FAILURES_TO_OPEN:
        _open_breaker(
            now, f"{state.failures} {vendor.tries} in a row failed, the last: {why}", vendor
        )


def close_after_answer(vendor: Vendor = CLAY) -> None:
    closed = Breaker.objects.filter(vendor=vendor.name).exclude(opened_at=None, failures=0)
    if closed.update(
        opened_at=None, probe_at=None, failures=0, openings=0, reason="", changed_at=timezone.now()
    ):
        alarms.clear_alarm(vendor.alarm)


def watch_unanswered(now: datetime | None = None) -> None:
    """Open Clay's breaker where the last three requests are unanswered after ten minutes."""
    now = now or timezone.now()
    if is_open():
        return
    asked = Enrichment.objects.filter(
        requested_at__gt=breaker_row().changed_at, requested_at__lte=now - UNANSWERED_AFTER
    )
    answers = list(
        asked.order_by("-requested_at").values_list("answered_at", flat=True)[:FAILURES_TO_OPEN]
    )
    answering = Enrichment.objects.filter(answered_at__gt=now - UNANSWERED_AFTER).exists()
    if len(answers) == FAILURES_TO_OPEN and not any(answers) and not answering:
        _open_breaker(now, f"{FAILURES_TO_OPEN} requests are unanswered after 10 minutes")


def _open_breaker(now: datetime, why: str, vendor: Vendor = CLAY) -> None:
    opened = Breaker.objects.filter(vendor=vendor.name, opened_at=None).update(
        opened_at=now, probe_at=now + FIRST_PROBE, openings=1, reason=why[:300], changed_at=now
    )
    if opened:
        alarms.raise_alarm(
            vendor.alarm, f"{vendor.called} is not asked any more: {why}. {vendor.meanwhile}"
        )


def _probe_delay(openings: int) -> timedelta:
    # One minute, doubled each time, at most half an hour.
    return min(LAST_PROBE, FIRST_PROBE * 2 ** max(0, openings - 1))
