"""The checks a text must pass before a person is asked to approve it. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from leads.field_values.vendor_words import is_unknown
from outreach.content import greeting, machine_words, placeholders, subject_lines
from outreach.content.check_results import CheckResult, result
from outreach.content.email_footer import hide_personal_links
from outreach.content.similarity import text_similarity

BANNED_OPENERS = (
    "hope this finds you", "hope this email finds", "hope this note finds",
    "hope this message finds", "hope you are doing", "hope you're doing", "hope you are well",
    "hope you're well", "hope all is well", "hope all's well", "hope you had a great",
    "hope you're having", "hope your week", "hope your day", "i came across", "my name is",
    "just following up", "just checking in", "just wanted to", "quick question",
    "i wanted to reach out", "wanted to reach out", "i'm reaching out", "i am reaching out",
    "reaching out because", "touching base", "circle back", "circling back", "i trust this",
    "trust you are well", "to whom it may concern", "dear sir",
)  # fmt: skip
REPETITION_CHECKS = ("near_copy", "learned")  # what another template may mend
NEAR_COPY_SIMILARITY = 0.85  # from this likeness on, two texts are one
LONGEST_SUBJECT = 120
PERSONAL_FIELDS = {
    "title", "industry", "page_topic", "warm_sentence", "warm_company", "warm_member",
    "open_roles", "technology", "company", "employees",
}  # fmt: skip


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
class Colleague:
    """Who at the recipient's company is written to first."""

    name: str
    company: str
    until: (
        str  # the day on which a week has passed, such as "3 Nov"; "" while the email is not sent
    )


@dataclass(frozen=True)
class EmailText:
    """Everything the checks look at."""

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
    colleague: Colleague | None = None
    lessons: tuple[Lesson, ...] = ()
    template: str = ""
    tier: str = ""
    thread: str = ""  # the subject of the email that this one follows
    recipient: tuple[str, ...] = ()  # first and last name
    company: str = ""  # the recipient's
    values: tuple[str, ...] = ()  # of the merge fields that stand in the text
    as_written: tuple[str, ...] = ()  # names in the text of which nobody can tell how to say them
    in_touch: bool = False  # they have answered us, or met us, before


def check_text(text: EmailText) -> list[CheckResult]:
    """Return the result of every check, in the order a reader would notice."""
    return [
        _no_placeholder(text),
        _honest_subject(text),
        _no_worn_opener(text),
        _speaks_of_recipient(text),
        _facts_have_sources(text),
        _heeds_rejections(text),
        _no_copy(text),
        _one_at_a_company(text),
        _in_footer(text.sender_name, text, "sender", "no_sender"),
        _in_footer(text.postal_address, text, "postal_address", "no_postal_address"),
        _one_unsubscribe_link(text),
        _country_allowed(text),
        _names_as_said(text),
    ]


BROKEN_WORDS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("status_as_fact", machine_words.status_as_fact),
    ("domain_as_name", machine_words.domain_as_name),
    ("machine_note", machine_words.ai_preamble),
)


def _no_placeholder(text: EmailText) -> CheckResult:
    if not text.body.strip() or not text.subject.strip():
        return result("empty")
    words = f"{text.subject}\n{text.body}"
    footer = hide_personal_links(text.footer)  # its token is chance, and may have a "___"
    if found := placeholders.find_placeholders(f"{words}\n{footer}"):
        if value := next((value for value in text.values if found[0] in value), ""):
            return result("unfilled_value", phrase=value[:80])
        return result("unfilled", placeholder=found[0])
    if unknown := next((value for value in text.values if is_unknown(value)), ""):
        return result("status_as_value", phrase=unknown[:80])
    for finding, find in BROKEN_WORDS:
        if phrase := find(words):
            return result(finding, phrase=phrase)
    return _named_in_greeting(text.body)


def _named_in_greeting(body: str) -> CheckResult:
    who = greeting.greeted_name(body)
    if who == "":
        return result("empty_greeting")
    return result("unnamed", name=who) if who and greeting.is_no_name(who) else result("filled")


