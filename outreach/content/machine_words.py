"""What machines leave in a text: preambles, vendors' statuses, footers, claims of news. Pure."""

import re

_PREAMBLE = re.compile(
    r"\bas an? (?:ai|artificial intelligence|large) language model\b|\bas a language model\b"
    r"|\bas an? (?:ai|artificial intelligence)(?: (?:model|assistant|chatbot))?, ?(?:i|my)\b"
    r"|\bi(?:'m| am) (?:an ai|a language model|just an ai)\b"
    r"|\bi (?:cannot|can't|can not|am unable to|am not able to|won't be able to) "
    r"(?:write|generate|create|assist|fulfill|provide|complete|draft|produce|help with)\b.{0,60}"
    r"\b(?:e-?mail|request|content|message|information|that|this)\b"
    r"|\bi(?:'m| am) sorry, but (?:i|as)\b|\bi apologize, but i\b"
    r"|^\W*(?:sure|certainly|of course|absolutely|great|okay|ok)\b[^\n]{0,20}\bhere(?:'s| is|"
    r" are)\b"
    r"|^\W*(?:here(?:'s| is)|below is|this is) (?:a|an|the|your|my)(?: [\w-]+){0,3} "
    r"(?:draft|version|rewrite|e-?mail|message|template|subject line)\b[^\n]{0,60}:"
    r"|^\W*(?:(?:e-?mail )?subject(?: line)?|e-?mail body|body|betreff|asunto|objet|output|"
    r"response|version \d|"
    r"option \d|draft \d?) ?[:：]"
    r"|\blet me know if you(?:'d| would)? (?:like|want|need) (?:me to|any) "
    r"(?:adjust|change|revise|modify|rewrite|tweak|make|shorten|edit|refine|further|revisions)"
    r"|\b(?:i hope|hope) this (?:draft|version|rewrite) \b|\bfeel free to (?:customi[sz]e|edit|"
    r"adapt|"
    r"modify|personali[sz]e) (?:this|it|the)\b|^\W*word count\b|^\W*\(?note: (?:this|i|the) "
    r"(?:e-?mail|draft|message|have|version)\b"
    r"|```|\*\*[^*\n]{1,80}\*\*|^#{1,4} \w|<think>|\bi(?:'ve| have) (?:kept|made) (?:it|the tone)\b"
    r"|\bmy (?:training data|knowledge cutoff)\b",
    re.IGNORECASE | re.MULTILINE,
)
# Capitals in the middle of a sentence: a value was put in there, and nobody wrote it.
_STATUS_AS_FACT = re.compile(
    r"(?<=[a-z,;:] )(?:N/A|N\.A\.|(?:Data |Title |Company )?Not (?:Found|found|Available|available|"
    r"Applicable|applicable|Provided|provided|Specified|specified|Known|Disclosed)|NOT FOUND|"
    r"No (?:[A-Za-z]+ ){0,2}(?:Found|found|Available|available)|NO DATA|No [Dd]ata|"
    r"Unknown(?! [A-Z])|UNKNOWN|"
    r"Missing [Ii]nputs?|Run [Cc]onditions? [Nn]ot [Mm]et|Error: \w+|Undefined)\b"
    r"|\b[Rr]un conditions? not met\b|\b[Mm]issing inputs?\b(?= (?:with|and|at|to)\b|[.,!?])"
    r"|\b[Ss]tatus [Cc]ode:? ?\d{3}\b|#N/A\b|#REF!|[🚫❌⚠✅]\ufe0f? ?\w+"
    r"|\b(?:I|we|We) (?:could not|couldn't|was unable to|were unable to|am unable to) "
    r"(?:determine|find|identify|verify|locate)\b[^.\n]{0,60}"
    r"|\b(?:from|based on|in) the (?:information|data|context|text) (?:provided|available|given)\b"
    r"|\b(?:the )?(?:industry|title|company|role) appears to be\b"
)
_FOOTER_LINE = re.compile(
    r"^\W*(?:click (?:here )?to )?(?:unsubscribe|opt[- ]?out)\W*(?:here|now|:.*|from .{0,40}|"
    r"instantly|at any time.*|\(.*\)|\|.*|https?:.*|<.*)?\W*$"
    r"|\b(?:https?://|www\.|mailto:)\S*(?:unsub|opt-?out|optout)\S*"
    r"|\b(?:to|you (?:can|may)) (?:unsubscribe|opt[- ]?out)\b[^.\n]{0,30}"
    r"\b(?:click|reply|visit|here|at any time|anytime|from this|link)\b"
    r"|\b(?:click|tap|press)(?: here| below| this link| the link)? to (?:unsubscribe|opt[- ]?out|"
    r"stop receiving)\b"
    r"|\b(?:reply|respond|answer|text|write)(?: back)?(?: to this e-?mail)?(?: with)? "
    r"[\"'“‘]?(?:stop|unsubscribe|remove|opt[- ]?out)\b[\"'”’]?"
    r"|\bif you (?:no longer wish|(?:do not|don't|would not|wouldn't) (?:want|wish|like)|"
    r"prefer not|'d prefer not|would prefer not) to (?:receive|get)\b"
    r"|\b(?:manage|update|change) your (?:e-?mail |mailing |communication |subscription )?"
    r"preferences\b|\bunsubscribe (?:here|link|instantly|from (?:this|our|these))\b"
    r"|\[unsubscribe[^\]]*\]|\bto be removed from (?:this|our) (?:list|mailing)",
    re.IGNORECASE | re.MULTILINE,
)
_ENDINGS = (
    "com|net|org|io|ai|co|app|dev|biz|info|us|ca|uk|de|fr|nl|eu|se|ch|at|au|tech|cloud|health|"
    "agency|solutions|test|example"
)
_DOMAIN_AS_NAME = re.compile(
    r"\b(?:at|for|help|helps|helping|with|of|about|and|like|as|to) "
    rf"((?:[a-z0-9-]+\.)+(?:{_ENDINGS})|[A-Z0-9-]+\.(?:{_ENDINGS.upper()}))\b(?![@/.:][\w/])(?!-)"
)
_CALLED_BY_DOMAIN = {
    "monday.com", "bill.com", "cars.com", "hotels.com", "booking.com", "chewy.com", "amazon.com",
    "salesforce.com", "care.com", "crypto.com", "c3.ai", "h2o.ai", "asp.net", "indeed.com",
    "apartments.com", "realtor.com", "match.com", "fly.io", "cal.com", "make.com", "apollo.io",
    "wordpress.com", "priceline.com", "x.ai", "scale.ai",
}  # fmt: skip
_NEWS = re.compile(
    r"\bseries [a-f]\b(?! of)|\b(?:seed|pre-seed|funding) round\b"
    r"|\b(?:raised|raising|closed|secured) (?:an? )?(?:[$€£]\s?[\d.]+|[\d.]+ (?:million|billion))"
    r"|\bcongrat(?:s|ulations) on (?:the|your|that) (?:recent |new |big )?(?:acquisition|funding|"
    r"raise|round|promotion|new role|ipo|launch|expansion|award|merger)\b"
    r"|\byour recent (?:acquisition|funding|promotion|ipo|merger|award|expansion|launch)\b",
    re.IGNORECASE,
)
_ABOUT_THEM = re.compile(
    r"^\W*(?:an? )?(?:[\w-]+ )?(?:question|idea|note|thought|proposal|suggestion|plan|offer)s? "
    r"(?:for|to|about) (?P<name>[A-Z][\w&'’-]*(?: (?:[A-Z][\w&'’-]*|&|of|and))*)\W*$"
)
_NO_COMPANY = {
    "you", "ai", "monday", "tuesday", "wednesday", "thursday", "friday", "q1", "q2", "q3", "q4",
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december", "operations", "sales", "finance", "marketing", "logistics",
}  # fmt: skip


