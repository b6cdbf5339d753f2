"""Recognises automatic replies: out of office, gone, received, undeliverable, captcha. Pure.

A person may be out of office too ("I'm out next week, call me after"). The rule: a reply is
automatic where its subject or a sentence says what only a program says; or where it speaks of
absence and of nothing else but what such replies hold: until when, whom to ask instead, thanks.
Where a word of it answers us (a yes, a no, a time, a question), a person wrote it.

Some say what became of the address: its person is gone for good, it does not exist, or the email
may still arrive. That is the reply's `fate`.
"""

import re
from copy import copy
from dataclasses import dataclass

from outreach.reply_sorting.phrases import ENDS, QUESTION_MARK, PhraseSearch

REPLY_PREFIX = re.compile(
    r"\s*(?:re|aw|antw|sv|vs|odp|res|rif|r|ref|fwd?|wg|tr|回复|返信)\s*[:：]", re.IGNORECASE
)
ANSWERING_LISTS = ("person.not_now", "person.negative", "person.objection", "person.positive")


GONE, UNDELIVERABLE, DELAYED = "gone", "undeliverable", "delayed"
_PART = re.compile(rf"[^\n]+?(?:[{ENDS}](?=\s|$)|(?<=[。！？])|$)", re.MULTILINE)
_ADDRESS = re.compile(r"[^\s<>()@,;:]+@[^\s<>()@,;:]+\.\w+")
MAX_SUCCESSOR_LENGTH = 200


@dataclass(frozen=True)
class AutoReply:
    """The words that show it. Not `is_sure` where they are few, or something may be an answer."""

    words: tuple[str, ...]
    is_sure: bool


def find_auto_reply(subject: str, reading: PhraseSearch) -> AutoReply | None:
    """The automatic reply, or None where a person wrote. Takes nothing out of `reading`."""
    reading = copy(reading)
    calendar = PhraseSearch(subject).take("automatic.calendar")
    in_subject = _subject_words(subject, reading)
    gone = copy(reading).take("automatic.gone")
    machine, away = reading.take("automatic.machine"), reading.take("automatic.away")
    invites, besides = reading.take("automatic.person"), reading.take("automatic.besides")
    answers = bool(
        invites
        or QUESTION_MARK.search(reading.rest)
        or any(reading.take(name) for name in ANSWERING_LISTS)
    )
    if in_subject or machine or (gone and not answers):
        return AutoReply((*in_subject, *(gone or machine)), is_sure=not answers)
    if calendar:
        return AutoReply(tuple(calendar), is_sure=False)
    if away and not answers:
        return AutoReply((*away, *besides), is_sure=len(away) + len(besides) > 1)
    return None


def _subject_words(subject: str, reading: PhraseSearch) -> list[str]:
    """What only a program puts into a subject. A person answers it under "Re:"; but not by
    "away".
    """
    found = PhraseSearch(subject).take("automatic.subjects")
    is_answered = REPLY_PREFIX.match(subject) and not reading.sentences("alone.away")
    return [] if is_answered else found


def find_fate(text: str, *, is_automatic: bool) -> str:
    """What became of the address. A person must say it of themselves: a colleague may be gone."""
    reading = PhraseSearch(text)
    if not is_automatic:
        return GONE if reading.take("automatic.self_gone") else ""
    if reading.take("automatic.deferred"):
        return DELAYED
    if reading.take("automatic.failed"):
        return UNDELIVERABLE
    return GONE if reading.take("automatic.gone") else ""


def find_successor(text: str) -> str:
    """The sentence that says whom to write to instead, or ""."""
    parts = [part.strip() for part in _PART.findall(text)]
    by_address = [part for part in parts if _ADDRESS.search(part)]
    by_words = [part for part in parts if PhraseSearch(part).take("automatic.successor")]
    return next(iter(by_address + by_words), "")[:MAX_SUCCESSOR_LENGTH]


def mentions_absence(reading: PhraseSearch) -> bool:
    return bool(copy(reading).take("automatic.away"))
