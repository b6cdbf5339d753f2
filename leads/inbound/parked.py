"""Why an event is parked or waits: a stored code with arguments, its sentence, and the next step.
Pure.

Each app has a table of its codes. Whoever may not read personal data sees a sentence without its
hidden arguments.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from leads.inbound.masking import HIDDEN
from leads.inbound.old_reasons import OldReason, code_of_old_reason, visible_old_reason
from leads.integrations.body_errors import BODY_ERRORS
from leads.normal import storable_text

LONGEST_SENTENCE = 300  # characters; also of one argument

REPLAY = "Then replay it."
NOT_OURS = "Nothing to replay: it is kept as a proof."
UNKNOWN = "Read the reason. When its cause is gone, replay it: the dry run says what would change."
WAITS = "Nothing: it is tried again by itself."
HIDDEN_SENTENCE = f"{HIDDEN} (it may quote the body)"


@dataclass(frozen=True)
class ParkReason:
    """What a code says.

    `sentence` is a format string; `hidden` names arguments that may be personal.
    """

    sentence: str
    next_step: str
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True)
class StoredReason:
    """The reason of one event as its row holds it; old rows have no code."""

    code: str = ""
    args: Mapping[str, Any] = field(default_factory=dict)
    sentence: str = ""

    def __str__(self) -> str:
        return self.sentence

    def __bool__(self) -> bool:
        return bool(self.sentence)

    @property
    def columns(self) -> dict[str, Any]:
        return {"reason": self.sentence, "reason_code": self.code, "reason_args": dict(self.args)}


NO_REASON = StoredReason()


def reason_of(event: Any) -> StoredReason:
    return StoredReason(event.reason_code, event.reason_args, event.reason)


_NOBODY = (
    "There is nobody in it that could be found again. If RB2B names its fields otherwise now, "
    "they have to be read "
    f"first (leads/integrations/rb2b/fields.py). {REPLAY}"
)
_NO_VENDOR = f"No vendor of ours sends such a body. Find out who posts to this address. {NOT_OURS}"

PARK_REASONS = {
    "no_token": ParkReason(
        "It came without a token, during the cutover. If it is RB2B's: replay_events --id.",
        "See whether the body is a visitor as RB2B sends them. If so, put the token into the "
        "address at RB2B, so that "
        f"no more are parked. {REPLAY}",
    ),
    "no_identifiers": ParkReason(BODY_ERRORS["no_identifiers"], _NOBODY),
    "no_readable_identifier": ParkReason(BODY_ERRORS["no_readable_identifier"], _NOBODY),
    "field_not_text": ParkReason(
        BODY_ERRORS["field_not_text"],
        "The sender puts something else into this field than a text. Mend it where it is sent, "
        "or let us read it so; "
        "then replay it.",
    ),
    "request_id_missing": ParkReason(
        BODY_ERRORS["request_id_missing"],
        "In Clay, make request_id a column and a part of the callback's body, or put the "
        "person's address or LinkedIn URL into it, and run the column again: its new answer "
        "comes as another event. Replaying this one changes nothing.",
    ),
    "request_id_unknown": ParkReason(
        BODY_ERRORS["request_id_unknown"],
        "The answer belongs to another installation, or to a question that was erased. Nothing "
        "to replay.",
    ),
    "answer_about_nobody": ParkReason(
        BODY_ERRORS["answer_about_nobody"],
        "Nothing, if it is a row of the workbook that never visited here. Once its person is a "
        "lead, by a visit or an import, replay it.",
    ),
    "body_not_utf8": ParkReason(BODY_ERRORS["body_not_utf8"], _NO_VENDOR),
    "body_not_object": ParkReason(BODY_ERRORS["body_not_object"], _NO_VENDOR),
    "body_too_deep": ParkReason(BODY_ERRORS["body_too_deep"], _NO_VENDOR),
    "body_not_json": ParkReason(
        BODY_ERRORS["body_not_json"],
        "In Clay: put the columns of the callback's body in quotes, and run the column again. "
        "From anybody else: find "
        f"out who posts to this address. {NOT_OURS}",
    ),
    "body_too_large": ParkReason(
        "The body is larger than {limit} bytes; the first {limit} are kept.",
        "A visitor takes about one kilobyte. Find out what was sent. Only its beginning is "
        "kept: nothing to replay.",
    ),
    "failed_repeatedly": ParkReason(
        "Failed {attempts} times: {error}: {detail}",
        "A fault of ours, or of the database. Mend it with the log of that time, and deploy. "
        f"{REPLAY}",
        hidden=("detail",),
    ),
    "process_ended": ParkReason(
        "The process ended in each of {attempts} tries.",
        "The worker died over it each time: look at its memory and its log, and mend that. "
        f"{REPLAY}",
    ),
    "will_retry": ParkReason("{error}: {detail}", UNKNOWN, hidden=("detail",)),
}


# Answers of Clay that belong to nobody here: kept and counted apart, and no fault of anybody's.
UNMATCHED_ANSWERS = ("answer_about_nobody", "request_id_missing", "request_id_unknown")

# A message to us of which we cannot tell whom of ours it concerns.
UNPLACED_MESSAGE = "ghl_unplaced"


def park_reason(
    code: str, reasons: Mapping[str, ParkReason] = PARK_REASONS, /, **args: Any
) -> StoredReason:
    """The reason of `code` to store on an event, with its sentence.

    `args` are texts or whole numbers.
    """
    stored = {
        name: storable_text(value)[:LONGEST_SENTENCE] if isinstance(value, str) else value
        for name, value in args.items()
    }
    sentence = reasons[code].sentence.format(**stored)[:LONGEST_SENTENCE]
    return StoredReason(code, stored, sentence)


def next_step(
    reason: StoredReason,
    state: str,
    reasons: Mapping[str, ParkReason] = PARK_REASONS,
    old: Sequence[OldReason] = (),
) -> str:
    """What a person does now; "" for an event that needs nobody.

    `old` recognises rows without a code.
    """
    if state == "waiting":
        return WAITS if reason else ""
    if state != "parked":
        return ""
    known = reasons.get(reason.code or code_of_old_reason(reason.sentence, old))
    return known.next_step if known else UNKNOWN


def visible_reason(
    reason: StoredReason,
    reasons: Mapping[str, ParkReason] = PARK_REASONS,
    old: Sequence[OldReason] = (),
) -> str:
    """The sentence for somebody who may not read personal data.

    `old` recognises rows without a code.
    """
    if not reason:
        return ""
    if not reason.code:
        return visible_old_reason(reason.sentence, old) or HIDDEN_SENTENCE
    known = reasons.get(reason.code)
    if known is None:  # stored by another version
        return HIDDEN_SENTENCE
    try:
        return known.sentence.format(**{**reason.args, **dict.fromkeys(known.hidden, HIDDEN)})
    except KeyError:  # stored with other arguments by another version
        return HIDDEN_SENTENCE
