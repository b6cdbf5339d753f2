"""The words of the starting set, for every role, with and without a proof: lengths, one question,
nothing that the checks or `words.md` refuse.
"""

import re
from collections.abc import Iterator

import pytest

from outreach.content import check_results, checks, merge_fields, roles, seller_fields, style
from outreach.content.subject_choice import LONGEST_SUBJECT
from outreach.drafting.template_choice import FOLLOW_UPS
from outreach.email_templates import seeding

SEEDS = {row["key"]: row for row in seeding.starting_templates()}
FIRST = {key: row for key, row in SEEDS.items() if row["angle"] not in FOLLOW_UPS.values()}
PROOF = "A freight broker in Ohio cut month-end from nine days to four in one quarter."
KNOWN = {
    "first_name": "Dana", "company": "Northline Freight", "open_roles": "7",
    "technology": "HubSpot", "page_topic": "AI for revenue operations",
    "warm_sentence": "Sam Reyes on our team also worked at Acme.",
    "first_subject": "Month-end close at Northline Freight",
}  # fmt: skip
OPTIONAL = {
    "meeting_times": "Tuesday at 3:30 PM or Wednesday at 10 AM ET",
    "booking_link": "https://book.ours.example.com/alex", "warm_colleague": "Sam Reyes",
    "warm_company": "Acme", "industry": "logistics and supply chain",
}  # fmt: skip
# British spelling, a task called a job, talk of AI, and what tells a visitor that we watched.
NOT_SAID = re.compile(
    r"handover|\bjobs?\b|\w(?:ise|ising|ised|isation)\b(?<!otherwise)(?<!promise)(?<!exercise)"
    r"(?<!raise)|\bAI\b|our (?:site|website)|you (?:visited|looked|read)|saw you",
    re.IGNORECASE,
)


def fields_for(role: str, proof: str, known: dict[str, str]) -> dict[str, merge_fields.FieldValue]:
    seller = seller_fields.default_seller("ChiefAIOfficer")
    of_seller = seller_fields.seller_values(seller, role, "")
    plain = {name: merge_fields.FieldValue(text, "test") for name, text in known.items()}
    proved = {"seller_proof": merge_fields.FieldValue(proof, "test")} if proof else {}
    return {**of_seller, **plain, **proved}


def emails_of(key: str) -> Iterator[tuple[str, str, str]]:
    """Each email that a seed can become: what is known, subject, body."""
    row = SEEDS[key]
    for role in roles.ROLES:
        for proof in ("", PROOF):
            for known in (KNOWN, {**KNOWN, **OPTIONAL}):
                fields = fields_for(role.key, proof, known)
                body = merge_fields.fill_template(row["body"], fields, "other").text
                for subject in [row["subject"], *row["other_subjects"]]:
                    what = f"{role.key}, {'proof' if proof else 'no proof'}, {len(known)} fields"
                    yield what, merge_fields.fill_template(subject, fields, "other").text, body


@pytest.mark.parametrize("key", SEEDS)
def test_each_email_has_50_to_80_words(key: str) -> None:
    wrong = {
        (what, len(body.split()))
        for what, _, body in emails_of(key)
        if not 50 <= len(body.split()) <= 80
    }
    assert wrong == set()


@pytest.mark.parametrize("key", SEEDS)
def test_each_email_asks_one_question_at_its_end(key: str) -> None:
    for what, _, body in emails_of(key):
        assert body.count("?") == 1 and body.endswith("?"), (what, body)


@pytest.mark.parametrize("key", FIRST)
def test_several_subjects_of_at_most_45_characters(key: str) -> None:
    row = FIRST[key]
    subjects = [row["subject"], *row["other_subjects"]]
    assert len(set(subjects)) == len(subjects) >= 4
    assert any("{{" not in subject for subject in subjects)
    too_long = {subject for _, subject, _ in emails_of(key) if len(subject) > LONGEST_SUBJECT}
    assert too_long == set()


@pytest.mark.parametrize("key", SEEDS)
def test_no_word_that_recipients_should_not_read(key: str) -> None:
    row = SEEDS[key]
    text = "\n".join([row["subject"], *row["other_subjects"], row["body"]])
    assert NOT_SAID.findall(text) == []
    assert style.template_problems(row["subject"], row["body"]) == []
    for subject in row["other_subjects"]:
        assert style.template_problems(subject, row["body"]) == []


def test_default_words_of_the_seller_are_clean() -> None:
    seller = seller_fields.default_seller("ChiefAIOfficer")
    for key, words in seller.roles.items():
        assert not re.search(r"handover|\bjobs?\b|\bAI\b", f"{words.pain} {words.question}"), key
        assert seller_fields.sentence_problem("pain", words.pain) == "", key
        assert seller_fields.sentence_problem("question", words.question) == "", key
        assert len(words.topic) <= seller_fields.LONGEST_TOPIC, key
    assert seller_fields.sentence_problem("offer", seller.offer) == ""
    assert seller_fields.sentence_problem("start", seller.start) == ""
    assert (seller.result, seller.proofs) == ("", ()), "a proof would be made up"


@pytest.mark.parametrize("key", SEEDS)
def test_each_email_passes_the_content_checks(key: str) -> None:
    for what, subject, body in emails_of(key):
        failed = check_results.first_failure(
            checks.check_text(
                checks.EmailText(
                    subject=subject,
                    body=body,
                    footer="Alex Moreno, 1 Example Street, https://ours.example.com/u/token",
                    fields_used=frozenset({"company"}),
                    sender_name="Alex Moreno",
                    postal_address="1 Example Street",
                    unsubscribe_url="https://ours.example.com/u/",
                    country="US",
                    allowed_countries=frozenset({"US"}),
                    recipient=("Dana", "Whitfield"),
                    company="Northline Freight",
                    thread=KNOWN["first_subject"] if subject.startswith("Re: ") else "",
                    values=tuple(KNOWN.values()),
                )
            )
        )
        assert failed is None, (what, failed)


@pytest.mark.parametrize("key", FIRST)
def test_every_role_reads_of_its_own_pain(key: str) -> None:
    bodies = {
        role.key: merge_fields.fill_template(
            FIRST[key]["body"], fields_for(role.key, "", KNOWN), "other"
        ).text
        for role in roles.ROLES
    }
    assert len(set(bodies.values())) == len(roles.ROLES) == 14


@pytest.mark.parametrize("key", SEEDS)
def test_without_a_proof_its_sentence_is_absent(key: str) -> None:
    row = SEEDS[key]
    without = merge_fields.fill_template(row["body"], fields_for("cfo", "", KNOWN), "other").text
    proved = merge_fields.fill_template(row["body"], fields_for("cfo", PROOF, KNOWN), "other").text
    assert PROOF not in without
    if "[unless seller_proof]" in row["body"]:
        assert PROOF in proved  # the question differs as well
    elif "seller_proof" in row["body"]:
        assert proved.replace(f"\n\n{PROOF}", "") == without
