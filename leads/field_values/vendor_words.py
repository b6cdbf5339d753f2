"""What vendors and their AI columns write where they know nothing. Pure.

A field with such a text is unknown: it is no title, no company and no name.
"""

import re
import unicodedata

_UNKNOWN_WORDS = {
    "", "-", "--", "na", "n/a", "n.a.", "n.a", "n\\a", "nan", "nil", "null", "none", "(none)",
    "undefined", "unknown", "false", "empty", "blank", "tbd", "tba", "response", "result",
    "redacted", "[redacted]", "hidden", "confidential", "not sure", "unsure", "pending",
    "no data", "no info", "no information", "no value", "no answer", "no response", "no result",
    "no results", "no match", "no matches", "no record", "no records", "missing", "#n/a", "#ref!",
    "#value!", "#name?", "queued", "running", "skipped", "insufficient data", "[]", "other/unknown",
    "{}", "unspecified", "undisclosed", "unavailable", "inconclusive", "to be determined",
    "waiting", "status", "object", "click to run", "loading", "(null)", "<null>", "#error!",
    "not set",
}  # fmt: skip
_STATUS = re.compile(
    r"(?:(?:data|title|company|email|person|profile|value|name|information|contact)\s+)?"
    r"(?:is |was |were )?not[ -](?:found|available|applicable|provided|specified|disclosed|listed|"
    r"mentioned|known|stated|given|set|identified|determined|enough data|publicly available)\b.*"
    r"|(?:no|zero) (?:[\w ]{1,40} )?(?:found|available|provided|returned|identified|listed)\b.*"
    r"|could not be (?:found|determined|verified)\b.*"
    r"|(?:http )?(?:status|error)(?: code)?\s*[:=]?\s*\d{3}\b.*"
    r"|\d{3} (?:not found|error|bad request|forbidden|unauthorized|too many requests)\b.*"
    r"|\[object \w+\].*"
    r"|(?:error\w*|failed|timed?[ -]?out|rate[ -]?limit\w*)\b.*"
    r"|(?:the )?run conditions?(?: was| were)? not met\b.*"
    r"|(?:the )?missing (?:an? )?(?:required )?(?:inputs?|data|values?|fields?)\b.*"
    r"|(?:out of|insufficient|no|not enough) credits?\b.*"
    r"|click to (?:run|retry)\b.*",
    re.IGNORECASE | re.DOTALL,
)
_STATUS_SIGNS = "⚠❌🚫⛔✖❎🛑❓⏳🔄"
_TICKS = "✅✔☑🟢👍"
_SENTENCE_OF_AI = re.compile(
    r"\b(?:i|we) (?:could ?n[o'’]?t|was not able|wasn['’]t able|am unable|was unable|were unable|"
    r"can ?not|can['’]t|do not have|don['’]t have|did not find|didn['’]t find|found no)\b"
    r"|\b(?:could|can)(?: ?not|n't|n’t) (?:be )?(?:determin|find|found|identif|verif|locat|confirm)"
    r"|\b(?:unable|failed|impossible) to (?:determine|find|identify|verify|locate|confirm)\b"
    r"|\b(?:information|data|context|details) (?:was |is |were )?(?:provided|given|available)\b"
    r"|\bbased on (?:the|your|this|my|available|publicly)\b|\bappears? to be\b|\bas an ai\b"
    r"|\baccording to (?:the|their|its)\b|\b(?:does|do|did) not (?:mention|specify|provide|list)\b"
    r"|\bdoesn['’]t (?:mention|specify|provide|list)\b|\bno (?:explicit|specific) (?:mention|info)"
    r"|^(?:the|this) (?:job title|title|person|company|industry|website|profile) "
    r"(?:is|was|of|does|doesn|could|can|seems|appears|operates|provides|offers)\b",
    re.IGNORECASE,
)
_STATUS_BEGINS = re.compile(
    r"(?:error|failure)(?=$|:| \d)|failed\b|timed? ?out|timeout|rate limit|missing input|"
    r"run conditions?\b|status code|http (?:error )?[45]\d\d|unauthori[sz]ed|forbidden|bad request|"
    r"request failed|invalid (?:input|request|url|domain)|insufficient credits?|out of credits|"
    r"no (?:[a-z]+ ){0,3}(?:found|available|provided|returned|results?|data|matches|answer)\b|"
    r"no (?:results?|data|match|matches|information|record|records)\b|"
    r"not (?:found|available|applicable|provided|specified|disclosed|determined|listed|met)\b|"
    r"none (?:found|available|provided)|could(?: not|n't|n’t)|can(?:not|'t|’t) |unable to|"
    r"does not exist|information (?:is )?not|enrichment (?:failed|not)"
)
_SENTENCE_BEGINS = re.compile(
    r"(?:i (?:could|was|am|do|did|have|can|cannot|found)|i'm |i’m |based on|according to|"
    r"unfortunately|sorry|as an ai|from the (?:website|information|data|provided)|the (?:company|"
    r"website|person|industry|job title|information|provided)\b.*\b(?:is|are|appears?|seems?|does|"
    r"was|could|not)\b|it (?:appears|seems|looks|is)|there (?:is|are) no|this (?:company|person) )"
)
_DATA = re.compile(r'^\s*(?:[{\[].*[}\]]|"[^"]*"\s*:.*)\s*$', re.DOTALL)


def plain_value(value: str) -> str:
    """Return `value` without the tick that a vendor sets before what it found."""
    return value.strip().lstrip(_TICKS + "\ufe0f").strip() if value.strip() else ""


def without_pictures(text: str) -> str:
    """ "✅ CEO" as "CEO"."""
    kept = "".join(c for c in text if unicodedata.category(c) not in ("So", "Sk", "Cf", "Co", "Cn"))
    return kept.replace("\ufe0f", "").strip()


def is_unknown(value: str) -> bool:
    """Tell whether `value` says that nothing is known, rather than what is."""
    text = unicodedata.normalize("NFKC", value).replace("\x00", "").strip()
    if any(sign in text for sign in _STATUS_SIGNS) or _DATA.match(text):
        return True
    words = " ".join(without_pictures(text).casefold().replace("_", " ").split())
    bare = words.rstrip(".!…").strip()
    if not _UNKNOWN_WORDS.isdisjoint((bare, words)) or not any(char.isalnum() for char in bare):
        return True
    whole = _STATUS.fullmatch(text) or _SENTENCE_OF_AI.search(text)
    return bool(whole or _STATUS_BEGINS.match(words) or _SENTENCE_BEGINS.match(words))
