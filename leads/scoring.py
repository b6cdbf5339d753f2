"""Intent from 0 to 100 and fit from 0 to 100, each a list of reasons whose points add up to it. Pure.

The numbers and words come as `Rules`: data that people edit in versions. Words are compared as plain text; there is no
regular expression that somebody could write, so none that never ends.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

WARM_KINDS = ("known", "overlap", "employer", "employer_now")
MOST_WORDS, LONGEST_WORD, MOST_ROWS = 200, 60, 20
HOT_INTENT = 70
HOT_EMPLOYEES = 50


class BadRules(ValueError):
    """Rules that cannot be; `errors` is [(field, what is wrong with it)]."""

    def __init__(self, errors: list[tuple[str, str]]):
        self.errors = errors
        super().__init__("; ".join(f"{name}: {text}" for name, text in errors))


@dataclass(frozen=True)
class Title:
    """Points for a title with one of `words` in it as a whole word, unless that word stands inside one of `but_not`.

    Without words it fits every title that has a letter or a digit.
    """

    points: int
    label: str
    words: tuple[str, ...]
    but_not: tuple[str, ...] = ()

    def fits(self, title: str) -> bool:
        """`title` in lower case."""
        if not self.words:
            return any(map(_in_word, title))
        return any(self._stands_in(title, word) for word in self.words)

    def _stands_in(self, title: str, word: str) -> bool:
        at = title.find(word)
        while at >= 0:
            before, after = title[at - 1 : at] if at else "", title[at + len(word) : at + len(word) + 1]
            if not _in_word(before) and not _in_word(after) and not self._excepted(title, word, at):
                return True
            at = title.find(word, at + 1)
        return False

    def _excepted(self, title: str, word: str, at: int) -> bool:
        for phrase in self.but_not:
            inside = phrase.find(word)
            while inside >= 0:
                if at >= inside and title.startswith(phrase, at - inside):
                    return True
                inside = phrase.find(word, inside + 1)
        return False


def _in_word(char: str) -> bool:
    return char.isalnum() or char == "_"


@dataclass(frozen=True)
class Rules:
    """One version of how a score comes about."""

    version: str
    pages_at_most: int
    colleague_share: float  # of a page's points, where a colleague looked at it
    look_back_days: int
    decay: tuple[tuple[int, float], ...]  # days, share of a page's points up to that age; youngest first
    repeats: tuple[tuple[int, int], ...]  # visits, points; most first
    warm_points: tuple[tuple[str, int], ...]
    fit_share: float  # of the fit, as intent: somebody who fits means it more often
    titles: tuple[Title, ...]  # the first that fits counts
    good_industries: tuple[str, ...]
    industry_points: tuple[int, int]  # a good one, another one
    sizes: tuple[tuple[int, int, str], ...]  # employees at least, points, label; largest first
    tiers: tuple[int, int]  # fit at least, for tier 1 and tier 2

    @property
    def look_back(self) -> timedelta:
        return timedelta(days=self.look_back_days)

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it; `parse` turns it back."""
        return {
            "version": self.version,
            "pages_at_most": self.pages_at_most,
            "colleague_share": self.colleague_share,
            "look_back_days": self.look_back_days,
            "decay": [{"days": days, "share": share} for days, share in self.decay],
            "repeats": [{"visits": visits, "points": points} for visits, points in self.repeats],
            "warm_points": dict(self.warm_points),
            "fit_share": self.fit_share,
            "titles": [
                {"points": t.points, "label": t.label, "words": list(t.words), "but_not": list(t.but_not)}
                for t in self.titles
            ],
            "good_industries": list(self.good_industries),
            "industry_points": {"good": self.industry_points[0], "other": self.industry_points[1]},
            "sizes": [{"from": lower, "points": points, "label": label} for lower, points, label in self.sizes],
            "tiers": {"tier_1": self.tiers[0], "tier_2": self.tiers[1]},
        }

    @classmethod
    def parse(cls, data: Any, version: str = "") -> "Rules":
        """The rules in `data`; `version` stands above the one in it. Raises BadRules, which names every wrong field."""
        return _Reader().rules(data, version)


