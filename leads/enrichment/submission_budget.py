"""Clay takes 50,000 submissions in the life of one webhook source; past that, rows silently stop appearing.

Source: university.clay.com, "Webhook integration": deleting rows does not restore the limit; a new source starts anew.
"""

import hashlib

from django.conf import settings
from django.db.models import F, Value
from django.db.models.functions import Greatest

from caio_project.lib.db import claims
from leads.integrations import alarms
from leads.models import Budget

LIFETIME = 50_000
ALARM_AT = 45_000
ALARM, ALARM_USED_UP = "clay:budget", "clay:budget:used_up"


def key() -> str:
    """One budget for each address, so that a new webhook source starts anew."""
    return f"clay:{hashlib.sha256(settings.CLAY_WORKBOOK_WEBHOOK_URL.encode()).hexdigest()[:16]}"


def used() -> int:
    """Submissions so far, those before us (CLAY_SUBMISSIONS_USED, as it is set now) included."""
    before = settings.CLAY_SUBMISSIONS_USED
    row, _ = Budget.objects.get_or_create(key=key(), defaults={"used": before, "before_us": before})
    if row.before_us == before:
        return row.used
    if row.before_us is None:  # counted before we kept what was counted in
        Budget.objects.filter(key=row.key, before_us=None).update(before_us=before)
    else:
        corrected = Greatest(F("used") + Value(before - row.before_us), Value(0))
        Budget.objects.filter(key=row.key, before_us=row.before_us).update(
            used=corrected, before_us=before
        )
    return Budget.objects.get(key=row.key).used


def claim() -> bool:
    """Claim one submission; False where none is left."""
    before = used()
    claimed = claims.claim(Budget.objects.filter(key=key(), used__lt=LIFETIME), used=F("used") + 1)
    _tell(before + 1 if claimed else LIFETIME)
    return claimed


def watch() -> None:
    """Open and close the alarms by the webhook source that is in use now, also while nothing is submitted."""
    _tell(0 if "clay" in settings.SANDBOXED else used())


def _tell(count: int) -> None:
    """Two alarms, so that the end is told of to those who were told of the approach."""
    if count < ALARM_AT:
        alarms.clear_open(ALARM, ALARM_USED_UP)
        return
    alarms.raise_alarm(ALARM, f"{count} of {LIFETIME} submissions of the Clay webhook are used.")
    if count < LIFETIME:
        alarms.clear_open(ALARM_USED_UP)
        return
    alarms.raise_alarm(
        ALARM_USED_UP,
        f"All {LIFETIME} submissions of the Clay webhook are used: make a new webhook source.",
    )
