"""Names, companies, industries and titles as they may stand in an email: the table of cases."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from leads.field_values.company_names import spoken_company_name
from leads.field_values.industry_words import spoken_industry
from leads.field_values.person_names import spoken_person
from leads.field_values.texts import SpokenText, repaired_text
from leads.field_values.titles import spoken_title
from tests.field_cases import cases

NAMES = cases("names")
SPOKEN = {"company": spoken_company_name, "industry": spoken_industry, "title": spoken_title}
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)


def of_kind(*kinds: str) -> list[Any]:
    return [
        pytest.param(one, id=f"{one['kind']} {str(one['input'])[:40]!r}")
        for one in NAMES
        if one["kind"] in kinds
    ]


@pytest.mark.parametrize("case", of_kind("person"))
def test_a_person_is_named_as_people_write(case: dict[str, Any]) -> None:
    said = spoken_person(*case["input"])
    assert [said.first.text, said.last.text] == case["expected"]
    assert (said.first.is_sure and said.last.is_sure) != case["flagged"]


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("Phil Jones", "", "Phil Jones"),
        ("Phil", "Jones", "Phil Jones"),
        ("Phil J.", "Jones", "Phil Jones"),
        ("Phil Dunphy, MBA", "", "Phil Dunphy"),
        ("Nat Cole", "", "Nat Cole"),
        ("Dr. Phil Jones", "", "Phil Jones"),
        ("Dr. phil. Max Huber", "", "Max Huber"),
        ("Dr. rer. nat. Eva Huber", "", "Eva Huber"),
        ("DR. RER. NAT. EVA HUBER", "", "Eva Huber"),
        ("Prof. Dr. med. Eva", "Huber", "Eva Huber"),
        ("Ing. Peter Novak", "", "Peter Novak"),
        ("Mag. Anna Huber", "", "Anna Huber"),
        ("Dr. Ben Carson", "", "Ben Carson"),
        ("Okafor, Dana", "Okafor", "Dana Okafor"),
        ("Okafor, Dana, MBA", "", "Dana Okafor"),
        ("Okafor,", "Dana", "Dana Okafor"),
        ("Smith, Dr. John", "", "John Smith"),
    ],
)
def test_no_name_is_taken_for_a_title(first: str, last: str, said: str) -> None:
    person = spoken_person(first, last)

    assert f"{person.first.text} {person.last.text}" == said
    assert person.first.is_sure and person.last.is_sure


@pytest.mark.parametrize(
    ("first", "last", "surname"),
    [
        ("Mr. Smith", "", "Smith"),
        ("Mr. Smith Jr.", "", "Smith Jr"),
        ("Mr. Smith", "Smith", "Smith"),
        ("Dr. Okafor", "", "Okafor"),
        ("DR OKAFOR", "", "Okafor"),
        ("Dr. D. Okafor", "", "Okafor"),
        ("Ms Lee", "", "Lee"),
        ("Frau Schmidt", "", "Schmidt"),
        ("Frau von Berg", "", "von Berg"),
        ("Mr. Van Halen", "", "Van Halen"),
        ("Herr Dr. Schmidt", "", "Schmidt"),
        ("Hr. Jensen", "", "Jensen"),
        ("Coach Carter", "", "Carter"),
    ],
)
def test_a_title_and_one_word_tell_no_first_name(first: str, last: str, surname: str) -> None:
    person = spoken_person(first, last)

    assert (person.first.text, person.last.text) == ("", surname)


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("Col Needham", "", "Col"),
        ("Gen Sato", "", "Gen"),
        ("Gen", "Sato", "Gen"),
        ("Hon Lam", "", "Hon"),
        ("Mag Ruffman", "", "Mag"),
        ("Rev Paul", "Brown", "Paul"),
        ("Phil Andrew", "Jones", "Phil Andrew"),
        ("dana.okafor", "", "Dana"),
        ("dana.okafor", "Okafor", "Dana"),
    ],
)
def test_a_first_name_of_two_readings_is_not_sure(first: str, last: str, said: str) -> None:
    assert spoken_person(first, last).first == SpokenText(said, is_sure=False)


@pytest.mark.parametrize("case", of_kind("company", "industry", "title"))
def test_a_fact_is_said_as_people_write(case: dict[str, Any]) -> None:
    said = SPOKEN[case["kind"]](case["input"])
    assert said == SpokenText(case["expected"], not case["flagged"])


@given(ANY_TEXT)
def test_what_is_said_is_said_the_same_again(text: str) -> None:
    for say in SPOKEN.values():
        once = say(text)
        assert "\n" not in once.text and once.text == once.text.strip()
    once = spoken_person(text, "")
    assume(all(repaired_text(one.text) == one.text for one in (once.first, once.last)))
    assert spoken_person(once.first.text, once.last.text or "X").first.text == once.first.text
