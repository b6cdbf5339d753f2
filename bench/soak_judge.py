"""What bench/soak.py compares: pure functions of what was seen outside and what the tables hold."""

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping

Samples = Mapping[str, list[tuple[float, float]]]
WARM_UP = 1 / 3  # of the run, in which caches fill
LONG_ENOUGH = 1500.0  # seconds; at low rates caches fill for longer than ten minutes
MOST_MB_A_MINUTE = 0.5


def judge_decisions(
    told: Iterable[tuple[str, str]], rows: Iterable[tuple[str, str]]
) -> dict[str, int]:
    """`told`: email and verdict of each answer that said so; `rows`: of each decision kept."""
    kept = Counter(rows)
    emails = Counter(email for email, _ in kept.elements())
    return {
        "decisions_lost": sum(one not in kept for one in set(told)),
        "decided_twice": sum(n > 1 for n in emails.values()),
    }


def judge_webhooks(
    states: Mapping[str, str], accepted: Iterable[str], refused: int
) -> dict[str, int]:
    """`states` of deliveries by the event's id; `accepted` are the ids of verified bodies."""
    came = Counter(accepted)
    return {
        "webhooks_lost": sum(not came[event] for event in states),
        "webhooks_undelivered": sum(state != "delivered" for state in states.values()),
        "webhooks_unknown": sum(event not in states for event in came),
        "webhooks_unverifiable": refused,
    }


def judge_told(sent: Iterable[str], told: Iterable[str]) -> dict[str, int]:
    """Emails that were sent, and those that webhooks said were sent."""
    by_email, told = set(sent), set(told)
    return {"untold": len(by_email - told), "told_wrongly": len(told - by_email)}


def memory_slopes(samples: Samples, seconds: float) -> dict[str, dict[str, float]]:
    """Least squares after the warm-up, in MB a minute, with the first and the last figure."""
    found = {}
    for name, points in samples.items():
        warm = [(at / 60, mb) for at, mb in points if at >= seconds * WARM_UP]
        if len(warm) > 2:
            slope = statistics.linear_regression(*zip(*warm, strict=True)).slope
            found[name] = {
                "from_mb": round(warm[0][1], 1),
                "to_mb": round(warm[-1][1], 1),
                "mb_a_minute": round(slope, 3),
            }
    return found


def judge_memory(samples: Samples, seconds: float) -> dict[str, int]:
    """How many processes grow. Nothing is said of a run that was too short."""
    if seconds < LONG_ENOUGH:
        return {}
    slopes = memory_slopes(samples, seconds)
    return {
        "growing": sum(
            slopes.get(name, {}).get("mb_a_minute", MOST_MB_A_MINUTE + 1) > MOST_MB_A_MINUTE
            for name in samples
        )
    }
