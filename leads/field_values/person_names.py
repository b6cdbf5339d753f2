"""First and last names as somebody says them, from what profiles and scrapers have in them."""

import re
import unicodedata

from leads.field_values.texts import plain_letters, repaired_text

HONORIFICS = {
    "dr", "mr", "mrs", "ms", "miss", "mx", "prof", "professor", "sir", "dame", "rev", "reverend",
    "fr", "hon", "capt", "col", "gen", "lt", "maj", "sgt", "dipl-ing", "dipl", "ing", "mag", "herr",
    "frau", "mme", "mlle", "monsieur", "sr", "sra", "dott", "med", "rer", "nat", "phil", "jur",
    "madam", "coach",
}  # fmt: skip
DEGREES = {
    "mba", "pmp", "cpa", "phd", "md", "jd", "esq", "esquire", "cfa", "cissp", "msc", "bsc", "ba",
    "bs", "ma", "ms", "mph", "rn", "pe", "cfp", "shrm-cp", "shrm-scp", "phr", "sphr", "csm", "cspo",
    "emba", "llm", "llb", "dba", "edd", "dds", "dmd", "np", "rd", "cma", "cia", "cisa", "cism",
    "ccie", "ccna", "ceh", "lssbb", "six sigma", "fca", "aca", "acca", "frm", "cscp", "cpim", "pmi",
    "mpa", "med", "meng", "beng", "bba", "mfa", "csp", "cpcu", "clu", "chfc", "aia", "leed", "ap",
    "gphr", "cphr", "crcr", "cebs", "itil", "safe", "dr",
}  # fmt: skip
PARTICLES = {
    "van", "von", "der", "den", "de", "da", "di", "du", "del", "della", "la", "le", "dos", "das",
    "bin", "ibn", "al", "el", "ter", "ten", "zu", "zur", "y", "e",
}  # fmt: skip
_BRACKETED = re.compile(r"[(\[{“\"«][^()\[\]{}“”\"«»]*[)\]}”\"»]")
_PRONOUNS = re.compile(
    r"\b(?:she|he|they|ze|xe|her|him|them|elle|il|sie|er)(?:\s*/\s*(?:she|he|they|her|hers|him|his|"
    r"them|theirs|ella|elle|ihr|ihm))+\b",
    re.IGNORECASE,
)
_AFTER_NAME = re.compile(r"\s*[,|•·–—]\s*|\s+[-/]\s+")
_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv)\.?", re.IGNORECASE)
_INITIAL = re.compile(r"(?:[^\W\d_]\.?){1,3}|[^\W\d_]")


def spoken_names(first: str, last: str) -> tuple[str, str]:
    """First and last name; the first is "" where there are only initials, which greet nobody."""
    first, last = _bare_name(first), _bare_name(last)
    words = _without_honorifics(first.split())
    if not last and len(words) > 1:
        words, last = words[:1], " ".join(word for word in words[1:] if not _is_initial(word))
    elif last and len(words) > 1 and " ".join(words).casefold().endswith(f" {last.casefold()}"):
        words = words[: -len(last.split())]
    words = [word for word in words if not _is_initial(word)]
    first = " ".join(_cased_word(word) for word in words)
    surnames = _without_honorifics(last.split())
    return first, " ".join(
        word.lower() if word.lower() in PARTICLES and _is_one_case(last) else _cased_word(word)
        for word in surnames
    )


def _bare_name(text: str) -> str:
    """Without what is in brackets, pronouns, pictures, and degrees after the name."""
    text = plain_letters(repaired_text(text))
    text = _PRONOUNS.sub(" ", _BRACKETED.sub(" ", text))
    name = _AFTER_NAME.split(text.strip(" ,|•·-"))[0]
    kept = "".join(c if unicodedata.category(c)[0] not in ("S", "C") else " " for c in name)
    words = kept.split()
    while len(words) > 1 and words[-1].strip(".").replace(".", "").lower() in DEGREES:
        if not (words[-1].isupper() or "." in words[-1] or words[-1].lower() in ("phd", "esq")):
            break
        words.pop()
    return " ".join(words).strip(' .,;:!?*_~"')


def _without_honorifics(words: list[str]) -> list[str]:
    kept = list(words)
    while kept and kept[0].strip(".").lower() in HONORIFICS:
        if len(kept) == 1 and kept[0].lower() not in ("dr", "mr", "mrs", "prof"):
            break  # "Ms" may be somebody's name
        kept.pop(0)
    return kept


def _is_initial(word: str) -> bool:
    letters = word.strip(".")
    is_letter = len(letters) == 1 and letters.lower() != letters.upper()
    return is_letter or ("." in word and bool(_INITIAL.fullmatch(word)))


def _is_one_case(text: str) -> bool:
    return text.isupper() or text.islower()


def _cased_word(word: str) -> str:
    """ "MARIE-LOUISE" as "Marie-Louise"; a word of mixed case stays."""
    if not _is_one_case(word) or _SUFFIX.fullmatch(word):
        return word
    cased = re.sub(
        r"[^\W\d_]+", lambda part: part[0][0].upper() + part[0][1:].lower(), word, flags=re.UNICODE
    )
    cased = re.sub(r"(?<=\w['’])S\b", "s", cased)
    return re.sub(r"^Mc([a-z])", lambda found: f"Mc{found[1].upper()}", cased)
