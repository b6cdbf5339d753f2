"""A vendor's rate, claimed by all workers together: one row for each vendor, changed by a conditional UPDATE."""

import time

from django.db.models import F

from caio_project.lib import http
from leads.models import RateWindow


def take(vendor: str, calls: int, seconds: float, now: float | None = None) -> None:
    """Claim one of `calls` in the current window of `seconds`; else Unavailable with the time to the next window."""
    now = time.time() if now is None else now
    window = int(now // seconds)
    rows = RateWindow.objects.filter(vendor=vendor)
    for _ in range(3):  # make the row, open the window (or see another do it), take
        if rows.filter(window=window, used__lt=calls).update(used=F("used") + 1):
            return
        if rows.filter(window__lt=window).update(window=window, used=1):
            return
        RateWindow.objects.get_or_create(vendor=vendor)
    raise http.Unavailable(f"the rate of {vendor} is used up for a moment", retry_after=(window + 1) * seconds - now)
