"""What a blocked draft waits for: whose matter it is, in words, and what to do. Pure.

The codes are those that `Message.blocked_by` stores.
"""

from dataclasses import dataclass

from outreach.choices import BlockedBy

DRAFT_FAILED = "draft"  # the code of a draft whose writing ended in an error


@dataclass(frozen=True)
class BlockCause:
    """`words` follow a colon; they name nobody, so that a public page may show them."""

    who: BlockedBy
    words: str
    clear: str


US, PERSON, EARLIER = BlockedBy.US, BlockedBy.PERSON, BlockedBy.EARLIER
BLOCK_CAUSES: dict[str, BlockCause] = {
    "sender_identity": BlockCause(
        US, "no sender is set", "Set SENDER_NAME or a default team member."
    ),
    "postal_address": BlockCause(US, "no postal address is set", "Set POSTAL_ADDRESS."),
    "unsubscribe_link": BlockCause(US, "the unsubscribe link is missing", "Set SITE_URL."),
    "template": BlockCause(US, "a template is broken", "Correct it under Email templates."),
    DRAFT_FAILED: BlockCause(
        US, "writing the draft failed", "Open one of them: it says what went wrong."
    ),
    "missing_field": BlockCause(
        PERSON, "a field that the template needs is not known", "Write it by hand, or reject it."
    ),
    "person_data": BlockCause(
        PERSON,
        "a value of the person or company cannot be written as it came",
        "Edit the text, or reject it.",
    ),
    "personal": BlockCause(
        PERSON, "nothing in it is about the person", "Write it by hand, or reject it."
    ),
    "source": BlockCause(PERSON, "a fact has no source", "Take the fact out, or reject it."),
    "country": BlockCause(
        PERSON, "the country is not in ALLOWED_COUNTRIES", "Reject it, or allow the country."
    ),
    "colleague_first": BlockCause(
        EARLIER,
        "a colleague at the company is emailed first",
        "It comes into the queue by itself when that email is rejected, expires or is withdrawn.",
    ),
    "one_per_company": BlockCause(
        EARLIER,
        "a colleague at the company was emailed in the last 7 days",
        "It comes into the queue by itself after the 7 days, or when the colleague answers.",
    ),
    "near_copy": BlockCause(
        EARLIER, "it is nearly the same as an earlier email", "Write it differently, or reject it."
    ),
    "learned": BlockCause(
        EARLIER, "it repeats what was rejected", "Write it differently, or reject it."
    ),
}
# What the words of a template decide; where a person typed them, it is that person's text.
TEXT_CHECKS = {
    "placeholder": "blank fields are left in the text",
    "subject": "the subject is not accepted",
    "opener": "the opening is a cliché",
}


def block_cause(code: str, *, by_template: bool) -> BlockCause:
    """The cause behind a code; `by_template` where no person typed any of the text."""
    if code in TEXT_CHECKS and by_template:
        return BlockCause(US, TEXT_CHECKS[code], "Correct the template under Email templates.")
    if code in TEXT_CHECKS:
        return BlockCause(PERSON, TEXT_CHECKS[code], "Edit the text, or reject it.")
    words = code.replace("_", " ") or "a check did not pass"
    return BLOCK_CAUSES.get(code, BlockCause(PERSON, words, "Open it: it says what to do."))
