"""First and last names as somebody says them, from what profiles and scrapers have in them."""

import re
import unicodedata
from dataclasses import dataclass

from leads.field_values import vendor_words
from leads.field_values.texts import (
    SpokenText,
    cased_word,
    has_latin_letters,
    has_vowel,
    is_latin_word,
    is_one_case,
    plain_letters,
    repaired_text,
)

TITLES = {
    "dr", "mr", "mrs", "ms", "miss", "mx", "prof", "professor", "sir", "dame", "reverend", "capt",
    "lt", "maj", "sgt", "dipl-ing", "dipl", "herr", "frau", "mme", "mlle", "monsieur", "sr", "sra",
    "dott", "madam", "coach", "doctor", "madame", "señor", "señora", "drs",
}  # fmt: skip
TITLES_OR_NAMES = {
    "col",
    "gen",
    "hon",
    "mag",
    "rev",
    "fr",
    "ir",
    "hr",
    "ing",
}  # Gen Sato, Col Needham
FACULTIES = {"phil", "nat", "med", "jur", "rer", "pol", "oec", "agr", "vet", "habil"}  # Dr. phil.
NEVER_NAMES = {"dr", "mr", "mrs", "prof"}  # "Ms" may be somebody's name
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
    "bin", "ibn", "al", "el", "ter", "ten", "zu", "zur", "y", "e", "vom", "zum", "dello", "degli",
    "dei", "delle", "do", "los", "las", "te", "tot", "op", "af", "av", "ben", "bint", "'t",
}  # fmt: skip
PARTICLES_AND_NAMES = {"al", "ben"}
ROLES = {
    "info", "sales", "admin", "administrator", "office", "team", "support", "marketing", "hr",
    "contact", "test", "tester", "user", "owner", "manager", "customer", "accounts", "accounting",
    "billing", "reception", "mail", "postmaster", "webmaster", "noreply", "service", "enquiries",
    "inquiries", "helpdesk", "anonymous", "guest", "visitor", "member", "linkedin", "company",
}  # fmt: skip
TWO_LETTER_NAMES = {
    "al", "an", "bo", "cy", "di", "ed", "ha", "ho", "hu", "jo", "ki", "le", "li", "lu", "ly", "ma",
    "mo", "ng", "su", "ty", "vi", "vu", "wu", "xi", "xu", "ye", "yi", "yu", "ai", "bu", "oz", "si",
}  # fmt: skip
FIRST_OF_TWO = {  # names that are said with a second one: Mary Ann, Jean Claude, Juan Carlos
    "mary", "anna", "ana", "anne", "ann", "jean", "juan", "jose", "josé", "maria", "maría", "marie",
    "luis", "lee", "billy", "bobby", "jim", "john", "sarah", "hans", "karl", "carlos", "miguel",
    "eva", "rosa", "peggy", "betty", "norma", "joe", "tommy", "terry", "jo", "bo", "le", "la", "de",
    "joão", "pedro", "pier", "gian", "jan", "abdul", "muhammad", "mohammed", "mohamed", "md", "sri",
    "nguyen", "lisa", "emma", "carl", "lars", "per", "klaus", "ernst", "franz", "luz",
    "ma", "jesús", "jesus", "marco", "victor", "francisco", "st",
}  # fmt: skip
LONGEST_SURE_NAME = 30  # characters; a longer one is rarely only a name
_BRACKETED = re.compile(r"[(\[{“\"«][^()\[\]{}“”\"«»]*[)\]}”\"»]|(?<!\w)['‘][\w .]+['’](?!\w)")
_PRONOUNS = re.compile(
    r"\b(?:she|he|they|ze|xe|her|him|them|elle|il|sie|er)(?:\s*/\s*(?:she|he|they|her|hers|him|his|"
    r"them|theirs|ella|elle|ihr|ihm))+\b",
    re.IGNORECASE,
)
_AFTER_NAME = re.compile(r"\s*[,|•·–—]\s*|\s+[-/]\s+")
_LAST_COMES_FIRST = re.compile(
    r"\s*([^\W\d_][^,|•–—()/]*),\s*([^\W\d_][^,|•–—()/]*)(?:,\s*([^,|•–—()/]*))?"
)
_JOINED_BY_POINT = re.compile(r"(?<=[^\W\d_]{3})\.(?=[^\W\d_]{3})")  # dana.okafor
_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv)\.?", re.IGNORECASE)
_INITIAL = re.compile(r"(?:[^\W\d_]\.?){1,3}|[^\W\d_]")
_SEVERAL_PEOPLE = re.compile(r"[&+/@_\d]|\b(?:and|und|et|or|oder)\b", re.IGNORECASE)
_SHIFT_HELD = re.compile(r"[A-Z]{2,}[a-z]")  # "MAson"
_UNSURE_SURNAME = re.compile(  # MacDonald or Macdonald, O'Brien or Obrien
    r"Mac(?!ia|ha|ey|edo)[a-z]{3,}|O(?:brien|neill?|conn?or|donnell|reilly|hara|malley|keefe|leary|"
    r"sullivan|toole|shea|grady|rourke|dell)"
)


