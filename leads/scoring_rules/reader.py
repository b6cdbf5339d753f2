"""Read and validate scoring rules from JSON. Pure."""

from dataclasses import fields
from typing import Any

from leads import wildcards
from leads.json_reader import JsonReader
from leads.scoring_rules.rules import WARM_KINDS, PageTrigger, Rules, TitleRule

MAX_PAGES, MAX_LABEL_LENGTH, MAX_PATTERN_LENGTH, MAX_NAME_LENGTH = 100, 80, 200, 40
OPTIONAL_PAGE_FIELDS = ("angle", "topic", "category", "active")


class InvalidRules(ValueError):
    """The rules cannot be used; `errors` is [(field, what is wrong with it)]."""

    def __init__(self, errors: list[tuple[str, str]]):
        self.errors = errors
        super().__init__("; ".join(f"{name}: {text}" for name, text in errors))


def parse_rules(data: Any, version: str = "") -> Rules:
    """Read the rules in `data`; a `version` given here replaces the one in `data`.

    Raises InvalidRules, which names every wrong field.
    """
    return _RulesReader().read_rules(data, version)


class _RulesReader(JsonReader):
    def read_rules(self, data: Any, version: str) -> Rules:
        names = tuple(field.name for field in fields(Rules) if field.name != "version")
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
                self._read_page,
                OPTIONAL_PAGE_FIELDS,
                MAX_PAGES,
            ),
            pages_at_most=self.whole("pages_at_most", top["pages_at_most"]),
            colleague_share=self.share("colleague_share", top["colleague_share"]),
            look_back_days=look_back,
            decay=self.rows("decay", top["decay"], ("days", "share"), self._read_decay),
            visit_hours=self.whole("visit_hours", top["visit_hours"], 0, 72),
            repeats=self.rows("repeats", top["repeats"], ("visits", "points"), self._read_repeat),
            warm_points=self._read_warm_points(top["warm_points"]),
            fit_share=self.share("fit_share", top["fit_share"]),
            titles=self.rows(
                "titles",
                top["titles"],
                ("points", "label", "words"),
                self._read_title,
                ("but_not",),
            ),
            good_industries=self.words("good_industries", top["good_industries"]),
            industry_points=self._read_pair(
                "industry_points", top["industry_points"], "good", "other"
            ),
            sizes=self.rows("sizes", top["sizes"], ("from", "points", "label"), self._read_size),
            tiers=self._read_pair("tiers", top["tiers"], "tier_1", "tier_2"),
        )
        if not self.errors:
            self._check_together(made)
        if self.errors:
            raise InvalidRules(self.errors)
        return made

    def _check_together(self, rules: Rules) -> None:
        days, shares = [d for d, _ in rules.decay], [s for _, s in rules.decay]
        if not _is_rising(days) or not _is_falling(shares, equal=True):
            self.wrong("decay", "the days must rise and the shares must not")
        elif days[-1:] and days[-1] > rules.look_back_days:
            self.wrong(
                "decay",
                f"reaches back further than look_back_days, which is {rules.look_back_days}",
            )
        if not _is_falling([v for v, _ in rules.repeats]) or not _is_falling(
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
        if not _is_falling(lowers) or lowers[-1:] != [0]:
            self.wrong("sizes", "the largest comes first and the last is from 0")
        if rules.tiers[0] <= rules.tiers[1]:
            self.wrong("tiers", "tier_1 must lie above tier_2")

    def _read_page(self, place: str, row: dict[str, Any]) -> PageTrigger:
        return PageTrigger(
            label=self.text(f"{place}.label", row["label"], MAX_LABEL_LENGTH),
            pattern=self._read_pattern(f"{place}.pattern", row["pattern"]),
            points=self.whole(f"{place}.points", row["points"]),
            angle=self._read_angle(f"{place}.angle", row.get("angle", "")),
            topic=self.text(f"{place}.topic", row.get("topic", ""), MAX_LABEL_LENGTH, least=0),
            category=self.text(
                f"{place}.category", row.get("category", ""), MAX_NAME_LENGTH, least=0
            ),
            active=self.flag(f"{place}.active", row.get("active", True)),
        )

    def _read_pattern(self, name: str, value: Any) -> str:
        found = self.text(name, value, MAX_PATTERN_LENGTH)
        if found and (found[0] not in "/*" or "//" in found):
            self.wrong(
                name,
                "must be a path that begins with / or *, without the address of the site: "
                "/pricing*",
            )
        elif any(char in found for char in "?# "):
            self.wrong(
                name,
                "must end before the ? or # of an address, and have no space; * is any text: "
                "/pricing*",
            )
        return wildcards.comparable_path(found)

    def _read_angle(self, name: str, value: Any) -> str:
        found = self.text(name, value, MAX_NAME_LENGTH, least=0)
        is_code = found.isascii() and found.replace("_", "a").isalnum() and found.islower()
        if found and not is_code:
            self.wrong(name, "must be empty or small letters, digits and _, such as high_intent")
        return found

    def _read_decay(self, place: str, row: dict[str, Any]) -> tuple[int, float]:
        days = self.whole(f"{place}.days", row["days"], 1, 365)
        return days, self.share(f"{place}.share", row["share"])

    def _read_repeat(self, place: str, row: dict[str, Any]) -> tuple[int, int]:
        visits = self.whole(f"{place}.visits", row["visits"], 1)
        return visits, self.whole(f"{place}.points", row["points"])

    def _read_title(self, place: str, row: dict[str, Any]) -> TitleRule:
        return TitleRule(
            self.whole(f"{place}.points", row["points"]),
            self.text(f"{place}.label", row["label"]),
            self.words(f"{place}.words", row["words"]),
            self.words(f"{place}.but_not", row.get("but_not", [])),
        )

    def _read_size(self, place: str, row: dict[str, Any]) -> tuple[int, int, str]:
        lower = self.whole(f"{place}.from", row["from"], 0, 10_000_000)
        points = self.whole(f"{place}.points", row["points"])
        return lower, points, self.text(f"{place}.label", row["label"])

    def _read_warm_points(self, data: Any) -> tuple[tuple[str, int], ...]:
        points = self.fields("warm_points", data, WARM_KINDS)
        return tuple((kind, self.whole(f"warm_points.{kind}", points[kind])) for kind in WARM_KINDS)

    def _read_pair(self, name: str, data: Any, first: str, second: str) -> tuple[int, int]:
        pair = self.fields(name, data, (first, second))
        one = self.whole(f"{name}.{first}", pair[first])
        return one, self.whole(f"{name}.{second}", pair[second])


def _is_rising(values: list[Any]) -> bool:
    return all(one < other for one, other in zip(values, values[1:], strict=False))


def _is_falling(values: list[Any], *, equal: bool = False) -> bool:
    return all(
        one > other or (equal and one == other)
        for one, other in zip(values, values[1:], strict=False)
    )
