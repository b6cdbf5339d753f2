"""The role that somebody has now, out of a job title that may speak of others, of before and of
wishes.
"""

import re
from functools import lru_cache

from leads.field_values import vendor_words
from leads.field_values.texts import (
    SpokenText,
    cased_word,
    is_latin_word,
    is_one_case,
    plain_letters,
    repaired_text,
)

NO_ROLE = "other"  # a title that says no role of now
_CHIEF = (
    r"(?:c[a-z]{1,2}o|chief\b[^,|;]*|chiefs?|founders?|co-?founders?|presidents?|owners?|chairman|"
    r"chair|executives?|c-?suite|c-?level|s?e?vps?|vice presidents?|directors?|board|"
    r"managing directors?|partners?|leaders?|leadership|ceos|cfos|ctos|coos|cros)"
)
# "to the CEO", "office of the CFO", "CEO's office": somebody else's title
_OF_ANOTHER = re.compile(
    rf"\s*\b(?:to|for|with|helping|supporting|assisting|serving|coaching|advising|reporting to|"
    rf"(?<=office )of|(?<=cabinet )of)\s+(?:the |our |a |my |all )?{_CHIEF}\b[^,|;]*|"
    rf"\b{_CHIEF}(?:'s|’s)? (?:office|team|staff|support)\b"
)
_ASSISTANTS = re.compile(
    r"(?:senior |sr\.? )?(?:(?:executive|personal|administrative|admin|virtual|office|management|"
    r"legal|sales|marketing|operations) )?(?:assistants?|assistentin|assistent|assistante|"
    r"secretar(?:y|ies)|sekretärin|secrétaire|ea|pa)\b"
    r"(?! (?:director|manager|vp|vice|general|professor|dean|principal|editor|controller|coach))"
)
_NOT_NOW = re.compile(
    r"\b(?:former(?:ly)?|fmr\.?|ex|previous(?:ly)?|past|retired|aspiring|future|wannabe|prospective|"
    r"soon[- ]to[- ]be|unemployed|jobless|open to (?:work|new)|looking for|seeking|in transition|"
    r"between jobs|candidate for|ehemalige[rs]?|ancien(?:ne)?|emeritus|laid off|on sabbatical|"
    r"i was|was the)\b"
)
_JUNIOR = re.compile(
    r"\b(?:intern|interns|internship|trainee|apprentice|clerk|receptionist|cashier|"
    r"students?(?! (?:affairs|services|success|life|experience|housing|loans?|recruitment))|"
    r"volunteer|barista|werkstudent(?:in)?|praktikant(?:in)?|azubi|auszubildende[r]?|stagiaire|"
    r"alternante?|becari[oa]|estagiári[oa]|undergraduate|graduate student|"
    r"associate(?! (?:director|vp|vice|partner|manager|professor|general|principal|dean))|"
    r"helper|homemaker|stay-at-home)\b"
)
_DEPUTY_VP = re.compile(r"\b(?:assistant|associate|asst\.?|assoc\.?) (?:vice[- ]president|vp)\b")
_PROSE = re.compile(
    r"(?:i|i'm|i’m|we|we're|my|your|our|let's|helping|empowering|making|building|driving|passionate|"
    r"turning|transforming|enabling|on a mission|growing|connecting|creating|saving|ask me|how|"
    r"making|scaling|guiding|teaching)\b"
)
_AT_COMPANY = re.compile(r"\s+(?:@|at|bei|chez)\s?.*|\s*@.*")
_BETWEEN = re.compile(r"(\s*[|;•·\n]\s*|\.\s+)")
_BETWEEN_PARTS = re.compile(r"(\s+(?:/|&|\+|and|und|et|y|-|–|—)\s+|\s*/\s*)")
# Words of other languages, longest first
_IN_ENGLISH = (
    (r"vorstandsvorsitzende[rn]?|amministratore delegato|amministratrice delegata|"
     r"direct(?:eur|rice) général[e]?|director(?:a)? general|diretor(?:a)? (?:geral|executivo)|"
     r"algemeen directeur|verkställande direktör|administrerende direktør|toimitusjohtaja|"
     r"geschäftsführende[rn]? gesellschafter(?:in)?|geschäftsführer(?:in|\*in|:in)?|"
     r"geschäftsleiter(?:in)?|gérante?|pdg|prezes zarządu", "ceo"),
    (r"inhaber(?:in)?|eigenaar|propriétaire|propietari[oa]|titolare|due[ñn][oa]|właściciel",
     "owner"),
    (r"gründer(?:in)?|fondateur|fondatrice|fundador(?:a)?|fondatore|oprichter|mitgründer(?:in)?|"
     r"cofondateur|cofundador(?:a)?", "founder"),
    (r"président[e]?|presidente|präsident(?:in)?|prezes", "president"),
    (r"vertriebsleiter(?:in)?|verkaufsleiter(?:in)?", "head of sales"),
    (r"(?:technische[rn]?|it)[- ]leiter(?:in)?", "head of technology"),
    (r"betriebsleiter(?:in)?", "head of operations"),
    (r"leiter(?:in)?|responsable|hoofd", "head"),
    (r"direct(?:eur|rice)|directora|diretor(?:a)?|direttore|direttrice|direktor(?:in)?|direktør|"
     r"direktör|dyrektor", "director"),
    (r"gerente", "manager"),
    (r"opérations|operaciones|operações|operazioni|opérationnel(?:le)?|betrieb", "operations"),
    (r"ventes|ventas|vendas|vendite|vertrieb(?:s)?|verkauf|commercial[e]?|comercial", "sales"),
    (r"technique|técnico|tecnico|technik|technologie", "technical"),
    (r"soci[oa]|sóci[oa]|gesellschafter(?:in)?|associée?", "partner"),
)  # fmt: skip
ABBREVIATIONS = {
    "ceo", "cfo", "coo", "cto", "cro", "cmo", "cio", "chro", "cpo", "cso", "cco", "cdo", "clo",
    "caio", "ciso", "vp", "svp", "evp", "avp", "gm", "md", "hr", "it", "pr", "qa", "r&d", "b2b",
    "b2c", "ai", "ml", "bi", "ui", "ux", "seo", "crm", "erp", "us", "usa", "uk", "eu", "emea",
    "apac", "latam", "dach", "amer", "na", "ehs", "fp&a", "m&a", "gtm", "saas", "pmo", "cx", "l&d",
}  # fmt: skip
_SMALL_WORDS = {"of", "and", "for", "the", "to", "in", "at", "de", "des", "du", "la", "und", "der"}
LONGEST_SURE_TITLE = 60
_TRANSLATIONS = tuple((re.compile(rf"\b(?:{words})\b"), meant) for words, meant in _IN_ENGLISH)


