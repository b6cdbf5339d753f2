"""Sorts a reply: a person's yes, question, objection, not now, no or stop, or an automatic one.
Pure.

Rules and not a model: docs/adr/0012, with the figures. The words are data: words/*.toml.
"""

import re
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass

from outreach.reply_sorting import auto_replies
from outreach.reply_sorting.misspelled import misspelled_stop
from outreach.reply_sorting.phrases import (
    ENDS,
    QUESTION_MARK,
    QUESTION_SENTENCE,
    TAKEN_MARK,
    PhraseSearch,
    count_languages,
    detect_language,
    fold_text,
)
from outreach.reply_sorting.reply_text import (
    MAX_HTML_LENGTH,
    MAX_TEXT_LENGTH,
    to_plain_text,
    without_quotes,
    without_signature,
)
from outreach.reply_sorting.sent_text import without_sent_text
from outreach.reply_sorting.stop_signs import (
    COMBINED,
    WEAK,
    find_stop_signs,
    is_question_about_others,
)

POSITIVE, QUESTION, OBJECTION, NOT_NOW = "positive", "question", "objection", "not_now"
NEGATIVE, STOP, OUT_OF_OFFICE = "negative", "stop", "out_of_office"
BY_PRECEDENCE = (NOT_NOW, NEGATIVE, OBJECTION, POSITIVE, QUESTION)
MAX_SORTED_LENGTH = 5_000  # characters; a person reads whoever writes more
_LINK = re.compile(r"(?:https?://|www\.)\S+")
NAMING_FATES = (auto_replies.GONE, auto_replies.UNDELIVERABLE)
_SENTENCE_PARTS = re.compile(rf"[{ENDS}\n]")
_THIRD_PERSON = re.compile(
    r"\b(?:[Rr]emove|[Dd]elete|[Dd]rop|[Tt]ake)\s+(?:him|her|them|[A-Z][a-z]+)\b"
)
# A yes of one language that is a small word of another: "ja" is "already", and "I".
NOT_A_YES = {"pt": {"ja", "de acordo"}, "pl": {"ja"}, "it": {"si", "prima"}}
MIN_SURE_WORDS = 3  # fewer are sure only where they are an answer by themselves


@dataclass(frozen=True)
class SortedReply:
    """`kind` is a value of ReplyKind; `words` are literally in `said`, or in the subject."""

    kind: str
    is_sure: bool  # False: a person should look
    said: str
    words: tuple[str, ...] = ()
    fate: str = ""  # of the address: auto_replies.GONE, UNDELIVERABLE or DELAYED
    successor: str = ""  # the sentence that names whom to write to instead


def sort_reply(subject: str, body: str, sent: Sequence[str] = ()) -> SortedReply:
    """Sort one reply. `body` is HTML or text, with whatever it quotes; never raises.

    `sent` are the texts that we sent to this person: what equals them is not the person's. STOP
    comes first and is looked for below the signature too; then automatic replies. An unclear text
    is a question of which the machine is not sure, never a yes.
    """
    whole = without_quotes(without_sent_text(to_plain_text(body)[:MAX_TEXT_LENGTH], sent))
    own_text = without_signature(whole)
    reading = PhraseSearch(whole[:MAX_SORTED_LENGTH])
    reading.rest = _LINK.sub(lambda link: TAKEN_MARK * len(link[0]), reading.rest)
    kind, is_sure, words = _classify_text(
        subject, reading, PhraseSearch(own_text[:MAX_SORTED_LENGTH])
    )
    shown = own_text if all(word in own_text or word in subject for word in words) else whole
    was_read = len(whole) <= MAX_SORTED_LENGTH and len(body) <= MAX_HTML_LENGTH
    fate = auto_replies.find_fate(whole, is_automatic=kind == OUT_OF_OFFICE)
    return SortedReply(
        kind,
        is_sure and was_read,
        shown,
        tuple(dict.fromkeys(words)),
        fate,
        auto_replies.find_successor(own_text) if fate in NAMING_FATES else "",
    )


def _classify_text(
    subject: str, whole: PhraseSearch, own_text: PhraseSearch
) -> tuple[str, bool, tuple[str, ...]]:
    whole.take("stop.traps")
    note = auto_replies.find_auto_reply(subject, whole)
    is_about_others = bool(copy(whole).take("stop.others"))
    asks = _without_questions_of_others(whole, "stop.asks") or (
        [] if note else _brief_stop(subject, own_text)
    )
    signs = _signs_of(own_text)
    if note:
        return _classify_note(note, whole, asks, signs)
    kind, is_sure, words = _classify_human(own_text)
    loose = _without_questions_of_others(whole, "stop.loose")
    if kind == POSITIVE and any(word in sign for sign in signs for word in words):
        kind = QUESTION  # "please do" of "please do not"
    if not asks and kind == POSITIVE:
        return kind, is_sure and not loose and not signs, words
    asks += loose
    if asks:
        if kind == POSITIVE and (is_about_others or _names_a_third(asks)):
            return POSITIVE, False, words
        says_yes = bool(PhraseSearch(own_text.text).take("person.positive"))
        return STOP, not says_yes and not is_about_others, tuple(asks)
    if hinted := _hinted_stop(kind, whole):
        return hinted
    if not signs and not words and not QUESTION_MARK.search(own_text.text):
        signs = _signs_of(own_text, WEAK)
    if signs:
        return STOP, False, tuple(signs)
    return kind, is_sure and not _signs_of(own_text, WEAK), words


