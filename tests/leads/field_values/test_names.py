"""Names of people and companies as they are said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.field_values.company_names import spoken_company
from leads.field_values.person_names import spoken_names


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("MARIE-LOUISE", "OKAFOR", "Marie-Louise Okafor"),
        ("dana", "okafor", "Dana Okafor"),
        ("PATRICK", "O'NEIL", "Patrick O'Neil"),
        ("DeShawn", "McDonald", "DeShawn McDonald"),
        ("IAN", "MCKAY", "Ian McKay"),
        ("Jean Claude", "VAN DER BERG", "Jean Claude van der Berg"),
        ("Dr. Samuel", "Okafor", "Samuel Okafor"),
        ("Prof. Dr. Hans-Peter", "Müller", "Hans-Peter Müller"),
        ("Ms. Dana", "Chen", "Dana Chen"),
        ("Ms", "Chen", "Ms Chen"),
        ("Dr.", "Chen", " Chen"),
        ("🚀 Dana", "Okafor", "Dana Okafor"),
        ("Ben ✅", "Li", "Ben Li"),
        ("Dana (She/Her)", "Okafor", "Dana Okafor"),
        ("Dana she/her", "Okafor", "Dana Okafor"),
        ("Dana “Dee”", "Okafor", "Dana Okafor"),
        ("Dana, CPA", "Okafor", "Dana Okafor"),
        ("Dana", "Okafor, MBA, PMP", "Dana Okafor"),
        ("Dana", "Okafor MBA", "Dana Okafor"),
        ("Dana", "Okafor, Ph.D.", "Dana Okafor"),
        ("Dana", "Okafor Ma", "Dana Okafor Ma"),
        ("Dana", "Okafor Jr.", "Dana Okafor Jr"),
        ("Dana | Hiring!", "Okafor", "Dana Okafor"),
        ("Dana Okafor", "", "Dana Okafor"),
        ("Dana M. Okafor", "", "Dana Okafor"),
        ("Dana Okafor", "Okafor", "Dana Okafor"),
        ("Dana M.", "Okafor", "Dana Okafor"),
        ("J.", "Okafor", " Okafor"),
        ("J.P.", "Morgan", " Morgan"),
        ("d", "okafor", " Okafor"),
        ("Mary Ann", "Smith", "Mary Ann Smith"),
        ("Renée & Tom", "Smith", "Renée & Tom Smith"),
        ("𝐃𝐚𝐧𝐚", "Okafor", "Dana Okafor"),
        ("Ｄａｎａ", "Okafor", "Dana Okafor"),
        ("Da\u200bna", "Okafor", "Dana Okafor"),
        ("JosÃ©", "MuÃ±oz", "José Muñoz"),
        ("王", "小明", "王 小明"),
        ("", "Okafor", " Okafor"),
        ("", "", " "),
    ],
)
def test_a_person_is_called_as_people_say_it(first: str, last: str, said: str) -> None:
    assert " ".join(spoken_names(first, last)) == said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("BLUEFIELD FREIGHT LLC", "Bluefield Freight"),
        ("Bluefield, LLC.", "Bluefield"),
        ("Bluefield INC", "Bluefield"),
        ("Bluefield, Incorporated", "Bluefield"),
        ("Bluefield GmbH & Co. KG", "Bluefield"),
        ("Bluefield Pty Ltd", "Bluefield"),
        ("Bluefield S.p.A.", "Bluefield"),
        ("Bluefield | We're hiring!", "Bluefield"),
        ("Bluefield – freight made easy", "Bluefield"),
        ("Bluefield®, Inc.", "Bluefield"),
        ("Bluefield Corporation (NYSE: BLF)", "Bluefield"),
        ("Bluefield (formerly Redfield)", "Bluefield"),
        ("Smith &amp; Daughters", "Smith & Daughters"),
        ("Café ☕ Luna", "Café Luna"),
        ("IBM CORPORATION", "IBM"),
        ("KPMG LLP", "KPMG"),
        ("SAP SE", "SAP"),
        ("ABC FREIGHT", "ABC Freight"),
        ("BANK OF THE WEST", "Bank of the West"),
        ("3M COMPANY", "3M Company"),
        ("AT&T Inc.", "AT&T"),
        ("Bain & Company", "Bain & Company"),
        ("Mamma Spa", "Mamma Spa"),
        ("Inc.", "Inc."),
        ("Bluefield Ltd Inc LLC GmbH", "Bluefield Ltd"),
        ("株式会社", "株式会社"),
        ("☕", "☕"),
        ("", ""),
    ],
)
def test_a_company_is_called_as_people_say_it(name: str, said: str) -> None:
    assert spoken_company(name) == said


@given(st.text(st.characters(exclude_categories=()), max_size=60))
def test_any_name_has_a_form(text: str) -> None:
    assert isinstance(spoken_company(text), str)
    first, last = spoken_names(text, text)
    assert (first, last) == (first.strip(), last.strip())
