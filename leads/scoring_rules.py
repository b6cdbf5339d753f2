"""What rules of the score can be: data that people edit in versions, and the built-in ones. Pure.

Words are compared as plain text and pages by `*` alone; there is no regular expression that somebody could write, so
none that never ends.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from leads import wildcards
from leads.json_reader import JsonReader

WARM_KINDS = ("known", "overlap", "employer", "employer_now", "known_there", "known_before")
MAX_PAGES, MAX_LABEL_LENGTH, MAX_PATTERN_LENGTH, MAX_NAME_LENGTH = 100, 80, 200, 40


class InvalidRules(ValueError):
    """Rules that cannot be; `errors` is [(field, what is wrong with it)]."""

    def __init__(self, errors: list[tuple[str, str]]):
        self.errors = errors
        super().__init__("; ".join(f"{name}: {text}" for name, text in errors))


@dataclass(frozen=True)
class PageTrigger:
    """What a page says about intent; the first active one whose pattern fits the path counts.

    `pattern` as `wildcards.plain` makes it; `topic` reads well after "reading about"; those of one label count once.
    """

    label: str
    pattern: str
    points: int
    angle: str = ""
    topic: str = ""
    category: str = ""
    active: bool = True


@dataclass(frozen=True)
class TitleRule:
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
            return any(map(_is_word_char, title))
        return any(
            not self._excepted(title, word, at)
            for word in self.words
            for at in word_positions(word, title)
        )

    def _excepted(self, title: str, word: str, at: int) -> bool:
        for phrase in self.but_not:
            inside = phrase.find(word)
            while inside >= 0:
                if at >= inside and title.startswith(phrase, at - inside):
                    return True
                inside = phrase.find(word, inside + 1)
        return False


def word_positions(word: str, text: str) -> Iterator[int]:
    """Where `word` stands in `text` as a whole word."""
    at = text.find(word)
    while at >= 0:
        before, after = text[at - 1 : at] if at else "", text[at + len(word) : at + len(word) + 1]
        if not _is_word_char(before) and not _is_word_char(after):
            yield at
        at = text.find(word, at + 1)


def has_word(word: str, text: str) -> bool:
    return next(word_positions(word, text), None) is not None


def _is_word_char(char: str) -> bool:
    return char.isalnum() or char == "_"


@dataclass(frozen=True)
class Rules:
    """One version of how a score comes about."""

    version: str
    pages: tuple[PageTrigger, ...]  # the first that fits counts
    pages_at_most: int
    colleague_share: float  # of a page's points, where a colleague looked at it
    look_back_days: int
    decay: tuple[
        tuple[int, float], ...
    ]  # days, share of a page's points up to that age; youngest first
    visit_hours: int  # what somebody looks at within so many hours is one visit
    repeats: tuple[tuple[int, int], ...]  # visits, points; most first
    warm_points: tuple[tuple[str, int], ...]
    fit_share: float  # of the fit, as intent: somebody who fits means it more often
    titles: tuple[TitleRule, ...]  # the first that fits counts
    good_industries: tuple[str, ...]
    industry_points: tuple[int, int]  # a good one, another one
    sizes: tuple[tuple[int, int, str], ...]  # employees at least, points, label; largest first
    tiers: tuple[int, int]  # fit at least, for tier 1 and tier 2

    @property
    def look_back(self) -> timedelta:
        return timedelta(days=self.look_back_days)

    def page(self, path: str) -> PageTrigger | None:
        """The first active trigger whose pattern fits the path."""
        plain = wildcards.comparable_path(path)
        return next(
            (t for t in self.pages if t.active and wildcards.pattern_fits(t.pattern, plain)), None
        )

    def shadowed(self) -> list[tuple[PageTrigger, PageTrigger]]:
        """Active triggers that can never count, each with the one before it that fits every page that they fit."""
        active, found = [trigger for trigger in self.pages if trigger.active], []
        for n, trigger in enumerate(active):
            # A pattern read as if it were a path: what takes in its `*` takes in whatever that could stand for.
            above = next(
                (a for a in active[:n] if wildcards.pattern_fits(a.pattern, trigger.pattern)), None
            )
            if above:
                found.append((trigger, above))
        return found

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it; `parse` turns it back."""
        return {
            "version": self.version,
            "pages": [asdict(trigger) for trigger in self.pages],
            "pages_at_most": self.pages_at_most,
            "colleague_share": self.colleague_share,
            "look_back_days": self.look_back_days,
            "decay": [{"days": days, "share": share} for days, share in self.decay],
            "visit_hours": self.visit_hours,
            "repeats": [{"visits": visits, "points": points} for visits, points in self.repeats],
            "warm_points": dict(self.warm_points),
            "fit_share": self.fit_share,
            "titles": [
                {
                    "points": t.points,
                    "label": t.label,
                    "words": list(t.words),
                    "but_not": list(t.but_not),
                }
                for t in self.titles
            ],
            "good_industries": list(self.good_industries),
            "industry_points": {"good": self.industry_points[0], "other": self.industry_points[1]},
            "sizes": [
                {"from": lower, "points": points, "label": label}
                for lower, points, label in self.sizes
            ],
            "tiers": {"tier_1": self.tiers[0], "tier_2": self.tiers[1]},
        }

    @classmethod
    def parse(cls, data: Any, version: str = "") -> "Rules":
        """The rules in `data`; `version` stands above the one in it. Raises BadRules, which names every wrong field."""
        return _RulesReader().rules(data, version)