class _Reader:
    """Reads rules out of what JSON can hold; notes what is wrong and goes on, so that all of it is said at once."""

    def __init__(self) -> None:
        self.errors: list[tuple[str, str]] = []

    def rules(self, data: Any, version: str) -> Rules:
        names = tuple(name for name in DEFAULT.as_dict() if name != "version")
        top = self.fields("rules", data, names, optional=("version",), prefix="")
        if self.errors:
            raise BadRules(self.errors)
        look_back = self.whole("look_back_days", top["look_back_days"], 1, 365)
        made = Rules(
            version=version or self.text("version", top.get("version", "draft"), 20),
            pages_at_most=self.whole("pages_at_most", top["pages_at_most"]),
            colleague_share=self.share("colleague_share", top["colleague_share"]),
            look_back_days=look_back,
            decay=self.rows("decay", top["decay"], ("days", "share"), self._decay),
            repeats=self.rows("repeats", top["repeats"], ("visits", "points"), self._repeat),
            warm_points=self._warm(top["warm_points"]),
            fit_share=self.share("fit_share", top["fit_share"]),
            titles=self.rows("titles", top["titles"], ("points", "label", "words"), self._title, ("but_not",)),
            good_industries=self.words("good_industries", top["good_industries"]),
            industry_points=self._pair("industry_points", top["industry_points"], "good", "other"),
            sizes=self.rows("sizes", top["sizes"], ("from", "points", "label"), self._size),
            tiers=self._pair("tiers", top["tiers"], "tier_1", "tier_2"),
        )
        if not self.errors:
            self._fit_together(made)
        if self.errors:
            raise BadRules(self.errors)
        return made

    def _fit_together(self, rules: Rules) -> None:
        days, shares = [d for d, _ in rules.decay], [s for _, s in rules.decay]
        if not rising(days) or not falling(shares, equal=True):
            self.wrong("decay", "the days must rise and the shares must not")
        elif days[-1:] and days[-1] > rules.look_back_days:
            self.wrong("decay", f"reaches back further than look_back_days, which is {rules.look_back_days}")
        if not falling([v for v, _ in rules.repeats]) or not falling([p for _, p in rules.repeats], equal=True):
            self.wrong("repeats", "the most visits come first, and fewer visits have no more points")
        for n, title in enumerate(rules.titles[:-1]):
            if not title.words:
                self.wrong(f"titles[{n}].words", "only the last may be empty, for it fits every title")
        lowers = [lower for lower, _, _ in rules.sizes]
        if not falling(lowers) or lowers[-1:] != [0]:
            self.wrong("sizes", "the largest comes first and the last is from 0")
        if rules.tiers[0] <= rules.tiers[1]:
            self.wrong("tiers", "tier_1 must lie above tier_2")

    def wrong(self, name: str, text: str) -> None:
        self.errors.append((name, text))

    def fields(
        self, name: str, data: Any, names: tuple[str, ...], optional: tuple[str, ...] = (), prefix: str | None = None
    ) -> dict[str, Any]:
        """`data` as an object with exactly these fields; one that is missing is noted and None."""
        if not isinstance(data, dict):
            self.wrong(name, "must be an object")
            return dict.fromkeys(names)
        prefix = f"{name}." if prefix is None else prefix
        for key in names:
            if key not in data:
                self.wrong(prefix + key, "is missing")
        for key in data:
            if key not in (*names, *optional):
                self.wrong(f"{prefix}{str(key)[:LONGEST_WORD]}", "is not a field")
        return {**dict.fromkeys(names), **data}

    def rows(
        self,
        name: str,
        data: Any,
        names: tuple[str, ...],
        read: Callable[[str, dict[str, Any]], Any],
        optional: tuple[str, ...] = (),
    ) -> tuple[Any, ...]:
        if not isinstance(data, list):
            self.wrong(name, "must be a list")
            return ()
        if len(data) > MOST_ROWS:
            self.wrong(name, f"may have {MOST_ROWS} rows at most")
            return ()
        found = []
        for n, row in enumerate(data):
            before, place = len(self.errors), f"{name}[{n}]"
            fields = self.fields(place, row, names, optional)
            if len(self.errors) == before:
                found.append(read(place, fields))
        return tuple(found)

    def whole(self, name: str, value: Any, least: int = 0, most: int = 100) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.wrong(name, f"must be a whole number from {least} to {most:,}")
            return least
        return value

    def share(self, name: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            self.wrong(name, "must be a number from 0 to 1")
            return 0.0
        return float(value)

    def text(self, name: str, value: Any, longest: int = LONGEST_WORD) -> str:
        if not isinstance(value, str) or not value.strip() or len(value) > longest or not value.isprintable():
            self.wrong(name, f"must be a text of 1 to {longest} characters")
            return ""
        return value.strip()

    def words(self, name: str, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list):
            self.wrong(name, "must be a list of words")
            return ()
        if len(value) > MOST_WORDS:
            self.wrong(name, f"may have {MOST_WORDS} words at most")
            return ()
        return tuple(self.text(f"{name}[{n}]", word).lower() for n, word in enumerate(value))

    def _decay(self, place: str, row: dict[str, Any]) -> tuple[int, float]:
        return self.whole(f"{place}.days", row["days"], 1, 365), self.share(f"{place}.share", row["share"])

    def _repeat(self, place: str, row: dict[str, Any]) -> tuple[int, int]:
        return self.whole(f"{place}.visits", row["visits"], 1), self.whole(f"{place}.points", row["points"])

    def _title(self, place: str, row: dict[str, Any]) -> Title:
        return Title(
            self.whole(f"{place}.points", row["points"]),
            self.text(f"{place}.label", row["label"]),
            self.words(f"{place}.words", row["words"]),
            self.words(f"{place}.but_not", row.get("but_not", [])),
        )

    def _size(self, place: str, row: dict[str, Any]) -> tuple[int, int, str]:
        lower = self.whole(f"{place}.from", row["from"], 0, 10_000_000)
        return lower, self.whole(f"{place}.points", row["points"]), self.text(f"{place}.label", row["label"])

    def _warm(self, data: Any) -> tuple[tuple[str, int], ...]:
        fields = self.fields("warm_points", data, WARM_KINDS)
        return tuple((kind, self.whole(f"warm_points.{kind}", fields[kind])) for kind in WARM_KINDS if kind in fields)

    def _pair(self, name: str, data: Any, first: str, second: str) -> tuple[int, int]:
        fields = self.fields(name, data, (first, second))
        return self.whole(f"{name}.{first}", fields[first]), self.whole(f"{name}.{second}", fields[second])


def rising(values: list[Any]) -> bool:
    return all(one < other for one, other in zip(values, values[1:], strict=False))


def falling(values: list[Any], *, equal: bool = False) -> bool:
    return all(one > other or (equal and one == other) for one, other in zip(values, values[1:], strict=False))


DEFAULT = Rules(
    version="2026.1",
    pages_at_most=50,
    colleague_share=0.5,
    look_back_days=30,
    decay=((1, 1.0), (7, 0.7), (30, 0.4)),
    repeats=((5, 15), (3, 10), (2, 5)),
    warm_points=(("known", 25), ("overlap", 25), ("employer", 20), ("employer_now", 15)),
    fit_share=0.25,
    titles=(
        Title(
            50,
            "C-level or founder",
            (
                "chief", "ceo", "cro", "coo", "cto", "cfo", "cmo", "cio", "founder", "co-founder", "owner", "president",
                "partner",
            ),
            (
                "product owner", "vice president", "vice-president", "business partner", "partner manager",
                "partner marketing", "partner success", "partner sales",
            ),
        ),
        Title(45, "Vice president", ("vp", "svp", "evp", "vice president", "vice-president")),
        Title(38, "Head or director", ("head", "director", "general manager", "gm")),
        Title(20, "Manager or lead", ("manager", "lead", "principal")),
        Title(8, "Other title", ()),
    ),
    good_industries=(
        "logistics", "supply chain", "software", "saas", "technology", "information", "internet", "financial",
        "insurance", "manufacturing", "healthcare", "health", "professional services", "consulting", "marketing",
        "advertising", "staffing", "construction", "real estate", "telecommunications", "computer", "banking",
    ),
    industry_points=(20, 10),
    sizes=(
        (5001, 12, "over 5,000"), (1001, 22, "1,001 to 5,000"), (50, 30, "50 to 1,000"), (10, 15, "10 to 49"),
        (0, 5, "under 10"),
    ),
    tiers=(80, 60),
)  # fmt: skip


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


def score(person: Person, triggers: tuple[Trigger, ...], now: datetime, rules: Rules = DEFAULT) -> Score:
    """Score one person at `now`. Reasons come strongest first; a reason "most" with negative points is the cap."""
    fit = fit_reasons(person, rules)
    icp = sum(reason.points for reason in fit)
    pages, best = _page_reasons(person.visits, triggers, now, rules)
    reasons = [*pages, *_repeat_reasons(person.visits, now, rules), *_warm_reasons(person, rules)]
    if share := round(icp * rules.fit_share):
        reasons.append(Reason("fit", share, f"Fit {icp} of 100"))
    total = sum(reason.points for reason in reasons)
    if total > 100:
        reasons.append(Reason("most", 100 - total, "The score ends at 100"))
    return Score(
        intent=min(100, total),
        reasons=tuple(reasons),
        icp=icp,
        icp_reasons=tuple(fit),
        tier=tier_of(icp, rules),
        angle=_angle(person, best),
        topic=best.topic if best else "",
    )


def tier_of(icp: int, rules: Rules = DEFAULT) -> str:
    first, second = rules.tiers
    return "tier_1" if icp >= first else "tier_2" if icp >= second else "tier_3"


def is_hot(intent: int, tier: str, employees_from: int | None) -> bool:
    """Whether people are told at once; an unknown size is never a large one."""
    return intent >= HOT_INTENT or (tier == "tier_1" and (employees_from or 0) >= HOT_EMPLOYEES)


def fit_reasons(person: Person, rules: Rules = DEFAULT) -> list[Reason]:
    """By title, industry and size; what is unknown has no points. A reason "fit_most" is the cap."""
    reasons = []
    title = person.title.lower()
    found = next((rule for rule in rules.titles if rule.fits(title)), None)
    if found:
        reasons.append(Reason("title", found.points, f"{found.label}: {person.title}"))
    if person.industry:
        good = any(word in person.industry.lower() for word in rules.good_industries)
        reasons.append(Reason("industry", rules.industry_points[0 if good else 1], f"Industry: {person.industry}"))
    if person.employees_from is not None:
        points, text = next((p, t) for lower, p, t in rules.sizes if person.employees_from >= lower)
        reasons.append(Reason("size", points, f"Employees: {text}"))
    reasons = [reason for reason in reasons if reason.points]
    total = sum(reason.points for reason in reasons)
    if total > 100:
        reasons.append(Reason("fit_most", 100 - total, "The fit ends at 100"))
    return reasons


def match(path: str, triggers: tuple[Trigger, ...]) -> Trigger | None:
    """The first trigger whose pattern fits the path, without case and without a trailing slash."""
    low = path.lower().rstrip("/") or "/"
    return next((t for t in triggers if fnmatchcase(low, t.pattern.lower().rstrip("/") or "/")), None)


def _page_reasons(
    visits: tuple[Seen, ...], triggers: tuple[Trigger, ...], now: datetime, rules: Rules
) -> tuple[list[Reason], Trigger | None]:
    """One reason for each trigger that was hit, at its freshest; the sum is capped."""
    best: dict[str, tuple[Reason, Trigger]] = {}
    hits: dict[str, int] = {}
    for seen in visits:
        trigger, weight = match(seen.path, triggers), _weight(now - seen.at, rules)
        if trigger is None or not weight:
            continue
        hits[trigger.label] = hits.get(trigger.label, 0) + 1
        points = round(trigger.points * weight * (1.0 if seen.by_person else rules.colleague_share))
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
    if total > rules.pages_at_most:
        most = rules.pages_at_most
        reasons.append(Reason("pages_most", most - total, f"Pages count {most} at most"))
    return reasons, ranked[0][1] if ranked else None


def _weight(age: timedelta, rules: Rules) -> float:
    return next((share for days, share in rules.decay if age <= timedelta(days=days)), 0.0)


def _repeat_reasons(visits: tuple[Seen, ...], now: datetime, rules: Rules) -> list[Reason]:
    count = sum(1 for seen in visits if seen.by_person and now - seen.at <= rules.look_back)
    points = next((points for least, points in rules.repeats if count >= least), 0)
    return [Reason("repeat", points, f"{count} visits in {rules.look_back_days} days")] if points else []


def _warm_reasons(person: Person, rules: Rules) -> list[Reason]:
    points = dict(rules.warm_points).get(person.warm_kind, 0)
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