def _honest_subject(text: EmailText) -> CheckResult:
    continues = bool(text.thread) and text.subject.strip() == f"Re: {text.thread}"
    if subject_lines.pretends_answer(text.subject) and not continues:
        return result("false_answer")
    if len(text.subject) > LONGEST_SUBJECT or len(text.subject.splitlines()) > 1:
        return result("long_subject")
    letters = [c for c in text.subject if c.isalpha()]
    if len(letters) > 8 and all(c.isupper() for c in letters):
        return result("shouting_subject")
    return result("honest_subject") if continues else _meant_subject(text)


def _meant_subject(text: EmailText) -> CheckResult:
    if subject_lines.names_no_subject(text.subject):
        return result("no_subject")
    if subject_lines.raises_false_alarm(text.subject):
        return result("alarming_subject")
    if not text.in_touch and (phrase := subject_lines.earlier_contact(text.subject)):
        return result("false_acquaintance", phrase=phrase)
    return result("honest_subject")


def _no_worn_opener(text: EmailText) -> CheckResult:
    start = text.body.lower().replace("’", "'")[:240]
    found = next((phrase for phrase in BANNED_OPENERS if phrase in start), "")
    return result("worn_opener", phrase=found) if found else result("fresh_opener")


def _speaks_of_recipient(text: EmailText) -> CheckResult:
    used = sorted(text.fields_used & PERSONAL_FIELDS)
    if other := greeting.others_addressed(text.body, text.recipient, text.sender_name):
        return result("other_person", name=other, recipient=" ".join(filter(None, text.recipient)))
    known = " ".join((text.company, text.sender_name, *text.recipient, *text.values))
    if text.company and (other := machine_words.other_company(text.subject, known)):
        return result("other_company", name=other, company=text.company)
    if not used:
        return result("impersonal")
    return result("about_recipient", fields=", ".join(used).replace("_", " "))


def _facts_have_sources(text: EmailText) -> CheckResult:
    if text.unsourced:
        return result("unsourced", phrase=text.unsourced[0])
    if text.typed:
        return result("typed")
    news = machine_words.claimed_news(f"{text.subject}\n{text.body}")
    if news and not any(news.lower() in value.lower() for value in text.values):
        return result("unsourced", phrase=news)
    talk = "" if text.in_touch or text.thread else subject_lines.earlier_contact(text.body)
    return result("false_acquaintance_in_text", phrase=talk) if talk else result("sourced")


def _no_copy(text: EmailText) -> CheckResult:
    new = f"{text.subject}\n{text.body}"
    for email in text.earlier:
        if text_similarity(new, f"{email.subject}\n{email.body}") >= NEAR_COPY_SIMILARITY:
            return result("copy", email=email.what)
    return result("no_copy")


def _heeds_rejections(text: EmailText) -> CheckResult:
    """A text that a person typed is not held against earlier rejections."""
    for lesson in () if text.typed else text.lessons:
        if _repeats_rejection(lesson, text):
            tag, reason = lesson.tag.replace("_", " "), lesson.reason[:120]
            return result(lesson.tag, on=lesson.on, tag=tag, reason=reason)
    return result("heeded") if text.lessons else result("nothing_rejected")


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
    return colleague_result(text.colleague) if text.colleague else result("no_colleague")


def colleague_result(colleague: Colleague) -> CheckResult:
    names = {"name": colleague.name, "company": colleague.company}
    if colleague.until:
        return result("colleague_written_to", until=colleague.until, **names)
    return result("colleague_first", **names)


def _in_footer(value: str, text: EmailText, there: str, missing: str) -> CheckResult:
    return result(there if value and value in text.footer else missing)


def _one_unsubscribe_link(text: EmailText) -> CheckResult:
    if line := machine_words.footer_in_body(text.body):
        return result("second_unsubscribe", phrase=line)
    return _in_footer(text.unsubscribe_url, text, "unsubscribe_link", "no_unsubscribe_link")


def _country_allowed(text: EmailText) -> CheckResult:
    if not text.country:
        return result("unknown_country")
    allowed = text.country in text.allowed_countries
    return result("allowed_country" if allowed else "other_country", country=text.country)


def _names_as_said(text: EmailText) -> CheckResult:
    if text.as_written:
        return result("as_written", names=", ".join(text.as_written))
    return result("as_said")
