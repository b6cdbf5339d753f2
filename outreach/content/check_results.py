"""What a check found: a code with its arguments, and the one table of the sentences they become.

Pure.

`guard` is what `Message.blocked_by` stores; `text` and `clear` are stored with it for the review
desk.
"""

from dataclasses import dataclass
from typing import Any

from caio_project.lib.words.check_states import CheckState, state_of


@dataclass(frozen=True)
class Finding:
    """One outcome of one check. Fields in braces are the arguments of a `CheckResult`."""

    guard: str
    passed: bool
    text: str  # what was found
    clear: str = ""  # how to clear it
    is_known: bool = True  # False where nothing failed, and nothing is proven

    @property
    def state(self) -> CheckState:
        return state_of(self.passed if self.is_known or not self.passed else None)


def _passed(guard: str, text: str) -> Finding:
    return Finding(guard, True, text)


def _unknown(guard: str, text: str, clear: str = "") -> Finding:
    return Finding(guard, True, text, clear, is_known=False)


def _failed(guard: str, text: str, clear: str) -> Finding:
    return Finding(guard, False, text, clear)


REJECTED = "Rejected on {on} ({tag}): “{reason}” "
ONE_PER_COMPANY = "one_per_company"
COLLEAGUE_FIRST = "colleague_first"
PERSON_DATA = "person_data"  # a value of the lead cannot be written as it came
SLOT_CODES = (ONE_PER_COMPANY, COLLEAGUE_FIRST)  # of drafts that only wait for a colleague
# By the tag of the rejection. Repetitions under other tags are found by the near-copy check.
REPEATED_REJECTIONS: dict[str, Finding] = {
    "weak_subject": _failed(
        "learned", REJECTED + "The subject is nearly the same.", "Write another subject."
    ),
    "personalization_mismatch": _failed(
        "learned", REJECTED + "It is the same template.", "Write it by hand, or reject it."
    ),
    "campaign_mismatch": _failed(
        "learned", REJECTED + "It is the same template.", "Write it by hand, or reject it."
    ),
    "icp_mismatch": _failed(
        "learned",
        REJECTED + "The tier is still the same.",
        "Reject it; a draft comes when the tier changes.",
    ),
    "factual_inaccuracy": _failed(
        "learned",
        REJECTED + "A fact named there stands in it again.",
        "Take it out, or mend it at the lead.",
    ),
}
FINDINGS: dict[str, Finding] = {
    # filling the template
    "missing_field": _failed(
        "missing_field",
        "The template needs {field}, and it is not known.",
        "Add {field} or write the email by hand.",
    ),
    "bad_template": _failed("template", "{problem}", "Mend template {template}."),
    # placeholders
    "empty": _failed("placeholder", "The subject or the text is empty.", "Write it."),
    "unfilled": _failed(
        "placeholder", "Blank field: {placeholder}", "Replace it with the words that belong there."
    ),
    "unfilled_value": _failed(
        PERSON_DATA,
        "“{phrase}”, as we have it, reads as a blank field.",
        "Write it as people say it, or reject it.",
    ),
    "status_as_value": _failed(
        PERSON_DATA, "“{phrase}” is a status, not a fact.", "Take it out, or mend it at the lead."
    ),
    "status_as_fact": _failed(
        "placeholder", "“{phrase}” is a status, not a fact.", "Take it out, or mend it at the lead."
    ),
    "domain_as_name": _failed(
        "placeholder", "{phrase} stands there as a name.", "Write the company as people say it."
    ),
    "machine_note": _failed(
        "placeholder", "“{phrase}” is a language model's note.", "Take it out."
    ),
    "empty_greeting": _failed(
        "placeholder", "The greeting has no name.", "Write the first name after it."
    ),
    "unnamed": _failed(
        "placeholder", "It greets “{name}”, which is no name.", "Write the first name instead."
    ),
    "filled": _passed("placeholder", "No blank fields."),
    # subject
    "false_answer": _failed(
        "subject", "The subject pretends to be an answer.", "Take the Re: or Fwd: away."
    ),
    "long_subject": _failed(
        "subject", "The subject is too long or has a line break.", "Shorten it."
    ),
    "shouting_subject": _failed("subject", "The subject shouts.", "Use lower case."),
    "no_subject": _failed("subject", "The subject is not written yet.", "Write it."),
    "alarming_subject": _failed(
        "subject",
        "The subject reads as a bill or a warning about something of theirs.",
        "Say what the email is about.",
    ),
    "false_acquaintance": _failed(
        "subject", "The subject claims earlier contact: “{phrase}”.", "Say what the email is about."
    ),
    "honest_subject": _passed("subject", "The subject is honest."),
    # opening words
    "worn_opener": _failed(
        "opener", "It opens with “{phrase}”.", "Begin with something about them."
    ),
    "fresh_opener": _passed("opener", "No cliché opening."),
    # personal content
    "impersonal": _failed(
        "personal", "Nothing in it is about this person.", "Mention the company or the title."
    ),
    "other_person": _failed(
        "personal",
        "It speaks to {name}; the recipient is {recipient}.",
        "Write the recipient's name, or reject it.",
    ),
    "other_company": _failed(
        "personal",
        "The subject is for {name}; the recipient's company is {company}.",
        "Write the recipient's company, or reject it.",
    ),
    "about_recipient": _passed("personal", "About this person: {fields}."),
    # sources of facts
    "unsourced": _failed(
        "source", "“{phrase}” has no source.", "Take it out, or find where it is from."
    ),
    "false_acquaintance_in_text": _failed(
        "source",
        "“{phrase}” claims earlier contact, and none is known.",
        "Take it out, or write what you know yourself.",
    ),
    "typed": _unknown(
        "source", "What was filled in has a source. What a person typed is not checked."
    ),
    "sourced": _passed("source", "Every fact has a source."),
    # earlier rejections
    **REPEATED_REJECTIONS,
    "heeded": _passed("learned", "Nothing in it was rejected before."),
    "nothing_rejected": _passed("learned", "Nothing was rejected for this person."),
    # copies
    "copy": _failed(
        "near_copy", "Nearly the same as {email}.", "Say it differently, or reject it."
    ),
    "no_copy": _passed("near_copy", "No copy of an earlier email."),
    # one person at a company
    "colleague_first": _failed(
        COLLEAGUE_FIRST,
        "On hold: {name} at {company} is being emailed first (one person per company in 7 days).",
        "It comes into the queue by itself when that email is rejected, expires or is withdrawn.",
    ),
    "colleague_written_to": _failed(
        ONE_PER_COMPANY,
        "On hold: {name} at {company} was emailed and has not answered; nobody else there until "
        "{until}.",
        "It comes into the queue by itself then.",
    ),
    "no_colleague": _passed(ONE_PER_COMPANY, "Nobody else at the company was emailed in 7 days."),
    # the footer
    "no_sender": _failed(
        "sender_identity",
        "Sender identity is missing.",
        "Set SENDER_NAME or a default team member.",
    ),
    "missing_sender_field": _failed(
        "sender_identity",
        "The template needs {field}, and it is not set.",
        "Set SENDER_NAME, SENDER_COMPANY or a default team member.",
    ),
    "sender": _passed("sender_identity", "Sender identity is there."),
    "no_postal_address": _failed(
        "postal_address", "Postal address is missing.", "Set POSTAL_ADDRESS."
    ),
    "postal_address": _passed("postal_address", "Postal address is there."),
    "no_unsubscribe_link": _failed(
        "unsubscribe_link", "Unsubscribe link is missing.", "Set SITE_URL."
    ),
    "second_unsubscribe": _failed(
        "unsubscribe_link",
        "The text has an unsubscribe line of its own: “{phrase}”.",
        "Take it out; the footer has ours.",
    ),
    "unsubscribe_link": _passed("unsubscribe_link", "Unsubscribe link is there."),
    # the country
    "other_country": _failed(
        "country", "{country} is not in ALLOWED_COUNTRIES.", "Reject it, or allow the country."
    ),
    "allowed_country": _passed("country", "Recipient is in {country}."),
    "unknown_country": _unknown(
        "country", "The recipient's country is not known.", "Add the country to the lead."
    ),
    # names
    "as_written": _unknown(
        "names", "Left as written, please read it: {names}.", "Edit it if one says it differently."
    ),
    "as_said": _passed("names", "Names stand as one says them."),
}


@dataclass(frozen=True)
class CheckResult:
    """The outcome of one check: a key of FINDINGS, and the arguments of its sentences by name."""

    finding: str
    arguments: tuple[tuple[str, str], ...] = ()

    @property
    def guard(self) -> str:
        return FINDINGS[self.finding].guard

    @property
    def passed(self) -> bool:
        return FINDINGS[self.finding].passed

    @property
    def text(self) -> str:
        return FINDINGS[self.finding].text.format(**dict(self.arguments))

    @property
    def clear(self) -> str:
        return FINDINGS[self.finding].clear.format(**dict(self.arguments))

    def as_row(self) -> dict[str, object]:
        return {
            "guard": self.guard,
            "passed": self.passed,
            "state": FINDINGS[self.finding].state,
            "text": self.text,
            "clear": self.clear,
        }


def result(finding: str, **arguments: Any) -> CheckResult:
    return CheckResult(finding, tuple((name, str(value)) for name, value in arguments.items()))


def results_as_rows(results: list[CheckResult]) -> list[dict[str, object]]:
    return [one.as_row() for one in results]


def first_failure(results: list[CheckResult]) -> CheckResult | None:
    return next((one for one in results if not one.passed), None)