@dataclass(frozen=True)
class SpokenPerson:
    first: SpokenText
    last: SpokenText


def spoken_person(first: str, last: str) -> SpokenPerson:
    """The names as they may stand in an email; no first name for a mailbox of a role."""
    given, surname = spoken_names(first, last)
    if given.casefold() in ROLES or any(map(vendor_words.is_unknown, (first, given))):
        given = ""
    return SpokenPerson(
        SpokenText(given, not given or (_is_sure_first(given) and not _is_doubtful(first))),
        SpokenText(surname, not surname or _is_sure_last(surname)),
    )


def spoken_names(first: str, last: str) -> tuple[str, str]:
    """First and last name; the first is "" where there are only initials, which greet nobody."""
    first, last = map(_bare_name, _in_spoken_order(first, last))
    first = "" if "@" in first else _JOINED_BY_POINT.sub(". ", first)
    titles, words = _split_titles(first.split(), has_last=bool(last))
    if titles and _is_surname(words, last):
        words, last = [], last or " ".join(words)
    elif not last and len(words) > 1:
        given, others = words[:1], words[1:]
        words, last = given, " ".join(word for word in others if not _is_initial(word))
    elif last and len(words) > 1 and " ".join(words).casefold().endswith(f" {last.casefold()}"):
        words = words[: -len(last.split())]
    words = [word.rstrip(".") for word in words if not _is_initial(word)]
    _, surname = _split_titles(last.split())
    return _cased_words(words), _cased_words(surname, is_last=True)


def _in_spoken_order(first: str, last: str) -> tuple[str, str]:
    """ "Okafor, Dana" as Dana and Okafor, also where each is in the other's field."""
    if first.rstrip().endswith(",") and last.strip() and not _is_after_name(last):
        return last, first
    found = _LAST_COMES_FIRST.fullmatch(repaired_text(first))
    if not found or _is_after_name(found[2]) or not _is_after_name(found[3] or ""):
        return first, last
    is_told = last.strip().casefold() in ("", found[1].strip().casefold())
    return (found[2], found[1]) if is_told else (first, last)


def _is_after_name(text: str) -> bool:
    bare = [word.replace(".", "").lower() for word in text.split()]
    return all(word in DEGREES or _SUFFIX.fullmatch(word) for word in bare)


def _bare_name(text: str) -> str:
    """Without what is in brackets, pronouns, pictures, and degrees after the name."""
    text = plain_letters(repaired_text(text))
    outside = _PRONOUNS.sub(" ", _BRACKETED.sub(" ", text))
    if not has_latin_letters(outside) and (inside := _BRACKETED.search(text)):
        outside = inside[0][1:-1] if has_latin_letters(inside[0]) else outside
    name = _AFTER_NAME.split(outside.strip(" ,|•·-"))[0]
    kept = "".join(" " if unicodedata.category(c)[0] in "SC" or c == "\ufe0f" else c for c in name)
    words = kept.split()
    while len(words) > 1 and words[-1].strip(".").replace(".", "").lower() in DEGREES:
        if not (words[-1].isupper() or "." in words[-1] or words[-1].lower() in ("phd", "esq")):
            break
        words.pop()
    return " ".join(words).strip(' .,;:!?*_~"')


def _split_titles(words: list[str], *, has_last: bool = False) -> tuple[list[str], list[str]]:
    count = 0
    while count < len(words) and _is_title(words, count, has_last=has_last):
        count += 1
    if words and count == len(words) and _without_points(words[-1]) not in NEVER_NAMES:
        count -= 1
    return words[:count], words[count:]


