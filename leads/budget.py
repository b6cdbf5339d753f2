"""Clay takes 50,000 submissions in the life of one webhook source; past that, rows silently stop appearing.

Source: university.clay.com, "Webhook integration": deleting rows does not restore the limit; a new source starts anew.
"""

import hashlib

from django.conf import settings
from django.db.models import F

from caio_project.lib import claims
from leads import alarms
from leads.models import Budget

LIFETIME = 50_000
ALARM_AT = 45_000
ALARM = "clay:budget"


def key() -> str:
    """One budget for each address, so that a new webhook source starts anew."""
    return f"clay:{hashlib.sha256(settings.CLAY_WORKBOOK_WEBHOOK_URL.encode()).hexdigest()[:16]}"


def used() -> int:
    """Submissions so far, those before us (CLAY_SUBMISSIONS_USED) included."""
    row, _ = Budget.objects.get_or_create(key=key(), defaults={"used": settings.CLAY_SUBMISSIONS_USED})
    return row.used


def claim() -> bool:
    """Claim one submission; False where none is left."""
    before = used()
    if not claims.claim(Budget.objects.filter(key=key(), used__lt=LIFETIME), used=F("used") + 1):
        alarms.raise_alarm(
            ALARM, f"All {LIFETIME} submissions of the Clay webhook are used: make a new webhook source."
        )
        return False
    if before + 1 >= ALARM_AT:
        alarms.raise_alarm(ALARM, f"{before + 1} of {LIFETIME} submissions of the Clay webhook are used.")
    return True
