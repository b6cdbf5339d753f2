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
