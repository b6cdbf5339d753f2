"""Sorts a reply: a person's yes, question, objection, not now, no or stop, or an automatic one.
Pure.

Rules and not a model: docs/adr/0012, with the figures. The words are data: words/*.toml.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from outreach.reply_sorting import auto_replies
from outreach.reply_sorting.phrases import PhraseSearch, detect_language
from outreach.reply_sorting.reply_text import (
    MAX_HTML_LENGTH,
    to_plain_text,
    without_quotes,
    without_signature,
)

POSITIVE, QUESTION, OBJECTION, NOT_NOW = "positive", "question", "objection", "not_now"
NEGATIVE, STOP, OUT_OF_OFFICE = "negative", "stop", "out_of_office"
BY_PRECEDENCE = (NOT_NOW, NEGATIVE, OBJECTION, POSITIVE, QUESTION)
MAX_SORTED_LENGTH = 5_000  # characters; a person reads whoever writes more
MIN_SURE_WORDS = 3  # fewer are sure only where they are an answer by themselves


@dataclass(frozen=True)
class SortedReply:
    """`kind` is a value of ReplyKind; `words` are literally in `said`, or in the subject."""

    kind: str
    is_sure: bool  # False: a person should look
    said: str
    words: tuple[str, ...] = ()


def sort_reply(subject: str, body: str) -> SortedReply:
    """Sort one reply. `body` is HTML or text, with whatever it quotes; never raises.

    STOP comes first and is looked for below the signature too; then automatic replies. An unclear
    text is a question of which the machine is not sure, never a yes.
    """
    whole = without_quotes(to_plain_text(body))
    own_text = without_signature(whole)
    kind, is_sure, words = _classify_text(
        subject, PhraseSearch(whole[:MAX_SORTED_LENGTH]), PhraseSearch(own_text[:MAX_SORTED_LENGTH])
    )
    shown = own_text if all(word in own_text or word in subject for word in words) else whole
    was_read = len(whole) <= MAX_SORTED_LENGTH and len(body) <= MAX_HTML_LENGTH
    return SortedReply(kind, is_sure and was_read, shown, tuple(dict.fromkeys(words)))


def _classify_text(
    subject: str, whole: PhraseSearch, own_text: PhraseSearch
) -> tuple[str, bool, tuple[str, ...]]:
    whole.take("stop.traps")
    note = auto_replies.find_auto_reply(subject, whole)
    asks = whole.take("stop.asks") or ([] if note else _brief_stop(subject, whole, own_text))
    if asks:
        return STOP, not note and not own_text.take("person.positive"), tuple(asks)
    if note:
        return OUT_OF_OFFICE, note.is_sure, note.words
    kind, is_sure, words = _classify_human(own_text)
    if kind != POSITIVE and (hints := whole.take("stop.hints")):
        return STOP, False, tuple(hints)
    return kind, is_sure, words


def _brief_stop(subject: str, whole: PhraseSearch, own_text: PhraseSearch) -> list[str]:
    """One word is enough from a person, also as subject; an automatic reply may have a footer."""
    found = whole.take("stop.mentions") or own_text.sentences("alone.stop")
    return found or PhraseSearch(auto_replies.REPLY_PREFIX.sub("", subject)).sentences("alone.stop")


def _classify_human(own_text: PhraseSearch) -> tuple[str, bool, tuple[str, ...]]:
    is_away = auto_replies.mentions_absence(own_text)
    alone = {kind: own_text.sentences(f"alone.{kind}") for kind in (NOT_NOW, NEGATIVE, POSITIVE)}
    taken = {kind: own_text.take(f"person.{kind}") for kind in BY_PRECEDENCE}
    found = {
        kind: words for kind in BY_PRECEDENCE if (words := [*alone.get(kind, []), *taken[kind]])
    }
    if not found and (asked := _first_question(own_text.text)):
        found = {QUESTION: [asked]}
    if not found:
        return (NOT_NOW if is_away else QUESTION), False, ()
    kind = _strongest_kind(found, own_text.text)
    if is_away and kind == QUESTION:
        kind, found = NOT_NOW, {NOT_NOW: found[QUESTION]}
    is_clear = (
        len(found.keys() - {QUESTION}) <= 1 and not is_away and bool(detect_language(own_text.text))
    )
    return (
        kind,
        is_clear and (len(own_text.text.split()) >= MIN_SURE_WORDS or bool(alone.get(kind))),
        tuple(found[kind]),
    )


def _strongest_kind(found: Mapping[str, Sequence[str]], text: str) -> str:
    """By precedence; of a yes and an objection the last ("we have a team, but let's talk")."""
    kinds = [kind for kind in BY_PRECEDENCE if kind in found]
    if kinds[:2] == [OBJECTION, POSITIVE]:
        return max(kinds[:2], key=lambda kind: text.rfind(found[kind][-1]))
    return kinds[0]


def _first_question(text: str) -> str:
    before, mark, _ = text.partition("?")
    return (re.split(r"[.!\n]", before)[-1] + mark).strip() if mark else ""
