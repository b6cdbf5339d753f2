"""How much may leave and when, read from the rows. The strictest wins; the rules are in `pacing`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings

from caio_project.lib import calendar
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
from outreach.models import Control, DailySlots, Message, SendIntent


def read_limits(row: Control, now: datetime) -> CurrentLimits:
    """How things stand for every email. Under the lock of the control row it stays so until the lock is given up."""
    day = calendar.team_day(now, settings.TEAM_TIME_ZONE)
    claimed = SendIntent.objects.filter(claimed_at__gt=now - limit_rules.HOUR).exclude(
        outcome__in=SendIntent.NOTHING_LEFT
    )
    newest = claimed.order_by("-claimed_at").values_list("claimed_at", "domain")[
        : settings.HOURLY_LIMIT
    ]
    return CurrentLimits(
        now=now,
        zone=settings.TEAM_TIME_ZONE,
        phase=row.phase,
        halted=is_halted(row),
        daily=phase_limits(row).daily,
        hourly=settings.HOURLY_LIMIT,
        domain_hourly=settings.DOMAIN_HOURLY_LIMIT,
        gap=timedelta(seconds=settings.SEND_GAP_SECONDS),
        used_today=DailySlots.objects.filter(day=day).values_list("used", flat=True).first() or 0,
        recent=tuple(RecentSend(*one) for one in newest),
        last=row.last_claim_at,
        away_until=row.away_until,
        away_for=row.away_for,
        warm_up=sending_domains.current_warm_up(now),
    )


def limit_on_message(message: Message, at: CurrentLimits) -> BindingLimit | None:
    """The strictest limit that holds this one email back, whatever the others do."""
    waits = [
        limit_rules.limit_on_domain(at, message.domain),
        _office_hours_limit(message, at.now),
        _own_wait(message, at.now),
    ]
    return limit_rules.strictest_limit([wait for wait in waits if wait])


def _office_hours_limit(message: Message, now: datetime) -> BindingLimit | None:
    """Working hours, weekends and public holidays where the recipient is."""
    place = office_hours.place_for_sending(message, message.transport)
    if place is None or (opens := office_hours.office_opens_at(place, now)) <= now:
        return None
    zone = office_hours.effective_place(place).zone.replace("_", " ")
    return BindingLimit("working_hours", opens, f"working hours in {zone}", everything=False)


def _own_wait(message: Message, now: datetime) -> BindingLimit | None:
    """The time to undo, or what came of an earlier try. Where it ends with another limit, that one is named."""
    if message.not_before <= now:
        return None
    limit = message.waiting_for or "undo"
    text = "time to undo" if limit == "undo" else f"tried again then: {message.error or limit}"
    return BindingLimit(limit, message.not_before, text, everything=False)


def binding_limit(message: Message, row: Control, now: datetime) -> BindingLimit | None:
    """The binding limit of an approved email, and when it leaves if nothing changes, with those counted that go first.

    None where it leaves next and may leave now.
    """
    return binding_limits([message], read_limits(row, now))[message.pk]


def binding_limits(
    messages: Sequence[Message], at: CurrentLimits
) -> dict[int, BindingLimit | None]:
    """The same for several approved ones, by key."""
    everything = limit_rules.limit_on_everything(at)
    if everything and everything.until is None:
        return dict.fromkeys((one.pk for one in messages), everything)
    turns_of = _queue_positions(messages, at)
    kept = {rank: send_order.limit_by_reserve(rank, at) for rank in {one.rank for one in messages}}
    found = {}
    for one in messages:
        own = [wait for wait in (everything, limit_on_message(one, at), kept[one.rank]) if wait]
        found[one.pk] = _limit_in_queue(limit_rules.strictest_limit(own), turns_of.get(one.pk), at)
    return found


@dataclass(frozen=True)
class QueuePosition:
    """When an email leaves, and how many leave before it."""

    at: datetime
    ahead: int
    longest: LongestLimit | None  # what holds the queue up longest until then


def _queue_positions(messages: Sequence[Message], at: CurrentLimits) -> dict[int, QueuePosition]:
    """By key; without those that do not leave within the horizon of the forecast."""
    found: dict[int, QueuePosition] = {}
    for ahead, one in enumerate(
        forecast.forecast_sends(
            at, queue_counts.groups_around(at, messages), office_hours.working_hours()
        )
        if messages
        else ()
    ):
        if one.line.mark:
            found[one.line.mark] = QueuePosition(one.at, ahead, one.longest)
            if len(found) == len(messages):
                break
    return found


def _limit_in_queue(
    own: BindingLimit | None, turn: QueuePosition | None, at: CurrentLimits
) -> BindingLimit | None:
    """What holds the email itself, with those that go first."""
    if turn is None:
        days = forecast.HORIZON.days
        return BindingLimit(
            own.limit if own else "turn",
            None,
            f"too many go first: it does not leave within {days} days",
        )
    if turn.at <= at.now:
        return None
    if not turn.ahead and own:
        return replace(own, until=turn.at)
    first = f"{turn.ahead} {'goes' if turn.ahead == 1 else 'go'} first"
    held = (
        None if own and own.limit == "kept" else turn.longest
    )  # kept for those that go first, it could leave now
    if held and (own is None or own.until is None or held.lasted > own.until - at.now):
        return BindingLimit(held.limit, turn.at, f"{held.text}; {first}")
    return (
        BindingLimit(own.limit, turn.at, f"{own.text}; {first}", own.everything)
        if own
        else BindingLimit("turn", turn.at, first)
    )
