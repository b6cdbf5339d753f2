"""Each limit binds exactly when it is reached, and ends when it says."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from outreach.limits import limit_rules
from outreach.limits.limit_rules import BindingLimit, CurrentLimits, DailyLimit, RecentSend
from outreach.limits.limit_texts import LimitCode
from outreach.limits.warm_up import WarmUp

NOW = datetime(2026, 3, 3, 15, tzinfo=UTC)  # a Tuesday, 10:00 in Ohio
TODAY, MIDNIGHT = date(2026, 3, 3), datetime(2026, 3, 4, 5, tzinfo=UTC)
AT = CurrentLimits(
    now=NOW,
    zone="America/New_York",
    phase="parallel",
    halted=False,
    daily=25,
    hourly=4,
    domain_hourly=2,
    gap=timedelta(seconds=45),
)
WARMING = WarmUp("mail.ours.example.com", TODAY, TODAY)


def at(**changes: Any) -> CurrentLimits:
    return replace(AT, **changes)


def sent(*minutes_ago: float, domain: str = "acme.test") -> tuple[RecentSend, ...]:
    return tuple(RecentSend(NOW - timedelta(minutes=ago), domain) for ago in minutes_ago)


def ending(limits: CurrentLimits) -> tuple[str, datetime | None] | None:
    found = limit_rules.limit_on_everything(limits)
    return (found.limit, found.until) if found else None


def test_nothing_binds_below_every_limit() -> None:
    below = at(used_today=24, recent=sent(1, 2, 3), last=NOW - timedelta(seconds=46))
    assert ending(below) is None
    assert ending(replace(below, warm_up=replace(WARMING, used=19))) is None


@pytest.mark.parametrize(
    ("changes", "binding"),
    [
        ({"halted": True}, (LimitCode.HALTED, None)),
        ({"daily": 0}, (LimitCode.PHASE, None)),
        ({"halted": True, "used_today": 25}, (LimitCode.HALTED, None)),
        ({"daily": 1}, None),
        ({"used_today": 25}, (LimitCode.DAILY, MIDNIGHT)),
        ({"used_today": 26}, (LimitCode.DAILY, MIDNIGHT)),
        ({"warm_up": replace(WARMING, used=20)}, (LimitCode.WARM_UP, MIDNIGHT)),
        ({"recent": sent(1, 2, 3, 50)}, (LimitCode.HOURLY, NOW + timedelta(minutes=10))),
        (
            {"recent": sent(1, 2, 3, 50), "hourly": 3},
            (LimitCode.HOURLY, NOW + timedelta(minutes=57)),
        ),
        ({"last": NOW - timedelta(seconds=44)}, (LimitCode.GAP, NOW + timedelta(seconds=1))),
        ({"last": NOW - timedelta(seconds=45)}, None),
        ({"away_until": NOW + timedelta(minutes=5)}, (LimitCode.GHL, NOW + timedelta(minutes=5))),
        ({"away_until": NOW}, None),
        ({"used_today": 25, "away_until": NOW + timedelta(minutes=5)}, (LimitCode.DAILY, MIDNIGHT)),
    ],
)
def test_a_limit_binds_everything_at_its_edge(
    changes: dict[str, Any], binding: tuple[str, datetime | None] | None
) -> None:
    assert ending(at(**changes)) == binding


@pytest.mark.parametrize(
    ("changes", "arguments"),
    [
        ({"used_today": 25}, {"used": 25, "cap": 25}),
        (
            {"warm_up": replace(WARMING, used=21)},
            {"used": 21, "cap": 20, "week": 1, "domain": "mail.ours.example.com"},
        ),
        ({"recent": sent(1, 2, 3, 4)}, {"cap": 4}),
        ({"last": NOW}, {"seconds": 45}),
        ({"away_until": MIDNIGHT, "away_for": "HTTP 503"}, {"reason": "HTTP 503"}),
    ],
)
def test_a_limit_tells_its_own_numbers(changes: dict[str, Any], arguments: Any) -> None:
    found = limit_rules.limit_on_everything(at(**changes))
    assert found and found.everything
    assert found.arguments == arguments
    assert found.text


@pytest.mark.parametrize(
    ("recent", "until"),
    [
        ((), None),
        (sent(5), None),
        (sent(5, 20), NOW + timedelta(minutes=40)),
        (sent(5, 20, 30), NOW + timedelta(minutes=40)),
        (sent(5, 20, domain="other.test"), None),
        (sent(5) + sent(10, domain="other.test"), None),
    ],
)
def test_a_domain_is_full_at_its_hourly_limit(
    recent: tuple[RecentSend, ...], until: datetime | None
) -> None:
    found = limit_rules.limit_on_domain(at(recent=recent), "acme.test")
    assert (found.until if found else None) == until
    assert at(recent=sent(5, 20)).full_domains == ["acme.test"]
    if found:
        assert (found.limit, found.everything) == (LimitCode.DOMAIN, False)
        assert found.arguments == {"cap": 2, "domain": "acme.test"}


def test_the_limit_that_ends_last_is_told() -> None:
    soon, late = BindingLimit("gap", NOW), BindingLimit("daily", MIDNIGHT)
    never = BindingLimit("halted", None)
    assert limit_rules.strictest_limit([soon, late]) is late
    assert limit_rules.strictest_limit([never, late, soon]) is never
    assert limit_rules.strictest_limit([]) is None


@pytest.mark.parametrize(
    ("changes", "day", "hour"),
    [
        ({}, DailyLimit(25, 0), 4),
        ({"used_today": 25}, DailyLimit(25, 25), 4),
        ({"used_today": 24, "warm_up": WARMING}, DailyLimit(25, 24), 4),
        ({"used_today": 2, "warm_up": replace(WARMING, used=2)}, DailyLimit(20, 2), 4),
        ({"recent": sent(1, 2, 3)}, DailyLimit(25, 0), 1),
        ({"recent": sent(1, 2, 3, 4)}, DailyLimit(25, 0), 0),
        ({"recent": sent(1, 2, 3, 4), "hourly": 3}, DailyLimit(25, 0), 0),
    ],
)
def test_what_is_left_follows_the_tighter_limit(
    changes: dict[str, Any], day: DailyLimit, hour: int
) -> None:
    found = at(**changes)
    assert (found.of_day, found.left_this_hour) == (day, hour)


@pytest.mark.parametrize(("used", "left"), [(0, 25), (24, 1), (25, 0), (26, 0), (40, 0)])
def test_nothing_less_than_nothing_is_left(used: int, left: int) -> None:
    assert DailyLimit(25, used).left == left


def test_a_send_counts_for_an_hour_and_a_day() -> None:
    now = at(used_today=7, recent=sent(10, 59), warm_up=replace(WARMING, used=7))
    soon = limit_rules.limits_at(now, NOW + timedelta(minutes=1))
    assert (soon.used_today, soon.recent) == (7, sent(10))
    assert soon.warm_up and soon.warm_up.used == 7
    tomorrow = limit_rules.limits_at(now, MIDNIGHT)
    assert (tomorrow.used_today, tomorrow.recent, tomorrow.day) == (0, (), date(2026, 3, 4))
    assert tomorrow.warm_up and tomorrow.warm_up.used == 0


def test_a_claim_uses_up_every_limit() -> None:
    new = WarmUp("mail.ours.example.com", None, TODAY)
    then = limit_rules.limits_after_claim(
        at(used_today=7, recent=sent(1, 2, 3, 4), warm_up=new), "beta.test"
    )
    assert (then.used_today, then.last) == (8, NOW)
    assert then.recent == (RecentSend(NOW, "beta.test"), *sent(1, 2, 3))
    assert then.warm_up and (then.warm_up.since, then.warm_up.used) == (TODAY, 1)
    assert limit_rules.limits_after_claim(AT, "beta.test").warm_up is None