OPTIONAL_PAGE_FIELDS = ("angle", "topic", "category", "active")


class _RulesReader(JsonReader):
    """Reads rules out of what JSON can hold."""

    def rules(self, data: Any, version: str) -> Rules:
        names = tuple(name for name in DEFAULT_RULES.as_dict() if name != "version")
        top = self.fields("rules", data, names, optional=("version",), prefix="")
        if self.errors:
            raise InvalidRules(self.errors)
        look_back = self.whole("look_back_days", top["look_back_days"], 1, 365)
        made = Rules(
            version=version or self.text("version", top.get("version", "draft"), 20),
            pages=self.rows(
                "pages",
                top["pages"],
                ("label", "pattern", "points"),
                self._page,
                OPTIONAL_PAGE_FIELDS,
                MAX_PAGES,
            ),
            pages_at_most=self.whole("pages_at_most", top["pages_at_most"]),
            colleague_share=self.share("colleague_share", top["colleague_share"]),
            look_back_days=look_back,
            decay=self.rows("decay", top["decay"], ("days", "share"), self._decay),
            visit_hours=self.whole("visit_hours", top["visit_hours"], 0, 72),
            repeats=self.rows("repeats", top["repeats"], ("visits", "points"), self._repeat),
            warm_points=self._warm(top["warm_points"]),
            fit_share=self.share("fit_share", top["fit_share"]),
            titles=self.rows(
                "titles", top["titles"], ("points", "label", "words"), self._title, ("but_not",)
            ),
            good_industries=self.words("good_industries", top["good_industries"]),
            industry_points=self._pair("industry_points", top["industry_points"], "good", "other"),
            sizes=self.rows("sizes", top["sizes"], ("from", "points", "label"), self._size),
            tiers=self._pair("tiers", top["tiers"], "tier_1", "tier_2"),
        )
        if not self.errors:
            self._fit_together(made)
        if self.errors:
            raise InvalidRules(self.errors)
        return made

    def _fit_together(self, rules: Rules) -> None:
        days, shares = [d for d, _ in rules.decay], [s for _, s in rules.decay]
        if not is_rising(days) or not is_falling(shares, equal=True):
            self.wrong("decay", "the days must rise and the shares must not")
        elif days[-1:] and days[-1] > rules.look_back_days:
            self.wrong(
                "decay",
                f"reaches back further than look_back_days, which is {rules.look_back_days}",
            )
        if not is_falling([v for v, _ in rules.repeats]) or not is_falling(
            [p for _, p in rules.repeats], equal=True
        ):
            self.wrong(
                "repeats", "the most visits come first, and fewer visits have no more points"
            )
        for n, title in enumerate(rules.titles[:-1]):
            if not title.words:
                self.wrong(
                    f"titles[{n}].words", "only the last may be empty, for it fits every title"
                )
        lowers = [lower for lower, _, _ in rules.sizes]
        if not is_falling(lowers) or lowers[-1:] != [0]:
            self.wrong("sizes", "the largest comes first and the last is from 0")
        if rules.tiers[0] <= rules.tiers[1]:
            self.wrong("tiers", "tier_1 must lie above tier_2")

    def _page(self, place: str, row: dict[str, Any]) -> PageTrigger:
        return PageTrigger(
            label=self.text(f"{place}.label", row["label"], MAX_LABEL_LENGTH),
            pattern=self._pattern(f"{place}.pattern", row["pattern"]),
            points=self.whole(f"{place}.points", row["points"]),
            angle=self._angle(f"{place}.angle", row.get("angle", "")),
            topic=self.text(f"{place}.topic", row.get("topic", ""), MAX_LABEL_LENGTH, least=0),
            category=self.text(
                f"{place}.category", row.get("category", ""), MAX_NAME_LENGTH, least=0
            ),
            active=self.flag(f"{place}.active", row.get("active", True)),
        )

    def _pattern(self, name: str, value: Any) -> str:
        found = self.text(name, value, MAX_PATTERN_LENGTH)
        if found and (found[0] not in "/*" or "//" in found):
            self.wrong(
                name,
                "must be a path that begins with / or *, without the address of the site: /pricing*",
            )
        elif any(char in found for char in "?# "):
            self.wrong(
                name,
                "must end before the ? or # of an address, and have no space; * is any text: /pricing*",
            )
        return wildcards.comparable_path(found)

    def _angle(self, name: str, value: Any) -> str:
        found = self.text(name, value, MAX_NAME_LENGTH, least=0)
        if (
            not (found.isascii() and found.replace("_", "a").isalnum() and found.islower())
            and found
        ):
            self.wrong(name, "must be empty or small letters, digits and _, such as high_intent")
        return found

    def _decay(self, place: str, row: dict[str, Any]) -> tuple[int, float]:
        return self.whole(f"{place}.days", row["days"], 1, 365), self.share(
            f"{place}.share", row["share"]
        )

    def _repeat(self, place: str, row: dict[str, Any]) -> tuple[int, int]:
        return self.whole(f"{place}.visits", row["visits"], 1), self.whole(
            f"{place}.points", row["points"]
        )

    def _title(self, place: str, row: dict[str, Any]) -> TitleRule:
        return TitleRule(
            self.whole(f"{place}.points", row["points"]),
            self.text(f"{place}.label", row["label"]),
            self.words(f"{place}.words", row["words"]),
            self.words(f"{place}.but_not", row.get("but_not", [])),
        )

    def _size(self, place: str, row: dict[str, Any]) -> tuple[int, int, str]:
        lower = self.whole(f"{place}.from", row["from"], 0, 10_000_000)
        return (
            lower,
            self.whole(f"{place}.points", row["points"]),
            self.text(f"{place}.label", row["label"]),
        )

    def _warm(self, data: Any) -> tuple[tuple[str, int], ...]:
        fields = self.fields("warm_points", data, WARM_KINDS)
        return tuple(
            (kind, self.whole(f"warm_points.{kind}", fields[kind]))
            for kind in WARM_KINDS
            if kind in fields
        )

    def _pair(self, name: str, data: Any, first: str, second: str) -> tuple[int, int]:
        fields = self.fields(name, data, (first, second))
        return self.whole(f"{name}.{first}", fields[first]), self.whole(
            f"{name}.{second}", fields[second]
        )


