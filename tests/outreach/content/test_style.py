"""What is found in a template's wording, each alone."""

import pytest

from outreach.content import style

GOOD = "Hi {{ first_name }},\n\nA note on {{ company }}.\n\nIs it yours?"


def said(subject: str = "On {{ company }}", body: str = GOOD) -> list[tuple[str, bool, str]]:
    return [
        (problem.field, problem.is_error, problem.text)
        for problem in style.template_problems(subject, body)
    ]


def test_a_good_template_has_no_problem() -> None:
    assert said() == []


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("Hi {{ frist_name }}", "frist_name is no field."),
        ("Hi {{ First Name }}", "{{ would stand in the email as it is"),
        ("Hi [First Name] of", "[First Name] would stand in the email"),
        ("[if cmpany]\nX", "cmpany is no field."),
        ("[title cfo]\nX", "cfo is no family of titles."),
        ("[when company]\nX", "[when company] is not a tag"),
        ("[if company]", "[if company] has no paragraph under it."),
        ("[if company]\n[title ceo]\nX", "[title would stand in the email as it is"),
        (
            "A {{ company }}\n\n[unless title]\nAs {{ title }}",
            "“As {{ title }}…” speaks of a field that it is only shown",
        ),
    ],
)
def test_what_cannot_work_is_an_error_of_the_body(body: str, text: str) -> None:
    errors = [(field, found) for field, is_error, found in said(body=body) if is_error]
    assert any(field == "body" and found.startswith(text) for field, found in errors), errors


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("{{ company }}\n\n[unless company]\nNever", "“Never…” is never shown"),
        (
            "A\n\n[title ceo and cro]\nX\n\nB",
            "cto, coo, other get no paragraph where the others do.",
        ),
        (
            "[title ceo and cro and cto and coo and other]\nX\n\n[title ceo]\nY",
            "ceo get more paragraphs",
        ),
        ("I noticed you on our pricing page.", "“i noticed you” sounds like watching people."),
        ("Act now for a free trial.", "“act now” sounds like spam."),
        ("We leverage synergies.", "“leverage” is worn."),
        ("Unsubscribe any time.", "“unsubscribe” belongs to the footer, which every email has."),
        ("See https://ours.example.com", "A link in a first email costs trust"),
        ("Great!", "An exclamation mark sells."),
    ],
)
def test_what_could_be_better_is_a_warning(body: str, text: str) -> None:
    found = said(body=body)
    assert any(not is_error and problem.startswith(text) for _, is_error, problem in found), found
    assert not any(is_error for _, is_error, _ in found)


def test_two_runs_of_titles_side_by_side_are_no_problem() -> None:
    run = "\n\n".join(f"[title {family}]\nX" for family in style.TITLE_FAMILIES)
    assert said(body=f"{run}\n\n{run}") == []


def test_a_tag_in_a_subject_is_an_error_of_the_subject() -> None:
    assert said(subject="[if company]\nOn {{ company }}")[0][:2] == ("subject", True)


@pytest.mark.parametrize(
    ("subject", "words", "questions", "fields"),
    [
        ("x" * 45, 60, 1, []),
        ("x" * 46, 60, 1, ["subject"]),
        ("x", 49, 1, ["body"]),
        ("x", 50, 1, []),
        ("x", 80, 1, []),
        ("x", 81, 1, ["body"]),
        ("x", 60, 0, ["body"]),
        ("x", 60, 2, ["body"]),
    ],
)
def test_lengths_and_questions(subject: str, words: int, questions: int, fields: list[str]) -> None:
    body = " ".join(["word"] * (words - 1) + ["end" + "?" * questions])
    assert [problem.field for problem in style.filled_email_problems(subject, body)] == fields


def test_required_fields_depend_on_family_and_known_fields() -> None:
    text = "{{ company }}\n\n[title ceo]\n{{ title }}\n\n[if industry]\n{{ industry }} {{ city }}"
    assert style.required_fields(text, "cro") == {"company"}
    assert style.required_fields(text, "ceo") == {"company", "title"}
    assert style.required_fields(text, "cro", {"industry"}) == {"company", "industry", "city"}
