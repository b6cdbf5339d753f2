"""Which of a template's subjects an email gets, so that neighbors do not share one. Pure."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

LONGEST_SUBJECT = 45  # characters; a phone shows about forty of them
NEAREST = 20  # held emails that a new one must differ from
SPELLED_OUT = ("role_topic",)  # two emails with different ones have different subjects


@dataclass(frozen=True)
class FilledSubject:
    """A subject filled for one recipient. `pattern` is equal where only names differ."""

    text: str
    pattern: str


@dataclass(frozen=True)
class TakenSubjects:
    at_company: frozenset[str] = frozenset()  # in lower case, of emails to the same company
    near: tuple[str, ...] = ()  # patterns of the nearest held emails
    current: str = ""  # that the email has already, and keeps


def subject_pattern(subject: str, phrases: Iterable[Mapping[str, str]]) -> str:
    """ "Month-end close at {company}": `subject` with the name of a field for each value."""
    pattern = subject
    for phrase in sorted(phrases, key=lambda one: -len(one["text"])):
        if phrase["text"] and phrase["field"] not in SPELLED_OUT:
            value = rf"(?<!\w){re.escape(phrase['text'])}(?!\w)"
            pattern = re.sub(value, f"{{{phrase['field']}}}", pattern)
    return pattern.lower()


def choose_subject(candidates: Sequence[FilledSubject], taken: TakenSubjects) -> FilledSubject:
    """The current one, else the first that nobody near has, else the one that fewest have."""
    kept = next((one for one in candidates if one.text == taken.current), None)
    return kept or min(candidates, key=lambda one: _preference(one, taken))


def _preference(one: FilledSubject, taken: TakenSubjects) -> tuple[bool, bool, int]:
    is_long = len(one.text) > LONGEST_SUBJECT
    return one.text.lower() in taken.at_company, is_long, taken.near.count(one.pattern)


@dataclass(frozen=True)
class HeldSubject:
    pattern: str
    intent: int
    message: int  # the key of its email


class HeldSubjects:
    """The subjects of held emails, newest first, with those drafted since they were read."""

    def __init__(self, rows: Iterable[HeldSubject] = ()):
        self._rows = list(rows)

    def add(self, row: HeldSubject) -> None:
        self._rows.insert(0, row)

    def nearest(self, intent: int, but: Collection[int | None] = ()) -> tuple[str, ...]:
        others = [row for row in self._rows if row.message not in but]
        others.sort(key=lambda row: abs(row.intent - intent))
        return tuple(row.pattern for row in others[:NEAREST])
