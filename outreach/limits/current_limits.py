"""The limits that hold now, read from the database, and which of them holds an email back.

The rules are in `limit_rules`. Where several limits bind, the strictest is named.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet, Subquery
from django.db.models.functions import Coalesce

from caio_project.lib import calendar
from caio_project.lib.db.kept_queries import kept_query
from outreach.choices import Transport
from outreach.control import phase
from outreach.control.phase import is_halted, phase_limits
from outreach.limits import (
    forecast,
    limit_rules,
    office_hours,
    queue_counts,
    send_order,
    sending_domains,
)
from outreach.limits.forecast import LongestLimit
from outreach.limits.limit_rules import BindingLimit, CurrentLimits, RecentSend
from outreach.limits.limit_texts import LimitCode
from outreach.models import Control, DailySlots, Message, SendIntent


def read_current(now: datetime) -> CurrentLimits:
    """Read the limits for every email, and the control row with them. Two statements."""
    row = _control_of_day(now)
    return _limits_of(row, row, now)


def read_limits(row: Control, now: datetime) -> CurrentLimits:
    """Read the limits for every email. Two statements.

    While the caller holds the lock of the control row, no other process changes them.
    """
    return _limits_of(row, _control_of_day(now), now)


def _control_of_day(now: datetime) -> Any:
    day = calendar.team_day(now, settings.TEAM_TIME_ZONE)
    domain = sending_domains.warming_domain()
    rows = _control_query(day=day, domain=domain)
    if not rows:
        phase.current_control()  # makes it
        rows = _control_query(day=day, domain=domain)
    return rows[0]


@kept_query
def _control_query(day: date, domain: str) -> QuerySet[Control]:
    used = DailySlots.objects.filter(day=day).values("used")
    newest = SendIntent.objects.order_by("-claimed_at").values("claimed_at")[:1]
    return Control.objects.filter(pk=1).annotate(
        used_today=Coalesce(Subquery(used), 0),
        last_claim=Subquery(newest),
        **sending_domains.warm_up_columns(domain, day),
    )


def _limits_of(row: Control, of_day: Any, now: datetime) -> CurrentLimits:
    newest = _claims_since(since=now - limit_rules.HOUR)[: settings.HOURLY_LIMIT]
    return CurrentLimits(
        now=now,
        zone=settings.TEAM_TIME_ZONE,
        phase=row.phase,
        halted=is_halted(row),
        daily=phase_limits(row).daily,
        hourly=settings.HOURLY_LIMIT,
        domain_hourly=settings.DOMAIN_HOURLY_LIMIT,
        gap=timedelta(seconds=settings.SEND_GAP_SECONDS),
        used_today=of_day.used_today,
        recent=tuple(RecentSend(*one) for one in newest),
        last=of_day.last_claim,
        away_until=row.away_until,
        away_for=row.away_for,
        away_failures=row.away_failures,
        rest_until=row.rest_until,
        rest_for=row.rest_for,
        warm_up=sending_domains.warm_up_of(of_day, calendar.team_day(now, settings.TEAM_TIME_ZONE)),
    )


@kept_query
def _claims_since(since: datetime) -> QuerySet[Any]:
    claimed = SendIntent.objects.may_have_left().filter(claimed_at__gt=since)
    return claimed.order_by("-claimed_at").values_list("claimed_at", "domain")


def limit_on_message(message: Message, at: CurrentLimits) -> BindingLimit | None:
    found = [
        limit_rules.limit_on_domain(at, message.domain),
        _office_hours_limit(message, at.now),
        _own_wait(message, at.now),
    ]
    return limit_rules.strictest_limit([limit for limit in found if limit])


def _office_hours_limit(message: Message, now: datetime) -> BindingLimit | None:
    if message.transport == Transport.SANDBOX:
        return None
    place = office_hours.find_place_of(message.lead)
    if (opens := office_hours.office_opens_at(place, now)) <= now:
        return None
    zone = office_hours.effective_place(place).zone.replace("_", " ")
    return BindingLimit(LimitCode.WORKING_HOURS, opens, {"zone": zone}, everything=False)


def _own_wait(message: Message, now: datetime) -> BindingLimit | None:
    if message.not_before <= now:
        return None
    limit = message.waiting_for or LimitCode.UNDO
    arguments = {} if limit == LimitCode.UNDO else {"retry": message.error or limit}
    return BindingLimit(limit, message.not_before, arguments, everything=False)


def binding_limit(message: Message, row: Control, now: datetime) -> BindingLimit | None:
    """The limit that holds an approved email back, with how many go first.

    Its `until` is when the email leaves if nothing changes. None where it leaves next, now.
    """
    return binding_limits([message], read_limits(row, now))[message.pk]


def binding_limits(
    messages: Sequence[Message], at: CurrentLimits
) -> dict[int, BindingLimit | None]:
    """`binding_limit` for several approved emails, by primary key."""
    everything = limit_rules.limit_on_everything(at)
    if everything and everything.until is None:
        return dict.fromkeys((one.pk for one in messages), everything)
    positions = _queue_positions(messages, at)
    kept = {rank: send_order.limit_by_reserve(rank, at) for rank in {one.rank for one in messages}}
    found = {}
    for one in messages:
        own = [limit for limit in (everything, limit_on_message(one, at), kept[one.rank]) if limit]
        strictest = limit_rules.strictest_limit(own)
        found[one.pk] = _limit_in_queue(strictest, positions.get(one.pk), at)
    return found


@dataclass(frozen=True)
class QueuePosition:
    """When an email leaves, and how many leave before it."""

    at: datetime
    ahead: int
    longest: LongestLimit | None  # what holds every email up longest until then


def _queue_positions(messages: Sequence[Message], at: CurrentLimits) -> dict[int, QueuePosition]:
    """By primary key, without the emails that do not leave within the forecast's horizon."""
    if not messages:
        return {}
    found: dict[int, QueuePosition] = {}
    groups, hours = queue_counts.groups_around(at, messages), office_hours.working_hours()
    for ahead, one in enumerate(forecast.forecast_sends(at, groups, hours)):
        if one.group.mark:
            found[one.group.mark] = QueuePosition(one.at, ahead, one.longest)
            if len(found) == len(messages):
                break
    return found


def _limit_in_queue(
    own: BindingLimit | None, position: QueuePosition | None, at: CurrentLimits
) -> BindingLimit | None:
    if position is None:
        limit = own.limit if own else LimitCode.TURN
        return BindingLimit(limit, None, {"days": forecast.HORIZON.days})
    if position.at <= at.now:
        return None
    if not position.ahead and own:
        return replace(own, until=position.at)
    ahead = {"ahead": position.ahead}
    # A slot kept for more urgent emails is the email's own limit: without them it could leave now.
    longest = None if own and own.limit == LimitCode.KEPT else position.longest
    if longest and (own is None or own.until is None or longest.lasted > own.until - at.now):
        return BindingLimit(longest.limit, position.at, {**longest.arguments, **ahead})
    if own is None:
        return BindingLimit(LimitCode.TURN, position.at, ahead)
    return replace(own, until=position.at, arguments={**own.arguments, **ahead})
