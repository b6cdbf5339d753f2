"""Read the lists in `data`, which are maintained by hand with one entry a line."""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import product
from pathlib import Path

from leads import normal

LIST_FOLDER = Path(__file__).parent / "data"
SIGNS_BETWEEN_WORDS = ("", "-", "_", ".")


@lru_cache
def load_list(name: str) -> frozenset[str]:
    """All that the entries stand for, so that a value is in the list or not."""
    lines = (LIST_FOLDER / f"{name}.txt").read_text().splitlines()
    entries = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    spellings = {"free_mail": brand_domains, "role_mailboxes": joined_words}.get(name)
    if spellings is None:
        return frozenset(entries)
    return frozenset(one for entry in entries for one in spellings(entry))


def brand_domains(entry: str) -> Iterable[str]:
    """ "yahoo.*" is yahoo.com, yahoo.de, yahoo.com.mx; never a name below another's domain."""
    brand, star, _ = entry.partition(".*")
    return [f"{brand}.{suffix}" for suffix in _brand_suffixes()] if star else [entry]


@lru_cache
def _brand_suffixes() -> list[str]:
    """Of the public suffixes, those where a brand has its branch for a country.

    Not "yahoo.engineering": whoever has that may be anybody.
    """
    general = r"(?:com?|net|org|or|ne)(?:\.[a-z]{2})?|[a-z]{2}"
    return [one for one in normal.public_suffixes() if re.fullmatch(general, one)]


def joined_words(entry: str) -> Iterable[str]:
    """ "contact-us" is also contactus, contact_us and contact.us.

    Signs are not just taken away: s.ales@acme.com is a person.
    """
    first, *others = entry.split("-")
    for signs in product(SIGNS_BETWEEN_WORDS, repeat=len(others)):
        yield first + "".join(sign + word for sign, word in zip(signs, others, strict=True))
