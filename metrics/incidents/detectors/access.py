"""What we need to get in: tokens, clocks, GoHighLevel and Redis. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from metrics.incident_codes import Action, Cause
from metrics.incidents.findings import FIRST_SEEN, Finding

KEY_ENDS_WITHIN = timedelta(days=7)
# GoHighLevel's refresh token lives a year at most; each renewal gives a new one.
REFRESH_TOKEN_LIFE = timedelta(days=365)
REFRESH_ENDS_WITHIN = timedelta(days=30)
RENEWAL_LATE = 3  # tries in a row that gave no token
# Past half a minute signatures and leases begin to be judged wrongly; past five minutes
# GoHighLevel and Slack refuse them, and sending hours and daily limits are wrong.
CLOCKS_APART = timedelta(seconds=30)
CLOCKS_FAR_APART = timedelta(minutes=5)


@dataclass(frozen=True)
class GhlTokenFact:
    generation: int
    access_until: datetime
    renewed_at: datetime | None
    attempts: int


@dataclass(frozen=True)
class KeyFact:
    """An API key that is in use and has an end."""

    prefix: str
    ends_at: datetime


def expiring_ghl_token(fact: GhlTokenFact | None, now: datetime) -> list[Finding]:
    if fact is None:
        return []
    refresh_ends = (fact.renewed_at or now) + REFRESH_TOKEN_LIFE
    is_late = fact.attempts >= RENEWAL_LATE
    if not is_late and refresh_ends - now > REFRESH_ENDS_WITHIN:
        return []
    evidence = {
        "access_minutes": int((fact.access_until - now).total_seconds() // 60),
        "attempts": fact.attempts,
        "refresh_days": (refresh_ends - now).days,
    }
    mark = (f"generation:{fact.generation}",)
    return [Finding(Cause.TOKEN_EXPIRING, mark, evidence, subject="ghl")]


def expiring_keys(facts: Iterable[KeyFact], now: datetime) -> list[Finding]:
    return [
        Finding(
            Cause.TOKEN_EXPIRING,
            (f"ends:{one.ends_at.isoformat()}",),
            {"hours": int((one.ends_at - now).total_seconds() // 3600)},
            subject=f"key:{one.prefix}",
        )
        for one in facts
        if now < one.ends_at <= now + KEY_ENDS_WITHIN
    ]


def clocks_apart(offsets: Mapping[str, float]) -> list[Finding]:
    """`offsets`: how many seconds each other clock is ahead of this process."""
    found = []
    for name, seconds in sorted(offsets.items()):
        if abs(seconds) < CLOCKS_APART.total_seconds():
            continue
        is_far = abs(seconds) >= CLOCKS_FAR_APART.total_seconds()
        action = Action.RESTED if is_far else Action.TOLD
        evidence = {"seconds": round(seconds)}
        found.append(
            Finding(Cause.CLOCKS_APART, (FIRST_SEEN,), evidence, subject=name, action=action)
        )
    return found


def ghl_down(
    failures: int, least: int, away_until: datetime | None, now: datetime
) -> list[Finding]:
    """GoHighLevel has failed `least` times in a row or more since it last took an email."""
    if failures < least:
        return []
    wait = max(timedelta(0), (away_until or now) - now)
    evidence = {"failures": failures, "next_try_seconds": int(wait.total_seconds())}
    return [Finding(Cause.GHL_DOWN, (FIRST_SEEN,), evidence, action=Action.DEFERRED)]


def redis_down(error: str) -> list[Finding]:
    """`error` is the kind of the failure; "" where Redis answers or is not used."""
    if not error:
        return []
    return [Finding(Cause.REDIS_DOWN, (FIRST_SEEN,), {"error": error}, action=Action.FELL_BACK)]