def ai_preamble(text: str) -> str:
    return _first(_PREAMBLE, text)


def status_as_fact(text: str) -> str:
    """Return a vendor's status that stands in `text` as if it were a name or a fact, or ""."""
    return _first(_STATUS_AS_FACT, text)


def footer_in_body(body: str) -> str:
    """Return a line about unsubscribing that belongs to the footer, or ""."""
    return _first(_FOOTER_LINE, body)


def domain_as_name(text: str) -> str:
    """ "acme.com" in "We help acme.com with invoices"; "" for "Booking.com", which is a name."""
    for found in _DOMAIN_AS_NAME.finditer(text):
        if found[1].lower() not in _CALLED_BY_DOMAIN:
            return found[1]
    return ""


def claimed_news(text: str) -> str:
    """Return words of a round, a deal or a new post that a source would have to say, or ""."""
    return _first(_NEWS, text)


def other_company(subject: str, own_words: str) -> str:
    """Return the company that `subject` is for where it is not among `own_words`, or ""."""
    found = _ABOUT_THEM.match(subject)
    name = found["name"] if found else ""
    said = [word for word in re.findall(r"\w+", name.lower()) if word not in _NO_COMPANY]
    known = set(re.findall(r"\w+", own_words.lower()))
    abbreviation = bool(re.fullmatch(r"[A-Z]{2,4}s?", name))
    return name if said and known and known.isdisjoint(said) and not abbreviation else ""


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text.replace("’", "'"))
    return " ".join(found.group().split())[:80] if found else ""
