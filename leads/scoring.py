"""Intent from 0 to 100 and fit from 0 to 100, each a list of reasons whose points add up to it. Pure."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

VERSION = "2026.1"

PAGES_AT_MOST = 50
LOOK_BACK = timedelta(days=30)
DECAY = ((timedelta(days=1), 1.0), (timedelta(days=7), 0.7), (LOOK_BACK, 0.4))
REPEATS = ((5, 15), (3, 10), (2, 5))  # visits, points
WARM_POINTS = {"known": 25, "overlap": 25, "employer": 20, "employer_now": 15}
FIT_SHARE = 0.25  # of the fit, as intent: somebody who fits means it more often

TITLES = (
    (
        50,
        "C-level or founder",
        r"\b(chief|ceo|cro|coo|cto|cfo|cmo|cio|founder|co-founder|(?<!product )owner|"
        r"(?<!vice )(?<!vice-)president|(?<!business )partner(?! manager| marketing| success| sales))\b",
    ),
    (45, "Vice president", r"\b(vp|svp|evp|vice[ -]president)\b"),
    (38, "Head or director", r"\b(head|director|general manager|gm)\b"),
    (20, "Manager or lead", r"\b(manager|lead|principal)\b"),
    (8, "Other title", r"\w"),
)
GOOD_INDUSTRIES = {
    "logistics", "supply chain", "software", "saas", "technology", "information", "internet", "financial", "insurance",
    "manufacturing", "healthcare", "health", "professional services", "consulting", "marketing", "advertising",
    "staffing", "construction", "real estate", "telecommunications", "computer", "banking",
}  # fmt: skip
SIZES = ((5001, 12, "over 5,000"), (1001, 22, "1,001 to 5,000"), (50, 30, "50 to 1,000"), (10, 15, "10 to 49"), (0, 5, "under 10"))  # fmt: skip  # noqa: E501


@dataclass(frozen=True)
class Trigger:
    """A row of the page trigger table."""

    label: str
    pattern: str
    points: int
    angle: str = ""
    topic: str = ""


@dataclass(frozen=True)
class Seen:
    """One page view; `by_person` is False for a visit of the company alone."""

    path: str
    at: datetime
    by_person: bool = True


@dataclass(frozen=True)
class Reason:
    code: str
    points: int
    text: str


@dataclass(frozen=True)
class Person:
    """What fit and intent are scored on."""

    title: str
    industry: str
    employees_from: int | None
    visits: tuple[Seen, ...] = ()
    warm_kind: str = ""
    warm_sentence: str = ""
    open_roles: int | None = None


@dataclass(frozen=True)
class Score:
    intent: int
    reasons: tuple[Reason, ...]
    icp: int
    icp_reasons: tuple[Reason, ...]
    tier: str
    angle: str
    topic: str = ""
    hot_page: str = field(default="")


def score(person: Person, triggers: tuple[Trigger, ...], now: datetime) -> Score:
    """Score one person at `now`. Reasons come strongest first; a reason "most" with negative points is the cap."""
    fit = fit_reasons(person)
    icp = min(100, sum(reason.points for reason in fit))
    pages, best = _page_reasons(person.visits, triggers, now)
    reasons = [*pages, *_repeat_reasons(person.visits, now), *_warm_reasons(person)]
    if share := round(icp * FIT_SHARE):
        reasons.append(Reason("fit", share, f"Fit {icp} of 100"))
    total = sum(reason.points for reason in reasons)
    if total > 100:
        reasons.append(Reason("most", 100 - total, "The score ends at 100"))
    return Score(
        intent=min(100, total),
        reasons=tuple(reasons),
        icp=icp,
        icp_reasons=tuple(fit),
        tier=tier_of(icp),
        angle=_angle(person, best),
        topic=best.topic if best else "",
    )


def tier_of(icp: int) -> str:
    return "tier_1" if icp >= 80 else "tier_2" if icp >= 60 else "tier_3"


def fit_reasons(person: Person) -> list[Reason]:
    """Title up to 50, industry up to 20, size up to 30; what is unknown has no points."""
    reasons = []
    title = person.title.lower()
    found = next(((points, text) for points, text, pattern in TITLES if re.search(pattern, title)), None)
    if found:
        reasons.append(Reason("title", found[0], f"{found[1]}: {person.title}"))
    if person.industry:
        good = any(word in person.industry.lower() for word in GOOD_INDUSTRIES)
        reasons.append(Reason("industry", 20 if good else 10, f"Industry: {person.industry}"))
    if person.employees_from is not None:
        points, text = next((p, t) for lower, p, t in SIZES if person.employees_from >= lower)
        reasons.append(Reason("size", points, f"Employees: {text}"))
    return reasons


def match(path: str, triggers: tuple[Trigger, ...]) -> Trigger | None:
    """The first trigger whose pattern fits the path, without case and without a trailing slash."""
    low = path.lower().rstrip("/") or "/"
    return next((t for t in triggers if fnmatchcase(low, t.pattern.lower().rstrip("/") or "/")), None)


def _page_reasons(
    visits: tuple[Seen, ...], triggers: tuple[Trigger, ...], now: datetime
) -> tuple[list[Reason], Trigger | None]:
    """One reason for each trigger that was hit, at its freshest; the sum is capped."""
    best: dict[str, tuple[Reason, Trigger]] = {}
    hits: dict[str, int] = {}
    for seen in visits:
        trigger, weight = match(seen.path, triggers), _weight(now - seen.at)
        if trigger is None or not weight:
            continue
        hits[trigger.label] = hits.get(trigger.label, 0) + 1
        points = round(trigger.points * weight * (1.0 if seen.by_person else 0.5))
        if trigger.label not in best or points > best[trigger.label][0].points:
            who = "" if seen.by_person else " by a colleague"
            best[trigger.label] = (Reason("page", points, f"{trigger.label}{who}"), trigger)
    ranked = sorted(best.values(), key=lambda pair: -pair[0].points)
    reasons = [
        Reason("page", reason.points, reason.text + (f", {hits[t.label]} visits" if hits[t.label] > 1 else ""))
        for reason, t in ranked
        if reason.points
    ]
    total = sum(reason.points for reason in reasons)
    if total > PAGES_AT_MOST:
        reasons.append(Reason("pages_most", PAGES_AT_MOST - total, f"Pages count {PAGES_AT_MOST} at most"))
    return reasons, ranked[0][1] if ranked else None


def _weight(age: timedelta) -> float:
    return next((weight for oldest, weight in DECAY if age <= oldest), 0.0)


def _repeat_reasons(visits: tuple[Seen, ...], now: datetime) -> list[Reason]:
    count = sum(1 for seen in visits if seen.by_person and now - seen.at <= LOOK_BACK)
    points = next((points for least, points in REPEATS if count >= least), 0)
    return [Reason("repeat", points, f"{count} visits in 30 days")] if points else []


def _warm_reasons(person: Person) -> list[Reason]:
    points = WARM_POINTS.get(person.warm_kind, 0)
    return [Reason("warm", points, person.warm_sentence)] if points else []


def _angle(person: Person, best: Trigger | None) -> str:
    """What the email speaks of: the strongest signal that exists."""
    if person.warm_kind:
        return "warm_connection"
    if best and best.angle == "high_intent":
        return "high_intent"
    if person.open_roles:
        return "hiring"
    return best.angle if best and best.angle else "general"
