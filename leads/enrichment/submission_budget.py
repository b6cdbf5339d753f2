"""The budget of submissions to Clay: 50,000 in the life of one webhook source.

Past that, rows silently stop appearing. Source: university.clay.com, "Webhook integration":
deleting rows does not restore the limit; a new source starts anew.
"""

import hashlib

from django.conf import settings
from django.db.models import F, Value
from django.db.models.functions import Greatest

from caio_project.lib.db import claims
from caio_project.lib.vendor_access.access import is_sandboxed, vendor_value
from leads.integrations import alarms
from leads.models import Budget

LIFETIME_SUBMISSIONS = 50_000
ALARM_AT = 45_000
ALARM_NEARLY_USED, ALARM_USED_UP = "clay:budget", "clay:budget:used_up"


def budget_key() -> str:
    # One budget for each address, so that a new webhook source starts anew.
    url = vendor_value("CLAY_WORKBOOK_WEBHOOK_URL")
    return f"clay:{hashlib.sha256(url.encode()).hexdigest()[:16]}"


def submissions_used() -> int:
    """Submissions so far, including those made before us (CLAY_SUBMISSIONS_USED)."""
    before = settings.CLAY_SUBMISSIONS_USED
    row, _ = Budget.objects.get_or_create(
        key=budget_key(), defaults={"used": before, "before_us": before}
    )
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


def claim_submission() -> bool:
    before = submissions_used()
    claimed = claims.claim_row(
        Budget.objects.filter(key=budget_key(), used__lt=LIFETIME_SUBMISSIONS), used=F("used") + 1
    )
    _update_alarms(before + 1 if claimed else LIFETIME_SUBMISSIONS)
    return claimed


def watch_budget() -> None:
    _update_alarms(0 if is_sandboxed("clay") else submissions_used())


def _update_alarms(count: int) -> None:
    # Two alarms, so that the end is announced even where the approach was.
    if count < ALARM_AT:
        alarms.clear_open(ALARM_NEARLY_USED, ALARM_USED_UP)
        return
    alarms.raise_alarm(
        ALARM_NEARLY_USED,
        f"{count} of {LIFETIME_SUBMISSIONS} submissions of the Clay webhook are used.",
    )
    if count < LIFETIME_SUBMISSIONS:
        alarms.clear_open(ALARM_USED_UP)
        return
    alarms.raise_alarm(
        ALARM_USED_UP,
        f"All {LIFETIME_SUBMISSIONS} submissions of the Clay webhook are used: make a new "
        "webhook source.",
    )
