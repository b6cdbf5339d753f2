"""What a verifier says of a mailbox, in the words of the many that Clay can ask. Pure.

A dead mailbox does not exist, or traps whoever writes to it. A full one, or one whose server
refuses us for now, exists.
"""

import re
import unicodedata
from enum import Enum
from typing import Any


class MailboxVerdict(Enum):
    GOOD = "good"
    DEAD = "dead"
    UNSURE = "unsure"  # looked at, and not found good
    NOT_TOLD = "not told"


LONGEST_READ = 200
DEAD_PHRASES = (
    "invalid", "not valid", "not a valid", "undeliverable", "non deliverable", "not deliverable",
    "does not exist", "doesn t exist", "do not exist", "non existent", "non existing", "not found",
    "no such", "unknown user", "user unknown", "unknown recipient", "recipient unknown",
    "unknown mailbox", "mailbox unknown", "bounce", "bounced", "hard bounce", "hard bounced",
    "spam trap", "spam traps", "possible trap", "trap", "honey pot", "do not mail", "do not email",
    "do not send", "abuse", "complainer", "bad", "dead", "disabled", "deactivated", "rejected",
    "no mx", "no dns", "dns error", "syntax error", "failed syntax check", "unsafe", "not safe",
    "toxic", "unroutable",
)  # fmt: skip
# The mailbox exists, or may: these count wherever they stand.
EXISTING_PHRASES = (
    "mailbox full", "inbox full", "full mailbox", "full inbox", "mailbox is full", "quota",
    "blocked", "temporary", "temporarily", "soft bounce", "soft bounced", "bounce risk",
    "greylisted", "graylisted",
)  # fmt: skip
UNSURE_PHRASES = (
    *EXISTING_PHRASES, "catch all", "accept all", "accepts all", "ok for all", "risky", "risk",
    "unknown", "unverifiable", "unverified", "not verified", "disposable", "failed", "false", "no",
)  # fmt: skip
# Before or after a verdict they say nothing. No text may be two of them: a regular expression
# would try every combination.
SUBJECTS = (
    "the", "this", "an", "a", "e mail", "mail", "address", "mailbox", "inbox", "account",
    "user", "recipient", "domain", "status", "result", "verdict", "is", "was", "to", "for", "send",
    "sending",
)  # fmt: skip
GOOD_WORDS = ("valid", "deliverable", "verified", "safe", "ok", "okay", "good", "true", "yes", "1")
CROSSES = "❌✖✗✘❎🚫⛔🛑🔴👎"
TICKS = "✅✔☑🟢👍"


def _any_of(phrases: tuple[str, ...]) -> str:
    """Phrases with their spaces or without: "spam trap" is also "spamtrap"."""
    longest_first = sorted(phrases, key=len, reverse=True)
    return "|".join(phrase.replace(" ", " ?") for phrase in longest_first)


_SUBJECTS = rf"(?:(?:{_any_of(SUBJECTS)}) )*"
_DEAD = re.compile(rf"{_SUBJECTS}(?:{_any_of(DEAD_PHRASES)})\b")
_UNSURE = re.compile(rf"\b(?:{_any_of(UNSURE_PHRASES)})\b")
_EXISTS = re.compile(rf"\b(?:{_any_of(EXISTING_PHRASES)})\b")
_GOOD = re.compile(rf"(?:(?:{_any_of((*SUBJECTS, *GOOD_WORDS))})(?: |$))+")
_GOOD_WORD = re.compile(rf"\b(?:{_any_of(GOOD_WORDS)})\b")
# The column did not run, or no address was found to be judged
_NO_VERDICT = re.compile(
    r"(?:invalid|bad|disabled|rejected|unsafe) "
    r"(?:request|input|api|key|token|url|json|response|gateway|credentials?|parameters?|argument)\b"
    r"|(?:work |business |personal )?(?:e ?mails?)(?: address)?(?: was| were| is)? not found\b"
)


def read_verdict(value: Any) -> MailboxVerdict:
    """The first words decide: "Invalid (mailbox not found)" is dead. A picture decides where there
    is no word.
    """
    text = str(value)[:LONGEST_READ] if isinstance(value, str | int) else ""
    words = _plain_words(text)
    if not words:
        return _verdict_of_picture(text)
    if _DEAD.match(words) and not _is_column_status(words, text):
        return MailboxVerdict.UNSURE if _EXISTS.search(words) else MailboxVerdict.DEAD
    if _GOOD.fullmatch(words) and _GOOD_WORD.search(words) and not _has_any(text, CROSSES):
        return MailboxVerdict.GOOD
    if words == "0" or _UNSURE.search(words) or _GOOD_WORD.match(words):
        return MailboxVerdict.UNSURE
    return MailboxVerdict.NOT_TOLD


def join_verdicts(values: list[Any]) -> MailboxVerdict:
    """Of several columns: dead before unsure before good."""
    found = {read_verdict(value) for value in values}
    order = (MailboxVerdict.DEAD, MailboxVerdict.UNSURE, MailboxVerdict.GOOD)
    return next((one for one in order if one in found), MailboxVerdict.NOT_TOLD)


def _plain_words(text: str) -> str:
    """Without pictures, brackets and signs; "-", "_" and a space are one."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.findall(r"[^\W_]+", plain))


def _is_column_status(words: str, text: str) -> bool:
    """ "🚫 Not found" is how Clay shows a column that found nothing."""
    shows_nothing = words == "not found" and _has_any(text, CROSSES)
    return shows_nothing or _NO_VERDICT.match(words) is not None


def _verdict_of_picture(text: str) -> MailboxVerdict:
    if _has_any(text, CROSSES):
        return MailboxVerdict.DEAD
    return MailboxVerdict.GOOD if _has_any(text, TICKS) else MailboxVerdict.NOT_TOLD


def _has_any(text: str, signs: str) -> bool:
    return any(sign in text for sign in signs)