def is_rising(values: list[Any]) -> bool:
    return all(one < other for one, other in zip(values, values[1:], strict=False))


def is_falling(values: list[Any], *, equal: bool = False) -> bool:
    return all(
        one > other or (equal and one == other)
        for one, other in zip(values, values[1:], strict=False)
    )


# Sections that only inform (careers, blog, docs) stand first, so that /blog/our-pricing-story is a blog post and not a
# pricing visit. Without an angle the visit is kept, but does not choose the email.
DEFAULT_PAGES = (
    PageTrigger("Careers", "/careers*", 0, "", "our open jobs", "careers"),
    PageTrigger("Blog: revenue", "/blog/*revenue*", 5, "content", "AI for revenue operations", "blog"),
    PageTrigger("Blog", "/blog*", 5, "content", "AI at work", "blog"),
    PageTrigger("Resources", "/resources*", 10, "content", "putting AI into practice", "blog"),
    PageTrigger("Documentation", "/docs*", 10, "content", "how AI fits into daily work", "docs"),
    PageTrigger("Integrations", "/integrations*", 10, "content", "connecting AI to existing systems", "docs"),
    PageTrigger("Demo", "/demo*", 40, "high_intent", "our demo", "demo"),
    PageTrigger("Request a demo", "/*-demo*", 40, "high_intent", "our demo", "demo"),
    PageTrigger("Book a call", "/book-*", 40, "high_intent", "how a first call works", "demo"),
    PageTrigger("Contact", "/contact*", 35, "high_intent", "working with us", "contact"),
    PageTrigger("Pricing", "/pricing*", 30, "high_intent", "pricing", "pricing"),
    PageTrigger("ROI calculator", "/roi*", 30, "high_intent", "the return on AI projects", "pricing"),
    PageTrigger("Case studies", "/case-stud*", 20, "content", "how other companies use AI", "case_study"),
    PageTrigger("Customers", "/customers*", 20, "content", "how other companies use AI", "case_study"),
    PageTrigger("Revenue operations", "/*revenue*", 15, "content", "AI for revenue operations", "product"),
    PageTrigger("Solutions", "/solutions*", 15, "content", "AI in sales and operations", "product"),
    PageTrigger("Services", "/services*", 15, "high_intent", "having a chief AI officer", "product"),
    PageTrigger("Product", "/product*", 15, "high_intent", "what we build", "product"),
)  # fmt: skip

