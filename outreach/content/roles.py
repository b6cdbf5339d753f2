"""The roles that emails tell apart, and which of them a job title says. Pure."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leads.field_values import titles

DEFAULTS_FILE = Path(__file__).parent / "seller_defaults.toml"
DEFAULTS: dict[str, Any] = tomllib.loads(DEFAULTS_FILE.read_text())
ANY_ROLE = "other"
HEADS_OF_A_FIRM = ("ceo", "founder")
FEWEST_OF_A_COMPANY = 11  # people, below which who leads a firm is spoken to as its owner
_VICE_PRESIDENT = re.compile(r"\b(?:senior |executive )?vice[- ]president\b")


@dataclass(frozen=True)
class Role:
    key: str
    label: str
    titles: tuple[str, ...]
    late_titles: tuple[str, ...]  # that count where the title names no function


ROLES = tuple(
    Role(row["key"], row["label"], tuple(row["titles"]), tuple(row["late_titles"]))
    for row in DEFAULTS["role"]
)


def role_of(title: str, employees_from: int | None = None) -> str:
    """The key of the role that `title` says; ANY_ROLE where it says none of them."""
    low = _VICE_PRESIDENT.sub("vp", titles.own_role(title))
    found = next(
        (
            role.key
            for words_of in (lambda role: role.titles, lambda role: role.late_titles)
            for role in ROLES
            if any(_contains(low, words) for words in words_of(role))
        ),
        ANY_ROLE,
    )
    is_small = employees_from is not None and employees_from < FEWEST_OF_A_COMPANY
    return "owner" if is_small and found in HEADS_OF_A_FIRM else found


def _contains(title: str, words: str) -> bool:
    return all(
        re.search(rf"(?<!\w){re.escape(word.strip())}(?!\w)", title) for word in words.split(" + ")
    )
