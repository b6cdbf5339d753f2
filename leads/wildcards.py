"""Patterns of page paths in which `*` stands for any text. Pure.

Not fnmatch: it makes a regular expression of each `*` of which Python's engine tries every split, and the form in which
it does not lets `?` and `[` mean things that nobody who types a path expects.
"""


def comparable_path(path: str) -> str:
    """A path or pattern as it is compared: lower case, without a slash at its end."""
    return path.lower().rstrip("/") or "/"


def pattern_fits(pattern: str, text: str) -> bool:
    """Whether `text` is `pattern`, where `*` is any text, slashes and none included, and all else is itself.

    Each piece between two `*` is taken where it first occurs and never looked for again.
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