def _is_title(words: list[str], at: int, *, has_last: bool) -> bool:
    word, bare, follow = words[at], _without_points(words[at]), len(words) - at - 1
    if bare in TITLES_OR_NAMES:  # Gen. Sato; Gen Aki Sato
        return follow > 0 and ("." in word or follow + has_last > 1)
    if bare in FACULTIES:  # Dr. phil. Jones; but Dr. Phil Jones
        is_marked = "." in word or (word.islower() and not " ".join(words).islower())
        return at > 0 and is_marked
    return bare in TITLES


def _without_points(word: str) -> str:
    return word.replace(".", "").lower()


def _is_surname(words: list[str], last: str) -> bool:
    """Whether what follows a title is the surname alone: "Dr. Okafor", "Frau von Berg"."""
    if last:
        return " ".join(words).casefold() == last.casefold()
    has_particle = bool(words) and words[0].lower() in PARTICLES - PARTICLES_AND_NAMES
    return has_particle or sum(not _SUFFIX.fullmatch(word) for word in words) == 1


def _is_doubtful(first: str) -> bool:
    """Whether a word may be a title or a name, or the two names may have come as one."""
    words = _bare_name(first).split()
    may_be_title = bool(words) and words[0].lower() in TITLES_OR_NAMES
    return may_be_title or bool(_JOINED_BY_POINT.search(first))


def _is_initial(word: str) -> bool:
    letters = word.strip(".")
    is_letter = len(letters) == 1 and letters.lower() != letters.upper()
    return is_letter or ("." in word and bool(_INITIAL.fullmatch(word)))


def _cased_words(words: list[str], *, is_last: bool = False) -> str:
    one_case, cased = is_one_case(" ".join(words)), []
    for n, word in enumerate(words):
        is_between = (n > 0 or is_last) and n < len(words) - 1
        if is_between and word.lower() in (*PARTICLES, "and", "und"):
            cased.append(word.lower() if one_case else word)
        elif is_last and len(word) == 2 and is_one_case(word):
            cased.append(cased_word(word))
        else:
            cased.append(_cased_name(word))
    return " ".join(cased)


def _cased_name(word: str) -> str:
    """A word of mixed case stays, but for "mASON"; so does what may be initials."""
    if len(word) > 2 and word[0].islower() and word[1:].isupper():
        return cased_word(word)
    if not is_one_case(word) or _SUFFIX.fullmatch(word) or _may_be_initials(word):
        return word
    cased = re.sub(r"(?<=\w['’])S\b", "s", cased_word(word))
    return re.sub(r"\bMc([a-z])", lambda found: f"Mc{found[1].upper()}", cased)


def _may_be_initials(word: str) -> bool:
    if not is_latin_word(word) or not word.isalpha():
        return False
    is_name = word.lower() in TWO_LETTER_NAMES if len(word) == 2 else has_vowel(word)
    return not is_name and len(word) < 5


def _is_sure_first(name: str) -> bool:
    words = name.split()
    if len(name) > LONGEST_SURE_NAME or len(words) > 3 or _SEVERAL_PEOPLE.search(name):
        return False
    if _without_points(words[0]) in TITLES | TITLES_OR_NAMES:
        return False
    if len(words) > 1 and words[0].lower() not in FIRST_OF_TWO:
        return False
    return all(_is_sure_word(word, small=n > 0) for n, word in enumerate(words))


def _is_sure_last(name: str) -> bool:
    words = name.split()
    if len(name) > LONGEST_SURE_NAME or len(words) > 5 or _SEVERAL_PEOPLE.search(name):
        return False
    return all(
        _is_sure_word(word, small=True) and not _UNSURE_SURNAME.fullmatch(word) for word in words
    )


def _is_sure_word(word: str, *, small: bool) -> bool:
    if _SUFFIX.fullmatch(word) or (small and word.lower() in PARTICLES):
        return True
    if not is_latin_word(word) or _SHIFT_HELD.match(word) or not any(map(str.isalpha, word)):
        return False
    letters = [c for c in word if c.isalpha()]
    return not (is_one_case("".join(letters)) and len(letters) > 1)
