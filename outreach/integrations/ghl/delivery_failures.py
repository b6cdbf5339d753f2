"""Tells whether a failed delivery is about the address, the receiver's opinion of us, or us. Pure.

Sources: RFC 3463 (x.1 address, x.2 mailbox, x.3 to x.6 systems and messages, x.7 policy), Mailgun's
"Event structure", and what large receivers answer.
"""

import re

from outreach.choices import EventKind

Kind = EventKind

_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\d|\.\d)")
_BASIC = re.compile(r"(?<![\d.])([45]\d\d)(?!\d|\.\d)")
_UNKNOWN_ADDRESS = re.compile(
    r"(?:user|recipient|mailbox|address|account|addressee|usuario|destinatario)\W+"
    r"(?:\w+\W+){0,5}?(?:unknown|not\s+found|does\s*n[o']t\s+exist|doesn't\s+exist|invalid"
    r"|unavailable|disabled|inactive|desconocido|inexistente|no\s+existe)"
    r"|(?:unknown|invalid|no\s+such|unrouteable|nonexistent|disabled)\W+"
    r"(?:\w+\W+)?(?:user|recipient|mailbox|address|account|person|here)"
    r"|recipient\s+address\s+rejected:?\s+access\s+denied",
    re.IGNORECASE,
)
_FULL_MAILBOX = re.compile(
    r"over\s*quota|quota\s+(?:\w+\s+)?exceeded|exceeded\s+(?:\w+\s+){0,3}quota|out\s+of\s+storage"
    r"|(?:mailbox|inbox|buz[oó]n|postfach|bo[iî]te)\s+(?:\w+\s+){0,3}(?:full|lleno|voll|pleine)"
    r"|insufficient\s+(?:system\s+)?storage",
    re.IGNORECASE,
)
_BLOCK = re.compile(
    r"spam|block(?:ed|ing)?[\s_-]*(?:list|using|by|for|due)|black\s*list|(?:is|been|was)\s+blocked"
    r"|deny\s*list|rbl|dnsbl|spamhaus|barracuda|proofpoint|cloudmark|senderscore|spamcop|sorbs"
    r"|reputation|policy|polic(?:y|ies)|dmarc|(?<!\w)spf(?!\w)|dkim|unauthenticated"
    r"|not\s+authori[sz]ed|unsolicited|unusual\s+rate|rate\s*limit|too\s+many\s+(?:messages|connect)"
    r"|suspicious|content\s+rejected|abus(?:e|ive)|poor\s+sender|banned",
    re.IGNORECASE,
)
# Mailgun's own causes; "old" is an email that it tried in vain for too long.
_KINDS_BY_REASON = {
    "suppress-bounce": Kind.BOUNCED,
    "suppress-complaint": Kind.REFUSED,
    "suppress-unsubscribe": Kind.REFUSED,
    "espblock": Kind.BLOCKED,
    "old": Kind.DEFERRED,
}


def kind_of_failure(*, is_temporary: bool, reason: str, code: str, text: str) -> EventKind:
    """The event that a failed delivery is. `code` is what the provider names as the code; `text`
    is what the receiver answered.

    Only an answer about the address itself is a bounce. One without any code, and one about the
    message or our connection, is an error of sending.
    """
    if reason in _KINDS_BY_REASON and not (is_temporary and reason == "espblock"):
        return _KINDS_BY_REASON[reason]
    enhanced = _ENHANCED.search(code) or _ENHANCED.search(text)
    basic = _BASIC.search(code) or _BASIC.search(text)
    first = (enhanced or basic or (" ",))[0][0]
    if is_temporary or first == "4" or _is_full(enhanced, text):
        return Kind.DEFERRED
    if enhanced is None and basic is None:
        return Kind.SEND_FAILED
    if _UNKNOWN_ADDRESS.search(text):
        return Kind.BOUNCED
    return _kind_by_code(enhanced, text)


def _is_full(enhanced: re.Match[str] | None, text: str) -> bool:
    return bool(_FULL_MAILBOX.search(text)) or (
        enhanced is not None and (enhanced[2], enhanced[3]) == ("2", "2")
    )


def _kind_by_code(enhanced: re.Match[str] | None, text: str) -> EventKind:
    subject = enhanced[2] if enhanced else ""
    if subject == "7":
        return Kind.BLOCKED
    if subject == "1":  # 5.1.7 and 5.1.8 are about the sender's address
        return Kind.SEND_FAILED if enhanced and enhanced[3] in ("7", "8") else Kind.BOUNCED
    if _BLOCK.search(text):
        return Kind.BLOCKED
    return Kind.SEND_FAILED if subject in ("3", "5", "6") else Kind.BOUNCED
