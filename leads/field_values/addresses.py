"""Email addresses in cells that hold more than an address."""

import html
import re
from dataclasses import dataclass

from leads import normal

_MASK = re.compile(r"[*•●·…⋯█]|\.{2,}@|x{4,}@|protected\]")
_BETWEEN = re.compile(r"[\s,;|/\"'()\[\]{}<>]+")


@dataclass(frozen=True)
class AddressCell:
    """`others` are further addresses; `masked` says that letters were hidden."""

    address: str = ""
    others: tuple[str, ...] = ()
    masked: bool = False


def read_address(cell: str) -> AddressCell:
    """The first address of "Dana <dana@acme.com>", a list, JSON text or several addresses."""
    text = html.unescape(normal.storable_text(cell)).strip()
    whole = normal.clean_email(text)
    if whole and not _MASK.search(text):
        return AddressCell(whole)
    found: list[str] = []
    masked = False
    for part in _BETWEEN.split(text):
        plain = re.sub(r"^(?:mailto|email|e-mail|smtp):", "", part, flags=re.IGNORECASE)
        if "@" not in plain and "protected" not in plain:
            continue
        if _MASK.search(plain) or _MASK.search(part + "]"):
            masked = True
        elif address := normal.clean_email(plain.strip(".:")):
            found.append(address)
    distinct = list(dict.fromkeys(found))
    if not distinct:
        return AddressCell(masked=masked)
    return AddressCell(distinct[0], tuple(distinct[1:]))
