"""What a subject must not pretend. Pure."""

import re
import unicodedata

# Before a colon, as mail programs in any language set it before an answer or a forwarded email.
ANSWER_PREFIXES = {
    "re", "r", "rép", "rep", "reply", "fw", "fwd", "fv", "forward", "aw", "awt", "antw",
    "antwort", "wg", "sv", "vs", "vb", "vl", "vá", "va", "tr", "res", "enc", "rv", "rm", "doorst",
    "i", "rif", "inoltra", "inol", "ynt", "ilt", "yönt", "odp", "pd", "pf", "od", "prz", "odg",
    "odgovor", "odpoveď", "přep", "bls", "trs", "balas", "terus", "atb", "yml",
    "ang", "továbbítás", "továbbküldés", "továbbítva", "απ", "σχετ", "πρθ", "отв", "ответ",
    "на", "пересл", "відп", "תשובה", "הועבר", "השב", "רד", "رد",
    "回复", "回覆", "答复", "答覆", "转发", "轉寄",
    "轉發", "返信", "転送", "回信", "답장", "회신", "전달", "ตอบ", "ส่งต่อ", "trả lời", "chuyển tiếp",
    "إعادة توجيه",
}  # fmt: skip
_LOOK_ALIKES = str.maketrans("аеоіѕԝＲԛ", "aeoiswRq")
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_LABEL = re.compile(
    r"^[\s\"'“(]*(?:\[[^\]]{0,20}\]\s*|\([^)]{0,12}\)\s*)*[(\[]?\s*"
    r"([^\W\d_]{1,12}(?: [^\W\d_]{1,8})?)\s*"
    r"(?:[\[(^]\s*\d{0,3}\s*[\])]?)?\s*\.?\s*[)\]]?\s*[:∶ː;]"
)
_ANSWER_WITHOUT_COLON = re.compile(
    r"^\s*(?:re|fwd?|aw|sv)\s+(?:[-–—]\s|your\b|our\b|my\b|the\b|this\b|that\b|last\b)"
    r"|^\s*(?:in reply to|replying to|(?:my |your )?(?:reply|answer|response) to (?:your|our|"
    r"my))\b",
    re.IGNORECASE,
)
_NO_SUBJECT = re.compile(
    r"^\W*(?:no[ _-]?subject|without subject|(?:email )?subject(?: line)?(?: here)?|untitled|none|"
    r"test(?: email| mail)?|new message|draft|kein betreff|sans objet|sin asunto)\W*$",
    re.IGNORECASE,
)
_OF_THEIRS = (
    r"(?:invoice|payment|account|order|subscription|delivery|package|parcel|refund|mailbox|"
    r"password|domain|card|contract|ticket|booking)"
)
_FALSE_ALARM = re.compile(
    rf"\byour (?:[\w-]+ )?{_OF_THEIRS} (?:(?:is|was|has|will|are|needs|could not|couldn't)\b|"
    r"(?:overdue|expired?|confirmation|suspended|failed|declined|receipt|reminder)\b)"
    rf"|^\W*(?:{_OF_THEIRS}) (?:overdue|past due|due|reminder|confirmation|suspended|failed|"
    r"declined|receipt|expired|#?\d+)\b"
    r"|\b(?:action|response|attention) required\b|\b(?:final|last|second) (?:notice|reminder)\b"
    r"|\b(?:account|access) (?:suspended|locked|limited)\b|\bverify your\b|\bsecurity alert\b"
    r"|\byou(?:'ve| have) (?:won|been (?:selected|charged))\b|\bpast due\b|^\W*urgent\b"
    r"|\bmissed (?:call|delivery|payment)\b",
    re.IGNORECASE,
)
_TALK = r"(?:conversation|call|meeting|chat|discussion|demo|talk|phone call|exchange|email thread)"
_EARLIER_CONTACT = re.compile(
    rf"\bfollow(?:ing)?[- ]?up (?:on|to|from|after) (?:our|your|the|my) (?:[\w]+ ){{0,2}}"
    rf"(?:{_TALK}|e?mail|message|note|voicemail|request|inquiry|proposal|quote)\b"
    r"|\bas (?:we )?(?:discussed|agreed|promised|spoke about|talked about)\b(?! (?:in|by|at the))"
    rf"|\bper (?:our|your) (?:last |earlier |recent )?(?:{_TALK}|e?mail|request)\b"
    r"|\b(?:nice|great|good|lovely|pleasure) (?:speaking|talking|chatting|meeting|to meet|"
    r"catching up) (?:with |to )?you\b"
    r"|\b(?:since|when|after|as) we (?:last )?(?:spoke|talked|met|chatted)\b"
    rf"|\b(?:after|from|since|on|about|re) (?:our|your) (?:(?:last|recent|earlier) )?{_TALK} "
    r"(?:last|yesterday|earlier|this|on|in|with)\b"
    r"|\bthanks? (?:you )?(?:so much |again )?for (?:your (?:reply|response|time|interest in our)|"
    r"taking (?:my|our|the) call|getting back|speaking|meeting|chatting)\b"
    rf"|^\W*(?:our|your) {_TALK}\W*$|\bas per my (?:last|previous) e?mail\b",
    re.IGNORECASE | re.MULTILINE,
)


def pretends_answer(subject: str) -> bool:
    """Tell whether `subject` starts as an answer or a forwarded email does, in any language."""
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", subject))
    found = _LABEL.match(plain)
    label = unicodedata.normalize("NFC", found[1].casefold().replace("\u0307", "")) if found else ""
    spellings = {label, label.translate(_LOOK_ALIKES)}
    return not ANSWER_PREFIXES.isdisjoint(spellings) or bool(_ANSWER_WITHOUT_COLON.match(plain))


def names_no_subject(subject: str) -> bool:
    return bool(_NO_SUBJECT.match(subject))


def raises_false_alarm(subject: str) -> bool:
    """Tell whether it reads as a bill, a warning or a notice about something of theirs."""
    return bool(_FALSE_ALARM.search(subject.replace("’", "'")))


def earlier_contact(text: str) -> str:
    """Return the words that claim an earlier talk with the recipient, or ""."""
    found = _EARLIER_CONTACT.search(text.replace("’", "'"))
    return found.group().strip() if found else ""
