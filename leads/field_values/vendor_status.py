"""Texts in a vendor's field that are no value: a status of the vendor, or a sentence of an AI."""

import re
import unicodedata

NO_VALUES = {
    "", "null", "none", "n/a", "na", "n.a.", "undefined", "-", "--", "—", "unknown", "nan", "false",
    "response", "no response", "status", "[object object]", "object", "tbd", "to be determined",
    "skipped", "pending", "queued", "waiting", "running", "click to run", "loading", "(null)",
    "<null>", "#n/a", "#ref!", "#value!", "#error!", "[]", "{}", "?", "not set", "empty", "blank",
}  # fmt: skip
_STATUS = re.compile(
    r"(?:error|failed|failure|timed? ?out|timeout|rate limit|missing input|run conditions? not met|"
    r"run condition|status code|http (?:error )?[45]\d\d|unauthori[sz]ed|forbidden|bad request|"
    r"request failed|invalid (?:input|request|url|domain)|insufficient credits?|out of credits|"
    r"no (?:[a-z]+ ){0,3}(?:found|available|provided|returned|results?|data|matches|answer)\b|"
    r"no (?:results?|data|match|matches|information|record|records)\b|"
    r"not (?:found|available|applicable|provided|specified|disclosed|determined|listed|met)\b|"
    r"none (?:found|available|provided)|could(?: not|n't|n’t)|can(?:not|'t|’t) |unable to|"
    r"does not exist|information (?:is )?not|enrichment (?:failed|not))"
)
_AI_SENTENCE = re.compile(
    r"(?:i (?:could|was|am|do|did|have|can|cannot|found)|i'm |i’m |based on|according to|"
    r"unfortunately|sorry|as an ai|from the (?:website|information|data|provided)|the (?:company|"
    r"website|person|industry|job title|information|provided)\b.*\b(?:is|are|appears?|seems?|does|"
    r"was|could|not)\b|it (?:appears|seems|looks|is)|there (?:is|are) no|this (?:company|person) )"
)


def without_pictures(text: str) -> str:
    """ "✅ CEO" as "CEO"."""
    kept = "".join(c for c in text if unicodedata.category(c) not in ("So", "Sk", "Cf", "Co", "Cn"))
    return kept.replace("\ufe0f", "").strip()


def is_no_value(text: str) -> bool:
    low = " ".join(without_pictures(text).lower().replace("_", " ").split())
    return low in NO_VALUES or bool(_STATUS.match(low) or _AI_SENTENCE.match(low))
