"""Cuts what an email quotes of our own, by comparing it with what we sent. Pure, linear time.

Attribution lines differ by client and language; the words that we sent do not. A line is ours
where its words stand in what we sent: a long one anywhere, a short one only right before or after
another one of ours. So "Unsubscribe", typed above our quoted email, stays the person's.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from outreach.reply_sorting.phrases import fold_text

MIN_ANCHOR_WORDS = 4  # so many words in our order are no chance
MAX_SENT_WORDS = 3_000
MAX_LINES = 2_000
MAX_HEADER_LINES = 8
MAX_LABEL_LENGTH = 30  # "Пересылаемое сообщение:"
_WORD = re.compile(r"[^\W_]+")
_URL = re.compile(r"<?(?:https?://|mailto:)\S+", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+")
_LABELLED = re.compile(rf"\W{{0,4}}[^:：\n]{{1,{MAX_LABEL_LENGTH}}}[:：](?!//)")
_DIVIDER = re.compile(r"[-_=*–— ]{3,}.{0,60}")


@dataclass(frozen=True)
class _SentWords:
    words: tuple[str, ...]
    places: dict[tuple[str, ...], list[int]]  # of each run of MIN_ANCHOR_WORDS words

    def begins_at(self, words: Sequence[str], at: int) -> bool:
        return at >= 0 and self.words[at : at + len(words)] == tuple(words)

    def find(self, words: Sequence[str]) -> int:
        for at in self.places.get(tuple(words[:MIN_ANCHOR_WORDS]), []):
            if self.begins_at(words, at):
                return at
        return -1


def without_sent_text(text: str, sent: Sequence[str]) -> str:
    """`text` without the lines that quote one of the emails `sent`, and what introduces them."""
    lines = text.split("\n")
    for email in sent:
        lines = _without_email(lines, _read_words(email))
    return "\n".join(lines)


def _words_of(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(fold_text(_URL.sub(" ", text))))


def _read_words(email: str) -> _SentWords:
    words = _words_of(email)[:MAX_SENT_WORDS]
    places: dict[tuple[str, ...], list[int]] = {}
    for at in range(len(words) - MIN_ANCHOR_WORDS + 1):
        found = places.setdefault(words[at : at + MIN_ANCHOR_WORDS], [])
        if len(found) < MIN_ANCHOR_WORDS:  # bounded, whatever repeats
            found.append(at)
    return _SentWords(words, places)


def _without_email(lines: list[str], sent: _SentWords) -> list[str]:
    words = [_words_of(line) for line in lines[:MAX_LINES]]
    spans = {
        at: (start, start + len(line))
        for at, line in enumerate(words)
        if len(line) >= MIN_ANCHOR_WORDS and (start := sent.find(line)) >= 0
    }
    if not spans:
        return lines
    _extend_down(words, spans, sent)
    first = _extend_up(words, spans, sent)
    ours = set(spans) | _introduction_above(lines, first)
    return [line for at, line in enumerate(lines) if at not in ours]


def _extend_down(
    words: Sequence[Sequence[str]], spans: dict[int, tuple[int, int]], sent: _SentWords
) -> None:
    """Add short lines that go on where the line of ours above them ended."""
    end = -1
    for at, line in enumerate(words):
        if at in spans:
            end = spans[at][1]
        elif line and sent.begins_at(line, end):
            spans[at] = (end, end + len(line))
            end += len(line)


def _extend_up(
    words: Sequence[Sequence[str]], spans: dict[int, tuple[int, int]], sent: _SentWords
) -> int:
    """Add short lines that lead to the first line of ours; where our text begins then."""
    first = min(spans)
    start = spans[first][0]
    for at in range(first - 1, -1, -1):
        line = words[at]
        if not line:
            continue
        if not sent.begins_at(line, start - len(line)):
            break
        start -= len(line)
        first, spans[at] = at, (start, start + len(line))
    return first


def _introduction_above(lines: Sequence[str], first: int) -> set[int]:
    """The lines above our text that say who wrote when: headers, attribution, a rule of dashes."""
    block: list[int] = []
    for at in range(first - 1, max(-1, first - 1 - 2 * MAX_HEADER_LINES), -1):
        line = lines[at].strip(" \t>")
        if not line:
            if block and not _DIVIDER.fullmatch(lines[block[-1]].strip(" \t>")):
                break
            continue
        if not (_LABELLED.match(line) or _DIVIDER.fullmatch(line) or _introduces(line)):
            break
        block.append(at)
    texts = [lines[at] for at in block]
    is_introduction = any(_introduces(text) or _DIVIDER.fullmatch(text.strip()) for text in texts)
    return set(block) if is_introduction else set()


def _introduces(line: str) -> bool:
    """Names an address and a date, or ends like "… wrote:" with a date."""
    has_digit = any(letter.isdigit() for letter in line)
    has_address = bool(_ADDRESS.search(line))
    return (
        (has_address and has_digit)
        or ((has_digit or has_address) and line.rstrip().endswith((":", "：")))
        or (has_address and bool(_LABELLED.match(line)))
    )