@lru_cache(maxsize=8192)
def own_role(title: str) -> str:
    """The role of now in lower case; NO_ROLE where the title only names others' or former roles.

    "Assistant to the CEO", "Former COO", "Aspiring CTO | Student" and "I help CEOs" say none.
    """
    low = " ".join(title.lower().split())
    low = re.sub(r"\([^()]*\)|\[[^\[\]]*\]", lambda found: _kept_bracket(found[0]), low)
    for pattern, meant in _TRANSLATIONS:
        low = pattern.sub(meant, low)
    low = _DEPUTY_VP.sub("manager", low.replace("chief of staff", "head of staff"))
    parts = _BETWEEN.split(low)
    kept = [role for part in parts[::2] if (role := _role_of(part.strip()))]
    return " | ".join(kept) or (NO_ROLE if re.search(r"\w", low) else low)


def _kept_bracket(text: str) -> str:
    return "" if _NOT_NOW.search(text) or _OF_ANOTHER.search(text) else text


def _role_of(part: str) -> str:
    """One part of a title without others' roles; "" where nothing of one's own is left."""
    if _ASSISTANTS.match(part):
        return NO_ROLE
    part = _OF_ANOTHER.sub("", _AT_COMPANY.sub("", part)).strip(" ,-")
    if _NOT_NOW.match(part) or (_PROSE.match(part) and len(part.split()) > 3):
        return ""
    pieces = _BETWEEN_PARTS.split(part)
    kept = [(_piece_of_now(piece), n) for n, piece in enumerate(pieces) if n % 2 == 0]
    if all(text == piece for (text, _), piece in zip(kept, pieces[::2], strict=True)):
        return part
    return " & ".join(text for text, _ in kept if text)


def _piece_of_now(piece: str) -> str:
    """A piece without what was before: of "CEO, ex-Google" the "CEO"."""
    if _NOT_NOW.search(piece.partition(",")[0]):
        return ""
    if _ASSISTANTS.match(piece) or _JUNIOR.search(piece):
        return NO_ROLE
    return ",".join(one for one in piece.split(",") if not _NOT_NOW.search(one))


def spoken_title(title: str) -> SpokenText:
    """The role as it may stand in an email: "VP SALES | Dad" as "VP Sales".

    One that names no role of now stays as written, and is not sure.
    """
    text = vendor_words.without_pictures(plain_letters(repaired_text(title)))
    if vendor_words.is_unknown(text):
        return SpokenText("")
    parts = [part.strip(" ,.-–—") for part in _BETWEEN.split(text)[::2]]
    parts = [part for part in parts if part]
    held = [part for part in parts if own_role(part) != NO_ROLE]
    chief = [part for part in held if re.search(rf"\b{_CHIEF}\b", own_role(part))]
    said = next(iter([*chief, *held, *parts]), "")
    said = re.sub(r"\s+(?:@|at|bei|chez)\s?.*|\s*@.*", "", said) or said
    letters = "".join(c for c in said if c.isalpha())
    if is_one_case(letters):
        said = " ".join(_cased_title_word(word, n) for n, word in enumerate(said.split()))
    return SpokenText(said, _is_sure_title(said))


def _cased_title_word(word: str, place: int) -> str:
    low = word.lower()
    if low.strip(",.()") in ABBREVIATIONS:
        return low.replace("saas", "SaaS") if "saas" in low else word.upper()
    if low in _SMALL_WORDS and place > 0:
        return low
    return "/".join(
        part.upper() if part in ABBREVIATIONS else cased_word(part) for part in low.split("/")
    )


def _is_sure_title(said: str) -> bool:
    low = said.lower()
    is_a_role = own_role(said) != NO_ROLE and not _NOT_NOW.search(low) and not _PROSE.match(low)
    is_plain = is_latin_word(re.sub(r"[\d,&/()|]", "", said)) and not re.search(r"[!?\d]", said)
    return is_a_role and is_plain and 1 < len(said) <= LONGEST_SURE_TITLE
