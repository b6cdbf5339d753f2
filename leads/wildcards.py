"""Patterns of page paths in which `*` stands for any text. Pure.

Not fnmatch: its regular expressions try every split of each `*`, and it gives `?` and `[` meanings
that nobody who types a path expects.
"""


def comparable_path(path: str) -> str:
    return path.lower().rstrip("/") or "/"


def pattern_fits(pattern: str, text: str) -> bool:
    """Whether `text` is `pattern`, where `*` is any text, also slashes or none.

    Each piece between two `*` is taken where it first occurs and never searched for again.
    """
    first, *pieces = pattern.split("*")
    if not pieces:
        return text == pattern
    last = pieces.pop()
    at, end = len(first), len(text) - len(last)
    if at > end or not (text.startswith(first) and text.endswith(last)):
        return False
    for piece in pieces:
        at = text.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True
