"""Reads JSON into values of known form and notes every error by its place. Pure."""

from collections.abc import Callable, Iterable
from typing import Any

MOST_WORDS, LONGEST_WORD, MOST_ROWS = 200, 60, 20


def weigh_value(value: Any) -> int:
    """0 for an empty value, else 1."""
    return int(value not in (None, "", [], {}))


def fullest_values(
    pairs: Iterable[tuple[str, Any]], weigh: Callable[[Any], int] = weigh_value
) -> dict[str, Any]:
    """By name the value that weighs most; of equal ones the first."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name not in found or weigh(value) > weigh(found[name]):
            found[name] = value
    return found


class JsonReader:
    """Reads on after an error: `errors` is [(place, what is wrong)]."""

    def __init__(self) -> None:
        self.errors: list[tuple[str, str]] = []

    def wrong(self, name: str, text: str) -> None:
        self.errors.append((name, text))

    def fields(
        self,
        name: str,
        data: Any,
        names: tuple[str, ...],
        optional: tuple[str, ...] = (),
        prefix: str | None = None,
    ) -> dict[str, Any]:
        """`data` as an object with exactly these fields; a missing one is noted and None."""
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
        most: int = MOST_ROWS,
    ) -> tuple[Any, ...]:
        if not isinstance(data, list):
            self.wrong(name, "must be a list")
            return ()
        if len(data) > most:
            self.wrong(name, f"may have {most} rows at most")
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

    def text(self, name: str, value: Any, longest: int = LONGEST_WORD, least: int = 1) -> str:
        if (
            not isinstance(value, str)
            or not least <= len(value.strip()) <= longest
            or not value.isprintable()
        ):
            self.wrong(name, f"must be a text of {least} to {longest} characters")
            return ""
        return value.strip()

    def flag(self, name: str, value: Any) -> bool:
        if not isinstance(value, bool):
            self.wrong(name, "must be true or false")
            return False
        return value

    def words(self, name: str, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list):
            self.wrong(name, "must be a list of words")
            return ()
        if len(value) > MOST_WORDS:
            self.wrong(name, f"may have {MOST_WORDS} words at most")
            return ()
        return tuple(self.text(f"{name}[{n}]", word).lower() for n, word in enumerate(value))
