"""Finds a stop word with one wrong, missing, doubled or swapped letter in a brief reply. Pure."""

import re
from functools import cache

from outreach.reply_sorting.phrases import fold_text, phrase_list

MOST_WORDS = 4  # of a reply that is little else than the word
SHORTEST_WORD = 7  # letters; shorter ones resemble too much
# What a stop word looks like and is not.
OTHER_WORDS = frozenset(
    ["subscribe", "subscribed", "abmeldung", "anmelden", "aanmelden", "inschrijven", "cancelled"]
)


def misspelled_stop(text: str) -> str:
    """The word as it is written; "" where the reply is long, or has none."""
    words = re.findall(r"[^\W\d_]+", fold_text(text))
    if not 0 < len(words) <= MOST_WORDS or "?" in text:
        return ""
    for word in words:
        if len(word) >= SHORTEST_WORD - 1 and word not in OTHER_WORDS and _is_near(word):
            return _as_written(word, text)
    return ""


def _is_near(word: str) -> bool:
    return any(
        abs(len(word) - len(known)) <= 1 and is_one_slip(word, known) for known in _stop_words()
    )


def _as_written(word: str, text: str) -> str:
    at = fold_text(text).index(word)
    return text[at : at + len(word)]


@cache
def _stop_words() -> frozenset[str]:
    phrases = "|".join(phrase_list("alone.stop"))
    words = re.split(r"[|()]", re.sub(r"[?*]", "", phrases))
    more = (
        "unsubscribe desabonnez desabonner desinscription desinscrire desuscribir desuscribirme "
        "disiscrivimi disiscrivetemi disiscrizione descadastrar descadastre uitschrijven afmelden "
        "abmelden abbestellen austragen avprenumerera avregistrera avanmala frameld afmeldes "
        "avmelding wypisac wypiszcie rezygnuje poistakaa lopettakaa peruuttakaa"
    )
    return frozenset(
        word for word in [*words, *more.split()] if word.isalpha() and len(word) >= SHORTEST_WORD
    )


def is_one_slip(word: str, known: str) -> bool:
    """Whether one letter was left out, added, changed, or two neighbors swapped."""
    if word == known:
        return True
    start = 0
    while start < min(len(word), len(known)) and word[start] == known[start]:
        start += 1
    mine, theirs = word[start:], known[start:]
    swapped = len(mine) > 1 and mine[1::-1] + mine[2:] == theirs
    return mine[1:] == theirs or mine == theirs[1:] or mine[1:] == theirs[1:] or swapped
