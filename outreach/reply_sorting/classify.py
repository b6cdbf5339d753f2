"""What an answer is: a person's yes, question, objection, not now, no or stop, or a program's note. Pure.

Rules and not a model: docs/adr/0012, with the figures. The words are data: words/*.toml.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from outreach.reply_sorting import auto_replies
from outreach.reply_sorting.phrases import Reading, language
from outreach.reply_sorting.reply_text import MOST_MARKUP, own, plain, unsigned

POSITIVE, QUESTION, OBJECTION, NOT_NOW = "positive", "question", "objection", "not_now"
NEGATIVE, STOP, OUT_OF_OFFICE = "negative", "stop", "out_of_office"
BY_PRECEDENCE = (NOT_NOW, NEGATIVE, OBJECTION, POSITIVE, QUESTION)
MOST_SORTED = 5_000  # characters; a person reads whoever writes more
FEWEST_WORDS = 3  # fewer are sure only where they are an answer by themselves


@dataclass(frozen=True)
class Sorted:
    """`kind` is a value of ReplyKind; `words` stand exactly so in `said`, or in the subject."""

    kind: str
    is_sure: bool  # False: a person should look
    said: str
    words: tuple[str, ...] = ()


def sort(subject: str, body: str) -> Sorted:
    """Sort one answer. `body` is HTML or text, with whatever it quotes; never raises.

    STOP wins over everything and is looked for below the signature too; then comes a program's note. An unclear text
    is a question of which the machine is not sure, never a yes.
    """
    whole = own(plain(body))
    said = unsigned(whole)
    kind, is_sure, words = _sorted(
        subject, Reading(whole[:MOST_SORTED]), Reading(said[:MOST_SORTED])
    )
    shown = said if all(word in said or word in subject for word in words) else whole
    was_read = len(whole) <= MOST_SORTED and len(body) <= MOST_MARKUP
    return Sorted(kind, is_sure and was_read, shown, tuple(dict.fromkeys(words)))


def _sorted(subject: str, whole: Reading, said: Reading) -> tuple[str, bool, tuple[str, ...]]:
    whole.take("stop.traps")
    note = auto_replies.note(subject, whole)
    asks = whole.take("stop.asks") or ([] if note else _asked_briefly(subject, whole, said))
    if asks:
        return STOP, not note and not said.take("person.positive"), tuple(asks)
    if note:
        return OUT_OF_OFFICE, note.is_sure, note.words
    kind, is_sure, words = _persons(said)
    if kind != POSITIVE and (hints := whole.take("stop.hints")):
        return STOP, False, tuple(hints)
    return kind, is_sure, words


def _asked_briefly(subject: str, whole: Reading, said: Reading) -> list[str]:
    """One word is enough from a person, in the subject too; in a program's note it is a footer."""
    found = whole.take("stop.mentions") or said.sentences("alone.stop")
    return found or Reading(auto_replies.ANSWERS_OURS.sub("", subject)).sentences("alone.stop")


def _persons(said: Reading) -> tuple[str, bool, tuple[str, ...]]:
    is_away = auto_replies.is_away(said)
    alone = {kind: said.sentences(f"alone.{kind}") for kind in (NOT_NOW, NEGATIVE, POSITIVE)}
    taken = {kind: said.take(f"person.{kind}") for kind in BY_PRECEDENCE}
    found = {
        kind: words for kind in BY_PRECEDENCE if (words := [*alone.get(kind, []), *taken[kind]])
    }
    if not found and (asked := _first_question(said.text)):
        found = {QUESTION: [asked]}
    if not found:
        return (NOT_NOW if is_away else QUESTION), False, ()
    kind = _strongest(found, said.text)
    if is_away and kind == QUESTION:
        kind, found = NOT_NOW, {NOT_NOW: found[QUESTION]}
    is_clear = len(found.keys() - {QUESTION}) <= 1 and not is_away and bool(language(said.text))
    return (
        kind,
        is_clear and (len(said.text.split()) >= FEWEST_WORDS or bool(alone.get(kind))),
        tuple(found[kind]),
    )


def _strongest(found: Mapping[str, Sequence[str]], text: str) -> str:
    """By precedence; of a yes and an objection the one that comes last ("we have a team, but let's talk")."""
    kinds = [kind for kind in BY_PRECEDENCE if kind in found]
    if kinds[:2] == [OBJECTION, POSITIVE]:
        return max(kinds[:2], key=lambda kind: text.rfind(found[kind][-1]))
    return kinds[0]


def _first_question(text: str) -> str:
    """The first sentence that ends in a question mark."""
    before, mark, _ = text.partition("?")
    return (re.split(r"[.!\n]", before)[-1] + mark).strip() if mark else ""
