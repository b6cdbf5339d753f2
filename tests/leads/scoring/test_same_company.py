"""Which two companies are the same, and how many years two people were there together."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.scoring.connections import Employment, company_name_key, same_company, years_together


def stay(
    company: str = "", domain: str = "", years: tuple[int | None, int | None] = (None, None)
) -> Employment:
    return Employment(company, domain, *years)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (stay("Acme"), stay("ACME, Inc.")),
        (stay("The Acme Company"), stay("acme llc")),
        (stay("Société Générale"), stay("Societe Generale S.A.")),
        (stay("Acme", "acme.test"), stay("Anything", "www.acme.test")),
        (stay("Acme", "https://acme.co.uk"), stay("", "shop.acme.co.uk")),
        (stay("Acme", "acme.test"), stay("Acme Inc")),
        (stay("Acme", "no domain"), stay("Acme", "nothing")),
        (stay("Acme", "linkedin.com/company/acme"), stay("Acme, Inc.", "acme.test")),
        (stay("Acme", "acme.wixsite.com"), stay("ACME", "https://www.facebook.com/acme")),
        (stay("Google", "google.com"), stay("Alphabet", "google.com")),
    ],
)
def test_one_company_in_other_words_is_the_same(one: Employment, other: Employment) -> None:
    assert same_company(one, other)
    assert same_company(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (stay("Art"), stay("Artemis")),
        (stay("Artemis"), stay("Art")),
        (stay("Meta"), stay("Metabase")),
        (stay("Acme"), stay("Acme Robotics")),
        (stay("Oracle"), stay("Miracle")),
        (stay("AI"), stay("Air France")),
        (stay("Acme", "acme.test"), stay("Acme", "acme.example")),
        (stay("Acme", "acme.co.uk"), stay("Other", "other.co.uk")),
        (stay("Beta", "no domain"), stay("Gamma", "nothing")),
        (stay(""), stay("")),
        (stay("..."), stay("!!!")),
        (stay("", "x"), stay("", "x")),
        (stay("Acme", "linkedin.com/company/acme"), stay("Beta", "www.linkedin.com/company/beta")),
        (stay("Acme", "acme.wixsite.com"), stay("Beta", "beta.wixsite.com")),
        (stay("Acme", "sites.google.com/acme"), stay("Google", "google.com")),
        (stay("Acme", "gmail.com"), stay("Beta", "gmail.com")),
        (stay("Self-Employed"), stay("self employed")),
        (stay("Freelance"), stay("Freelance")),
        (stay("Stealth Startup"), stay("Stealth Startup")),
        (stay("Delta Air Lines"), stay("Delta Faucet")),
        (stay("Bank of America"), stay("Bank of the West")),
        (stay("Ford"), stay("Ford Foundation")),
    ],
)
def test_partial_or_empty_names_are_not_the_same_company(
    one: Employment, other: Employment
) -> None:
    assert not same_company(one, other)
    assert not same_company(other, one)


@given(st.text(min_size=1, max_size=12), st.text(min_size=1, max_size=12))
def test_companies_are_the_same_only_by_equal_words(one: str, other: str) -> None:
    same = same_company(stay(one), stay(other))
    assert same == (
        bool(company_name_key(stay(one)))
        and company_name_key(stay(one)) == company_name_key(stay(other))
    )


@pytest.mark.parametrize(
    ("ours", "theirs", "years"),
    [
        ((2010, 2015), (2012, 2013), 1),
        ((2010, 2015), (2012, 2020), 3),
        ((2012, 2013), (2010, 2015), 1),
        ((2010, 2015), (2015, 2020), 0),  # who left in January never met who came in December
        ((2015, 2020), (2010, 2015), 0),
        ((2015, 2015), (2015, 2015), 0),
        ((2010, 2015), (2016, 2020), 0),
        ((2016, 2020), (2010, 2015), 0),
        ((2010, 2015), (2013, None), 2),  # they are there still
        ((2010, 2015), (2015, None), 0),
        ((2010, None), (2020, 2021), 0),  # our past ended, and nobody said when
        ((None, 2015), (2012, 2013), 0),
        ((2010, 2015), (None, None), 0),
        ((None, None), (None, None), 0),
        ((2010, 2005), (2006, 2009), 0),
    ],
)
def test_only_certain_years_count_as_together(ours: Any, theirs: Any, years: int) -> None:
    assert years_together(stay("A", years=ours), stay("A", years=theirs)) == years


YEARS = st.tuples(st.integers(1990, 2030), st.integers(1990, 2030)).map(sorted)


@given(YEARS, YEARS)
def test_years_together_imply_overlap_whatever_the_months(ours: Any, theirs: Any) -> None:
    surely_ours = {
        (year, year + 1) for year in range(ours[0], ours[1])
    }  # the turns of the year that they were there
    surely_theirs = {(year, year + 1) for year in range(theirs[0], theirs[1])}
    together = years_together(stay("A", years=ours), stay("A", years=theirs))
    assert together == len(surely_ours & surely_theirs)