DEFAULT_RULES = Rules(
    version="2026.2",
    pages=DEFAULT_PAGES,
    pages_at_most=50,
    colleague_share=0.5,
    look_back_days=30,
    decay=((1, 1.0), (7, 0.7), (30, 0.4)),
    visit_hours=6,
    repeats=((5, 15), (3, 10), (2, 5)),
    warm_points=(
        ("known", 25), ("overlap", 25), ("employer", 20), ("employer_now", 15), ("known_there", 10),
        ("known_before", 5),
    ),
    fit_share=0.25,
    titles=(
        TitleRule(
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
        TitleRule(45, "Vice president", ("vp", "svp", "evp", "vice president", "vice-president")),
        TitleRule(38, "Head or director", ("head", "director", "general manager", "gm")),
        TitleRule(20, "Manager or lead", ("manager", "lead", "principal")),
        TitleRule(8, "Other title", ()),
    ),
    good_industries=(
        "logistics", "supply chain", "software", "saas", "technology", "information", "internet", "financial",
        "insurance", "manufacturing", "healthcare", "health", "professional services", "consulting", "marketing",
        "advertising", "staffing", "construction", "real estate", "telecommunications", "computer", "computers",
        "banking", "biotechnology", "nanotechnology",
    ),
    industry_points=(20, 10),
    sizes=(
        (5001, 12, "over 5,000"), (1001, 22, "1,001 to 5,000"), (50, 30, "50 to 1,000"), (10, 15, "10 to 49"),
        (0, 5, "under 10"),
    ),
    tiers=(80, 60),
)  # fmt: skip
