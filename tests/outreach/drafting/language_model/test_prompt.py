"""Which emails a language model may be asked about, and which answers are read."""

import json

import pytest

from outreach.content.merge_fields import FieldValue
from outreach.drafting.language_model import prompt
from outreach.drafting.language_model.fact_check import AllowedFacts

FIELDS = {
    "first_name": FieldValue("Dana", "rb2b, 2026-03-01"),
    "company": FieldValue("Acme", "rb2b, 2026-03-01"),
    "title": FieldValue("VP Sales", "rb2b, 2026-03-01"),
}
BODY = "Hi Dana,\n\nWhat would Acme hand over first?"


def test_the_greeting_stays_here_and_facts_go_along() -> None:
    found = prompt.build_question("For Acme", BODY, {"first_name", "company"}, FIELDS)
    assert found is not None
    assert found.greeting == "Hi Dana,"
    assert json.loads(found.document) == {
        "facts": {"company": "Acme", "title": "VP Sales"},
        "template": {"subject": "For Acme", "body": "What would Acme hand over first?"},
    }


@pytest.mark.parametrize(
    ("subject", "body", "used"),
    [
        ("For Acme", BODY, {"first_name", "city"}),
        ("For Acme", "Hello Dana,\n\nWhat first?", {"first_name"}),
        ("For Dana", BODY, {"first_name"}),
        ("For Acme", f"{BODY} Well, Dana?", {"first_name"}),
    ],
    ids=["a field that stays here", "another greeting", "name in subject", "name in body"],
)
def test_an_email_with_more_of_the_person_is_not_asked_about(
    subject: str, body: str, used: set[str]
) -> None:
    assert prompt.build_question(subject, body, used, FIELDS) is None


def test_without_a_first_name_nothing_is_asked() -> None:
    fields = {"company": FIELDS["company"]}
    assert prompt.build_question("For Acme", "Hi ,\n\nWhat first?", set(), fields) is None


def test_a_company_named_like_the_person_may_be_said() -> None:
    fields = {**FIELDS, "company": FieldValue("Dana Foods", "rb2b, 2026-03-01")}
    used = {"first_name", "company"}
    found = prompt.build_question("For Dana Foods", BODY, used, fields)
    assert found is not None and found.subject == "For Dana Foods"


def test_a_value_without_source_is_not_given() -> None:
    fields = {**FIELDS, "title": FieldValue("VP Sales", "")}
    found = prompt.build_question("For Acme", BODY, {"first_name"}, fields)
    assert found is not None and set(found.fields) == {"company"}


@pytest.mark.parametrize(
    ("title", "is_given"), [("", False), ("V", True), ("V" * 80, True), ("V" * 81, False)]
)
def test_only_short_values_are_given(title: str, is_given: bool) -> None:
    fields = {**FIELDS, "title": FieldValue(title, "rb2b, 2026-03-01")}
    found = prompt.build_question("For Acme", BODY, {"first_name"}, fields)
    assert found is not None and ("title" in found.fields) is is_given


def test_the_answer_is_held_against_what_was_given() -> None:
    found = prompt.build_question("For Acme", BODY, {"first_name"}, FIELDS)
    assert found is not None
    assert found.known == AllowedFacts(found.fields, "For Acme\nWhat would Acme hand over first?")


def test_the_same_question_is_known_again() -> None:
    same, again, other = (
        prompt.build_question(subject, BODY, {"first_name"}, FIELDS)
        for subject in ("For Acme", "For Acme", "For you")
    )
    assert same and again and other
    assert same.sha256 == again.sha256 != other.sha256
    assert len(same.sha256) == 64


def answer(**paragraph: object) -> str:
    return json.dumps({"subject": "A question", "paragraphs": [paragraph]})


def test_an_answer_within_a_code_fence_is_read() -> None:
    fact = {"phrase": "Acme", "field": "company"}
    found = prompt.parse_answer(f"```json\n{answer(text='What of Acme?', facts=[fact])}\n```")
    assert found.subject == "A question"
    assert found.paragraphs == ("What of Acme?",)
    assert [(one.phrase, one.field) for one in found.facts] == [("Acme", "company")]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "cut off"),
        ("Sure!", "no JSON"),
        ("[]", "no object"),
        ('{"subject": "A question"}', "no paragraphs"),
        (json.dumps({"subject": "A question", "paragraphs": ["a"]}), "no text"),
        (answer(text=7), "no text"),
        (answer(text=" "), "empty"),
        (answer(text="a\nb"), "several lines"),
        (answer(text="a" * 701), "too long"),
        (answer(text="a", facts="Acme"), "no list"),
        (answer(text="a", facts=[{"phrase": "a", "field": "b"}] * 21), "too many"),
        (answer(text="a", facts=["Acme"]), "no phrase"),
        (answer(text="a", facts=[{"phrase": "Acme"}]), "no field"),
    ],
)
def test_an_answer_of_another_shape_is_refused(text: str, why: str) -> None:
    with pytest.raises(prompt.BadAnswer, match=why):
        prompt.parse_answer(text)