def _classify_note(
    note: auto_replies.AutoReply, whole: PhraseSearch, asks: Sequence[str], signs: Sequence[str]
) -> tuple[str, bool, tuple[str, ...]]:
    """Whoever asks something for a person who is dead is no program."""
    if signs and any(copy(whole).take(name) for name in ("stop.dead", "stop.relatives")):
        return STOP, False, tuple(signs)
    return (STOP, False, tuple(asks)) if asks else (OUT_OF_OFFICE, note.is_sure, note.words)


def _hinted_stop(kind: str, whole: PhraseSearch) -> tuple[str, bool, tuple[str, ...]] | None:
    statements = whole.without_questions()
    if kind == OBJECTION:
        return None
    if mentions := statements.take("stop.mentions"):
        return STOP, kind != NOT_NOW, tuple(mentions)
    hints = statements.take("stop.hints")
    return (STOP, False, tuple(hints)) if hints else None


def _signs_of(own_text: PhraseSearch, table: str = COMBINED) -> list[str]:
    reading = copy(own_text)
    reading.take("stop.traps")
    return find_stop_signs(reading, table)


def _without_questions_of_others(whole: PhraseSearch, name: str) -> list[str]:
    """What the list `name` finds, but not in a question that is not about whoever asks it."""
    asked = {question[0] for question in QUESTION_SENTENCE.finditer(whole.text)}
    others = [question for question in asked if is_question_about_others(question)]
    return [words for words in whole.take(name) if not any(words in one for one in others)]


def _brief_stop(subject: str, own_text: PhraseSearch) -> list[str]:
    """One word is enough from a person, also as subject; an automatic reply may have a footer."""
    found = own_text.sentences("alone.stop")
    bare = auto_replies.REPLY_PREFIX.sub("", subject)
    found = found or PhraseSearch(bare).sentences("alone.stop")
    slip = "" if found else misspelled_stop(own_text.text)
    return [slip] if slip else found


def is_bare_stop(subject: str, said: str) -> bool:
    """Whether a reply is nothing but the word: STOP alone, "Unsubscribe please", thanks."""
    if not said.strip():
        bare = auto_replies.REPLY_PREFIX.sub("", subject)
        return bool(PhraseSearch(bare).sentences("alone.stop"))
    sentences = [part for part in _SENTENCE_PARTS.split(said) if part.strip()]
    return len(sentences) <= 2 and bool(PhraseSearch(said).sentences("alone.stop"))


def _names_a_third(asks: Sequence[str]) -> bool:
    """ "Remove Dana from your list" asks nothing for whoever writes it."""
    return all(_THIRD_PERSON.search(ask) for ask in asks)


def _classify_human(own_text: PhraseSearch) -> tuple[str, bool, tuple[str, ...]]:
    is_away = auto_replies.mentions_absence(own_text)
    ironic = own_text.take("person.irony")
    alone = {kind: own_text.sentences(f"alone.{kind}") for kind in (NOT_NOW, NEGATIVE, POSITIVE)}
    taken = {kind: own_text.take(f"person.{kind}") for kind in BY_PRECEDENCE}
    taken[POSITIVE] = _without_other_words(taken[POSITIVE], own_text.text)
    found = {
        kind: words for kind in BY_PRECEDENCE if (words := [*alone.get(kind, []), *taken[kind]])
    }
    if ironic and found.keys() <= {POSITIVE, QUESTION, NOT_NOW}:
        return NEGATIVE, False, tuple(ironic)
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
    if kind == POSITIVE and (ironic or _is_negated(own_text.text, found[POSITIVE])):
        is_clear = False
    return (
        kind,
        is_clear and (len(own_text.text.split()) >= MIN_SURE_WORDS or bool(alone.get(kind))),
        tuple(found[kind]),
    )


def _without_other_words(words: Sequence[str], text: str) -> list[str]:
    """Without a yes that is another word in the language of the text and is no word by itself."""
    counts = count_languages(text)
    most = max(counts.values())
    others = {
        other for name, words in NOT_A_YES.items() if counts[name] == most > 0 for other in words
    }
    return [
        word
        for word in words
        if fold_text(word) not in others or not text.partition(word)[2].startswith(" ")
    ]


def _is_negated(text: str, words: Sequence[str]) -> bool:
    """Whether a sentence with one of `words` also says no: "I never said it sounds good"."""
    said = [part for part in _SENTENCE_PARTS.split(text) if any(word in part for word in words)]
    return any(PhraseSearch(part).take("person.negators") for part in said)


def _strongest_kind(found: Mapping[str, Sequence[str]], text: str) -> str:
    """By precedence; of a yes and an objection the last ("we have a team, but let's talk")."""
    kinds = [kind for kind in BY_PRECEDENCE if kind in found]
    if kinds[:2] == [OBJECTION, POSITIVE]:
        return max(kinds[:2], key=lambda kind: text.rfind(found[kind][-1]))
    return kinds[0]


def _first_question(text: str) -> str:
    mark = QUESTION_MARK.search(text)
    return (re.split(rf"[{ENDS}\n]", text[: mark.start()])[-1] + mark[0]).strip() if mark else ""
