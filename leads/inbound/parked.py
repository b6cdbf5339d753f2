"""Why events are parked, and what to do about each cause in plain words. Pure.

A reason is shown to everybody only where it is a sentence of ours, without what it quotes; another may hold anything.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from leads.inbound.masking import HIDDEN


@dataclass(frozen=True)
class Known:
    """A sentence of ours: `pattern` is all of it, its groups are what it quotes of a body or of an error."""

    pattern: str
    next_step: str


REPLAY = "Then replay it."
NOT_OURS = "Nothing to replay: it is kept as a proof."
UNKNOWN = "Read the reason. When its cause is gone, replay it: the dry run says what would change."
WAITS = "Nothing: it is tried again by itself."

REASONS = (
    Known(
        r"It came without a token, during the cutover\. If it is RB2B's: replay_events --id\.",
        "See whether the body is a visitor as RB2B sends them. If so, put the token into the address at RB2B, so that "
        f"no more are parked. {REPLAY}",
    ),
    Known(
        r"It names nobody: .*",
        "There is nobody in it that could be found again. If RB2B names its fields otherwise now, they have to be read "
        f"first (leads/integrations/rb2b.py). {REPLAY}",
    ),
    Known(
        r"(?:[A-Z][\w ]{0,30}) is an? [a-z/ ]{1,20}, not text\.",
        "The sender puts something else into this field than a text. Mend it where it is sent, or let us read it so; then replay it.",
    ),
    Known(
        r"request_id is missing: .*",
        "In Clay, make request_id a column and a part of the callback's body, and run the column again: its new answer "
        "comes as another event. Replaying this one changes nothing.",
    ),
    Known(
        r"request_id is not one of ours\.",
        "The answer belongs to another installation, or to a question that was erased. Nothing to replay.",
    ),
    Known(
        r"The body is (?:not UTF-8: byte \d+ is 0x[0-9a-f]{2}|a JSON [a-z/ ]{1,20}, not an object|nested too deeply)\.",
        f"No vendor of ours sends such a body. Find out who posts to this address. {NOT_OURS}",
    ),
    Known(
        r"The body is not JSON: .*",
        "In Clay: put the columns of the callback's body in quotes, and run the column again. From anybody else: find "
        f"out who posts to this address. {NOT_OURS}",
    ),
    Known(
        r"The body is larger than \d+ bytes; the first \d+ are kept\.",
        "A visitor takes about one kilobyte. Find out what was sent. Only its beginning is kept: nothing to replay.",
    ),
    Known(
        r"Failed \d+ times: [A-Za-z]\w*(: .*)?",
        f"A fault of ours, or of the database. Mend it with the log of that time, and deploy. {REPLAY}",
    ),
    Known(
        r"The process ended in each of \d+ tries\.",
        f"The worker died over it each time: look at its memory and its log, and mend that. {REPLAY}",
    ),
    Known(r"[A-Za-z]\w*(?:Error|Exception|NotYet|Moved)(: .*)?", UNKNOWN),
    Known(r"NotYet(: .*)?", UNKNOWN),
)


def next_step(reason: str, state: str, known: Sequence[Known]) -> str:
    """What a person does now; "" for an event that needs nobody."""
    if state == "waiting":
        return WAITS if reason else ""
    if state != "parked":
        return ""
    return next(
        (one.next_step for one in known if re.fullmatch(one.pattern, reason, re.DOTALL)), UNKNOWN
    )


def visible_reason(reason: str, known: Sequence[Known]) -> str:
    """The reason without anything that it may quote."""
    if not reason:
        return ""
    found = next(
        filter(None, (re.fullmatch(one.pattern, reason, re.DOTALL) for one in known)), None
    )
    if found is None:
        return f"{HIDDEN} (it may quote the body)"
    for group in range(len(found.groups()), 0, -1):
        if found[group] is not None:
            start, end = found.span(group)
            reason = (
                f"{reason[:start]}: {HIDDEN}{reason[end:]}"
                if found[group].startswith(": ")
                else (f"{reason[:start]}{HIDDEN}{reason[end:]}")
            )
    return reason
