"""What must be true of a text before a person is asked to approve it. Pure; results are stored and shown."""

import re
from dataclasses import asdict, dataclass

from outreach.content import merge_fields
from outreach.content.similarity import text_similarity

BANNED_OPENERS = (
    "i hope this finds you well", "i hope this email finds you", "i hope you are doing well",
    "i hope you're doing well", "i came across", "my name is", "just following up", "quick question",
    "i wanted to reach out", "touching base", "circle back", "i trust this email", "to whom it may concern", "dear sir",
)  # fmt: skip
ONE_PER_COMPANY = "one_per_company"
REPETITION_CHECKS = ("near_copy", "learned")  # what another template may mend
NEAR_COPY_SIMILARITY = 0.85  # from this likeness on, two texts are one
FALSE_SUBJECT = re.compile(r"^\s*(re|fw|fwd|aw|sv)\s*:", re.IGNORECASE)
LONGEST_SUBJECT = 120
# What is still wrong where a lesson is not heeded, and how to clear it. Other tags are held by the near-copy guard.
UNHEEDED_LESSONS = {
    "weak_subject": ("The subject is nearly the same.", "Write another subject."),
    "personalization_mismatch": ("It is the same template.", "Write it by hand, or reject it."),
    "campaign_mismatch": ("It is the same template.", "Write it by hand, or reject it."),
    "icp_mismatch": (
        "The tier is still the same.",
        "Reject it; a draft comes when the tier changes.",
    ),
    "factual_inaccuracy": (
        "A fact named there stands in it again.",
        "Take it out, or mend it at the lead.",
    ),
}
PERSONAL_FIELDS = {
    "title", "industry", "page_topic", "warm_sentence", "warm_company", "warm_member", "open_roles", "technology",
    "company", "employees",
}  # fmt: skip


@dataclass(frozen=True)
class CheckResult:
    guard: str
    passed: bool
    text: str  # what was found
    clear: str = ""  # how to clear it


@dataclass(frozen=True)
class EarlierEmail:
    """An email that a new one must not repeat."""

    subject: str
    body: str
    what: str  # as it stands after "Nearly the same as": "the one to Sam Lee of 3 Nov"


@dataclass(frozen=True)
class Lesson:
    """What a person said when they rejected an earlier email to the same person."""

    tag: str
    reason: str
    on: str  # "3 Nov"
    subject: str
    template: str  # its key, "" for none
    tier: str
    facts: tuple[str, ...] = ()  # phrases of the rejected text


@dataclass(frozen=True)
class EmailText:
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
    earlier: tuple[EarlierEmail, ...] = ()
    colleague: str = ""  # who at the same company is in the way, and until when; a sentence
    lessons: tuple[Lesson, ...] = ()
    template: str = ""
    tier: str = ""
    thread: str = ""  # the subject of the email that this one follows


def check_text(text: EmailText) -> list[CheckResult]:
    """Every guard's result, in the order a reader would notice."""
    return [
        _no_placeholder(text),
        _honest_subject(text),
        _no_worn_opener(text),
        _speaks_of_recipient(text),
        _facts_have_sources(text),
        _heeds_rejections(text),
        _no_copy(text),
        _one_at_a_company(text),
        _footer_names(
            "sender_identity", text.sender_name, text.footer, "SENDER_NAME or a default team member"
        ),
        _footer_names("postal_address", text.postal_address, text.footer, "POSTAL_ADDRESS"),
        _footer_names("unsubscribe_link", text.unsubscribe_url, text.footer, "SITE_URL"),
        _country_allowed(text),
    ]


def results_as_rows(results: list[CheckResult]) -> list[dict[str, object]]:
    return [asdict(result) for result in results]


def first_failure(results: list[CheckResult]) -> CheckResult | None:
    return next((result for result in results if not result.passed), None)


def _no_placeholder(text: EmailText) -> CheckResult:
    found = merge_fields.find_placeholders(f"{text.subject}\n{text.body}\n{text.footer}")
    if not text.body.strip() or not text.subject.strip():
        return CheckResult("placeholder", False, "The subject or the text is empty.", "Write it.")
    if found:
        return CheckResult(
            "placeholder",
            False,
            f"Unfilled: {found[0]}",
            "Replace it with the words that belong there.",
        )
    return CheckResult("placeholder", True, "Nothing unfilled.")


