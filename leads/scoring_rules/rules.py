"""One version of the scoring rules: pages, titles, sizes and numbers. Pure.

Words are compared as plain text, and in the pattern of a page only `*` has a meaning. Nobody can
type a regular expression, so no rule can take endless time.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from leads import wildcards

WARM_KINDS = ("known", "overlap", "employer", "employer_now", "known_there", "known_before")


@dataclass(frozen=True)
class PageTrigger:
    """Points for a visit to a page. The first active trigger whose pattern fits the path counts.

    `pattern` has the form of `wildcards.comparable_path`. `topic` follows "reading about" in an
    email. Triggers with the same label count once.
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
    """Points for a job title that contains one of `words` as a whole word.

    A word inside one of the phrases `but_not` does not count. Without words the rule fits every
    title that has a letter or a digit.
    """

    points: int
    label: str
    words: tuple[str, ...]
    but_not: tuple[str, ...] = ()

    def fits(self, title: str) -> bool:
        """Expect `title` in lower case."""
        if not self.words:
            return any(map(_is_word_char, title))
        return any(
            not self._is_exception(title, word, at)
            for word in self.words
            for at in word_positions(word, title)
        )

    def _is_exception(self, title: str, word: str, at: int) -> bool:
        for phrase in self.but_not:
            inside = phrase.find(word)
            while inside >= 0:
                if at >= inside and title.startswith(phrase, at - inside):
                    return True
                inside = phrase.find(word, inside + 1)
        return False


def word_positions(word: str, text: str) -> Iterator[int]:
    """Yield each index at which `word` stands in `text` as a whole word."""
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
    version: str
    pages: tuple[PageTrigger, ...]  # the first that fits counts
    pages_at_most: int
    colleague_share: float  # of a page's points, if a colleague viewed it
    look_back_days: int
    decay: tuple[tuple[int, float], ...]  # days, share of the points up to that age; youngest first
    visit_hours: int  # page views within so many hours are one visit
    repeats: tuple[tuple[int, int], ...]  # visits, points; most first
    warm_points: tuple[tuple[str, int], ...]
    fit_share: float  # of the fit, added to the intent
    titles: tuple[TitleRule, ...]  # the first that fits counts
    good_industries: tuple[str, ...]
    industry_points: tuple[int, int]  # a good one, another one
    sizes: tuple[tuple[int, int, str], ...]  # employees at least, points, label; largest first
    tiers: tuple[int, int]  # fit at least, for tier 1 and tier 2

    @property
    def look_back(self) -> timedelta:
        return timedelta(days=self.look_back_days)

    def page_trigger(self, path: str) -> PageTrigger | None:
        plain = wildcards.comparable_path(path)
        return next(
            (t for t in self.pages if t.active and wildcards.pattern_fits(t.pattern, plain)), None
        )

    def shadowed_triggers(self) -> list[tuple[PageTrigger, PageTrigger]]:
        """Find active triggers that can never count.

        Each comes with the earlier trigger that fits every page the later one fits.
        """
        active, found = [trigger for trigger in self.pages if trigger.active], []
        for n, trigger in enumerate(active):
            # The later pattern is matched as if it were a path: an earlier pattern that covers its
            # `*` also covers any text that `*` can stand for.
            above = next(
                (a for a in active[:n] if wildcards.pattern_fits(a.pattern, trigger.pattern)), None
            )
            if above:
                found.append((trigger, above))
        return found

    def as_dict(self) -> dict[str, Any]:
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
