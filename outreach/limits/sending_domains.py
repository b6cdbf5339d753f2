"""The domain our emails come from: established, or new and warmed up week by week.

A domain without a row is new, and its warm-up begins with its first email. Only emails sent through
GoHighLevel count, because the sandbox sends nothing.
"""

import re
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from caio_project.lib import calendar
from caio_project.lib.vendor_access.access import sandboxed_or_raise, vendor_value
from outreach.choices import Transport
from outreach.control import phase
from outreach.limits import warm_up
from outreach.limits.warm_up import WarmUp
from outreach.models import Control, SendingDomain, SendIntent

WARM_UP_PERMISSION = "outreach.warm_up_sendingdomain"
DOMAIN_NAME = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")


class InvalidDomain(ValueError):
    """The text is not the name of an internet domain."""


def our_domain() -> str:
    return vendor_value("GHL_FROM_EMAIL").rpartition("@")[2].lower()


def find_domain(name: str) -> SendingDomain | None:
    return SendingDomain.objects.filter(name=name).first()


def current_warm_up(now: datetime) -> WarmUp | None:
    """The warm-up that limits emails now; None for an established domain and in the sandbox."""
    day = calendar.team_day(now, settings.TEAM_TIME_ZONE)
    row = Control.objects.annotate(**warm_up_columns(warming_domain(), day)).first()
    return warm_up_of(row, day) if row else None


def warming_domain() -> str:
    """The domain whose warm-up limits emails; "" in the sandbox and where none is set."""
    return "" if sandboxed_or_raise("ghl") else our_domain()


def warm_up_columns(domain: str, day: date) -> dict[str, Any]:
    """Columns for a query of the control row, from which `warm_up_of` makes the warm-up."""
    row = SendingDomain.objects.filter(name=domain)
    return {
        "is_known_domain": Exists(row),
        "warm_up_since": Subquery(row.values("warm_up_since")),
        "sent_from_domain": _count_sent(domain, day),
    }


def warm_up_of(row: Any, day: date) -> WarmUp | None:
    name = warming_domain()
    if not name or (row.is_known_domain and row.warm_up_since is None):
        return None
    return warm_up.warm_up_on(name, row.warm_up_since, day, row.sent_from_domain)


def daily_cap(row: Control, now: datetime) -> int:
    warming, daily = current_warm_up(now), phase.phase_limits(row).daily
    return min(daily, warming.daily) if warming else daily


def _count_sent(name: str, day: date) -> Coalesce:
    claimed = SendIntent.objects.may_have_left().filter(from_domain=name, day=day)
    counted = claimed.order_by().values("from_domain").annotate(n=Count("pk"))
    return Coalesce(Subquery(counted.values("n")), 0)


def record_from_domain(transport: str, found: WarmUp | None) -> str:
    """The domain that a claimed email leaves from; "" in the sandbox.

    Begins the warm-up of a new domain. Call it under the lock of the control row.
    """
    if transport != Transport.GHL:
        return ""
    if found and found.since is None:
        _save_domain(found.domain, found.day, None, "Its first email leaves.")
    return our_domain()


def start_warm_up(name: str, *, by: Any, reason: str) -> SendingDomain:
    """Begin the warm-up today, or begin it again. Raises InvalidDomain."""
    return _set_warm_up(
        name, calendar.team_day(timezone.now(), settings.TEAM_TIME_ZONE), by, reason
    )


def mark_established(name: str, *, by: Any, reason: str) -> SendingDomain:
    """End the warm-up: from now on only the phase limits the domain. Raises InvalidDomain."""
    return _set_warm_up(name, None, by, reason)


def _set_warm_up(name: str, since: date | None, by: Any, reason: str) -> SendingDomain:
    name = name.strip().lower()
    if not DOMAIN_NAME.fullmatch(name):
        raise InvalidDomain(f"{name!r} is not a domain like mail.example.com.")
    with transaction.atomic():
        phase.lock_control()  # no slot is claimed while the row changes
        return _save_domain(name, since, by, reason)


def _save_domain(name: str, since: date | None, by: Any, reason: str) -> SendingDomain:
    before = find_domain(name)
    phase.log_change("warm_up", warm_up_label(before), _start_label(since), by, f"{name}: {reason}")
    values = {
        "warm_up_since": since,
        "set_at": timezone.now(),
        "set_by": phase.actor_name(by),
        "reason": reason,
    }
    return SendingDomain.objects.update_or_create(name=name, defaults=values)[0]


def describe_domain(row: SendingDomain | None) -> str:
    if row and row.warm_up_since is None:
        return "Established: the phase alone limits how many emails leave."
    day = calendar.team_day(timezone.now(), settings.TEAM_TIME_ZONE)
    found = warm_up.warm_up_on("", row.warm_up_since if row else None, day)
    return found.sentence if found else "Warmed up: the phase alone limits how many emails leave."


def warm_up_label(row: SendingDomain | None) -> str:
    return _start_label(row.warm_up_since) if row else "new"


def _start_label(since: date | None) -> str:
    return f"from {since}" if since else "established"
