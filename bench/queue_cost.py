"""What sending and the forecast cost while many approved emails wait, in milliseconds.

Run by __main__ as its own process. Half of the emails, the more urgent ones, go to one domain at
its hourly limit, the worst case to filter out. The others go to four places, some of them closed.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import django
import time_machine

SIZES = (1_000, 100_000)
SHORT = (1_000, 10_000)  # where the run is short
REPEATS = 20
NOON = datetime(2026, 3, 3, 17, tzinfo=UTC)  # a Tuesday, in New York


def main(size: int) -> dict[str, float]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caio_project.settings")
    django.setup()
    from django.db import connection
    from django.utils import timezone

    from outreach.control import phase
    from outreach.limits import current_limits, forecast_by_day, send_order
    from outreach.models import Message

    with time_machine.travel(NOON, tick=True):
        fill_queue(size)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        at = current_limits.read_limits(phase.current_control(), timezone.now())
        assert at.full_domains == ["full.test"]
        first = send_order.next_in_queue(at)
        assert first is not None and first.domain != "full.test"
        last = Message.objects.filter(status="cleared").order_by(*send_order.QUEUE_ORDER).last()
        assert last is not None
        asked: dict[str, Callable[[], Any]] = {
            "standing_ms": lambda: current_limits.read_limits(
                phase.current_control(), timezone.now()
            ),
            "turn_ms": lambda: send_order.next_in_queue(at),
            "kept_ms": lambda: send_order.limit_by_reserve(2, at),
            "why_first_ms": lambda: current_limits.binding_limit(
                first, phase.current_control(), timezone.now()
            ),
            "why_last_ms": lambda: current_limits.binding_limit(
                last, phase.current_control(), timezone.now()
            ),
            "forecast_ms": lambda: forecast_by_day.forecast_queue(timezone.now()),
        }
        return {"waiting": size, **{name: _median_ms(ask) for name, ask in asked.items()}}


def fill_queue(count: int) -> None:
    """Create `count` approved emails, and three sent ones to the domain of half of them."""
    from leads.models import Lead
    from outreach.limits import office_hours
    from outreach.models import Message, SendIntent

    here = [
        office_hours.place_of_lead(Lead(country="US", state=state))
        for state in ("OH", "CA", "TX", "HI")
    ]
    for start in range(0, count, 5_000):
        numbers = range(start, min(start + 5_000, count))
        leads = Lead.objects.bulk_create(
            Lead(
                first_name="Bulk",
                last_name=str(n),
                email=f"p{n}@bulk-{n}.test",
                address="usable",
                country="US",
            )
            for n in numbers
        )
        Message.objects.bulk_create(
            Message(
                lead=lead,
                status="cleared",
                version=1,
                to_address=lead.email,
                rank=n % 2 + n % 4 // 3,
                cleared_at=NOON - timedelta(days=1) + timedelta(seconds=n % 1000),
                not_before=NOON - timedelta(hours=2),
                place=here[n // 2 % 4],
                transport="ghl",
                domain=f"bulk-{n}.test" if n % 2 else "full.test",
            )
            for n, lead in zip(numbers, leads, strict=True)
        )
    for n in range(3):
        lead = Lead.objects.create(first_name="Left", email=f"left{n}@full.test", address="usable")
        SendIntent.objects.create(
            message=Message.objects.create(lead=lead, status="sent", to_address=lead.email),
            transport="ghl",
            phase="parallel",
            day=NOON.date(),
            domain="full.test",
            claimed_at=NOON - timedelta(minutes=20 + n),
            outcome="sent",
        )


def _median_ms(ask: Callable[[], Any]) -> float:
    times = []
    for _ in range(REPEATS + 3):
        began = time.perf_counter()
        ask()
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times[3:])


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))
