"""What must be true of a text before a person is asked to approve it. Pure; results are stored and shown."""

import re
from dataclasses import asdict, dataclass

from outreach import merge

BANNED_OPENERS = (
    "i hope this finds you well", "i hope this email finds you", "i hope you are doing well",
    "i hope you're doing well", "i came across", "my name is", "just following up", "quick question",
    "i wanted to reach out", "touching base", "circle back", "i trust this email", "to whom it may concern", "dear sir",
)  # fmt: skip
FALSE_SUBJECT = re.compile(r"^\s*(re|fw|fwd|aw|sv)\s*:", re.IGNORECASE)
LONGEST_SUBJECT = 120
PERSONAL_FIELDS = {
    "title", "industry", "page_topic", "warm_sentence", "warm_company", "warm_member", "open_roles", "technology",
    "company", "employees",
}  # fmt: skip


@dataclass(frozen=True)
class Result:
    guard: str
    passed: bool
    text: str  # what was found
    clear: str = ""  # how to clear it


@dataclass(frozen=True)
class Text:
    """Everything the guards look at."""

    subject: str
    body: str
    footer: str
    fields_used: frozenset[str]  # that stand in the text
    sender_name: str
    postal_address: str
    unsubscribe_url: str
    country: str
    allowed_countries: frozenset[str]
    unsourced: tuple[str, ...] = ()  # facts in the text that no field vouches for
    typed: bool = False  # a person wrote some of it, and no field vouches for their words


def check(text: Text) -> list[Result]:
    """Every guard's result, in the order a reader would notice."""
    return [
        _no_placeholder(text),
        _honest_subject(text),
        _opener(text),
        _personal(text),
        _sourced(text),
        _present("sender_identity", text.sender_name, text.footer, "SENDER_NAME or a default team member"),
        _present("postal_address", text.postal_address, text.footer, "POSTAL_ADDRESS"),
        _present("unsubscribe_link", text.unsubscribe_url, text.footer, "SITE_URL"),
        _country(text),
    ]


def as_rows(results: list[Result]) -> list[dict[str, object]]:
    return [asdict(result) for result in results]


def first_failure(results: list[Result]) -> Result | None:
    return next((result for result in results if not result.passed), None)


def _no_placeholder(text: Text) -> Result:
    found = merge.leftovers(f"{text.subject}\n{text.body}\n{text.footer}")
    if not text.body.strip() or not text.subject.strip():
        return Result("placeholder", False, "The subject or the text is empty.", "Write it.")
    if found:
        return Result("placeholder", False, f"Unfilled: {found[0]}", "Replace it with the words that belong there.")
    return Result("placeholder", True, "Nothing unfilled.")


def _honest_subject(text: Text) -> Result:
    if FALSE_SUBJECT.match(text.subject):
        return Result("subject", False, "The subject pretends to be an answer.", "Take the Re: or Fwd: away.")
    if len(text.subject) > LONGEST_SUBJECT or len(text.subject.splitlines()) > 1:
        return Result("subject", False, "The subject is too long or has a line break.", "Shorten it.")
    letters = [c for c in text.subject if c.isalpha()]
    if len(letters) > 8 and all(c.isupper() for c in letters):
        return Result("subject", False, "The subject shouts.", "Use lower case.")
    return Result("subject", True, "The subject is honest.")


def _opener(text: Text) -> Result:
    start = text.body.lower()[:240]
    found = next((phrase for phrase in BANNED_OPENERS if phrase in start), "")
    if found:
        return Result("opener", False, f"It opens with “{found}”.", "Begin with something about them.")
    return Result("opener", True, "No worn opener.")


def _personal(text: Text) -> Result:
    used = sorted(text.fields_used & PERSONAL_FIELDS)
    if used:
        return Result("personal", True, f"Speaks of: {', '.join(used).replace('_', ' ')}.")
    return Result("personal", False, "Nothing in it is about this person.", "Mention the company or the title.")


def _sourced(text: Text) -> Result:
    if text.unsourced:
        return Result(
            "source", False, f"“{text.unsourced[0]}” has no source.", "Take it out, or find where it is from."
        )
    if text.typed:
        return Result("source", True, "What was filled in has a source. What a person typed is not checked.")
    return Result("source", True, "Every fact has a source.")


def _present(guard: str, value: str, footer: str, setting: str) -> Result:
    name = guard.replace("_", " ").capitalize()
    if value and value in footer:
        return Result(guard, True, f"{name} is there.")
    return Result(guard, False, f"{name} is missing.", f"Set {setting}.")


def _country(text: Text) -> Result:
    if text.country and text.country not in text.allowed_countries:
        found = f"{text.country} is not in ALLOWED_COUNTRIES."
        return Result("country", False, found, "Reject it, or allow the country.")
    return Result("country", True, text.country or "Country not known: a person decides.")