def _honest_subject(text: EmailText) -> CheckResult:
    if FALSE_SUBJECT.match(text.subject) and not (
        text.thread and text.subject.strip() == f"Re: {text.thread}"
    ):
        return CheckResult(
            "subject", False, "The subject pretends to be an answer.", "Take the Re: or Fwd: away."
        )
    if len(text.subject) > LONGEST_SUBJECT or len(text.subject.splitlines()) > 1:
        return CheckResult(
            "subject", False, "The subject is too long or has a line break.", "Shorten it."
        )
    letters = [c for c in text.subject if c.isalpha()]
    if len(letters) > 8 and all(c.isupper() for c in letters):
        return CheckResult("subject", False, "The subject shouts.", "Use lower case.")
    return CheckResult("subject", True, "The subject is honest.")


def _no_worn_opener(text: EmailText) -> CheckResult:
    start = text.body.lower()[:240]
    found = next((phrase for phrase in BANNED_OPENERS if phrase in start), "")
    if found:
        return CheckResult(
            "opener", False, f"It opens with “{found}”.", "Begin with something about them."
        )
    return CheckResult("opener", True, "No worn opener.")


def _speaks_of_recipient(text: EmailText) -> CheckResult:
    used = sorted(text.fields_used & PERSONAL_FIELDS)
    if used:
        return CheckResult("personal", True, f"Speaks of: {', '.join(used).replace('_', ' ')}.")
    return CheckResult(
        "personal",
        False,
        "Nothing in it is about this person.",
        "Mention the company or the title.",
    )


def _facts_have_sources(text: EmailText) -> CheckResult:
    if text.unsourced:
        return CheckResult(
            "source",
            False,
            f"“{text.unsourced[0]}” has no source.",
            "Take it out, or find where it is from.",
        )
    if text.typed:
        return CheckResult(
            "source", True, "What was filled in has a source. What a person typed is not checked."
        )
    return CheckResult("source", True, "Every fact has a source.")


def _no_copy(text: EmailText) -> CheckResult:
    new = f"{text.subject}\n{text.body}"
    found = next(
        (
            e
            for e in text.earlier
            if text_similarity(new, f"{e.subject}\n{e.body}") >= NEAR_COPY_SIMILARITY
        ),
        None,
    )
    if found:
        return CheckResult(
            "near_copy",
            False,
            f"Nearly the same as {found.what}.",
            "Say it differently, or reject it.",
        )
    return CheckResult("near_copy", True, "No copy of an earlier email.")


def _heeds_rejections(text: EmailText) -> CheckResult:
    """What a person writes themselves answers to nobody's earlier reason."""
    lesson = next(
        (one for one in text.lessons if not text.typed and _repeats_rejection(one, text)), None
    )
    if lesson:
        said = f"Rejected on {lesson.on} ({lesson.tag.replace('_', ' ')}): “{lesson.reason[:120]}”"
        return CheckResult(
            "learned",
            False,
            f"{said} {UNHEEDED_LESSONS[lesson.tag][0]}",
            UNHEEDED_LESSONS[lesson.tag][1],
        )
    if text.lessons:
        return CheckResult("learned", True, "It heeds what earlier rejections said.")
    return CheckResult("learned", True, "Nothing was rejected for this person.")


def _repeats_rejection(lesson: Lesson, text: EmailText) -> bool:
    if lesson.tag == "weak_subject":
        return text_similarity(text.subject, lesson.subject) >= NEAR_COPY_SIMILARITY
    if lesson.tag in ("personalization_mismatch", "campaign_mismatch"):
        return bool(lesson.template) and lesson.template == text.template
    if lesson.tag == "icp_mismatch":
        return lesson.tier == text.tier
    if lesson.tag == "factual_inaccuracy":
        named = [fact for fact in lesson.facts if fact.lower() in lesson.reason.lower()]
        return any(fact.lower() in f"{text.subject}\n{text.body}".lower() for fact in named)
    return False


def _one_at_a_company(text: EmailText) -> CheckResult:
    if text.colleague:
        return CheckResult(
            ONE_PER_COMPANY, False, text.colleague, "It comes into the queue by itself then."
        )
    return CheckResult(
        ONE_PER_COMPANY, True, "Nobody else at the company was written to in 7 days."
    )


def _footer_names(guard: str, value: str, footer: str, setting: str) -> CheckResult:
    name = guard.replace("_", " ").capitalize()
    if value and value in footer:
        return CheckResult(guard, True, f"{name} is there.")
    return CheckResult(guard, False, f"{name} is missing.", f"Set {setting}.")


def _country_allowed(text: EmailText) -> CheckResult:
    if text.country and text.country not in text.allowed_countries:
        found = f"{text.country} is not in ALLOWED_COUNTRIES."
        return CheckResult("country", False, found, "Reject it, or allow the country.")
    return CheckResult("country", True, text.country or "Country not known: a person decides.")
