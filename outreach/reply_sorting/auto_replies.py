"""Recognises automatic replies: out of office, gone, received, undeliverable, captcha. Pure.

A person may be out of office too ("I'm out next week, call me after"). The rule: a reply is
automatic where its subject or a sentence says what only a program says; or where it speaks of
absence and of nothing else but what such replies hold: until when, whom to ask instead, thanks.
Where a word of it answers us (a yes, a no, a time, a question), a person wrote it.
"""

import re
from copy import copy
from dataclasses import dataclass

from outreach.reply_sorting.phrases import PhraseSearch

REPLY_PREFIX = re.compile(
    r"\s*(?:re|aw|antw|sv|vs|odp|res|rif|r|ref|fwd?|wg|tr|回复|返信)\s*[:：]", re.IGNORECASE
)
ANSWERING_LISTS = ("person.not_now", "person.negative", "person.objection", "person.positive")


@dataclass(frozen=True)
class AutoReply:
    """The words that show it. Not `is_sure` where they are few, or something may be an answer."""

    words: tuple[str, ...]
    is_sure: bool


def find_auto_reply(subject: str, reading: PhraseSearch) -> AutoReply | None:
    """The automatic reply, or None where a person wrote. Takes nothing out of `reading`."""
    reading = copy(reading)
    in_subject = (
        [] if REPLY_PREFIX.match(subject) else PhraseSearch(subject).take("automatic.subjects")
    )
    machine, away = reading.take("automatic.machine"), reading.take("automatic.away")
    invites, besides = reading.take("automatic.person"), reading.take("automatic.besides")
    answers = (
        bool(invites) or "?" in reading.rest or any(reading.take(name) for name in ANSWERING_LISTS)
    )
    if in_subject or machine:
        return AutoReply((*in_subject, *machine), is_sure=not answers)
    if away and not answers:
        return AutoReply((*away, *besides), is_sure=len(away) + len(besides) > 1)
    return None


def mentions_absence(reading: PhraseSearch) -> bool:
    return bool(copy(reading).take("automatic.away"))
