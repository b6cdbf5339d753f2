"""Reasons stored as a sentence alone, before events had `reason_code`. Pure.

Only our own sentences are shown to everybody, without what their groups quote of a body or an
error.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from leads.inbound.masking import HIDDEN


@dataclass(frozen=True)
class OldReason:
    """`pattern` matches the whole sentence of `code`; its groups are what it may quote."""

    pattern: str
    code: str


OLD_REASONS = (
    OldReason(
        r"It came without a token, during the cutover\. If it is RB2B's: replay_events --id\.",
        "no_token",
    ),
    OldReason(r"It names nobody: .*", "no_identifiers"),
    OldReason(r"(?:[A-Z][\w ]{0,30}) is an? [a-z/ ]{1,20}, not text\.", "field_not_text"),
    OldReason(r"request_id is missing: .*", "request_id_missing"),
    OldReason(r"request_id is not one of ours\.", "request_id_unknown"),
    OldReason(r"The body is not UTF-8: byte \d+ is 0x[0-9a-f]{2}\.", "body_not_utf8"),
    OldReason(r"The body is a JSON [a-z/ ]{1,20}, not an object\.", "body_not_object"),
    OldReason(r"The body is nested too deeply\.", "body_too_deep"),
    OldReason(r"The body is not JSON: .*", "body_not_json"),
    OldReason(r"The body is larger than \d+ bytes; the first \d+ are kept\.", "body_too_large"),
    OldReason(r"Failed \d+ times: [A-Za-z]\w*(: .*)?", "failed_repeatedly"),
    OldReason(r"The process ended in each of \d+ tries\.", "process_ended"),
    OldReason(r"[A-Za-z]\w*(?:Error|Exception|NotYet|Moved)(: .*)?", "will_retry"),
    OldReason(r"NotYet(: .*)?", "will_retry"),
)


def code_of_old_reason(sentence: str, known: Sequence[OldReason]) -> str:
    found = _matching(sentence, known)
    return found[0].code if found else ""


def visible_old_reason(sentence: str, known: Sequence[OldReason]) -> str | None:
    """The sentence without anything that it may quote; None where it is none of ours."""
    found = _matching(sentence, known)
    if found is None:
        return None
    match = found[1]
    for group in range(len(match.groups()), 0, -1):
        if match[group] is not None:
            start, end = match.span(group)
            separator = ": " if match[group].startswith(": ") else ""
            sentence = f"{sentence[:start]}{separator}{HIDDEN}{sentence[end:]}"
    return sentence


def _matching(sentence: str, known: Sequence[OldReason]) -> tuple[OldReason, re.Match[str]] | None:
    for old in known:
        if match := re.fullmatch(old.pattern, sentence, re.DOTALL):
            return old, match
    return None
