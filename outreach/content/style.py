"""Problems with the wording of a template, or of an email made from it. Pure."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from outreach.content import greeting, merge_fields, placeholders, seller_fields
from outreach.content.subject_choice import LONGEST_SUBJECT

# Merge fields and what they hold; `composing.fields_of` fills them, and a test compares.
FIELD_EXAMPLES = {
    "first_name": "Dana", "last_name": "Whitfield", "title": "VP Sales", "city": "Columbus",
    "state": "OH", "company": "Northline Freight", "industry": "logistics and supply chain",
    "employees": "200-500", "open_roles": "how many jobs they have open, as a number",
    "technology": "a business tool they use",
    "page_topic": "what they read; follows “reading about”",
    "visit_count": "their visits, where there are several",
    "warm_member": "who of us knows them or worked where they did",
    "warm_colleague": "the same, where it is not who signs", "warm_company": "where both worked",
    "warm_sentence": "the connection as a whole sentence", "sender_name": "who signs",
    "sender_first_name": "", "sender_company": "our company",
    "first_subject": "of a follow-up: the subject of the first email",
    **seller_fields.FIELD_EXAMPLES,
}  # fmt: skip
TITLE_FAMILIES = ("ceo", "cro", "cto", "coo", "other")
FEWEST_WORDS, MOST_WORDS = 50, 80
FEWEST_IN_THREAD, MOST_IN_THREAD = 35, 80  # they have read the first one
SPAM_PHRASES = (
    "100%", "act now", "best price", "buy now", "click here", "congratulations", "discount",
    "don't miss", "exclusive", "for free", "free trial", "guarantee", "increase sales",
    "limited time", "no obligation", "once in a lifetime", "risk-free", "special offer",
    "this is not spam", "urgent", "winner", "$$$",
)  # fmt: skip
WATCHING_PHRASES = (
    "you visited", "you were on our", "you viewed", "you clicked", "you opened my", "i saw you",
    "we saw you", "i noticed you", "we noticed you", "your visit to our", "you spent", "tracked",
    "your browsing", "you looked at our",
)  # fmt: skip
WORN_PHRASES = (
    "10x", "at the end of the day", "cutting-edge", "empower", "game chang", "game-chang",
    "hop on a", "in today's", "innovative", "leverage", "low-hanging fruit", "move the needle",
    "pick your brain", "revolution", "seamless", "state-of-the-art", "supercharge", "synerg",
    "thought leader", "touch base", "transformative", "unlock", "world-class",
)  # fmt: skip
FOOTER_PHRASES = ("unsubscribe", "opt out", "opt-out")
LINK_PATTERN = re.compile(r"https?://|\bwww\.", re.IGNORECASE)


@dataclass(frozen=True)
class StyleProblem:
    """What is wrong in one field of the form. An error cannot be published, a warning can."""

    field: str  # subject, body, or "" for the whole
    is_error: bool
    text: str


def template_problems(subject: str, body: str) -> list[StyleProblem]:
    return [
        *_grammar_problems("subject", subject),
        *_grammar_problems("body", body),
        *_never_shown_problems(subject, body),
        *_title_family_problems(body),
        *_wording_problems("subject", subject),
        *_wording_problems("body", body),
    ]


def _grammar_problems(field: str, text: str) -> list[StyleProblem]:
    try:
        paragraphs = merge_fields.split_paragraphs(text)
    except merge_fields.BadTemplate as error:
        return [StyleProblem(field, True, str(error))]
    found = []
    if field == "subject" and any(paragraph.tag for paragraph in paragraphs):
        found.append(
            StyleProblem(field, True, "A subject has no tags: it is one line for everybody.")
        )
    names = {name for paragraph in paragraphs for name in merge_fields.fields_in(paragraph.text)}
    conditions = {name for p in paragraphs if p.tag in ("if", "unless") for name in p.names}
    for name in sorted((names | conditions) - set(FIELD_EXAMPLES)):
        found.append(
            StyleProblem(field, True, f"{name} is no field. Fields: {', '.join(FIELD_EXAMPLES)}.")
        )
    for name in sorted(
        {name for p in paragraphs if p.tag == "title" for name in p.names} - set(TITLE_FAMILIES)
    ):
        found.append(
            StyleProblem(
                field,
                True,
                f"{name} is no family of titles. Families: {', '.join(TITLE_FAMILIES)}.",
            )
        )
    for left in sorted(
        {
            left
            for p in paragraphs
            for left in placeholders.find_placeholders(merge_fields.without_fields(p.text))
        }
    ):
        found.append(
            StyleProblem(
                field,
                True,
                f"{left} would stand in the email as it is; fields are {{{{ like_this }}}}.",
            )
        )
    return found


def required_fields(text: str, family: str, known: Collection[str] = ()) -> set[str]:
    """Return the fields this text needs for a lead of `family` of whom `known` is known.

    A greeting needs no name.
    """
    return {
        name
        for paragraph in _readable_paragraphs(text)
        if merge_fields.paragraph_applies(paragraph, known, family)
        for name in merge_fields.fields_in(greeting.without_name(paragraph.text))
    }


def _never_shown_problems(subject: str, body: str) -> list[StyleProblem]:
    always = {
        name
        for p in [*_readable_paragraphs(subject), *_readable_paragraphs(body)]
        if not p.tag
        for name in merge_fields.fields_in(p.text)
    }
    found = []
    for paragraph in _readable_paragraphs(body):
        first = paragraph.text[:40]
        if paragraph.tag == "unless" and set(paragraph.names) <= always:
            found.append(
                StyleProblem(
                    "body", False, f"“{first}…” is never shown: the email needs what it is without."
                )
            )
        if paragraph.tag == "unless" and set(paragraph.names) & merge_fields.fields_in(
            paragraph.text
        ):
            found.append(
                StyleProblem(
                    "body", True, f"“{first}…” speaks of a field that it is only shown without."
                )
            )
    return found


def _title_family_problems(body: str) -> list[StyleProblem]:
    """A run of [title …] paragraphs is one place; families may get none there, or too many."""
    found: list[StyleProblem] = []
    run: list[str] = []
    for paragraph in [*_readable_paragraphs(body), merge_fields.Paragraph("", (), "")]:
        if paragraph.tag == "title":
            run += paragraph.names
            continue
        counts = {name: run.count(name) for name in TITLE_FAMILIES}
        if run and (missing := [name for name, count in counts.items() if not count]):
            found.append(
                StyleProblem(
                    "body", False, f"{', '.join(missing)} get no paragraph where the others do."
                )
            )
        elif len(set(counts.values())) > 1:
            most = [name for name, count in counts.items() if count == max(counts.values())]
            found.append(
                StyleProblem(
                    "body", False, f"{', '.join(most)} get more paragraphs than the others."
                )
            )
        run = []
    return found


def _readable_paragraphs(text: str) -> list[merge_fields.Paragraph]:
    try:
        return merge_fields.split_paragraphs(text)
    except merge_fields.BadTemplate:
        return []


def _wording_problems(field: str, text: str) -> list[StyleProblem]:
    low = text.lower().replace("’", "'")
    said: Mapping[str, Iterable[str]] = {
        "sounds like spam": SPAM_PHRASES,
        "sounds like watching people": WATCHING_PHRASES,
        "is worn": WORN_PHRASES,
        "belongs to the footer, which every email has": FOOTER_PHRASES,
    }
    found = [
        StyleProblem(field, False, f"“{phrase}” {why}.")
        for why, phrases in said.items()
        for phrase in phrases
        if re.search(rf"(?<!\w){re.escape(phrase)}", low)
    ]
    if "!" in text:
        found.append(StyleProblem(field, False, "An exclamation mark sells."))
    if LINK_PATTERN.search(text):
        found.append(
            StyleProblem(
                field,
                False,
                "A link in a first email costs trust; the booking link is in the signature.",
            )
        )
    return found


def text_problems(subject: str, body: str, fewest_words: int | None = None) -> list[StyleProblem]:
    """`fewest_words` in place of the number that a template's email needs."""
    return [
        *_wording_problems("subject", subject),
        *_wording_problems("body", body),
        *filled_email_problems(subject, body, fewest_words),
    ]


def filled_email_problems(
    subject: str, body: str, fewest_words: int | None = None
) -> list[StyleProblem]:
    """Find problems that show only once filled: lengths and the number of questions."""
    found, words, questions = [], len(body.split()), body.count("?")
    in_thread = subject.startswith("Re: ")
    fewest, most = (FEWEST_IN_THREAD, MOST_IN_THREAD) if in_thread else (FEWEST_WORDS, MOST_WORDS)
    fewest = fewest if fewest_words is None else fewest_words
    if len(subject) > LONGEST_SUBJECT:
        found.append(
            StyleProblem(
                "subject", False, f"{len(subject)} characters; {LONGEST_SUBJECT} at most are read."
            )
        )
    if not fewest <= words <= most:
        found.append(StyleProblem("body", False, f"{words} words; {fewest} to {most} are read."))
    if questions != 1:
        found.append(StyleProblem("body", False, f"{questions} questions; one is answered."))
    return found
